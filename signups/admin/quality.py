"""The data quality page: the latest report as pictures with their numbers, beside the report before it.

What is measured, and how, is `enrichment.quality`'s business; running it is the jobs'.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups import jobs
from signups.admin import quality_clusters, quality_tables
from signups.admin.base import PageAdmin, staff
from signups.jobs import registry
from signups.models import JobRun, QualityReport

JOB = "quality"
_EARLIER = 10


@admin.register(QualityReport)
class QualityReportAdmin(PageAdmin):
    """The list is the latest report; a report's own page shows an earlier one."""

    page_template = "admin/signups/quality.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._measure)
        return [path("measure/", view, name="signups_quality_measure"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self.rendered(request, QualityReport.objects.first(), {"original": None})

    def page(self, request: HttpRequest, row: QualityReport | None) -> dict[str, Any]:
        """Three queries: the report before, the earlier ones, and whether one is being made."""
        may_measure = request.user.has_perm("signups.change_jobrun")
        is_running = JobRun.objects.filter(job=JOB, state=JobRun.State.RUNNING).exists()
        shared = {
            "title": "Data quality",
            "may_measure": may_measure,
            "is_running": is_running,
            "at": registry.job(JOB).at,
        }
        if row is None:
            return {**shared, "report": None}
        before = QualityReport.objects.filter(at__lt=row.at).first()
        show = request.GET.get("show", "")
        show = show if show in quality_tables.VIEWS else quality_tables.COVERAGE
        tables = quality_tables.Tables(row.body, before.body if before else None, show)
        return {
            **shared,
            "report": row,
            "before": before,
            "tables": tables,
            "clusters": quality_clusters.shown(row.body["clusters"]),
            "show": show,
            "views": quality_tables.VIEWS.items(),
            "earlier": QualityReport.objects.exclude(pk=row.pk).only("pk", "at")[:_EARLIER],
        }

    def _measure(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("signups.change_jobrun"):
            raise PermissionDenied
        if jobs.run_now(JOB, staff(request)) is None:
            messages.warning(request, "It is being measured already; reload this page in a minute.")
        else:
            messages.success(request, "A worker is measuring now; reload this page in a minute.")
        return redirect(reverse("admin:signups_qualityreport_changelist"))
