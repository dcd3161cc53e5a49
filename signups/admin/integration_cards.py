"""How each integration fares, as cards above the deliveries: figures, a chart of the last day, why deliveries fail and
what to do about it, and what was done lately. What can be done is `integration_acts`' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from signups.admin import badges, private
from signups.contracts.registry import name_of
from signups.deliveries import causes, standing
from signups.deliveries.causes import Cause
from signups.deliveries.standing import Hour, Standing
from signups.models import Delivery, IntegrationState, StaffAlert

TONES = {"on": "good", "resting": "wait", "trouble": "bad", "paused": "look", "off": "quiet"}
_HEIGHT = 32
_LATELY = 8
_CAUSES = 30


@dataclass(frozen=True)
class Bar:
    """One hour of the chart: its title, and from below a tone, the y and the height of each part."""

    x: int
    title: str
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Card:
    """One integration at a glance. `state` is a word for it, `why` the sentence behind it."""

    standing: Standing
    tone: str
    bars: tuple[Bar, ...]
    busiest: int
    oldest: str

    @property
    def slug(self) -> str:
        return self.standing.slug

    @property
    def state(self) -> str:
        return self.standing.condition

    @property
    def failed(self) -> int:
        return self.standing.failed

    @property
    def waiting(self) -> int:
        return self.standing.waiting


@dataclass(frozen=True)
class ShownCause:
    """A cause with the addresses of what can be done about it."""

    cause: Cause
    name: str
    example_url: str
    recover_url: str
    skip_url: str


@dataclass(frozen=True)
class Event:
    """Something that staff did, or that happened to an integration."""

    at: datetime
    who: str
    what: str
    tone: str
    note: str = ""


def cards() -> list[Card]:
    """A card for each integration the settings list, in story order."""
    return [_card(one) for one in standing.standings()]


def shown_to(request: HttpRequest) -> dict[str, Any]:
    """What the template of the cards needs."""
    found = causes.causes()
    to_mend, healing = ([one for one in found if one.heals is heals] for heals in (False, True))
    return {
        "cards": cards(),
        "causes": [_shown(one) for one in to_mend[:_CAUSES]],
        "healing": [_shown(one) for one in healing[:_CAUSES]],
        "healing_count": sum(one.count for one in healing),
        "lately": lately(),
        "may_pause": request.user.has_perm("signups.change_integrationstate"),
        "may_change_deliveries": request.user.has_perm("signups.change_delivery"),
        "may_see_personal_data": private.may_see(request),
    }


def lately() -> list[Event]:
    """What was done to deliveries and integrations, and what became of these; the latest first. Three queries."""
    kinds = ContentType.objects.get_for_models(Delivery, IntegrationState).values()
    done = LogEntry.objects.filter(content_type__in=kinds).select_related("user").order_by("-action_time")
    events = [_done(entry) for entry in done[:_LATELY]]
    events += [_happened(alert) for alert in StaffAlert.objects.all()[:_LATELY]]
    return sorted(events, key=lambda one: one.at, reverse=True)[:_LATELY]


def history_of(delivery: Delivery) -> list[Event]:
    """What staff did to one delivery, the latest first."""
    kind = ContentType.objects.get_for_model(Delivery)
    done = LogEntry.objects.filter(content_type=kind, object_id=str(delivery.pk)).select_related("user")
    return [_done(entry) for entry in done.order_by("-action_time")]


def _done(entry: LogEntry) -> Event:
    about = entry.object_repr if "→" in entry.object_repr else name_of(entry.object_repr)
    return Event(entry.action_time, entry.user.get_username(), f"{about}: {entry.get_change_message()}", "quiet")


def _happened(alert: StaffAlert) -> Event:
    tones = {"trouble": "bad", "dead_letter": "bad", "works": "good", "resumed": "good", "paused": "look"}
    note = f"told by {alert.told_by}" if alert.told_at else "being told" if alert.due_at else "nobody could be told"
    return Event(alert.at, name_of(alert.integration), alert.text, tones[alert.kind], note)


def _card(one: Standing) -> Card:
    busiest = max((hour.total for hour in one.hours), default=0)
    bars = tuple(_bar(number, hour, busiest) for number, hour in enumerate(one.hours))
    oldest = badges.ago(one.oldest_waiting).removesuffix(" ago") if one.oldest_waiting and one.waiting else ""
    return Card(one, TONES[one.condition], bars, busiest, oldest)


def _bar(number: int, hour: Hour, busiest: int) -> Bar:
    def parts() -> Iterator[tuple[str, float, float]]:
        y = float(_HEIGHT)
        for tone, count in (("good", hour.delivered), ("look", hour.repeated), ("bad", hour.failed)):
            if count:
                height = max(1.5, _HEIGHT * count / busiest)
                y -= height
                yield tone, round(y, 2), round(height, 2)

    told = (
        f"{hour.at:%H:%M} UTC: {hour.delivered:,} delivered, {hour.repeated:,} to be repeated, {hour.failed:,} failed"
    )
    return Bar(number * 10, told, tuple(parts()))


def _shown(cause: Cause) -> ShownCause:
    query = urlencode({"cause": cause.key, "since": "all"})
    return ShownCause(
        cause,
        name_of(cause.integration),
        reverse("admin:signups_delivery_change", args=[cause.example]),
        f"{reverse('admin:signups_integration_recover', args=[cause.integration])}?{query}",
        f"{reverse('admin:signups_integration_skip', args=[cause.integration])}?{query}",
    )
