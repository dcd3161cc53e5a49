"""Telling staff when an integration's state changes: its breaker opened or closed, it was paused or resumed, or a first
delivery failed for a new cause. Once for each change, whoever looks however often, over restarts and several workers.

`look` and `look_at_causes` compare how things are with what staff were told last, and write what is to be told in one
transaction with that; `tell` sends it: through an integration that takes alerts and is well itself, else by mail to
`ALERTS_MAIL_TO`. An alert is claimed for a minute before anybody is called, and its own key finds it again in Slack, so
that a worker killed in the middle tells nothing twice; a mail bears the same Message-ID at each try.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from signups import contracts
from signups.contracts import Ambiguous, Integration, ServiceError
from signups.contracts.registry import name_of
from signups.deliveries import breaker, causes, claiming, queueing
from signups.deliveries.causes import Cause
from signups.logs import masked
from signups.models import Delivery, IntegrationState, StaffAlert
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

NAME, TASK = "staff alerts", "signups.tasks.tell_staff"
CLAIM = timedelta(seconds=60)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
NEWS_FOR = timedelta(days=2)  # what nobody could be told for so long is no news any more; the admin shows it
KEPT = timedelta(days=90)
_MOST_CHARACTERS = 360  # a message to staff, before the link
_IS_IN_TROUBLE = Q(failures_in_a_row__gte=breaker.FAILURES)
_IS_UNTOLD = (
    (_IS_IN_TROUBLE & Q(told_trouble=False))
    | (~_IS_IN_TROUBLE & Q(told_trouble=True))
    | Q(is_paused=True, told_paused=False)
    | Q(is_paused=False, told_paused=True)
)


def look() -> None:
    """Write down what changed of any integration's state since staff were told. One cheap query where nothing did."""
    for slug in IntegrationState.objects.filter(_IS_UNTOLD).values_list("slug", flat=True):
        with write_transaction():
            state = IntegrationState.objects.select_for_update().filter(_IS_UNTOLD, slug=slug).first()
            if state is None:  # somebody else was faster
                continue
            is_in_trouble = state.failures_in_a_row >= breaker.FAILURES
            if is_in_trouble != state.told_trouble:
                _write(slug, *(_trouble(state) if is_in_trouble else _works(slug)))
            if state.is_paused != state.told_paused:
                _write(slug, *(_paused(state) if state.is_paused else _resumed(slug)))
            now_told = {"told_trouble": is_in_trouble, "told_paused": state.is_paused}
            IntegrationState.objects.filter(slug=slug).update(**now_told)


def look_at_causes() -> None:
    """Write down which causes of dead letters are new, and close those of which none is left."""
    dead = {(one.integration, one.key): one for one in causes.causes() if one.is_dead}
    is_open = StaffAlert.objects.filter(kind=StaffAlert.Kind.DEAD_LETTER, closed_at=None)
    known = set(is_open.values_list("integration", "cause"))
    for slug, key in known - dead.keys():
        with write_transaction():
            is_open.filter(integration=slug, cause=key).update(closed_at=Now())
    for slug, key in dead.keys() - known:
        with write_transaction():
            _write_cause(dead[slug, key])


def wake_due() -> bool:
    """Queue the telling where there is something to tell; says whether it did. One look into an index otherwise."""
    if not StaffAlert.objects.filter(due_at__lte=Now()).exists():
        return False
    return queueing.wake_task(NAME, TASK, is_urgent=True)


def tell() -> int:
    """Tell staff what is due, the oldest first; returns how many alerts were told."""
    claiming.note_woken([NAME], is_woken=False)
    told = 0
    while (alert := _claim()) is not None:
        try:
            by = _tell(alert)
        except ServiceError as error:
            logger.warning("Staff could not be told of %s: %s", alert, error)
            by = ""
        told += bool(by)
        _finish(alert, by)
    return told


def prune() -> None:
    """Forget alerts older than 90 days, but for those of dead letters that are still there."""
    with write_transaction():
        is_closed = ~Q(kind=StaffAlert.Kind.DEAD_LETTER) | Q(closed_at__isnull=False)
        StaffAlert.objects.filter(is_closed, at__lt=Now() - KEPT).delete()


# -- What there is to tell ---------------------------------------------------------------------------------------------


def _trouble(state: IntegrationState) -> tuple[StaffAlert.Kind, str]:
    why = masked(state.trouble) or "it failed several times in a row"
    number = _owed(state.slug)
    waits = f" What waits ({number:,}) is sent by itself once it works." if number else ""
    return StaffAlert.Kind.TROUBLE, (
        f"{name_of(state.slug)} is in trouble and is left alone for a while: {why.rstrip('.')}.{waits}"
    )


