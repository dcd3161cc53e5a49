"""The timeline as it is shown: each moment at its time and distance from the signup, and the kinds to pick from.

What happened, and in which order, is `signups.activity.timeline`'s to know; the words are `moments`'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from signups.activity import timeline
from signups.activity.scope import arrived_at
from signups.activity.timeline import Kind
from signups.admin import badges, moments
from signups.admin.shown import Shown
from signups.models import Note

KIND_NAMES: Final[dict[Kind, str]] = {
    Kind.PAGE: "Visits",
    Kind.DOCS: "Docs",
    Kind.EVENT: "Events",
    Kind.API: "API calls",
    Kind.MAIL: "Mails",
    Kind.SLACK: "Slack",
    Kind.NOTE: "Notes",
    Kind.DECISION: "Decisions",
    Kind.SCORE: "Scores",
    Kind.LOOKUP: "Look-ups",
    Kind.DELIVERY: "Deliveries",
    Kind.LIMIT: "Limits",
    Kind.EXPERIMENT: "A/B tests",
    Kind.IDENTITY: "Identity",
}


def shown(
    page: timeline.Page,
    *,
    viewer: AbstractBaseUser | AnonymousUser,
    says_whose: bool = False,
    after: timeline.Key | None = None,
) -> list[Shown]:
    """A page's moments. `says_whose`: the story is several people's; `after`: what stands above the page."""
    day = after[0].date() if after is not None else None
    rows = []
    for moment in page.moments:
        one = replace(moments.WORDS[moment.rows[0].what](moment), kind=moment.kind.value)
        one = _placed(one, moment, says_whose)
        if moment.rows[0].what == "note" and _is_own(moment.rows[0].row, viewer):
            note = moment.rows[0].row
            url = reverse("admin:signups_signup_delete_note", args=[note.signup_id, note.pk])
            one = replace(one, delete_url=url)
        rows.append(replace(one, day=one.at.date() if one.at.date() != day else None))
        day = one.at.date()
    return rows


def _placed(one: Shown, moment: timeline.Moment, says_whose: bool) -> Shown:
    """When it was: from when until when, whether before the signup, and how far from it."""
    first, last = moment.rows[0], moment.rows[-1]
    until = last.at if abs(last.at - first.at) >= timedelta(minutes=1) else None
    signup = first.signup
    if signup is None:
        return replace(one, until=until)
    arrived = arrived_at(signup)
    is_before = first.what == "action" and first.at < arrived
    since = "" if says_whose or one.is_whole_day or is_before else _distance(first.at - arrived)
    return replace(one, until=until, is_before=is_before, since=since, who=signup if says_whose else None)


def _distance(distance: timedelta) -> str:
    if abs(distance) < timedelta(milliseconds=1):
        return ""
    sign = "−" if distance < timedelta(0) else "+"
    if abs(distance) >= timedelta(seconds=60):
        return sign + badges.duration(abs(distance))
    seconds = abs(distance).total_seconds()
    return sign + (f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s")


def _is_own(note: Note, viewer: AbstractBaseUser | AnonymousUser) -> bool:
    return note.kind == Note.Kind.NOTE and note.author_id is not None and note.author_id == viewer.pk


@dataclass(frozen=True)
class Chip:
    """One kind to pick, with how much there is of it; `url` picks it, or all again where it is picked."""

    name: str
    number: str
    url: str
    is_picked: bool


def chips(
    counts: dict[Kind, timeline.Count], picked: Kind | None, url_of: Callable[[Kind | None], str]
) -> Iterator[Chip]:
    yield Chip("All", "", url_of(None), picked is None)
    for kind, name in KIND_NAMES.items():
        count = counts[kind]
        if count.number or count.is_more or kind is picked:
            yield Chip(name, _amount(count), url_of(kind), kind is picked)


def _amount(count: timeline.Count) -> str:
    """ "12", "30+" where there are more, "" where there may be some."""
    if not count.is_more:
        return f"{count.number:,}"
    return f"{count.number:,}+" if count.number else ""
