"""What staff can do with one integration: pause, resume, recover, skip, replay, drain now, send a test event.

Each asks first and says how many deliveries it is about, tells afterwards what it did, and writes that into the log.
What it means is `signups.deliveries`' business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.http import urlencode

from signups import contracts, deliveries
from signups.admin.asking import MOST_AT_ONCE, Question, ask, is_answer, note
from signups.admin.base import ModelAdmin, staff
from signups.contracts import Integration
from signups.deliveries import causes, replaying, standing, testing
from signups.models import IntegrationState

_PERIODS: dict[str, tuple[str, timedelta | None]] = {
    "1h": ("the last hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "all": ("ever", None),
}
_EVER = datetime(2000, 1, 1, tzinfo=timezone.get_default_timezone())
_LAST_YEAR = 2999


@dataclass(frozen=True)
class Asked:
    """What a page asks about: an integration, and the deliveries or signups between two moments."""

    admin: ModelAdmin
    request: HttpRequest
    one: Integration
    back: str
    period: str
    since: datetime
    until: datetime

    @property
    def cause(self) -> str:
        return self.request.POST.get("cause") or self.request.GET.get("cause", "")

    @property
    def periods(self) -> tuple[tuple[str, str, bool], ...]:
        def url(key: str) -> str:
            return "?" + urlencode({"since": key, **({"cause": self.cause} if self.cause else {})})

        return tuple((label.capitalize(), url(key), key == self.period) for key, (label, _) in _PERIODS.items())

    @property
    def hidden(self) -> dict[str, str]:
        """So that the answer is about what was asked, whatever has failed meanwhile."""
        times = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return times | ({"cause": self.cause} if self.cause else {})

    def ask(self, question: Question) -> HttpResponse | None:
        page: HttpResponse | None = ask(self.admin, self.request, question)
        return page

    def say(self, words: str, log: str) -> None:
        messages.success(self.request, words)
        self.log(log)

    def log(self, words: str) -> None:
        self.admin.log_change(self.request, IntegrationState(slug=self.one.slug), words)


Act = Callable[[Asked], HttpResponse | None]


def urls(admin: ModelAdmin) -> list[URLPattern]:
    """A page for each act: /integrations/slack/pause/ …"""

    def pattern(name: str, act: Act, permission: str) -> URLPattern:
        def view(request: HttpRequest, slug: str) -> HttpResponse:
            asked = _asked(admin, request, slug, permission)
            return act(asked) or redirect(asked.back)

        route = f"integrations/<slug:slug>/{name}/"
        return path(route, admin.admin_site.admin_view(view), name=f"signups_integration_{name}")

    return [pattern(name, act, permission) for name, (act, permission) in _ACTS.items()]


def _asked(admin: ModelAdmin, request: HttpRequest, slug: str, permission: str) -> Asked:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        one = contracts.integration(slug)
    except LookupError:
        raise Http404 from None
    now = timezone.now()
    period = request.GET.get("since", "24h")
    span = _PERIODS.get(period, _PERIODS["24h"])[1]
    since, until = (now - span if span else _EVER), now
    if is_answer(request):
        since = _moment(request.POST.get("since", ""), since)
        until = _moment(request.POST.get("until", ""), until)
    back = reverse("admin:signups_delivery_changelist")
    return Asked(admin, request, one, back, period if period in _PERIODS else "24h", since, until)


def pause(asked: Asked) -> HttpResponse | None:
    name = asked.one.name
    question = Question(
        title=f"Pause {name}",
        sentence="Nothing is sent there until somebody resumes it. What is planned meanwhile waits and is sent then. "
        f"{_counted(standing.waiting_of(asked.one.slug).count())} now.",
        button=f"Pause {name}",
        tone="bad",
        note="required",
        note_label="Why",
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        deliveries.pause(asked.one.slug, staff(asked.request), note(asked.request))
        asked.say(f"{name} is paused.", f"Paused: {note(asked.request)}")
    return page


def resume(asked: Asked) -> HttpResponse | None:
    name = asked.one.name
    question = Question(
        title=f"Resume {name}",
        sentence="Whatever waits for it is sent now, the oldest first. "
        f"{_counted(standing.waiting_of(asked.one.slug).count())}.",
        button=f"Resume {name}",
        tone="good",
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        deliveries.resume(asked.one.slug, staff(asked.request))
        asked.say(f"{name} is resumed; what waited is on its way.", "Resumed.")
    return page


def drain(asked: Asked) -> HttpResponse | None:
    name, count = asked.one.name, standing.waiting_of(asked.one.slug).count()
    question = Question(
        title=f"Drain {name} now",
        sentence=f"{_counted(count)}. All are tried at once, whatever they were waiting for; a vendor that is left "
        "alone is asked whether it works again.",
        button=f"Try {_some(count)} now",
        tone="good",
        count=count,
        total=count,
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        done = deliveries.drain_now(asked.one.slug, staff(asked.request))
        asked.say(f"{_some(done).capitalize()} to {name} {_are(done)} tried now.", f"Drained: {_some(done)}.")
    return page


def recover(asked: Asked) -> HttpResponse | None:
    """Failed for good since then: tried again, at most a thousand at a time."""
    name = asked.one.name
    total = causes.dead_of(asked.one.slug, asked.cause, asked.since, asked.until).count()
    of_cause = " of this cause" if asked.cause else ""
    question = Question(
        title=f"Recover what failed at {name}",
        sentence=f"{_some(total).capitalize()}{of_cause} failed for good since {_words(asked)}. They are sent again "
        "with all their tries before them, by their own keys: what was done already is not done twice.",
        button=f"Recover {_some(min(total, MOST_AT_ONCE))}",
        tone="good",
        count=min(total, MOST_AT_ONCE),
        total=total,
        hidden=asked.hidden,
        periods=asked.periods,
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        user = staff(asked.request)
        done = deliveries.recover(asked.one.slug, asked.since, user, until=asked.until, cause=asked.cause)
        left = total - done
        rest = f" {_some(left).capitalize()} more can be recovered." if left > 0 else ""
        words = f"{_some(done).capitalize()} to {name} {_are(done)} on the way again.{rest}"
        asked.say(words, f"Recovered {_some(done)} that failed since {_words(asked)}.")
    return page


def skip(asked: Asked) -> HttpResponse | None:
    """Failed for good since then: given up, with a reason."""
    name = asked.one.name
    rows = causes.dead_of(asked.one.slug, asked.cause, asked.since, asked.until)
    total = rows.count()
    of_cause = " of this cause" if asked.cause else ""
    question = Question(
        title=f"Skip what failed at {name}",
        sentence=f"{_some(total).capitalize()}{of_cause} failed for good since {_words(asked)}. They are not sent, "
        "unless somebody tries them again.",
        button=f"Skip {_some(min(total, MOST_AT_ONCE))}",
        tone="bad",
        note="required",
        note_label="Why",
        count=min(total, MOST_AT_ONCE),
        total=total,
        hidden=asked.hidden,
        periods=asked.periods,
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        why = note(asked.request)
        done = deliveries.skip(rows.order_by("finished_at", "pk")[:MOST_AT_ONCE], staff(asked.request), why)
        asked.say(f"{_some(done).capitalize()} to {name} {_are(done)} skipped.", f"Skipped {_some(done)}: {why}")
    return page


def replay(asked: Asked) -> HttpResponse | None:
    """What signups since then should have told it and did not, at most about a thousand at a time."""
    name = asked.one.name
    nothing = replaying.Missing(1, 0, True)  # the answer is not counted again
    found = nothing if is_answer(asked.request) else replaying.missing(asked.one.slug, asked.since)
    looked = "" if found.is_all else f" Only the first {found.signups:,} signups were looked at."
    question = Question(
        title=f"Replay what {name} missed",
        sentence=f"{_some(found.count).capitalize()} missing: of signups since {_words(asked)} that {name} "
        f"should have been told of and was not. What it was told of is left alone.{looked}",
        button=f"Send {_some(min(found.count, MOST_AT_ONCE))}",
        tone="good",
        count=min(found.count, MOST_AT_ONCE),
        total=found.count,
        hidden=asked.hidden,
        periods=asked.periods,
        back=asked.back,
    )
    page = asked.ask(question)
    if page is None:
        done = replaying.replay(asked.one.slug, asked.since, MOST_AT_ONCE)
        words = f"{_some(done).capitalize()} to {name} {_are(done)} on the way."
        asked.say(words, f"Replayed {_some(done)} of signups since {_words(asked)}.")
    return page


def test(asked: Asked) -> HttpResponse | None:
    """An event that is recognisable at the vendor as a test."""
    name, user = asked.one.name, staff(asked.request)
    question = Question(
        title=f"Send {name} a test event",
        sentence=f"{name} is sent one event now that says it is a test, about nobody. You see at once whether the "
        "settings and the vendor work; nothing else is changed.",
        button="Send a test event",
        back=asked.back,
    )
    page = asked.ask(question)
    if page is not None:
        return page
    try:
        tested = testing.send_test(asked.one.slug, user.get_username(), str(getattr(user, "email", "")))
    except testing.CannotTest as error:
        messages.error(asked.request, str(error))
        return None
    link = format_html(' <a href="{}" rel="noopener noreferrer">Open it</a>', tested.url) if tested.url else ""
    say = messages.success if tested.is_well else messages.error
    say(asked.request, format_html("{}{}", tested.words, link))
    asked.log(f"Test event: {tested.words}")
    return None


_ACTS: dict[str, tuple[Act, str]] = {
    "pause": (pause, "signups.change_integrationstate"),
    "resume": (resume, "signups.change_integrationstate"),
    "drain": (drain, "signups.change_integrationstate"),
    "test": (test, "signups.change_integrationstate"),
    "recover": (recover, "signups.change_delivery"),
    "skip": (skip, "signups.change_delivery"),
    "replay": (replay, "signups.change_delivery"),
}


def _words(asked: Asked) -> str:
    if asked.since <= _EVER:
        return "the beginning"
    return f"{timezone.localtime(asked.since):%-d %B %Y, %H:%M}"


def _moment(text: str, fallback: datetime) -> datetime:
    """As the question's page sent it, `fallback` where it sent none. Raises BadRequest."""
    if not text:
        return fallback
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or not timezone.is_aware(moment) or not _EVER.year <= moment.year <= _LAST_YEAR:
        raise BadRequest(f"{text[:50]!r} is no time such as 2026-11-29T09:30:00+00:00. Open the page anew.")
    return moment


def _some(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number:,} deliveries" if number else "no delivery"


def _counted(number: int) -> str:
    return "1 delivery waits" if number == 1 else f"{number:,} deliveries wait" if number else "Nothing waits"


def _are(number: int) -> str:
    return "are" if number > 1 else "is"