def _works(slug: str) -> tuple[StaffAlert.Kind, str]:
    return StaffAlert.Kind.WORKS, f"{name_of(slug)} works again. {_on_its_way(slug)}"


def _paused(state: IntegrationState) -> tuple[StaffAlert.Kind, str]:
    by = f" by {state.paused_by.get_username()}" if state.paused_by else ""
    why = f": {state.paused_why}" if state.paused_why else ""
    return (
        StaffAlert.Kind.PAUSED,
        f"{name_of(state.slug)} was paused{by}{why}. Nothing is sent there until it is resumed.",
    )


def _resumed(slug: str) -> tuple[StaffAlert.Kind, str]:
    return StaffAlert.Kind.RESUMED, f"{name_of(slug)} was resumed. {_on_its_way(slug)}"


def _on_its_way(slug: str) -> str:
    number = _owed(slug)
    return "Nothing waited." if not number else f"What waited is on its way ({number:,})."


def _owed(slug: str) -> int:
    return Delivery.objects.filter(integration=slug, due_at__isnull=False).count()


def _write_cause(cause: Cause) -> None:
    some = "A delivery" if cause.count == 1 else f"{cause.count:,} deliveries"
    text = f"{some} to {name_of(cause.integration)} failed for good: {cause.words.rstrip('.')}. {cause.remedy}"
    found = {"integration": cause.integration, "cause": cause.key, "closed_at": None}
    columns = {"text": text[:1000], "at": Now(), "due_at": _due()}
    StaffAlert.objects.get_or_create(**found, kind=StaffAlert.Kind.DEAD_LETTER, defaults=columns)


def _write(slug: str, kind: StaffAlert.Kind, text: str) -> None:
    StaffAlert.objects.create(integration=slug, kind=kind, text=text[:1000], at=Now(), due_at=_due())


def _due() -> Now | None:
    """At once, or never where nobody is there to tell."""
    return Now() if settings.ALERTS_MAIL_TO or any(one.takes_alerts for one in _switched_on()) else None


# -- Telling -----------------------------------------------------------------------------------------------------------


def _claim() -> StaffAlert | None:
    """The oldest alert that is due, for a minute nobody else's."""
    due = StaffAlert.objects.filter(due_at__lte=Now()).order_by("at", "pk")
    for key in due.values_list("pk", flat=True)[:10]:
        with write_transaction():
            if StaffAlert.objects.filter(pk=key, due_at__lte=Now()).update(due_at=Now() + CLAIM):
                return StaffAlert.objects.get(pk=key)
    return None


def _tell(alert: StaffAlert) -> str:
    """Who told staff, "" where nobody can now. Raises the last one's ServiceError."""
    page = settings.BASE_URL + reverse("admin:signups_delivery_changelist")
    text = f"{Truncator(alert.text).chars(_MOST_CHARACTERS)} {page}"
    error: ServiceError | None = None
    for taker in _well_takers():
        try:
            taker.alert(text, key=str(alert.uid), since=alert.at)
            return taker.name
        except Ambiguous:  # it may stand there: the next try looks for it, where a mail could only repeat it
            raise
        except ServiceError as failure:
            error = failure
    if settings.ALERTS_MAIL_TO:
        _mail(alert, text)
        return "mail"
    if error is not None:
        raise error
    return ""


def _well_takers() -> list[Integration]:
    ill = set(IntegrationState.objects.filter(_IS_IN_TROUBLE | Q(is_paused=True)).values_list("slug", flat=True))
    return [one for one in _switched_on() if one.takes_alerts and one.slug not in ill]


def _switched_on() -> list[Integration]:
    return [one for one in contracts.integrations() if not one.missing_settings()]


def _mail(alert: StaffAlert, text: str) -> None:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    subject = f"[Onboarding] {name_of(alert.integration)}: {alert.get_kind_display()}"
    headers = {"Message-ID": f"<{alert.uid}@{domain}>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject, text, to=settings.ALERTS_MAIL_TO, headers=headers).send()
    except (OSError, smtplib.SMTPException) as error:
        raise ServiceError("Mail", f"could not be sent ({error})") from error


def _finish(alert: StaffAlert, by: str) -> None:
    """Told: for good. Else again after a while, as long as it is news."""
    mine = StaffAlert.objects.filter(pk=alert.pk)
    tries = alert.tries + 1
    with write_transaction():
        if by:
            mine.update(told_at=Now(), told_by=by, due_at=None, tries=tries)
        elif timezone.now() - alert.at > NEWS_FOR:
            mine.update(due_at=None, tries=tries)
        else:
            mine.update(due_at=Now() + WAITS[min(tries, len(WAITS)) - 1], tries=tries)
