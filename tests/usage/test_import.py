"""`manage.py import_usage`: what a file may be, what is told, and how it ends."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from signups.models import UsageRecord
from tests.rows import make_signup
from tests.sandbox_process import ROOT

HEADER = "customer,date,count\n"
GOOD = "ada@dev.test,2026-11-20,12\n"


def run(path: Path | str, **options: str) -> tuple[int, str, str]:
    """Exit code, and what stands on standard output and error."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_usage", str(path), stdout=out, stderr=err, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def counts() -> dict[str, int]:
    return {str(row.date): row.count for row in UsageRecord.objects.order_by("date")}


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "usage.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.django_db
def test_csv_with_all_columns_is_stored(file: Callable[..., Path]) -> None:
    make_signup()
    header = "date,customer,count,errors,limit,endpoints,metric\n"
    code, out, _ = run(file(header + '2026-11-20,ada@dev.test,12,1,50,"{""/v1/people"": 12}",api_calls\n'))

    assert (code, out.split(";")[0]) == (0, "1 new, 0 replaced, 0 refused")
    row = UsageRecord.objects.get()
    assert (row.count, row.errors, row.limit, row.endpoints) == (12, 1, 50, {"/v1/people": 12})


@pytest.mark.django_db
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_spreadsheets_csv_is_read_too(file: Callable[..., Path], delimiter: str, newline: str) -> None:
    make_signup()
    lines = ["Customer,Date,Count,Limit", "ada@dev.test,2026-11-20, 12 ,", "", '"ada@dev.test",2026-11-21,13,']
    text = "\ufeff" + newline.join(lines).replace(",", delimiter) + newline

    assert run(file(text))[0] == 0
    assert counts() == {"2026-11-20": 12, "2026-11-21": 13}


@pytest.mark.django_db
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_json_lines_are_stored_zipped_or_not(file: Callable[..., Path], pack: Callable[[bytes], bytes]) -> None:
    make_signup()
    lines = [json.dumps({"customer": "ada@dev.test", "date": f"2026-11-2{n}", "count": n}) for n in range(3)]

    assert run(file(pack("\n".join(lines).encode()), "usage"))[0] == 0
    assert counts() == {"2026-11-20": 0, "2026-11-21": 1, "2026-11-22": 2}


@pytest.mark.django_db
def test_an_import_can_be_run_again(file: Callable[..., Path]) -> None:
    make_signup()
    path = file(HEADER + GOOD + "ada@dev.test,2026-11-21,13\n")
    run(path)
    code, out, _ = run(path)

    assert (code, out.split(";")[0]) == (0, "0 new, 2 replaced, 0 refused")
    assert UsageRecord.objects.count() == 2


@pytest.mark.django_db
def test_of_two_lines_about_the_same_the_later_counts(file: Callable[..., Path]) -> None:
    make_signup()
    _, out, _ = run(file(HEADER + GOOD + "ada@dev.test,2026-11-20,7\n"))

    assert out.startswith("1 new, 1 replaced, 0 refused")
    assert counts() == {"2026-11-20": 7}


@pytest.mark.django_db
def test_refused_lines_are_named_and_kept_and_the_others_stored(file: Callable[..., Path]) -> None:
    make_signup()
    path = file(HEADER + "nobody@dev.test,2026-11-20,1\n" + GOOD + "ada@dev.test,2026-11-21,-1\n")
    code, out, err = run(path)

    assert (code, counts()) == (1, {"2026-11-20": 12})
    assert out.startswith("1 new, 0 replaced, 2 refused (all of them in ")
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 2", "line 4"]
    with Path(f"{path}.refused.csv").open(newline="") as stream:
        kept = list(csv.reader(stream))
    assert [(row[0], row[2]) for row in kept] == [
        ("line", "record"),
        ("2", "nobody@dev.test,2026-11-20,1"),
        ("4", "ada@dev.test,2026-11-21,-1"),
    ]


@pytest.mark.django_db
def test_the_first_twenty_refusals_are_shown_and_all_are_kept(file: Callable[..., Path], tmp_path: Path) -> None:
    path, kept = file(HEADER + "nobody@dev.test,2026-11-20,1\n" * 2_500), tmp_path / "kept.csv"
    _, _, err = run(path, refused=str(kept))

    assert (len(err.splitlines()), err.splitlines()[-1]) == (21, "and 2,480 more")
    assert len(kept.read_text().splitlines()) == 2_501


