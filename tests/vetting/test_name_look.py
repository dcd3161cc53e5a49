"""The look of a name: a push towards confirmation for names such as throw-away services choose."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from signups.vetting import name_look
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

ODD = ["tempmail-drop99.com", "trashmail24.xyz", "inbox-temp.top", "bananaspace.shop", "getdisposablemail.site"]
PLAIN = ["clearbit.com", "siemens.de", "u-tokyo.ac.jp", "lemonde.fr", "abc.xyz", "stripe.com", "bbc.co.uk", "tum.de"]


def look(domain: str, kind: str = "") -> CheckResult:
    return name_look.check(Address(f"ada@{domain}", f"ada@{domain}", "ada", domain), kind)


@pytest.mark.parametrize("domain", ODD)
def test_a_name_such_as_throw_away_services_choose_is_a_weak_sign(domain: str) -> None:
    found = look(domain)

    assert (found.outcome, found.code) == ("risky", "odd")


@pytest.mark.parametrize("domain", PLAIN)
def test_a_name_like_any_other_says_nothing(domain: str) -> None:
    found = look(domain)

    assert (found.outcome, found.code) == ("good", "plain")


def test_the_look_is_explained_in_words() -> None:
    found = look("tempmail-drop99.com")

    assert found.evidence["reasons"] == ["the name “tempmail-drop99”", "digits in the name"]
    assert found.sentence.startswith("tempmail-drop99.com reads like a throw-away domain: the name “tempmail-drop99”")


def test_the_top_level_domain_is_named_where_it_speaks_against_the_name() -> None:
    assert "below .shop" in look("bananaspace.shop").evidence["reasons"]


def test_a_name_of_a_known_kind_is_not_looked_at() -> None:
    assert look("fastmail.com").code == "odd"
    assert look("fastmail.com", kind="free_mail").code == "plain"


def test_what_lies_below_a_domain_looks_as_the_domain_does() -> None:
    assert look("mx.tempmail-drop99.com") == look("tempmail-drop99.com")


def test_the_shipped_weights_say_what_they_were_measured_at() -> None:
    text = name_look.FILE.read_text(encoding="utf-8")

    assert "domains first listed on or after" in text.partition("bias:")[0]
    assert len(text.encode()) < 300_000


def test_a_file_without_a_threshold_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "weights.txt").write_text("bias:\t1\nabc\t2\n")

    with pytest.raises(ValueError, match=r"manage\.py train_name_look"):
        name_look.read(tmp_path / "weights.txt")


def test_no_name_however_odd_is_too_much() -> None:
    chance = random.Random(4)
    names = ["".join(map(chr, chance.choices(range(33, 0x250), k=chance.randrange(1, 80)))) for _ in range(2_000)]

    assert {look(f"{name}.com").outcome for name in names} <= {"good", "risky"}


# -- Learning anew -----------------------------------------------------------------------------------------------------


def train(folder: Path, *extra: str) -> str:
    before = " ".join(f"temp{n}mail{n % 7}.{top}" for n in range(60) for top in ("xyz", "top"))
    after = " ".join(f"temp{n}mailer.xyz" for n in range(100, 130))
    (folder / "before.txt").write_text(before)
    (folder / "after.txt").write_text(f"{before} {after}")
    names = [f"{first}{second}.de" for first in ("muell", "baum", "stein", "berg", "tal") for second in range(60)]
    (folder / "legitimate.txt").write_text("\n".join(names).replace("0", "werk").replace("1", "haus"))
    weights = folder / "weights.txt"
    states = [f"--disposable=2026-09-04={folder / 'before.txt'}", f"--disposable=2026-11-09={folder / 'after.txt'}"]
    legitimate = f"--legitimate=firms={folder / 'legitimate.txt'}"
    call_command("train_name_look", *states, legitimate, "--until=2026-09-05", f"--output={weights}", *extra)
    return weights.read_text()


def test_weights_are_learned_before_a_day_and_measured_on_what_was_listed_after_it(tmp_path: Path) -> None:
    text = train(tmp_path)

    assert "# found odd of 30 domains first listed on or after 2026-09-05: 100.0%" in text
    assert "# learned from: 120 disposable" in text


def test_learned_weights_are_read_as_they_were_measured(tmp_path: Path) -> None:
    train(tmp_path)
    weights = name_look.read(tmp_path / "weights.txt")
    found = name_look.features("temp7mail", "xyz") + name_look.pieces("temp7mail")

    assert weights.bias + sum(weights.of.get(one, 0.0) for one in found) > weights.threshold


def test_without_a_later_state_of_the_list_there_is_nothing_to_measure_on(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("tempmail.com")
    args = [f"--disposable=2026-09-04={tmp_path / 'list.txt'}", f"--legitimate=a={tmp_path / 'list.txt'}"]

    with pytest.raises(CommandError, match="a state of the disposable list from after --until"):
        call_command("train_name_look", *args, "--until=2026-10-01")
