"""Companies with their people and signups, and the people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, Max, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from signups.activity.scope import Scope
from signups.admin import (
    asked,
    badges,
    company_matches,
    company_merge,
    fact_editing,
    facts,
    mail_stop,
    signup_page,
    story,
    usage_card,
)
from signups.admin.base import DaysFilter, PageAdmin
from signups.admin.signups import for_dots
from signups.contracts import Subject
from signups.enrichment import kinds
from signups.models import Company, Delivery, Person, Signup

_SHOWN = 100  # signups and people on one page


@admin.register(Company)
class CompanyAdmin(PageAdmin):
    page_template = "admin/signups/company.html"
    list_before_template = "admin/signups/parts/company_pairs.html"
    list_display = (
        "name_column",
        "industry_column",
        "employees_column",
        "raised_column",
        "people_column",
        "signups_column",
        "last_column",
    )
    list_filter = (("created_at", DaysFilter),)
    search_fields = ("name", "domain")
    search_help_text = "Name or domain"
    ordering = ("name", "pk")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        """Those that were merged into others are on no list; their pages say where they went."""
        queryset: QuerySet[Company] = super().get_queryset(request).filter(merged_into=None)
        return queryset.annotate(
            people_number=_number(Person), signups_number=_number(Signup), last_signup_at=_last_signup_at("company")
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Company | None:
        if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
            return None
        return Company.objects.select_related("merged_into").filter(pk=int(object_id)).first()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**company_merge.suggestions(request, self), **(extra_context or {})})

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        signups = _latest(row.signups)
        merges = company_merge.merges_of(row)
        own = Delivery.objects.filter(company=row).exclude(pk__in=company_merge.moved_deliveries(merges))
        told = own.exclude(external_url="").order_by("pk")[:_SHOWN]
        return {
            "merges": merges,
            "merge_of": row.merged_by.filter(undone_at=None).first() if row.merged_into_id else None,
            "aliases": list(row.aliases.all()[:_SHOWN]),
            "facts": facts.about(row, fact_editing.offered(request, row)),
            "picture": facts.picture(row.profile),
            "initials": badges.initials(row.name),
            "asked": asked.of_company(request, row, next(iter(signups), None)),
            "people": [(person, person.fact("employment.title")) for person in row.people.all()[:_SHOWN]],
            "signups": signup_rows(signups),
            "usage": usage_card.of_company(row),
            **story.context(
                request,
                Scope.of(signups),
                reverse("admin:signups_company_timeline", args=[row.pk]),
                says_whose=True,
            ),
            "elsewhere": signup_page.elsewhere(told),
            "shown": _SHOWN,
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._timeline)
        timeline = path("<int:pk>/timeline/", view, name="signups_company_timeline")
        own = (*fact_editing.urls(self, Subject.COMPANY), *company_merge.urls(self))
        return [timeline, *own, *super().get_urls()]

    def _timeline(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The moments that follow those on the page."""
        company = Company.objects.filter(pk=pk).first()
        if company is None:
            raise Http404
        if not self.has_view_or_change_permission(request, company):
            raise PermissionDenied
        return story.further(request, Scope.of(_latest(company.signups)), request.path, says_whose=True)

    @admin.display(description="company", ordering="name")
    def name_column(self, company: Company) -> SafeString:
        return format_html(
            '<span class="ob-two"><strong>{}</strong><span>{}</span></span>', company.name, company.domain
        )

    @admin.display(description="industry")
    def industry_column(self, company: Company) -> str:
        return str(company.fact("category.industry") or "–")

    @admin.display(description="employees")
    def employees_column(self, company: Company) -> str:
        return facts.text("metrics.employees", company.fact("metrics.employees") or "–")

    @admin.display(description="raised")
    def raised_column(self, company: Company) -> str:
        return facts.text("metrics.raised", company.fact("metrics.raised") or "–")

    @admin.display(description="people", ordering="people_number")
    def people_column(self, company: Any) -> int:
        return int(company.people_number)

    @admin.display(description="signups", ordering="signups_number")
    def signups_column(self, company: Any) -> int:
        return int(company.signups_number)

    @admin.display(description="last signup", ordering="last_signup_at")
    def last_column(self, company: Any) -> SafeString:
        return badges.when(company.last_signup_at)


