"""The mails that the CRM holds, as staff read them before a call: kept for a while, and shown old rather than not.

Fetching them is the integration's (`Integration.mails_with`). Kept in Django's cache: they are the CRM's, not ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from signups import contracts
from signups.contracts import CrmMail, Integration, ServiceError
from signups.models import Delivery, Signup

FRESH_FOR = timedelta(minutes=5)
KEPT_FOR = timedelta(days=1)
LEFT_ALONE_FOR = timedelta(seconds=30)  # after a failure, unless staff ask again


@dataclass(frozen=True)
class Held:
    """What there is to show. `trouble` says why the CRM did not answer; then `mails` are those of `at`, if there are.

    off: settings are `missing` · unknown: the CRM was not told of them · away: no answer and nothing kept · none · some
    """

    state: Literal["off", "unknown", "away", "none", "some"]
    name: str
    mails: tuple[CrmMail, ...] = ()
    at: datetime | None = None
    trouble: str = ""
    missing: tuple[str, ...] = ()


def keeper() -> Integration | None:
    """The integration that holds mails, None where the settings list none."""
    return next((one for one in contracts.integrations() if one.keeps_mails), None)


def held(signup: Signup, *, is_asked_again: bool = False) -> Held | None:
    """The latest mails with the signup's company; None where no integration keeps any. Takes a few seconds at worst."""
    crm = keeper()
    if crm is None:
        return None
    if missing := crm.missing_settings():
        return Held("off", crm.name, missing=tuple(missing))
    if not _is_told(crm, signup):
        return Held("unknown", crm.name)
    key = f"crm-mails:{crm.slug}:{signup.pk}"
    kept: tuple[datetime, tuple[CrmMail, ...]] | None = cache.get(key)
    if kept is not None and timezone.now() - kept[0] < FRESH_FOR and not is_asked_again:
        return _some(crm, kept)
    trouble: str = "" if is_asked_again else cache.get(f"{key}:trouble", "")
    if not trouble:
        try:
            kept = (timezone.now(), tuple(crm.mails_with(signup)))
        except ServiceError as error:
            trouble = error.reason
            cache.set(f"{key}:trouble", trouble, LEFT_ALONE_FOR.total_seconds())
        else:
            cache.set(key, kept, KEPT_FOR.total_seconds())
            cache.delete(f"{key}:trouble")
    return Held("away", crm.name, trouble=trouble) if kept is None else _some(crm, kept, trouble)


def _some(crm: Integration, kept: tuple[datetime, tuple[CrmMail, ...]], trouble: str = "") -> Held:
    return Held("some" if kept[1] else "none", crm.name, kept[1], kept[0], trouble)


def _is_told(crm: Integration, signup: Signup) -> bool:
    """Whether the CRM has heard of this person or of a colleague."""
    same = Q(signup__person=signup.person_id)
    if signup.company_id is not None:
        same |= Q(company=signup.company_id) | Q(signup__company=signup.company_id)
    return Delivery.objects.filter(same, integration=crm.slug).exclude(external_id="").exists()
