"""What came of the days: held against what the story did, and told in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from signups.contracts import Event
from signups.management.demo.story import Story
from signups.models import (
    Action,
    Delivery,
    Experiment,
    Exposure,
    Forward,
    IdentityLink,
    LimitReached,
    Mail,
    MailEvent,
    Note,
    Signup,
    UsageRecord,
    Verdict,
)


def problems(story: Story) -> list[str]:
    """What did not come out as it was told, a line each; none where all did."""
    return [*_dead_letters(), *_refused_actions(), *_odd_reports(), *_wrong_sums(story)]


def told(story: Story, days: int, took_s: float) -> str:
    """The summary, a line a chapter."""
    lines = [
        ("People", _people()),
        ("Visitors", _visitors()),
        ("Usage", _usage(story)),
        ("Told vendors", _deliveries()),
        ("Quiet", _quiet()),
        ("Limits", _limits()),
        ("Mails", _mails()),
        ("A/B tests", _experiments()),
    ]
    text = "\n".join(f"    {name:14}{words}" for name, words in lines)
    return f"\n  {_of(days, 'day')} in {took_s:.0f} s; everything came out as it was told.\n\n{text}\n"


# -- Held against the story --------------------------------------------------------------------------------------------


def _dead_letters() -> Iterator[str]:
    for row in Delivery.objects.filter(state=Delivery.State.FAILED).select_related("signup")[:5]:
        yield f"{row} of {row.signup.email}: {row.outcome}"


def _refused_actions() -> Iterator[str]:
    for row in Forward.objects.select_related("action")[:5]:
        yield f"{row.integration} has not taken {row.action}: {row.why or 'it is still owed'}"


def _odd_reports() -> Iterator[str]:
    for row in MailEvent.objects.filter(mail=None).exclude(note="")[:5]:
        yield f"An odd report of a mail ({row.metric}): {row.note}"


def _wrong_sums(story: Story) -> Iterator[str]:
    """The product's sum of each customer's calls, and the story's own."""
    rows = UsageRecord.objects.order_by().values("signup__email").annotate(calls=Sum("count"), days=Count("pk"))
    stored = {row["signup__email"]: (row["calls"], row["days"]) for row in rows}
    used = {email: (sum(days.values()), len(days)) for email, days in story.used.items()}
    for email in sorted(stored.keys() | used.keys()):
        if stored.get(email) != used.get(email):
            yield f"Calls and days of {email}: {stored.get(email)} are stored, {used.get(email)} were reported"


# -- Told --------------------------------------------------------------------------------------------------------------


def _people() -> str:
    by_verdict = {row["verdict"]: row["number"] for row in _counted(Signup.objects.all(), "verdict")}
    shares = ", ".join(f"{by_verdict.get(verdict, 0):,} {verdict.label}" for verdict in Verdict)
    return f"{Signup.objects.count():,} signed up: {shares}"


def _visitors() -> str:
    links = IdentityLink.objects.aggregate(
        joined=Count("pk", filter=Q(ended_at=None)),
        refused=Count("pk", filter=Q(ended_at__isnull=False, ended_by=None)),
        detached=Count("pk", filter=Q(ended_by__isnull=False)),
    )
    joined = f"{links['joined']:,} browsers joined to people, {links['refused']} refused, {links['detached']} detached"
    return f"{Action.objects.count():,} actions; {joined}"


def _usage(story: Story) -> str:
    calls = UsageRecord.objects.aggregate(all=Sum("count"))["all"] or 0
    return f"{calls:,} API calls of {_of(len(story.used), 'customer')}, equal to what was reported"


def _deliveries() -> str:
    by_state = {row["state"]: row["number"] for row in _counted(Delivery.objects.all(), "state")}
    later = Delivery.objects.filter(due_at__isnull=False).count()
    skipped = by_state.get(Delivery.State.SKIPPED, 0)
    return f"{by_state.get(Delivery.State.DELIVERED, 0):,} times, {skipped} skipped, {later} due later, none failed"


def _quiet() -> str:
    nudges = Delivery.objects.filter(event=Event.WENT_QUIET)
    sent = nudges.filter(state=Delivery.State.DELIVERED)
    came = sent.filter(signup__usage__count__gt=0).order_by().values("signup").distinct().count()
    return f"{_of(sent.count(), 'customer')} offered help after a week without a call, once each; {came} called then"


def _limits() -> str:
    reached = LimitReached.objects.all()
    who = reached.order_by().values("signup").distinct().count()
    resolved = reached.filter(resolved_at__isnull=False).count()
    return f"{_of(reached.count(), 'threshold')} reached by {_of(who, 'customer')}, {resolved} resolved by an upgrade"


def _mails() -> str:
    moments = ("opened", "clicked", "bounced", "complained", "unsubscribed")
    counts = Mail.objects.aggregate(
        **{name: Count("pk", filter=Q(**{f"{name}_at__isnull": False})) for name in moments}
    )
    became = ", ".join(f"{counts[name]:,} {name}" for name in moments)
    return f"{Mail.objects.count():,} of campaigns: {became}; staff took {_of(Note.objects.count(), 'note')}"


def _experiments() -> str:
    running = Experiment.objects.filter(state=Experiment.State.RUNNING).count()
    return f"{_of(running, 'test')} running, {_of(Exposure.objects.count(), 'exposure')}"


def _counted(rows: QuerySet[Any], field: str) -> list[dict[str, Any]]:
    return list(rows.order_by().values(field).annotate(number=Count("pk")))


def _of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
