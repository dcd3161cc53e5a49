"""`manage.py vet` over the whole sandbox: what it prints, and how it ends."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from tqdm import tqdm

from signups.management.commands.vet import AT_ONCE, LONGEST_LINE, addresses_in, in_order
from signups.models import Lookup, Person, Signup
from tests.sandbox_process import ROOT, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def vet(*args: str) -> str:
    out = io.StringIO()
    call_command("vet", *args, stdout=out)
    return out.getvalue()


def vet_json(*args: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in vet(*args, "--json").splitlines()]


def test_json_is_one_object_a_line_with_all_that_was_found(sandbox: Sandbox) -> None:
    (said,) = vet_json("Ada@dev.test")
    assert list(said) == ["email", "verdict", "reasons", "checks", "suggestion", "company_domain"]
    assert (said["email"], said["verdict"], said["company_domain"]) == ("Ada@dev.test", "accepted", "dev.test")
    names = [check["name"] for check in said["checks"]]
    assert names[:3] == ["syntax", "lists", "kind"]
    assert {"mx", "person", "company"} < set(names)
    assert all(isinstance(check["ms"], int) for check in said["checks"])


def test_the_cast_gets_the_verdicts_it_is_there_for(sandbox: Sandbox) -> None:
    cast = {tip["email"]: tip["verdict"] for tip in sandbox.state("cast")["tips"]}
    assert {said["email"]: said["verdict"] for said in vet_json(*cast)} == cast


def test_a_database_that_was_not_set_up_is_told_with_the_remedy(tmp_path: Path) -> None:
    environment = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}
    command = [sys.executable, "manage.py", "vet", "ada@dev.test"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith("Run `manage.py migrate` first.")
    assert "Traceback" not in ran.stderr


def test_a_typo_is_rejected_with_a_suggestion(sandbox: Sandbox) -> None:
    (said,) = vet_json("ted@gmial.com")
    assert (said["verdict"], said["suggestion"]) == ("rejected", "ted@gmail.com")


def test_what_is_no_address_yields_a_line_too(sandbox: Sandbox) -> None:
    (said,) = vet_json("ada@dev.test\r\nBcc: eve@evil.test")
    assert (said["verdict"], said["reasons"][0]["code"]) == ("rejected", "invalid_syntax")


def test_a_person_reads_verdict_reason_and_milliseconds(sandbox: Sandbox) -> None:
    lines = vet("x@mailinator.com").splitlines()
    assert lines[0].startswith("x@mailinator.com  rejected")
    assert lines[1] == "  mailinator.com hands out throw-away addresses."
    assert [line.split() for line in lines if " disposable " in line] == [["kind", "bad", "disposable", "0", "ms"]]


def test_what_is_printed_does_not_steer_the_terminal(sandbox: Sandbox) -> None:
    assert "\033" not in vet("a\033[2Jb@dev.test")


def test_a_file_is_read_without_blank_lines_and_comments_and_answered_in_order(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "list.txt"
    emails = ["kim@silent.test", *(f"member-{n}@crowd-{n}.test" for n in range(40)), "nobody"]
    file.write_text("\ufeff# the list\n\n" + "\n".join(emails) + "\n")
    assert [said["email"] for said in vet_json("ada@dev.test", "--file", str(file))] == ["ada@dev.test", *emails]


def test_nothing_is_saved(sandbox: Sandbox) -> None:
    vet("ada@dev.test")
    assert [model.objects.count() for model in (Signup, Person, Lookup)] == [0, 0, 0]


def test_bad_usage_is_one_line_that_names_the_remedy() -> None:
    with pytest.raises(CommandError, match=r"^No address: .* --file\.$"):
        vet()
    with pytest.raises(CommandError, match=r"^Cannot read /no/such/file: No such file or directory\.$"):
        vet("--file", "/no/such/file")


def test_a_shell_sees_how_it_ended() -> None:
    command = [sys.executable, "manage.py", "vet"]
    wrong = subprocess.run([*command, "--file", "/no/such/file"], cwd=ROOT, capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (1, "", 1)
    given = subprocess.run([*command, "--file", "-"], cwd=ROOT, input="# none\nfoo\n", capture_output=True, text=True)
    assert (given.returncode, given.stdout.split()[:2], given.stderr) == (0, ["foo", "rejected"], "")


def test_the_people_in_a_file_are_looked_up_on_request_only(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("ada@dev.test\n")
    assert [said["verdict"] for said in vet_json("--file", str(file))] == ["confirm"]
    assert [sandbox.received(vendor) for vendor in ("clearbit", "gravatar", "github")] == [[], [], []]
    assert [said["verdict"] for said in vet_json("--file", str(file), "--look-up")] == ["accepted"]
    assert [said["verdict"] for said in vet_json("ada@dev.test", "--no-look-up")] == ["confirm"]


def test_an_answer_that_is_late_holds_no_question_back(sandbox: Sandbox, settings: Any, tmp_path: Path) -> None:
    settings.VETTING_BUDGET_MS = 5_000  # enough on a busy machine for all but the silent one
    file = tmp_path / "list.txt"
    file.write_text("kim@silent.test\n" + "".join(f"m@crowd-{n}.test\n" for n in range(AT_ONCE + 50)))
    started = next(in_order(addresses_in(str(file), tqdm(disable=True)), looks_up=False))
    assert started.email == "kim@silent.test"
    assert len({call["path"] for call in sandbox.received("dns") if call["method"] == "MX"}) > AT_ONCE


def test_a_line_without_an_end_is_one_line_of_which_the_beginning_is_read(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("x" * (2 * LONGEST_LINE) + "ada@dev.test\nbob\n" + "y" * (LONGEST_LINE + 1))
    assert [len(said["email"]) for said in vet_json("--file", str(file))] == [LONGEST_LINE, 3, LONGEST_LINE]
