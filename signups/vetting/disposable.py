"""Throw-away addresses: domains of the public list that the `disposable-email-domains` package carries."""

from __future__ import annotations

import disposable_email_domains
from django.conf import settings

from signups.vetting.address import Address
from signups.vetting.domains import listed_as
from signups.vetting.result import CheckResult


def listed(domain: str) -> str:
    """The entry of the list that `domain` is or lies below, "" where there is none."""
    return listed_as(domain, disposable_email_domains.blocklist) or listed_as(domain, settings.SANDBOX_DISPOSABLE)


def check(address: Address) -> CheckResult:
    entry = listed(address.domain)
    if entry:
        sentence = f"{entry} hands out throw-away addresses."
        return CheckResult("disposable", "bad", "disposable", sentence, {"entry": entry})
    return CheckResult("disposable", "good", "not_disposable", "Not known for throw-away addresses.")
