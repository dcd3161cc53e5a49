"""The usage that was reported: a list to look it up in. It is changed by reporting again, never by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import CheckboxFilter, RangeDateFilter

from signups.admin import badges
from signups.admin.base import ReadOnlyAdmin
from signups.models import UsageRecord


class MetricFilter(CheckboxFilter):
    """The metrics there are; staff need not know their names."""

    title = "metric"
    parameter_name = "metric"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        metrics = UsageRecord.objects.order_by("metric").values_list("metric", flat=True).distinct()
        return [(metric, metric.replace("_", " ")) for metric in metrics[:50]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        metrics = request.GET.getlist(self.parameter_name)
        return queryset.filter(metric__in=metrics) if metrics else queryset


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    list_display = (
        "customer_column",
        "company_column",
        "date_column",
        "metric_column",
        "count_column",
        "errors_column",
        "limit_column",
        "endpoint_column",
        "reported_column",
    )
    list_display_links = None
    list_filter = (MetricFilter, ("date", RangeDateFilter))
    list_select_related = ("signup__company",)
    list_before_template = "admin/signups/parts/usage_how.html"
    search_fields = ("signup__email", "signup__name", "signup__external_id", "signup__company__name",
                     "signup__company__domain")  # fmt: skip
    search_help_text = "E-mail, name, the product's own id or company"
    ordering = ("-date", "-pk")
    show_full_result_count = False
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        has_usage = UsageRecord.objects.exists()
        reply: HttpResponse = super().changelist_view(request, {"has_usage": has_usage, **(extra_context or {})})
        return reply

    @admin.display(description="customer", ordering="signup__name")
    def customer_column(self, record: UsageRecord) -> SafeString:
        url = reverse("admin:signups_signup_change", args=[record.signup_id]) + "#usage"
        return format_html(
            '<a class="ob-two" href="{}"><span class="ob-main">{}</span><span>{}</span></a>',
            url,
            record.signup.name or "–",
            record.signup.email,
        )

    @admin.display(description="company", ordering="signup__company__name")
    def company_column(self, record: UsageRecord) -> str:
        return record.signup.company.name if record.signup.company else "–"

    @admin.display(description="day (UTC)", ordering="date")
    def date_column(self, record: UsageRecord) -> SafeString:
        return format_html('<span class="ob-nowrap">{}</span>', format_date(record.date, "j M Y"))

    @admin.display(description="metric", ordering="metric")
    def metric_column(self, record: UsageRecord) -> SafeString:
        return format_html('<span class="ob-nowrap">{}</span>', record.metric.replace("_", " "))

    @admin.display(description="count", ordering="count")
    def count_column(self, record: UsageRecord) -> SafeString:
        return format_html('<span class="ob-score">{}</span>', f"{record.count:,}")

    @admin.display(description="failed", ordering="errors")
    def errors_column(self, record: UsageRecord) -> str:
        return f"{record.errors:,}" if record.errors else "–"

    @admin.display(description="limit", ordering="limit")
    def limit_column(self, record: UsageRecord) -> str:
        return "–" if record.limit is None else f"{record.limit:,}"

    @admin.display(description="most called")
    def endpoint_column(self, record: UsageRecord) -> SafeString | str:
        if not record.endpoints:
            return "–"
        path, count = max(record.endpoints.items(), key=lambda one: (one[1], one[0]))
        others = len(record.endpoints) - 1
        more = f" and {others} more" if others else ""
        return format_html('<span class="ob-clip" title="{}: {}{}">{}</span>', path, f"{count:,}", more, path)

    @admin.display(description="reported", ordering="reported_at")
    def reported_column(self, record: UsageRecord) -> SafeString:
        return badges.when(record.reported_at)
