"""How each integration fares, as cards above the deliveries, and the pages that pause and resume one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from signups import contracts, deliveries
from signups.admin.asking import Question, ask, note
from signups.admin.base import ModelAdmin, staff
from signups.models import Delivery, IntegrationState


@dataclass(frozen=True)
class Card:
    """One integration at a glance. `state` is a word for it, `why` the sentence behind it."""

    slug: str
    name: str
    state: str
    tone: str
    why: str
    waiting: int
    failed: int
    last_success: datetime | None
    is_paused: bool
    is_off: bool


def cards() -> list[Card]:
    """A card for each integration the settings list, in story order. Two queries."""
    counts: dict[tuple[str, str], int] = {}
    pressing = Delivery.objects.filter(
        state__in=(Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.FAILED)
    )
    for row in pressing.values("integration", "state").annotate(number=Count("pk")).order_by():
        counts[row["integration"], row["state"]] = row["number"]
    states = {state.slug: state for state in IntegrationState.objects.select_related("paused_by")}
    return [
        _card(one, states.get(one.slug, IntegrationState(slug=one.slug)), counts) for one in contracts.integrations()
    ]


def _card(integration: contracts.Integration, state: IntegrationState, counts: dict[tuple[str, str], int]) -> Card:
    missing = integration.missing_settings()
    word, tone, why = _condition(state, missing)
    return Card(
        slug=integration.slug,
        name=integration.name,
        state=word,
        tone=tone,
        why=why,
        waiting=counts.get((integration.slug, "pending"), 0) + counts.get((integration.slug, "sending"), 0),
        failed=counts.get((integration.slug, "failed"), 0),
        last_success=state.last_success_at,
        is_paused=state.is_paused,
        is_off=bool(missing),
    )


def _condition(state: IntegrationState, missing: list[str]) -> tuple[str, str, str]:
    if missing:
        return "off", "quiet", f"To switch it on, set {', '.join(missing)}."
    if state.is_paused:
        by = f" by {state.paused_by.get_username()}" if state.paused_by else ""
        return "paused", "look", f"Paused{by}" + (f": {state.paused_why}" if state.paused_why else ".")
    if state.open_until is not None and state.open_until > timezone.now():
        return "trouble", "bad", state.trouble or "It failed several times in a row and is left alone for a while."
    if state.trouble:
        return "trouble", "bad", state.trouble
    return "on", "good", ""


def pause(admin: ModelAdmin, request: HttpRequest, slug: str) -> HttpResponse:
    name, back = _name(slug), _back(request)
    question = Question(
        title=f"Pause {name}",
        sentence="Nothing is sent there until somebody resumes it. What is planned meanwhile waits and is sent then.",
        button=f"Pause {name}",
        tone="bad",
        note="required",
        note_label="Why",
        back=back,
    )
    page: HttpResponse | None = ask(admin, request, question)
    if page is None:
        deliveries.pause(slug, staff(request), note(request))
        messages.success(request, f"{name} is paused.")
    return page or redirect(back)


def resume(admin: ModelAdmin, request: HttpRequest, slug: str) -> HttpResponse:
    name, back = _name(slug), _back(request)
    question = Question(
        title=f"Resume {name}",
        sentence="Whatever waits for it is sent now, the oldest first.",
        button=f"Resume {name}",
        tone="good",
        back=back,
    )
    page: HttpResponse | None = ask(admin, request, question)
    if page is None:
        deliveries.resume(slug, staff(request))
        messages.success(request, f"{name} is resumed; what waited is on its way.")
    return page or redirect(back)


def _name(slug: str) -> str:
    try:
        return contracts.integration(slug).name
    except LookupError:
        raise Http404 from None


def _back(request: HttpRequest) -> str:
    if not request.user.has_perm("signups.change_integrationstate"):
        raise PermissionDenied
    return reverse("admin:signups_delivery_changelist")


def shown_to(request: HttpRequest) -> dict[str, Any]:
    """What the template of the cards needs."""
    return {"cards": cards(), "may_pause": request.user.has_perm("signups.change_integrationstate")}
