"""One signup's story in the order of time: where they came from, what was found and decided, who was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from signups.admin import badges
from signups.models import Attempt, Check, Confirmation, Delivery, Lookup, Score, Signup, VerdictChange

_EPSILON = timedelta(microseconds=1)


@dataclass(frozen=True)
class Moment:
    """Something that happened. `icon` is a Material symbol; `since` is how long after the signup."""

    at: datetime
    kind: str
    icon: str
    tone: str
    title: str
    detail: str = ""
    by: str = ""
    since: str = ""


def of(
    signup: Signup,
    *,
    checks: Sequence[Check],
    changes: Iterable[VerdictChange],
    confirmations: Iterable[Confirmation],
    lookups: Iterable[Lookup],
    deliveries: Sequence[Delivery],
    scores: Sequence[Score],
) -> list[Moment]:
    """Every moment, oldest first. Reads what it is given and asks the database nothing."""
    arrived = signup.created_at - timedelta(milliseconds=signup.decided_ms)
    moments = [
        *_arrival(signup, arrived),
        *_lookups(lookups),
        *_checks(signup, checks),
        *_scores(signup, scores),
        *_changes(signup, changes),
        *_confirmations(confirmations),
        *_plans(deliveries),
        *(_attempt(delivery, attempt) for delivery in deliveries for attempt in delivery.attempts.all()),
    ]
    moments.sort(key=lambda moment: moment.at)
    return [_with_distance(moment, arrived) for moment in moments]


def _arrival(signup: Signup, arrived: datetime) -> Iterator[Moment]:
    came_from = " · ".join(f"{name.removeprefix('utm_')}: {value}" for name, value in signup.utm.items())
    if signup.referrer or signup.landing_page or came_from:
        title = f"Came from {signup.referrer}" if signup.referrer else "Came to the site"
        landed = f"landed on {signup.landing_page}" if signup.landing_page else ""
        detail = " · ".join(part for part in (landed, came_from) if part)
        yield Moment(arrived - _EPSILON, "visit", "explore", "quiet", title, detail)
    detail = f"{signup.name} <{signup.email}>" + (f" of {signup.company_name}" if signup.company_name else "")
    yield Moment(
        arrived, "signup", "person_add", "busy", f"Signed up through the {signup.get_source_display()}", detail
    )


def _lookups(lookups: Iterable[Lookup]) -> Iterator[Moment]:
    for lookup in lookups:
        name = badges.provider_name(lookup.provider)
        title = f"{name} about {lookup.key}: {lookup.get_outcome_display()}"
        detail = " · ".join(part for part in (f"{lookup.ms} ms", lookup.note) if part)
        tone = badges.LOOKUP_TONES.get(lookup.outcome, "quiet")
        yield Moment(lookup.fetched_at, "lookup", "travel_explore", tone, title, detail)


def _checks(signup: Signup, checks: Sequence[Check]) -> Iterator[Moment]:
    if not checks:
        return
    outcomes = [check.outcome for check in checks]
    counted = ", ".join(f"{outcomes.count(o)} {o}" for o in Check.Outcome.values if o in outcomes)
    worst = next(o for o in ("bad", "unknown", "good") if o in outcomes)
    title = f"{len(checks)} checks in {signup.decided_ms} ms: {counted}"
    detail = " ".join(check.sentence for check in checks if check.outcome != Check.Outcome.GOOD)
    yield Moment(signup.created_at - 2 * _EPSILON, "check", "checklist", badges.CHECK_TONES[worst], title, detail)


def _scores(signup: Signup, scores: Sequence[Score]) -> Iterator[Moment]:
    before: int | None = None
    for score in reversed(scores):  # newest first in the database
        change = "" if before is None else f" (was {before})"
        detail = "High value" if score.is_high_value else ""
        at = score.created_at if change else signup.created_at - _EPSILON  # the first one is what the verdict rests on
        yield Moment(at, "score", "trending_up", "quiet", f"Scored {score.total}{change}", detail)
        before = score.total


def _changes(signup: Signup, changes: Iterable[VerdictChange]) -> Iterator[Moment]:
    for change in changes:
        by = change.get_by_display()
        if change.user is not None:
            by = change.user.get_username()
        tone = badges.VERDICT_TONES.get(change.verdict, "quiet")
        title = f"Verdict: {change.get_verdict_display()}"
        at = signup.created_at if change.by == VerdictChange.By.RULES else change.at  # before what followed from it
        yield Moment(at, "verdict", "gavel", tone, title, change.note, by)


def _confirmations(confirmations: Iterable[Confirmation]) -> Iterator[Moment]:
    for confirmation in confirmations:
        title = "Asked to confirm the address" + (f" (mail {confirmation.number})" if confirmation.number > 1 else "")
        detail = f"The link expires {confirmation.expires_at:%d %b, %H:%M} UTC"
        yield Moment(confirmation.created_at, "confirmation", "mail", "wait", title, detail)
        if confirmation.used_at is not None:
            detail = f"from {confirmation.used_ip}" if confirmation.used_ip else ""
            used = "Confirmed the address by the link"
            yield Moment(confirmation.used_at, "confirmation", "mark_email_read", "good", used, detail)


def _plans(deliveries: Iterable[Delivery]) -> Iterator[Moment]:
    """What was planned at once is one moment."""
    planned = sorted(deliveries, key=lambda d: (d.created_at.replace(microsecond=0), d.event, d.pk))
    for (_, event), group in groupby(planned, key=lambda d: (d.created_at.replace(microsecond=0), d.event)):
        rows = list(group)
        names = " · ".join(badges.integration_name(row.integration) for row in rows)
        title = f"To be told: {badges.event_words(event)}"
        yield Moment(rows[-1].created_at, "delivery", "outbox", "quiet", title, names)


def _attempt(delivery: Delivery, attempt: Attempt) -> Moment:
    name = badges.integration_name(delivery.integration)
    title = f"{name}, {badges.event_words(delivery.event)}: {badges.RESULT_WORDS.get(attempt.result, attempt.result)}"
    status = f"HTTP {attempt.status}" if attempt.status else ""
    detail = " · ".join(part for part in (attempt.reason, status, f"{attempt.ms} ms") if part)
    tone = badges.RESULT_TONES.get(attempt.result, "bad")
    icon = "send" if attempt.result == "delivered" else "outgoing_mail"
    return Moment(attempt.at, "delivery", icon, tone, title, detail)


def _with_distance(moment: Moment, arrived: datetime) -> Moment:
    distance = moment.at - arrived
    if abs(distance) < timedelta(milliseconds=1):
        since = ""
    elif abs(distance) < timedelta(seconds=60):
        seconds = abs(distance).total_seconds()
        since = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    else:
        since = badges.duration(abs(distance))
    sign = "−" if distance < timedelta(0) else "+"
    return Moment(**{**moment.__dict__, "since": f"{sign}{since}" if since else ""})