@pytest.mark.django_db
def test_where_nothing_is_refused_no_file_of_refusals_is_left(file: Callable[..., Path], tmp_path: Path) -> None:
    make_signup()
    file("line,reason,record\n", "usage.csv.refused.csv")
    run(file(HEADER + GOOD))
    assert [path.name for path in tmp_path.iterdir()] == ["usage.csv"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'"ada@dev.test,2026-11-21,1', "is not valid CSV"),
        (b"ada@dev.test,2026-11-21", "has 2 cells, the header 3"),
        (b"ada@dev.test,2026-11-21,", "count: is missing"),
        (b"ada@dev.test,2026-11-21,1.5", "count: must be a whole number"),
        (b"ada@dev.test,2026-11-21,1e3", "count: must be a whole number"),
        (b"ada@dev.test,2026-11-21," + b"9" * 5_000, "count: must be a whole number"),
        (b"ada@dev.test,21.11.2026,1", "date: must be a day in UTC"),
        (b"ad\xe4@dev.test,2026-11-21,1", "is not UTF-8"),
        (b"ada@dev.test\x00,2026-11-21,1", "customer: must not contain control characters"),
        (b"ada@dev.test,2026-11-21,1" + b" " * 3_000_000, "is too long for one record"),
    ],
)
def test_a_csv_line_that_is_wrong_spoils_no_other(file: Callable[..., Path], line: bytes, reason: str) -> None:
    make_signup()
    code, _, err = run(file(HEADER.encode() + line + b"\n" + GOOD.encode()))

    assert (code, counts()) == (1, {"2026-11-20": 12})
    assert err.startswith(f"line 2: {reason}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"customer": "ada@dev.test"', "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('["ada@dev.test"]', "must be an object"),
        ('{"customer": "ada@dev.test", "date": "2026-11-20", "count": "1"}', "count: must be a whole number"),
        ('{"customer": "ada@dev.test", "date": "2026-11-20", "count": NaN}', "count: must be a whole number"),
    ],
)
def test_a_json_line_that_is_wrong_spoils_no_other(file: Callable[..., Path], line: str, reason: str) -> None:
    make_signup()
    good = '{"customer": "ada@dev.test", "date": "2026-11-20", "count": 12}\n'
    code, _, err = run(file(f"{good}{line}\n"))

    assert (code, counts()) == (1, {"2026-11-20": 12})
    assert err.startswith(f"line 2: {reason}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"customer,date\n", "has no column count"),
        (b"hello\n", "is neither JSON lines nor CSV"),
        (b"customer,date,count,colour\n", "a column nobody knows, colour"),
        (b"customer,date,count,count\n", "has a column twice"),
        (b"\x1f\x8b nonsense", "cannot be read"),
        ("customer,date,count\n".encode("utf-16"), "is neither JSON lines nor CSV"),
        (b"customer,date,count\rada@dev.test,2026-11-20,12\r", "is neither JSON lines nor CSV"),
        (b"x" * 200_000, "is neither JSON lines nor CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_line(file: Callable[..., Path], content: bytes, problem: str) -> None:
    path = file(content)
    with pytest.raises(CommandError) as caught:
        run(path)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("path", ["/nowhere/usage.csv", "/"])
def test_a_file_that_cannot_be_read_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(path, refused=str(tmp_path / "refused.csv"))
    assert not list(tmp_path.iterdir())


def test_refusals_may_not_overwrite_the_file_itself(file: Callable[..., Path]) -> None:
    path = file(HEADER + GOOD)
    with pytest.raises(CommandError, match="a file of their own"):
        run(path, refused=str(path))
    assert path.read_text() == HEADER + GOOD


@pytest.mark.django_db
def test_a_disk_that_is_full_of_refusals_is_told_in_a_line(file: Callable[..., Path]) -> None:
    with pytest.raises(CommandError, match="/dev/full cannot be written: No space left on device"):
        run(file(HEADER + "nobody@dev.test,2026-11-20,1\n"), refused="/dev/full")


@pytest.mark.django_db
def test_a_zipped_file_that_breaks_off_is_stored_up_to_there(file: Callable[..., Path]) -> None:
    make_signup()
    lines = "".join(f"ada@dev.test,2026-{1 + n // 28:02}-{1 + n % 28:02},{n}\n" for n in range(300))
    packed = gzip.compress((HEADER + lines * 200).encode())
    with pytest.raises(CommandError, match=r"What stands up to line [0-9]+ is stored"):
        run(file(packed[: len(packed) // 2]))
    assert UsageRecord.objects.exists()


# -- As a process ------------------------------------------------------------------------------------------------------


def start(path: Path | str, stdin: int | None = None) -> subprocess.Popen[str]:
    from django.conf import settings
    from django.db import connection

    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "onboarding.settings",
        "PORT": str(settings.PORT),
    }
    command = [sys.executable, "manage.py", "import_usage", str(path)]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_is_made_whole_by_another(file: Callable[..., Path]) -> None:
    make_signup()
    days = [f"{2000 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}" for n in range(8_000)]
    path = file(HEADER + "".join(f"ada@dev.test,{day},{n}\n" for n, day in enumerate(days)))
    killed = start(path)
    until = time.monotonic() + 30
    while not UsageRecord.objects.exists() and time.monotonic() < until:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    stored = UsageRecord.objects.count()
    assert 0 < stored < 8_000

    _, out, _ = run(path)
    assert out.startswith(f"{8_000 - stored:,} new, {stored:,} replaced, 0 refused")
    assert counts() == {day: n for n, day in enumerate(days)}


@pytest.mark.django_db(transaction=True)
def test_standard_input_is_a_file_too() -> None:
    make_signup()
    process = start("-", stdin=subprocess.PIPE)
    out, err = process.communicate(HEADER + GOOD, timeout=30)
    assert (process.returncode, err, counts()) == (0, "", {"2026-11-20": 12})
    assert out.startswith("1 new")


@pytest.mark.django_db(transaction=True)
def test_a_problem_is_one_line_on_standard_error() -> None:
    process = start("/nowhere/usage.csv")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, len(err.splitlines())) == (1, "", 1)
