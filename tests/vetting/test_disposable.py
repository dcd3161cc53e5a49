from typing import Any

import disposable_email_domains
import pytest

from signups.vetting import parse
from signups.vetting.disposable import check, listed
from signups.vetting.domains import listed_as


@pytest.mark.parametrize("domain", ["mailinator.com", "eu.mailinator.com", "throwaway.test", "a.b.throwaway.test"])
def test_a_listed_domain_and_all_below_it_are_disposable(domain: str) -> None:
    result = check(parse(f"x@{domain}"))
    assert (result.outcome, result.code) == ("bad", "disposable")
    assert domain.endswith(result.evidence["entry"])


@pytest.mark.parametrize("domain", ["dev.test", "notthrowaway.test", "mailinator.com.example.org"])
def test_another_domain_is_not(domain: str) -> None:
    assert (check(parse(f"x@{domain}")).outcome, check(parse(f"x@{domain}")).code) == ("good", "not_disposable")


def test_an_entry_that_is_a_public_suffix_lists_nobody(settings: Any) -> None:
    settings.SANDBOX_DISPOSABLE = ["co.uk", "github.io", "throwaway.github.io"]
    assert listed("acme.co.uk") == listed("someone.github.io") == ""
    assert listed("x.throwaway.github.io") == "throwaway.github.io"


def test_no_big_provider_is_taken_for_disposable() -> None:
    providers = ["gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "proton.me", "gmx.de", "qq.com"]
    assert [domain for domain in providers if listed_as(domain, disposable_email_domains.blocklist)] == []
