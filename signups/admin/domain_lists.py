"""The lists of domains: where each is from, which version is in use, what changed, and the way back.

Newer versions are fetched by `manage.py update_lists`; what a list's entry means is `signups.vetting.kind`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter

from signups import vetting
from signups.admin import badges
from signups.admin.asking import Question, ask
from signups.admin.base import PageAdmin, staff
from signups.models import DomainListVersion
from signups.vetting import domain_lists, kind, list_updates, lists
from signups.vetting.domain_lists import SHIPPED, About

_TONES = {"good": "good", "risky": "look", "bad": "bad", "unknown": "quiet"}
_TITLES = {
    "relay": "Relays", "free_mail": "Free mail", "internet_provider": "Internet providers", "education": "Education",
    "government": "Government", "legitimate": "Never disposable", "disposable": "Disposable",
    "suspected": "Suspected of being disposable", "free_hosting": "Free hosting", "registries": "Sold as registries do",
    "forwarder": "Forwarders' servers", "parked": "Parking services' servers",
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A list at a glance. `in_use` is the fetched version in use, None where it is the one that came with us."""

    name: str
    title: str
    about: About
    count: int
    in_use: DomainListVersion | None
    is_updated: bool


@dataclass(frozen=True)
class Said:
    """What is said of the domain that somebody asked about: sentences with their tone, or why there is no answer."""

    domain: str
    lines: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""


def cards() -> list[Card]:
    """Every list; one query."""
    in_use = {row.list: row for row in _light().filter(is_in_use=True)}
    return [
        Card(
            name=name,
            title=_TITLES[name],
            about=domain_lists.about(name),
            count=in_use[name].count if name in in_use else _count(name),
            in_use=in_use.get(name),
            is_updated=name in list_updates.LISTS,
        )
        for name in SHIPPED
    ]


def said_of(text: str) -> Said | None:
    """What the lists say of a domain or an address, None where nobody asked."""
    domain = text.strip().lower().rpartition("@")[2]
    if not domain:
        return None
    try:
        address = vetting.parse(f"somebody@{domain}")
    except vetting.InvalidAddress:
        return Said(domain, problem="That is no domain. Ask about one such as example.com.")
    domain_lists.refresh()
    checks = (kind.check(address), lists.check(address))
    return Said(
        address.domain,
        tuple((_TONES[check.outcome], check.code.replace("_", " "), check.sentence) for check in checks),
    )


@admin.register(DomainListVersion)
class DomainListAdmin(PageAdmin):
    page_template = "admin/signups/domain_list.html"
    list_before_template = "admin/signups/parts/domain_lists.html"
    list_display = ("version_column", "state_column", "count_column", "change_column", "fetched_column", "used_column")
    list_filter = (("list", ChoicesCheckboxFilter),)
    list_select_related = ("used_by",)
    ordering = ("-fetched_at", "-pk")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        use = self.admin_site.admin_view(self._use)
        return [path("<slug:name>/use/<int:pk>/", use, name="signups_domainlist_use"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DomainListVersion]:
        queryset: QuerySet[DomainListVersion] = super().get_queryset(request)
        return queryset.defer("names", "index")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The box asks about a domain, which is answered above the versions: they stay as they are."""
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {
            "title": "Domain lists",
            "list_cards": cards(),
            "said": said_of(request.GET.get("q", "")),
            "may_use": self.has_change_permission(request),
        }
        reply: HttpResponse = super().changelist_view(request, {**shown, **(extra_context or {})})
        return reply

    def page(self, request: HttpRequest, row: DomainListVersion) -> dict[str, Any]:
        return {
            "version": row,
            "title": f"{_TITLES[row.list]}, {row.version}",
            "state": self.state_column(row),
            "may_use": self.has_change_permission(request) and not row.is_in_use,
        }

    def _use(self, request: HttpRequest, name: str, pk: int) -> HttpResponse:
        """Asks, and puts a version to use; 0 stands for the one that came with the product."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        version = _light().filter(pk=pk, list=name).first()
        if name not in list_updates.LISTS or (version is None and pk):
            raise Http404
        words = version.version if version else f"{domain_lists.about(name).version}, which came with the product"
        back = reverse("admin:signups_domainlistversion_changelist")
        question = Question(
            title=f"{_TITLES[name]}: use version {words}",
            sentence="New signups are judged by it within a minute. Verdicts that stand are not touched.",
            button="Use this version",
            tone="good",
            back=back,
        )
        page: HttpResponse | None = ask(self, request, question, version)
        if page is not None:
            return page
        list_updates.use(name, version, staff(request))
        if version is not None:
            self.log_change(request, version, "Put to use")
        messages.success(request, f"{_TITLES[name]}: in use is {words}.")
        return redirect(back)

    # -- Columns -------------------------------------------------------------------------------------------------------

    @admin.display(description="version", ordering="list")
    def version_column(self, row: DomainListVersion) -> SafeString:
        line = '<span class="ob-two ob-nowrap"><strong>{}</strong><span>{}</span></span>'
        return format_html(line, _TITLES[row.list], row.version)

    @admin.display(description="state", ordering="is_in_use")
    def state_column(self, row: DomainListVersion) -> SafeString:
        return badges.badge("in use", "good") if row.is_in_use else badges.badge("not in use", "quiet")

    @admin.display(description="entries", ordering="count")
    def count_column(self, row: DomainListVersion) -> str:
        return f"{row.count:,}"

    @admin.display(description="difference")
    def change_column(self, row: DomainListVersion) -> SafeString:
        return format_html('<span class="ob-nowrap">+{} −{}</span>', f"{row.added:,}", f"{row.removed:,}")

    @admin.display(description="fetched", ordering="fetched_at")
    def fetched_column(self, row: DomainListVersion) -> SafeString:
        return _who(badges.when(row.fetched_at), row.fetched_by)

    @admin.display(description="put to use", ordering="used_at")
    def used_column(self, row: DomainListVersion) -> SafeString:
        return _who(badges.when(row.used_at), row.used_by.get_username() if row.used_by else "")


def _who(when: SafeString | str, who: str) -> SafeString:
    return format_html('<span class="ob-two ob-nowrap"><span>{}</span><span>{}</span></span>', when, who)


def _light() -> QuerySet[DomainListVersion]:
    return DomainListVersion.objects.defer("names", "index")


@cache
def _count(name: str) -> int:
    return sum(1 for _ in domain_lists.entries(name, domain_lists.shipped(name)))