@admin.register(Person)
class PersonAdmin(PageAdmin):
    page_template = "admin/signups/person.html"
    list_display = ("name_column", "title_column", "company", "handles_column", "last_column")
    list_filter = (("created_at", DaysFilter),)
    list_select_related = ("company",)
    search_fields = ("email", "name", "company__name", "company__domain")
    search_help_text = "E-mail, name or company; or a fact, such as linkedin.handle:in/ada"
    ordering = ("-created_at", "-pk")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        queryset: QuerySet[Person] = super().get_queryset(request)
        return queryset.select_related("company").annotate(last_signup_at=_last_signup_at("person"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], search_term: str
    ) -> tuple[QuerySet[Person], bool]:
        """Also whoever has a fact: "linkedin.handle:in/ada", in any case."""
        fact, colon, value = search_term.partition(":")
        if colon and fact in kinds.PERSON:
            return queryset.filter(**{f"profile__{fact}__value__iexact": value.strip()}), False
        found: tuple[QuerySet[Person], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def page(self, request: HttpRequest, row: Person) -> dict[str, Any]:
        signups = _latest(row.signups)
        return {
            "facts": facts.about(row, fact_editing.offered(request, row)),
            "picture": facts.picture(row.profile),
            "initials": badges.initials(row.name or row.email),
            "headline": facts.summary(row.fact("employment.title"), row.company),
            "asked": asked.of_person(request, row, next(iter(signups), None)),
            "signups": signup_rows(signups),
            "mail_stop": mail_stop.banner(request, row),
            **company_matches.of_person(request, row),
        }

    def get_urls(self) -> list[URLPattern]:
        return [*mail_stop.urls(self), *fact_editing.urls(self, Subject.PERSON), *super().get_urls()]

    @admin.display(description="person", ordering="name")
    def name_column(self, person: Person) -> SafeString:
        return format_html('<span class="ob-two"><strong>{}</strong><span>{}</span></span>', person.name, person.email)

    @admin.display(description="title")
    def title_column(self, person: Person) -> str:
        return str(person.fact("employment.title") or "–")

    @admin.display(description="known at")
    def handles_column(self, person: Person) -> str:
        known = [facts.PERSON[p] for p in facts.PERSON if p.endswith(".handle") and p in person.profile]
        return ", ".join(known) or "–"

    @admin.display(description="last signup", ordering="last_signup_at")
    def last_column(self, person: Any) -> SafeString:
        return badges.when(person.last_signup_at)


def _latest(signups: Any) -> list[Signup]:
    """A company's or a person's latest signups, as many as a page shows."""
    found = signups.select_related("person", "company").prefetch_related(for_dots())
    return list(found.order_by("-created_at", "-pk")[:_SHOWN])


def signup_rows(signups: Iterable[Signup]) -> list[dict[str, Any]]:
    """Signups as a small table shows them."""
    return [
        {
            "row": signup,
            "verdict": badges.verdict_badge(signup),
            "score": badges.score_mark(signup.score, signup.is_high_value),
            "dots": badges.delivery_dots(signup.deliveries.all()),
            "when": badges.when(signup.created_at),
        }
        for signup in signups
    ]


def _number(model: type[Model]) -> Coalesce:
    """How many rows of `model` belong to the company: a count of its own, for two joins would multiply."""
    rows = model._default_manager.filter(company=OuterRef("pk")).order_by().values("company")
    return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0)


def _last_signup_at(field: str) -> Subquery:
    rows = Signup.objects.filter(**{field: OuterRef("pk")}).order_by().values(field)
    return Subquery(rows.annotate(last=Max("created_at")).values("last"))
