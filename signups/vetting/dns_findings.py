"""What DNS said of a domain, kept in the database for web and workers alike.

One query to read. Writing comes after the verdict, never within the transaction of a signup, and never fails one.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from signups import domains
from signups.models import DnsFinding
from signups.transactions import may_fail, write_transaction
from signups.vetting.mx import Mail
from signups.vetting.result import CheckResult

logger = logging.getLogger(__name__)

# For how long an answer is believed, in seconds: at least and at most, whatever its time to live says.
HOLDS_S = {"good": (300, 3600), "bad": (60, 900), "unknown": (30, 30)}


def read(domain: str) -> Mail | None:
    """What is known of exactly this domain, None where nothing that still holds. One query."""
    # At every signup: the ORM takes several times as long to put the query together.
    sql = f"SELECT * FROM {DnsFinding._meta.db_table} WHERE domain = %s"  # noqa: S608
    row = next(iter(DnsFinding.objects.raw(sql, [domain])), None)
    if row is None or row.expires_at <= timezone.now():
        return None
    evidence = {**row.evidence, "asked_at": row.asked_at.isoformat(timespec="seconds")}
    check = CheckResult("mx", row.outcome, row.code, row.sentence, evidence)
    return Mail(check, tuple(row.hosts), tuple(row.addresses), tuple(row.name_servers))


def keep(domain: str, mail: Mail) -> None:
    """Keep an answer, over the one before. One query; none for an answer that was kept already."""
    if "asked_at" in mail.check.evidence:
        return
    now = timezone.now()
    shortest, longest = HOLDS_S[mail.check.outcome]
    holds_s = min(max(int(mail.check.evidence.get("ttl_s", 0)), shortest), longest)
    row = DnsFinding(
        domain=domain,
        registered_domain=domains.registrable(domain) or domain,
        outcome=mail.check.outcome,
        code=mail.check.code,
        sentence=mail.check.sentence[:500],
        evidence=dict(mail.check.evidence),
        hosts=list(mail.hosts),
        addresses=list(mail.addresses),
        name_servers=list(mail.name_servers),
        asked_at=now,
        expires_at=now + timedelta(seconds=holds_s),
    )
    fields = [field.name for field in DnsFinding._meta.concrete_fields if field.name not in ("id", "domain")]
    try:
        with may_fail(), write_transaction():
            DnsFinding.objects.bulk_create([row], update_conflicts=True, unique_fields=["domain"], update_fields=fields)
    except DatabaseError as error:
        logger.warning("What DNS said of %s could not be kept: %s", domain, error)
