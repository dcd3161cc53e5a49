"""Who is where in which drip, and how each campaign fares: read from the mails, a fixed number of queries a page.

A campaign's schedule says after how many days each of its mails comes. Its first mail says when somebody's drip began;
so the next is expected, and after a day of grace overdue. What the page looks like is `signups.admin.drips`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from signups.models import Campaign, Mail, MailStop, Signup

GRACE = timedelta(days=1)
# The later of two moments of one mail in this order is what became of it.
_FATES = ("complained", "unsubscribed", "bounced", "dropped", "failed", "converted", "clicked", "opened", "delivered")


class State(StrEnum):
    """Where somebody stands in a campaign; the first that holds."""

    BOUNCED = "bounced"
    LEFT = "left"
    FINISHED = "finished"
    OVERDUE = "overdue"
    WAITING = "waiting"
    UNSCHEDULED = "unscheduled"


@dataclass(frozen=True)
class Numbers:
    """A campaign's counts. `left`: unsubscribed or complained; `lost`: bounced, dropped or failed."""

    campaign: Campaign
    people: int
    mails: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    converted: int
    bounced: int
    lost: int
    left: int


@dataclass(frozen=True)
class Place:
    """Somebody's place in a campaign: `received` mails of `expected` (None: nobody said how many there are)."""

    campaign: Campaign
    signup: Signup
    state: State
    received: int
    expected: int | None
    last: Mail
    next_at: datetime | None


def by_campaign() -> list[Numbers]:
    """Every campaign's numbers, the drips first. One query."""
    counts = {moment: Count(f"mails__{moment}_at") for moment in Mail.MOMENTS}
    people = Count("mails__signup", distinct=True)
    rows = Campaign.objects.annotate(people=people, number=Count("mails"), **{f"n_{k}": v for k, v in counts.items()})
    return [_numbers(row) for row in rows.order_by("-is_drip", "name", "pk")]


def places(campaigns: Iterable[Campaign], state: str = "", words: str = "") -> QuerySet[Any, Any]:
    """A row for each person in each of `campaigns`, the latest mail first; `state` and `words` (a name or an address)
    narrow it. To be cut to a page and shown by `shown`."""
    scheduled = list(campaigns)
    mails = Mail.objects.filter(campaign__in=scheduled, signup__isnull=False)
    if words:
        mails = mails.filter(Q(signup__email__icontains=words) | Q(signup__name__icontains=words))
    rows = mails.values("campaign", "signup").annotate(
        number=Count("pk"), first=Min("first_at"), latest=Max("first_at"), why=Max("signup__person__mail_stopped")
    )
    if state in set(State):
        rows = rows.filter(_is(State(state), scheduled, timezone.now()))
    return rows.order_by("-latest", "campaign", "signup")


def shown(rows: Iterable[dict[str, Any]]) -> list[Place]:
    """A page of `places` with everything to be shown of them. Three queries."""
    page = list(rows)
    signups = Signup.objects.select_related("person").in_bulk({row["signup"] for row in page})
    campaigns = Campaign.objects.in_bulk({row["campaign"] for row in page})
    last: dict[tuple[int | None, int | None], Mail] = {}
    for mail in Mail.objects.filter(campaign__in=campaigns, signup__in=signups).order_by("first_at", "pk"):
        last[mail.campaign_id, mail.signup_id] = mail
    now = timezone.now()
    return [
        _place(row, campaigns[row["campaign"]], signups[row["signup"]], last[row["campaign"], row["signup"]], now)
        for row in page
        if (row["campaign"], row["signup"]) in last
    ]


def fate(mail: Mail) -> str:
    """What became of a mail, in a word."""
    return next((moment for moment in _FATES if mail.moment(moment) is not None), "sent")


def days_of(campaign: Campaign) -> list[int]:
    """The days of its mails; of one that never sent a second mail to anybody, there is one. [] where nobody said."""
    return campaign.schedule or ([] if campaign.is_drip else [0])


def next_at(campaign: Campaign, received: int, first: datetime) -> datetime | None:
    """When the next mail is expected, None where there is none or nobody said."""
    days = days_of(campaign)
    if not 0 < received < len(days):
        return None
    return first + timedelta(days=days[received] - days[0])


def _place(row: dict[str, Any], campaign: Campaign, signup: Signup, last: Mail, now: datetime) -> Place:
    state = _state(row, campaign, now)
    goes_on = state in (State.WAITING, State.OVERDUE)
    return Place(
        campaign=campaign,
        signup=signup,
        state=state,
        received=row["number"],
        expected=len(days_of(campaign)) or None,
        last=last,
        next_at=next_at(campaign, row["number"], row["first"]) if goes_on else None,
    )


def _state(row: dict[str, Any], campaign: Campaign, now: datetime) -> State:
    if row["why"] == MailStop.BOUNCED:
        return State.BOUNCED
    if row["why"]:
        return State.LEFT
    if not days_of(campaign):
        return State.UNSCHEDULED
    if (due := next_at(campaign, row["number"], row["first"])) is None:
        return State.FINISHED
    return State.OVERDUE if due + GRACE < now else State.WAITING


def _is(state: State, campaigns: list[Campaign], now: datetime) -> Q:
    """`_state` for the database."""
    if state is State.BOUNCED:
        return Q(why=MailStop.BOUNCED)
    if state is State.LEFT:
        return Q(why__in=(MailStop.UNSUBSCRIBED, MailStop.COMPLAINED))
    if state is State.UNSCHEDULED:
        return Q(why="", campaign__in=[one.pk for one in campaigns if not days_of(one)])
    if state is State.FINISHED:
        return Q(why="") & _any(
            Q(campaign=one.pk, number__gte=len(days)) for one in campaigns if (days := days_of(one))
        )
    return Q(why="") & _any(_steps(campaigns, now, is_overdue=state is State.OVERDUE))


def _steps(campaigns: list[Campaign], now: datetime, *, is_overdue: bool) -> Iterator[Q]:
    for campaign in campaigns:
        for received in range(1, len(campaign.schedule)):
            began = now - GRACE - timedelta(days=campaign.schedule[received] - campaign.schedule[0])
            since = Q(first__lt=began) if is_overdue else Q(first__gte=began)
            yield Q(campaign=campaign.pk, number=received) & since


def _any(conditions: Iterable[Q]) -> Q:
    """Whether one of them holds; none does where there are none."""
    found = Q(campaign__in=[])
    for condition in conditions:
        found |= condition
    return found


def _numbers(row: Any) -> Numbers:
    return Numbers(
        campaign=row,
        people=row.people,
        mails=row.number,
        sent=row.n_sent,
        delivered=row.n_delivered,
        opened=row.n_opened,
        clicked=row.n_clicked,
        converted=row.n_converted,
        bounced=row.n_bounced,
        lost=row.n_bounced + row.n_dropped + row.n_failed,
        left=row.n_unsubscribed + row.n_complained,
    )
