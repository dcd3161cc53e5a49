"""The daily jobs: how each is doing, its runs with what they came to, and a button that runs one now.

When a job is due and when it is late is `signups.jobs`' business. What a run planned is counted live: how much of it
the vendor has by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, DateTimeField, ExpressionWrapper, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import CheckboxFilter, ChoicesCheckboxFilter

from signups import jobs
from signups.admin import badges
from signups.admin.asking import Question, ask
from signups.admin.base import PageAdmin, staff
from signups.contracts import Event
from signups.jobs import Standing, registry
from signups.jobs.registry import Job
from signups.models import Delivery, JobRun
from signups.usage.feed import feed

TONES = {JobRun.State.RUNNING: "busy", JobRun.State.DONE: "good", JobRun.State.FAILED: "bad"}
_AROUND = timedelta(hours=1)  # a run's deliveries are known by its period; this narrows where to look


@dataclass(frozen=True)
class Card:
    """One job at a glance. `state` is a word for it, `why` the sentence behind it."""

    name: str
    title: str
    purpose: str
    state: str
    tone: str
    why: str
    last: JobRun | None
    took: str
    next_at: datetime | None
    may_run: bool


def cards() -> list[Card]:
    """A card for each job; two queries for each."""
    return [_card(standing) for standing in jobs.standings()]


def troubles() -> list[str]:
    """What is wrong with the jobs and with the feed they live on, a sentence each; for the overview."""
    late = [f"{one.job.title}: {one.trouble}" for one in jobs.standings() if one.trouble]
    standing = feed()
    return [*late, *([standing.words] if standing.is_late else [])]


def _card(standing: Standing) -> Card:
    job, last = standing.job, standing.last
    state, tone, why = "on time", "good", standing.trouble
    if standing.trouble and last is not None and last.state == JobRun.State.FAILED:
        state, tone, why = "failed", "bad", f"The run of {last.period} failed. {last.note}"
    elif standing.trouble:
        state, tone = "late", "bad"
    elif standing.is_running:
        state, tone = "running", "busy"
    elif last is None:
        state, tone = ("not needed yet" if job.at is None else "not run yet"), "quiet"
    return Card(
        name=job.name,
        title=job.title,
        purpose=job.purpose,
        state=state,
        tone=tone,
        why=why,
        last=last,
        took=took(last) if last is not None else "",
        next_at=standing.next_at,
        may_run=standing.may_run,
    )


def took(run: JobRun) -> str:
    """How long it took, or has been taking."""
    return badges.duration(max((run.finished_at or timezone.now()) - run.started_at, timedelta(0)))


class JobFilter(CheckboxFilter):
    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(job.name, job.title) for job in registry.JOBS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        names = request.GET.getlist(self.parameter_name)
        return queryset.filter(job__in=names) if names else queryset


@admin.register(JobRun)
class JobRunAdmin(PageAdmin):
    page_template = "admin/signups/job_run.html"
    list_before_template = "admin/signups/parts/job_cards.html"
    list_display = (
        "run_column",
        "state_column",
        "read",
        "changed",
        "sent_column",
        "skipped",
        "failed_column",
        "took_column",
        "note_column",
    )
    list_filter = (JobFilter, ("state", ChoicesCheckboxFilter))
    ordering = ("-started_at", "-pk")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [path("<slug:name>/run/", wrap(self._run), name="signups_job_run"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"job_cards": cards(), "feed": feed(), "may_run_jobs": self.has_change_permission(request)}
        reply: HttpResponse = super().changelist_view(request, {"title": "Jobs", **shown, **(extra_context or {})})
        return reply

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRun]:
        queryset: QuerySet[JobRun] = super().get_queryset(request)
        return queryset.annotate(
            since=_moved(F("started_at"), -_AROUND),
            until=_moved(Coalesce(F("finished_at"), Now()), _AROUND),
            sent=_number(Delivery.State.DELIVERED),
            dead=_number(Delivery.State.FAILED),
        )

    def page(self, request: HttpRequest, row: JobRun) -> dict[str, Any]:
        job = registry.BY_NAME.get(row.job)
        numbers = _deliveries_of(row)
        return {
            "title": _title(row),
            "run": row,
            "job": job,
            "state": badges.badge(row.get_state_display(), TONES[JobRun.State(row.state)]),
            "took": took(row),
            "deliveries": [
                (label, badges.STATE_TONES[state], number)
                for state, label in Delivery.State.choices
                if (number := numbers.get(state))
            ],
            "deliveries_url": _deliveries_url(row),
            "may_run_jobs": job is not None and _may_run(job) and self.has_change_permission(request),
        }

    def _run(self, request: HttpRequest, name: str) -> HttpResponse:
        """Asks, and has the job run at once."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        job = registry.BY_NAME.get(name)
        if job is None or not _may_run(job):
            raise Http404
        back = reverse("admin:signups_jobrun_changelist")
        question = Question(
            title=f"Run now: {job.title}",
            sentence=f"{job.purpose} Running it again tells nobody anything twice; the daily run comes as ever.",
            button="Run it now",
            tone="good",
            back=back,
        )
        page: HttpResponse | None = ask(self, request, question)
        if page is not None:
            return page
        run = jobs.run_now(name, staff(request))
        if run is None:
            messages.warning(request, f"{job.title} is running already.")
        else:
            self.log_change(request, run, "Run now")
            messages.success(request, f"{job.title} is on its way; reload this page to see what it comes to.")
        return redirect(back)

    # -- Columns -------------------------------------------------------------------------------------------------------

    @admin.display(description="run", ordering="job")
    def run_column(self, run: JobRun) -> SafeString:
        title = registry.BY_NAME[run.job].title if run.job in registry.BY_NAME else run.job
        return format_html(
            '<span class="ob-two ob-nowrap"><strong>{}</strong><span>{}</span></span>', title, run.period
        )

    @admin.display(description="state", ordering="state")
    def state_column(self, run: JobRun) -> SafeString:
        return badges.badge(run.get_state_display(), TONES[JobRun.State(run.state)])

    @admin.display(description="sent")
    def sent_column(self, run: Any) -> SafeString:
        words = f"{run.sent or 0} of {run.planned}" if run.job == "sync" else f"{run.planned} planned"
        return format_html('<span class="ob-nowrap">{}</span>', words if run.planned else "–")

    @admin.display(description="failed")
    def failed_column(self, run: Any) -> int:
        return int(run.failed + (run.dead or 0 if run.job == "sync" else 0))

    @admin.display(description="took", ordering="started_at")
    def took_column(self, run: JobRun) -> SafeString:
        return format_html(
            '<span class="ob-two"><span>{}</span><span>{}</span></span>', took(run), badges.when(run.started_at)
        )

    @admin.display(description="note")
    def note_column(self, run: JobRun) -> SafeString:
        return format_html('<span class="ob-clip ob-note-clip" title="{}">{}</span>', run.note, run.note or "–")


