"""Did they mean another address? What is asked, and what is let be."""

from __future__ import annotations

from pathlib import Path

import pytest

from signups.vetting import endings, lookalikes, often_meant, parse
from signups.vetting.known_companies import Known
from signups.vetting.mx import Mail
from signups.vetting.often_meant import Meant
from signups.vetting.result import CheckResult
from signups.vetting.slips import Slip, beside, cost, one_slip
from signups.vetting.suggestion import for_text, suggest, suggest_domain

LABELS = Path(__file__).with_name("typos.tsv")


def typos() -> list[tuple[str, str]]:
    lines = (line for line in LABELS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return [(typed, meant) for typed, _, meant in (line.partition("\t") for line in lines)]


def said(outcome: str) -> Mail:
    return Mail(CheckResult("mx", outcome, "-", "-"))


def known(*domains: str) -> Known:
    parts = (domain.partition(".") for domain in domains)
    meant = (Meant(name, ending, rank, is_customer=True) for rank, (name, _, ending) in enumerate(parts))
    return Known(often_meant.index(meant), lookalikes.among(domains))


def test_nineteen_typos_of_twenty_are_put_right() -> None:
    cases = typos()
    right = [typed for typed, meant in cases if for_text(typed) == meant]
    assert len(right) >= 0.95 * len(cases)


def test_no_real_domain_is_put_right() -> None:
    real = Path(__file__).with_name("real_domains.txt").read_text(encoding="utf-8").split()
    assert [(domain, suggest_domain(domain)) for domain in real if suggest_domain(domain)] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Ted.T@gmal.com", "Ted.T@gmail.com"),
        ("ted@gmial.con", "ted@gmail.com"),
        ("ted@gmail.co", "ted@gmail.com"),
        ("ted@gmail.c.om", "ted@gmail.com"),
        ("ted@gmail.com.com", "ted@gmail.com"),
        ("ted@www.gmail.com", "ted@gmail.com"),
        ("ted@hotmail.co", "ted@hotmail.com"),
        ("ted@yahoo.uk", "ted@yahoo.co.uk"),
        ("ted@yahhooo.com", "ted@yahoo.com"),
        ("ted@gmx.ed", "ted@gmx.de"),
        ("ted@g-mail.com", "ted@gmail.com"),
        ("ted@gmai1.com", "ted@gmail.com"),
        ("ted@comcast.con", "ted@comcast.net"),
        ("ted@acme.con", "ted@acme.com"),
        ("ted@mail.acme.couk", "ted@mail.acme.co.uk"),
    ],
)
def test_a_slip_of_the_keys_is_noticed(typed: str, meant: str) -> None:
    assert suggest(parse(typed)) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmailcom", "ada@gmail.com"),
        ("ada@gmail,com", "ada@gmail.com"),
        ("ada@gmail .com", "ada@gmail.com"),
        ("ada@gmail..com", "ada@gmail.com"),
        ("gmial.com", "gmail.com"),
        ("ada lovelace@gmailcom", ""),
        ("ada@gmail.com", ""),
        ("ada@", ""),
        ("", ""),
        ("@", ""),
        ("a" * 100_000, ""),
    ],
)
def test_what_is_no_address_yet_is_put_right_too(typed: str, meant: str) -> None:
    assert for_text(typed) == meant


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "ymail.com", "mail.com", "email.com", "gmx.de", "outlook.co.id", "yahoo.com.co", "hotmail.be",
        "dev.test", "acme.com", "email.acme.com", "apl.com", "olive.com", "cloud.com", "sol.de", "ao.com",
        "home.de", "comcast.com", "acme.co", "acme.cm", "hotair.com", "orange.com", "free.org", "laposte.fr",
    ],
)  # fmt: skip
def test_other_domains_are_let_be(domain: str) -> None:
    assert suggest_domain(domain) == ""


def test_no_domain_that_people_mean_is_taken_for_another() -> None:
    meant = [one.domain for some in often_meant.providers().by_name.values() for one in some]
    assert [domain for domain in meant if suggest_domain(domain)] == []


# -- With what DNS said ------------------------------------------------------------------------------------------------


def test_where_mail_arrives_only_a_plain_slip_of_a_big_provider_is_asked_about() -> None:
    asked = {domain: suggest_domain(domain, said("good")) for domain in ("gmial.com", "gmoul.com", "posteoo.de")}
    assert asked == {"gmial.com": "gmail.com", "gmoul.com": "", "posteoo.de": ""}
    assert suggest_domain("posteoo.de") == "posteo.de"


def test_where_mail_arrives_a_lookalike_is_asked_about() -> None:
    assert suggest_domain("g-mail.com", said("good")) == "gmail.com"


def test_where_no_mail_arrives_any_slip_counts() -> None:
    assert suggest_domain("orangk.fr", said("unknown")) == ""
    assert suggest_domain("orangk.fr", said("bad")) == "orange.fr"


# -- Customers ---------------------------------------------------------------------------------------------------------


def test_a_customers_domain_is_found_where_no_mail_arrives() -> None:
    customers = known("devhouse.test", "quietcorp.test")
    assert suggest(parse("ada@devhuose.test"), said("bad"), customers) == "ada@devhouse.test"
    assert suggest(parse("ada@devhuose.test"), said("good"), customers) == ""


def test_a_customers_own_domain_is_let_be() -> None:
    assert suggest(parse("ada@gmial.com"), None, known("gmial.com")) == ""


# -- The distance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("ab", "ab", None),
        ("ba", "ab", Slip("swapped", 0)),
        ("ac", "abc", Slip("missing", 1)),
        ("aab", "ab", Slip("doubled", 1)),
        ("axb", "ab", Slip("extra", 1)),
        ("gnail", "gmail", Slip("beside", 1)),
        ("gzail", "gmail", Slip("other", 1)),
        ("badc", "abcd", None),
        ("cba", "abc", None),
        ("", "a", Slip("missing", 0)),
    ],
)
def test_one_slip_says_what_was_done_and_where(typed: str, meant: str, slip: Slip | None) -> None:
    assert one_slip(typed, meant) == slip


def test_what_fingers_do_often_is_cheap() -> None:
    prices = [
        cost(typed, "hotmail", 9) for typed in ("hotmail", "hotmial", "hotmaill", "hotmal", "hotmsil", "hotxmail")
    ]
    assert prices == [0, 0.5, 0.5, 0.6, 0.6, 0.8]


def test_a_key_has_neighbours_on_three_keyboards() -> None:
    assert {"y", "z"} <= beside("t") | beside("u")
    assert "q" in beside("a")


def test_the_endings_taken_for_slips_are_no_top_level_domains() -> None:
    assert [ending for ending in endings.MEANT if "." not in ending and endings.exists(ending)] == []
    assert endings.exists("com")
