"""`manage.py enrich`: who is this? Asks as a signup does, with more time, and prints what is known and who says so.

Answers are kept as those of signups are, for they may have cost something; people, companies and signups stay as they
are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils.dateparse import parse_datetime

from signups import enrichment, vetting
from signups.contracts import Deadline, Found, providers
from signups.domains import registrable
from signups.enrichment import Findings
from signups.models.profile import Profile
from signups.transactions import write_transaction

BUDGET_MS = 20_000
_SILENT = (Found.ERROR, Found.SKIPPED, Found.PENDING)  # which says nothing of whom it is about


class Command(BaseCommand):
    help = "Look up a person by e-mail address, or a company by domain, and print the merged profile with provenance."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", metavar="EMAIL|DOMAIN")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument("--again", action="store_true", help="ask also those whose answer is fresh")
        parser.add_argument(
            "--seconds", type=float, default=BUDGET_MS / 1000, help="how long to wait for answers (default 20)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["seconds"] <= 120:
            raise CommandError("--seconds must be above 0 and at most 120.")
        email, domain = _question(options["key"].strip())
        try:
            findings = _look_up(email, domain, options["seconds"], is_forced=options["again"])
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(f"The database cannot be read: {error}. Run `manage.py migrate` first.") from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(email, findings), ensure_ascii=False))
        else:
            for line in as_text(email, findings):
                self.stdout.write(line)
        if findings.results and all(one.outcome in _SILENT for one in findings.results):
            raise CommandError("Nobody could be asked: see the notes above, and try again.")


def as_json(email: str, findings: Findings) -> dict[str, Any]:
    """What is known, with all claims, and what each provider said."""
    return {
        "email": email or None,
        "company_domain": findings.company_domain or None,
        "person": findings.person,
        "company": findings.company,
        "asked": [
            {
                "provider": one.provider,
                "subject": one.subject.value,
                "key": one.key,
                "outcome": one.outcome.value,
                "at": one.fetched_at.isoformat(),
                "ms": one.ms,
                "is_kept": one.is_kept,
                "note": one.note,
            }
            for one in findings.results
        ],
    }


def as_text(email: str, findings: Findings) -> Iterator[str]:
    """The same for people."""
    if email:
        yield f"{email}"
        yield from _profile(findings.person, "Nobody who was asked knows this person.")
        yield ""
    yield findings.company_domain or "No company: the address says nothing of one, and nobody names an employer."
    if findings.company_domain:
        yield from _profile(findings.company, "Nobody who was asked knows this company.")
    yield ""
    yield "Who was asked"
    for one in findings.results:
        how = "kept" if one.is_kept else f"{one.ms} ms"
        outcome = one.outcome.value.replace("_", " ")
        yield f"  {_name(one.provider):<20} {one.subject.value:<10} {outcome:<10} {how:>9}  {one.note}".rstrip()
    for provider in providers():
        if missing := provider.missing_settings():
            yield f"  {provider.name:<20} off: set {', '.join(missing)}"


def _question(key: str) -> tuple[str, str]:
    """The address and the domain to be asked about; the address is "" where only a domain was named."""
    shown = " ".join(key[:200].split())
    if "@" in key:
        try:
            address = vetting.parse(key)
        except vetting.InvalidAddress as error:
            raise CommandError(f"{shown} is no e-mail address: {error}") from error
        return address.key, vetting.known_company_domain(address)
    try:
        domain = vetting.parse(f"info@{key}").domain
    except vetting.InvalidAddress as error:
        raise CommandError(f"{shown} is neither an e-mail address nor a domain.") from error
    registered = registrable(domain)
    if not registered:
        raise CommandError(f"Many owners have names below {domain}: it says nothing of one of them.")
    return "", registered


def _look_up(email: str, domain: str, seconds: float, *, is_forced: bool) -> Findings:
    deadline, is_company = Deadline(seconds * 1000), vetting.is_company_domain
    findings = enrichment.start(email, domain, deadline, is_company, is_background=True, is_forced=is_forced).finish()
    with write_transaction():
        enrichment.save(findings)
    enrichment.account(findings)
    return findings


def _profile(profile: Profile, otherwise: str) -> Iterator[str]:
    if not profile:
        yield f"  {otherwise}"
    for path, fact in sorted(profile.items()):
        others = fact.get("others", [])
        agreeing = [_name(other["provider"]) for other in others if other["value"] == fact["value"]]
        also = f"; so says {', '.join(agreeing)}" if agreeing else ""
        yield f"  {path:<28} {_value(fact['value']):<44} {_source(fact)}{also}"
        for other in others:
            if other["value"] != fact["value"]:
                yield f"  {'':<28} ({_value(other['value'])}) — {_source(other)}"


def _value(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _source(claim: dict[str, Any]) -> str:
    at = parse_datetime(str(claim.get("at", "")))
    return f"{_name(claim['provider'])}, {at:%Y-%m-%d}" if at else _name(claim["provider"])


def _name(slug: str) -> str:
    return next((provider.name for provider in providers() if provider.slug == slug), slug)