def _may_run(job: Job) -> bool:
    return jobs.standing(job, timezone.now()).may_run


def _title(run: JobRun) -> str:
    title = registry.BY_NAME[run.job].title if run.job in registry.BY_NAME else run.job
    return f"{title}, {run.period}"


def _moved(moment: Any, by: timedelta) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(moment + by, output_field=DateTimeField())


def _number(state: Delivery.State) -> Subquery:
    """How many of the reports that a sync planned are in this state by now."""
    planned = Delivery.objects.filter(
        event=Event.USAGE_REPORTED,
        period=OuterRef("period"),
        state=state,
        created_at__gte=OuterRef("since"),
        created_at__lte=OuterRef("until"),
    )
    counted = planned.order_by().values("period").annotate(number=Count("pk")).values("number")
    return Subquery(counted, output_field=IntegerField())


def _deliveries_of(run: JobRun) -> dict[str, int]:
    """How many of the deliveries it planned are in which state by now."""
    job = registry.BY_NAME.get(run.job)
    if job is None or job.event is None:
        return {}
    until = (run.finished_at or timezone.now()) + timedelta(seconds=2)
    planned = Delivery.objects.filter(
        event=job.event, created_at__gte=run.started_at - timedelta(seconds=2), created_at__lte=until
    )
    if job.event == Event.USAGE_REPORTED:
        planned = planned.filter(period=run.period)
    return dict(planned.order_by().values_list("state").annotate(number=Count("pk")))


def _deliveries_url(run: JobRun) -> str:
    """The list of what it planned, as far as filters can say it."""
    job = registry.BY_NAME.get(run.job)
    if job is None or job.event is None:
        return ""
    day = timezone.localtime(run.started_at).date().isoformat()
    query = {"event": job.event.value, "created_at_from": day, "created_at_to": day}
    return f"{reverse('admin:signups_delivery_changelist')}?{urlencode(query)}"
