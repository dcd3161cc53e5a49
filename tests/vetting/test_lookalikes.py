"""Names that look like somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from signups.vetting import lookalikes, parse


@pytest.mark.parametrize(
    ("domain", "target", "how"),
    [
        ("gmai1.com", "gmail.com", "letters"),
        ("hotrnail.com", "hotmail.com", "letters"),
        ("rnicrosoft.com", "microsoft.com", "letters"),
        ("vvhatsapp.com", "whatsapp.com", "letters"),
        ("idoud.com", "icloud.com", "letters"),
        ("yah00.net", "yahoo.com", "letters"),
        ("mail.paypa1.com", "paypal.com", "letters"),
        ("xn--pple-43d.com", "apple.com", "script"),
        ("xn--ggle-0nda.com", "google.com", "script"),
        ("g-mail.com", "gmail.com", "hyphen"),
        ("gmail-login.com", "gmail.com", "word"),
        ("microsoftsupport.com", "microsoft.com", "word"),
        ("secure-paypal.net", "paypal.com", "word"),
        ("gmail.com.evil.net", "gmail.com", "inside"),
        ("gmail.com-verify.net", "gmail.com", "inside"),
    ],
)
def test_a_big_providers_lookalike_is_a_weak_sign(domain: str, target: str, how: str) -> None:
    check = lookalikes.check(parse(f"ada@{domain}"))
    assert (check.outcome, check.code, check.evidence) == ("risky", "lookalike", {"target": target, "how": how})
    assert domain in check.sentence


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "google.com", "mail.google.com", "google.co.uk", "gmail.com.br", "apple.de", "amazonaws.com",
        "yahoo-inc.com", "githubuser.org", "pineapple.com", "login.gov", "support.apple.com", "xn--bcher-kva.com",
        "xn--zzzzzzzzzzzzzzzz.com", "goggle.com", "t-online.de", "dev.test",
    ],
)  # fmt: skip
def test_other_names_are_let_be(domain: str) -> None:
    assert lookalikes.find(domain) is None


def test_no_real_domain_is_taken_for_a_lookalike() -> None:
    real = Path(__file__).with_name("real_domains.txt").read_text(encoding="utf-8").split()
    assert [domain for domain in real if lookalikes.find(domain)] == []


def test_a_customers_lookalike_is_one_only_where_they_are_a_customer() -> None:
    customers = lookalikes.among(["devhouse.test", "acme.test"])
    found = lookalikes.find("devh0use.test", customers)
    assert found is not None
    assert (found.target, found.how) == ("devhouse.test", "letters")
    assert lookalikes.find("devh0use.test") is None


def test_a_customer_is_not_taken_for_a_lookalike_of_another() -> None:
    customers = lookalikes.among(["devhouse.test", "dev-house.test", "gmai1.com"])
    assert lookalikes.find("dev-house.test", customers) is None
    assert lookalikes.find("gmai1.com", customers) is None
