"""The providers: what each can answer, costs and passes on, how it fares, and what staff set: order, budget, on or off.

A change is done at once and can be taken back at once. What order and budget mean is `signups.enrichment`'s business;
which setting of the environment a provider needs is its own file's.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups import contracts
from signups.admin import engine, provider_cards, undoing
from signups.admin.base import PageAdmin
from signups.contracts import Provider
from signups.enrichment.typed import Unfit, unambiguous
from signups.models import ProviderState

_MOST_CALLS, _MOST_CREDITS = 10_000_000, 1e9


class Unreadable(ValueError):
    """What was typed as a budget cannot be one. The message names the remedy."""


@admin.register(ProviderState)
class ProviderStateAdmin(PageAdmin):
    """One page for all of them; a provider has no page of its own."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        views = {"move": self._move, "switch": self._switch, "budget": self._budget, "try-again": self._try_again}
        return [
            path(
                f"<slug:slug>/{name}/",
                wrap(self._posted(view)),
                name=f"signups_provider_{name.replace('-', '_')}",
            )
            for name, view in views.items()
        ] + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self._page(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> HttpResponse:
        return HttpResponseRedirect(f"{_page()}#{object_id}")

    def _page(self, request: HttpRequest, error: dict[str, str] | None = None) -> HttpResponse:
        more = {"title": "Providers", "cards": provider_cards.cards(), "error": error}
        return self.shown(request, None, "admin/signups/providers.html", more, 422 if error else 200)

    # -- What staff can do ---------------------------------------------------------------------------------------------

    def _posted(self, do: Any) -> Any:
        """A view for a POST about one listed provider, by somebody who may."""

        def view(request: HttpRequest, slug: str) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if not self.has_change_permission(request):
                raise PermissionDenied
            provider = next((one for one in contracts.providers() if one.slug == slug), None)
            if provider is None:
                raise Http404
            answer: HttpResponse | None = do(request, provider)
            return answer or redirect(f"{_page()}#{slug}")

        return view

    def _move(self, request: HttpRequest, provider: Provider) -> None:
        """To a place, counted from 1."""
        slugs = [one.slug for one in engine.in_order()]
        was = slugs.index(provider.slug) + 1
        typed = request.POST.get("place", "")
        place = min(max(int(typed), 1), len(slugs)) if typed.isascii() and typed.isdigit() and len(typed) < 6 else was
        if place == was:
            messages.info(request, f"{provider.name} stays in place {was}.")
            return
        slugs.insert(place - 1, slugs.pop(was - 1))
        follows = engine.put_in_order(slugs)
        self._log(request, provider, f"Moved from place {was} to {place}")
        undoing.done(
            request,
            f"{provider.name} is asked and believed in place {place} now; it was in place {was}.{follows}",
            reverse("admin:signups_provider_move", args=[provider.slug]),
            {"place": str(was)},
        )

    def _switch(self, request: HttpRequest, provider: Provider) -> None:
        to = "on" if request.POST.get("to") == "on" else "off"
        engine.change_provider(provider.slug, is_on=to == "on")
        self._log(request, provider, f"Switched {to}")
        sentence = f"{provider.name} is on: it is asked from the next look-up."
        if to == "off":
            sentence = f"{provider.name} is off: it is not asked any more. What it has said stays in the profiles."
        other = {"to": "off" if to == "on" else "on"}
        undoing.done(request, sentence, reverse("admin:signups_provider_switch", args=[provider.slug]), other)

    def _budget(self, request: HttpRequest, provider: Provider) -> HttpResponse | None:
        try:
            calls = _number(request.POST.get("daily_calls", ""), "calls", _MOST_CALLS, is_whole=True)
            credits = _number(request.POST.get("daily_credits", ""), "credits", _MOST_CREDITS, is_whole=False)
        except Unreadable as error:
            typed = {name: request.POST.get(name, "") for name in ("daily_calls", "daily_credits")}
            return self._page(request, {"slug": provider.slug, "message": str(error), **typed})
        was = engine.states()[provider.slug]
        before = {"daily_calls": _typed(was.daily_calls), "daily_credits": _typed(was.daily_credits)}
        engine.change_provider(provider.slug, daily_calls=None if calls is None else int(calls), daily_credits=credits)
        words = _budget_words(calls, credits)
        self._log(request, provider, f"Daily budget: {words}")
        url = reverse("admin:signups_provider_budget", args=[provider.slug])
        undoing.done(request, f"{provider.name}’s budget for a day is {words} now.", url, before)
        return None

    def _try_again(self, request: HttpRequest, provider: Provider) -> None:
        if missing := provider.missing_settings():
            what = f"Set {' and '.join(missing)} in the environment or .env, and start web and worker again."
            messages.warning(request, f"{provider.name} cannot be asked: it needs its key. {what}")
            return
        if not engine.states()[provider.slug].is_on:
            messages.warning(request, f"{provider.name} is switched off: switch it on, and the next look-up asks it.")
            return
        engine.probe(provider.slug)
        self._log(request, provider, "Try again now")
        undoing.done(request, f"{provider.name} is asked at the next look-up: how that ends decides how it goes on.")

    def _log(self, request: HttpRequest, provider: Provider, words: str) -> None:
        self.log_change(request, engine.states()[provider.slug], words)


def _page() -> str:
    return reverse("admin:signups_providerstate_changelist")


def _number(typed: str, what: str, most: float, *, is_whole: bool) -> float | None:
    """A number of calls or credits, None for an empty field: no limit. Raises `Unreadable`."""
    if not typed.strip():
        return None
    try:
        number = unambiguous(typed)
    except Unfit as unfit:
        raise Unreadable(str(unfit)) from None
    if number is None:
        raise Unreadable(f"“{typed[:40]}” is no number of {what}. Write one such as 500, or leave it empty.")
    if not 0 <= number <= most or (is_whole and number != int(number)):
        kind = "a whole number" if is_whole else "a number"
        raise Unreadable(f"The {what} a day must be {kind} from 0 to {most:,.0f}, or empty for no limit.")
    return number


def _typed(number: float | None) -> str:
    return "" if number is None else f"{number:.6f}".rstrip("0").rstrip(".")


def _budget_words(calls: float | None, credits: float | None) -> str:
    parts = [f"{calls:,.0f} calls" if calls is not None else "", f"{credits:,} credits" if credits is not None else ""]
    return " and ".join(part for part in parts if part) or "without a limit"
