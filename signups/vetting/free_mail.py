"""Whether the domain says where somebody works, or only who carries their private mail.

Both are fine; only the second says nothing of a company. The providers stand in `free_mail_domains.txt`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from signups.vetting import disposable
from signups.vetting.address import Address
from signups.vetting.domains import listed_as, registrable
from signups.vetting.result import CheckResult

_FILE = Path(__file__).with_name("free_mail_domains.txt")


def listed(domain: str) -> str:
    """The free-mail provider's domain that `domain` is or lies below, "" where there is none."""
    return listed_as(domain, _providers()) or listed_as(domain, settings.SANDBOX_FREE_MAIL)


def known_company_domain(address: Address) -> str:
    """The registered domain of a work address; "" where the domain says nothing of an employer."""
    if listed(address.domain) or disposable.listed(address.domain):
        return ""
    return registrable(address.domain)


def check(address: Address) -> CheckResult:
    if company := known_company_domain(address):
        sentence = f"{company} is an organisation's own domain."
        return CheckResult("free_mail", "good", "company_domain", sentence, {"domain": company})
    provider = listed(address.domain)
    sentence = f"{provider or address.domain} gives addresses to everybody: it says nothing of a company."
    return CheckResult("free_mail", "good", "free_mail", sentence, {"entry": provider} if provider else {})


@cache
def _providers() -> frozenset[str]:
    lines = (line.partition("#")[0] for line in _FILE.read_text(encoding="utf-8").splitlines())
    return frozenset(domain for line in lines for domain in line.split())
