"""What the optional checks were answered, kept for as long as it holds (`KeptAnswer`): nobody is asked twice.

An answer about a domain is kept by the domain, one about a mailbox by a keyed hash that does not tell the address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.crypto import salted_hmac

from signups import domains
from signups.contracts import Finding
from signups.models import KeptAnswer
from signups.vetting import mailbox
from signups.vetting.address import Address
from signups.vetting.result import CheckResult


@dataclass(frozen=True)
class Answer:
    """What was said, and under which key it is to be kept: "" where it was kept already, or is not to be."""

    check: CheckResult
    key: str = ""
    finding: Finding | None = None


def find(address: Address, names: Collection[str]) -> dict[str, CheckResult]:
    """What is known by now, by check. An answer about the mailbox is believed before one about its whole domain."""
    keys = {address.domain, registered(address.domain), _hash(address)}
    rows = KeptAnswer.objects.fresh(timezone.now()).filter(check_name__in=names, key__in=keys) if names else []
    kept: dict[str, CheckResult] = {}
    for row in sorted(rows, key=lambda row: row.key == _hash(address)):
        evidence = {**row.evidence, "answered_at": row.answered_at.isoformat(timespec="seconds")}
        kept[row.check_name] = CheckResult(row.check_name, row.outcome, row.code, row.sentence, evidence)
    return kept


def key(name: str, address: Address, found: Finding) -> str:
    """Where an answer is to be found again: what a mail server says of one mailbox is kept without its address."""
    if name != mailbox.NAME:
        return registered(address.domain)
    return address.domain if found.code in mailbox.ABOUT_DOMAIN else _hash(address)


def registered(domain: str) -> str:
    """What is registered at a registry: "github.io" of "acme.github.io"."""
    suffix, _ = domains.public_suffix(domain, with_private=False)
    labels = domain.removesuffix(suffix).strip(".")
    return f"{labels.rpartition('.')[2]}.{suffix}" if labels and suffix else domain


def keep(answers: Iterable[Answer]) -> None:
    """Keep what was answered, in the caller's transaction, over what was answered before. At most one query."""
    now = timezone.now()
    rows = [
        KeptAnswer(
            check_name=answer.check.name,
            key=answer.key,
            outcome=answer.check.outcome,
            code=answer.check.code,
            sentence=answer.check.sentence[:500],
            evidence=answer.check.evidence,
            answered_at=now,
            expires_at=now + answer.finding.holds_for,
        )
        for answer in sorted(answers, key=lambda answer: (answer.check.name, answer.key))
        if answer.key and answer.finding is not None and answer.finding.holds_for
    ]
    if rows:
        KeptAnswer.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["check_name", "key"],
            update_fields=["outcome", "code", "sentence", "evidence", "answered_at", "expires_at"],
        )


def _hash(address: Address) -> str:
    return salted_hmac("signups.vetting.mailbox", address.key, algorithm="sha256").hexdigest()
