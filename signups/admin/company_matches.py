"""Where do they work? The queue of guesses that wait for a yes or a no, and the same question on people's pages.

What an answer changes is `signups.companies.deciding`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from signups.admin import badges
from signups.admin.base import ReadOnlyAdmin, staff
from signups.companies import deciding
from signups.enrichment.employer import ASK
from signups.models import CompanyMatch, Person

State = CompanyMatch.State
_PER_PAGE = 20
TONES = {State.ATTACHED: "good", State.OPEN: "look", State.WEAK: "quiet", State.CONFIRMED: "good", State.DENIED: "bad"}


@dataclass(frozen=True)
class Shown:
    """A match as `parts/company_match.html` shows it."""

    row: CompanyMatch
    percent: int
    tone: str
    initials: str
    reasons: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """The company's name, "" where it is its domain: that stands there anyway."""
        return "" if self.row.name.lower() == self.row.domain.lower() else self.row.name

    @property
    def state(self) -> str:
        """The state in words. A strong guess is *weak* only where staff said yes to another."""
        is_strong = self.row.state == State.WEAK and self.row.confidence >= ASK
        return "staff chose another" if is_strong else self.row.get_state_display()

    @property
    def is_decided(self) -> bool:
        return self.row.state in deciding.DECIDED


def shown(matches: Iterable[CompanyMatch]) -> list[Shown]:
    return [
        Shown(
            match,
            round(match.confidence * 100),
            TONES.get(State(match.state), "quiet"),
            badges.initials(str(match.person)),
            [{**reason, "percent": round(reason["confidence"] * 100)} for reason in match.reasons],
        )
        for match in matches
    ]


def of_person(request: HttpRequest, person: Person) -> dict[str, Any]:
    """What `parts/company_matches.html` needs on a person's or a signup's page. One query."""
    matches = person.company_matches.select_related("person", "company", "decided_by")
    return {
        "matches": shown(matches),
        "may_decide": request.user.has_perm("signups.change_companymatch"),
        "matches_back": f"{request.path}#work",
    }


@dataclass(frozen=True)
class Answer:
    """One thing staff can say of a match. `done` and `already` follow "Ada at Acme"."""

    slug: str
    apply: Callable[[CompanyMatch, AbstractBaseUser], bool]
    done: str
    already: str


ANSWERS = (
    Answer("yes", deciding.confirm, "they work there, and their signups moved", "you said so already"),
    Answer("no", deciding.deny, "they do not work there", "you said so already"),
    Answer("undo", lambda match, user: deciding.undo(match), "taken back", "nobody has said anything"),
)


@admin.register(CompanyMatch)
class CompanyMatchAdmin(ReadOnlyAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        is_decided = request.GET.get("show") == "decided"
        page = Paginator(_queue(is_decided=is_decided), _PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Where do they work?",
            "is_decided": is_decided,
            "page": page,
            "matches": shown(page.object_list),
            "precision": deciding.precision(),
            "may_decide": self.has_change_permission(request),
            "matches_back": _without_answered(request),
            "answered": _just_answered(request),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/signups/company_matches.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A match has no page of its own: it stands on its person's."""
        match = self.get_object(request, object_id)
        if match is None:
            raise Http404
        return redirect(_person_page(match))

    def get_urls(self) -> list[URLPattern]:
        answers = [
            path(
                f"<int:pk>/{answer.slug}/",
                self.admin_site.admin_view(self._answering(answer)),
                name=f"signups_companymatch_{answer.slug}",
            )
            for answer in ANSWERS
        ]
        return [*answers, *super().get_urls()]

    def _answering(self, answer: Answer) -> Callable[[HttpRequest, int], HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            match = CompanyMatch.objects.select_related("person").filter(pk=pk).first()
            if match is None:
                raise Http404
            if not self.has_change_permission(request, match):
                raise PermissionDenied
            self._apply(request, answer, match)
            return redirect(_back(request, match, is_undo=answer.slug == "undo"))

        return view

    def _apply(self, request: HttpRequest, answer: Answer, match: CompanyMatch) -> None:
        name = f"{match.person} at {match.name or match.domain}"
        if not answer.apply(match, staff(request)):
            messages.warning(request, f"{name}: {answer.already}.")
            return
        self.log_change(request, match, f"{name}: {answer.done}")
        said = format_html('<a href="{}">{}</a>: {}.', _person_page(match), name, answer.done)
        messages.success(request, said)


def _queue(*, is_decided: bool) -> QuerySet[CompanyMatch]:
    rows = CompanyMatch.objects.select_related("person__company", "company", "decided_by")
    if is_decided:
        return rows.filter(state__in=deciding.DECIDED).order_by("-decided_at", "-pk")
    return rows.filter(state=State.OPEN).order_by("-created_at", "-pk")


def _person_page(match: CompanyMatch) -> str:
    return reverse("admin:signups_person_change", args=[match.person_id]) + "#work"


def _just_answered(request: HttpRequest) -> CompanyMatch | None:
    """The match that was answered last from here, to be taken back with one key."""
    number = request.GET.get("answered", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    decided = CompanyMatch.objects.select_related("person").filter(state__in=deciding.DECIDED)
    return decided.filter(pk=int(number), decided_by=staff(request).pk).first()


def _without_answered(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("answered", None)
    return request.path + (f"?{query.urlencode()}" if query else "")


def _back(request: HttpRequest, match: CompanyMatch, *, is_undo: bool) -> str:
    """The page the answer was given on, one of the admin's; else the person's. The queue learns what to undo."""
    wanted = request.POST.get("back", "")
    if not wanted.startswith("/") or not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return _person_page(match)
    if is_undo or not wanted.startswith(reverse("admin:signups_companymatch_changelist")):
        return wanted
    return f"{wanted}{'&' if '?' in wanted else '?'}answered={match.pk}"
