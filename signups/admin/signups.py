"""The signups: a list to find them in, and for each the page that says what was found, decided and told."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesCheckboxFilter, RangeNumericFilter

from signups.activity.scope import Scope
from signups.admin import asked, badges, crm_mails, identity, labelling, notes, plan, reviewing, signup_page, story
from signups.admin.base import DaysFilter, PageAdmin
from signups.admin.labelling import LabelFilter
from signups.models import Delivery, Signup


def for_dots() -> Prefetch[str]:
    """The deliveries as the small marks in a list need them: one query for the whole list."""
    fields = ("signup", "integration", "event", "state")
    return Prefetch("deliveries", Delivery.objects.only(*fields).order_by("pk"))


class SignupColumns:
    """Columns that every list of signups has."""

    @admin.display(description="verdict", ordering="verdict")
    def verdict_column(self, signup: Signup) -> SafeString:
        return format_html('<span class="ob-marks">{} {}</span>', badges.verdict_badge(signup), labelling.badge(signup))

    @admin.display(description="person", ordering="name")
    def person_column(self, signup: Signup) -> SafeString:
        return format_html(
            '<span class="ob-two"><strong>{}</strong><span>{}</span></span>', signup.name or "–", signup.email
        )

    @admin.display(description="company", ordering="company__name")
    def company_column(self, signup: Signup) -> SafeString:
        title = signup.person.fact("employment.title") or ""
        if signup.company is None:
            return format_html(
                '<span class="ob-two"><em>{}</em><span>{}</span></span>', signup.company_name or "–", title
            )
        return format_html(
            '<span class="ob-two"><span class="ob-main">{}</span><span>{}</span></span>', signup.company.name, title
        )

    @admin.display(description="score", ordering="score")
    def score_column(self, signup: Signup) -> SafeString:
        return badges.score_mark(signup.score, signup.is_high_value)

    @admin.display(description="deliveries")
    def deliveries_column(self, signup: Signup) -> SafeString:
        return badges.delivery_dots(signup.deliveries.all())

    @admin.display(description="from", ordering="source")
    def source_column(self, signup: Signup) -> str:
        return str(signup.utm.get("utm_source") or signup.get_source_display())

    @admin.display(description="signed up", ordering="created_at")
    def when_column(self, signup: Signup) -> SafeString:
        return badges.when(signup.created_at)


@admin.register(Signup)
class SignupAdmin(SignupColumns, PageAdmin):
    page_template = "admin/signups/signup.html"
    list_display = (
        "person_column",
        "verdict_column",
        "score_column",
        "company_column",
        "deliveries_column",
        "source_column",
        "when_column",
    )
    list_filter = (
        ("verdict", ChoicesCheckboxFilter),
        ("is_high_value", BooleanRadioFilter),
        LabelFilter,
        ("score", RangeNumericFilter),
        ("created_at", DaysFilter),
    )
    list_select_related = ("person", "company", "labelled_by")
    search_fields = ("email", "name", "company__name", "company__domain", "company_name")
    search_help_text = "E-mail, name or company"
    ordering = ("-created_at", "-pk")
    actions = ("mark_as_spam", "mark_as_genuine", "no_label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signup]:
        queryset: QuerySet[Signup] = super().get_queryset(request)
        return queryset.select_related("person", "company", "labelled_by").prefetch_related(for_dots())

    @admin.action(description="Mark as spam", permissions=["change"])
    def mark_as_spam(self, request: HttpRequest, queryset: QuerySet[Signup]) -> Any:
        return reviewing.decide_many(self, request, labelling.SPAM, queryset, request.get_full_path())

    @admin.action(description="Mark as genuine", permissions=["change"])
    def mark_as_genuine(self, request: HttpRequest, queryset: QuerySet[Signup]) -> Any:
        return reviewing.decide_many(self, request, labelling.GENUINE, queryset, request.get_full_path())

    @admin.action(description="No label", permissions=["change"])
    def no_label(self, request: HttpRequest, queryset: QuerySet[Signup]) -> Any:
        return reviewing.decide_many(self, request, labelling.NONE, queryset, request.get_full_path())

    def page(self, request: HttpRequest, row: Signup) -> dict[str, Any]:
        may_change_deliveries = request.user.has_perm("signups.change_delivery")
        may_change = self.has_change_permission(request, row)
        signup = Signup.objects.select_related("person", "company", "labelled_by").get(pk=row.pk)
        return signup_page.context(request, signup, may_change=may_change, may_change_deliveries=may_change_deliveries)

    def rendered(
        self, request: HttpRequest, row: Any, extra_context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        return notes.via_slack(request, row) or super().rendered(request, row, extra_context, status)

    def get_urls(self) -> list[URLPattern]:
        views = [
            path(
                f"<int:pk>/{decision.slug.replace('_', '-')}/",
                self.admin_site.admin_view(self._deciding(decision)),
                name=f"signups_signup_{decision.slug}",
            )
            for decision in (*reviewing.DECISIONS, *labelling.LABELS.values())
        ]
        views.append(
            path("<int:pk>/timeline/", self.admin_site.admin_view(self._timeline), name="signups_signup_timeline")
        )
        return [
            *views,
            *notes.urls(self),
            *asked.urls(self),
            *identity.urls(self),
            *crm_mails.urls(self),
            *plan.urls(self),
            *super().get_urls(),
        ]

    def _timeline(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The moments that follow those on the page."""
        signup = Signup.objects.select_related("person", "company").filter(pk=pk).first()
        if signup is None:
            raise Http404
        if not self.has_view_or_change_permission(request, signup):
            raise PermissionDenied
        return story.further(request, Scope.of([signup]), request.path)

    def _deciding(self, decision: reviewing.Decision) -> Any:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            signup = self.get_queryset(request).filter(pk=pk).first()
            if signup is None:
                raise Http404
            if not self.has_change_permission(request, signup):
                raise PermissionDenied
            back = reverse("admin:signups_signup_change", args=[pk])
            page: HttpResponse | None = reviewing.decide_one(self, request, decision, signup, back)
            return page or redirect(back)

        return view
