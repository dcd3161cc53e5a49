"""The experiments: a list with a plain verdict each, a page that reads one out by phase, and the steps of its life.

The numbers are `signups.experiments.readout`'s, the sentence is `verdict`'s, what a step does is `lifecycle`'s; the
forms are in `experiment_forms`, the words of the steps in `experiment_steps`, the pictures in `experiment_chart`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter

from signups import experiments
from signups.admin import badges, experiment_chart
from signups.admin.base import ModelAdmin, PageAdmin, staff
from signups.admin.experiment_forms import ArmInline, ExperimentForm
from signups.admin.experiment_steps import STEPS, STEPS_OF, Step
from signups.experiments import lifecycle, metrics, readout, surfaces, verdict
from signups.experiments.verdict import Said
from signups.models import Experiment, ForcedArm, Phase
from signups.transactions import write_transaction

TONES = {Experiment.State.DRAFT: "quiet", Experiment.State.RUNNING: "busy", Experiment.State.STOPPED: "good"}
_MOST_FORCED = 100


@admin.register(Experiment)
class ExperimentAdmin(PageAdmin):
    page_template = "admin/signups/experiment.html"
    list_before_template = "admin/signups/parts/experiment_examples.html"
    form = ExperimentForm
    inlines = (ArmInline,)
    prepopulated_fields = {"key": ("name",)}
    list_display = ("name_column", "state_column", "verdict_column", "surface_column", "metric_column", "made_column")
    list_filter = (("state", ChoicesCheckboxFilter),)
    search_fields = ("name", "key", "hypothesis")
    search_help_text = "Name, key or hypothesis"
    fieldsets = (
        (None, {"fields": ("name", "key", "hypothesis", ("surface", "unit"), "metric", ("baseline", "effect"))}),
    )
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ModelAdmin.has_add_permission(self, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has run is kept: somebody saw it."""
        is_draft = obj is None or obj.state == Experiment.State.DRAFT
        return is_draft and ModelAdmin.has_delete_permission(self, request, obj)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        steps = [
            path(f"<int:pk>/{name}/", wrap(partial(self._step, name)), name=f"signups_experiment_{name}")
            for name in STEPS
        ]
        more = [
            path("<int:pk>/edit/", wrap(self._edit), name="signups_experiment_edit"),
            path("<int:pk>/unforce/<int:forced>/", wrap(self._unforce), name="signups_experiment_unforce"),
        ]
        return steps + more + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        queryset: QuerySet[Experiment] = super().get_queryset(request)
        return queryset.prefetch_related("arms", Prefetch("phases", Phase.objects.order_by("number")))

    # -- The list ------------------------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[Any]:
        """A list whose running experiments are read out together."""

        class WithVerdicts(super().get_changelist(request, **options)):  # type: ignore[misc]
            def get_results(self, request: HttpRequest) -> None:
                super().get_results(request)
                said = verdicts(list(self.result_list))
                for row in self.result_list:
                    row.said = said[row.pk]

        return WithVerdicts

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {
            "examples": list(surfaces.SURFACES.values()) if self.has_add_permission(request) else [],
            "has_none": not Experiment.objects.exists(),
        }
        reply: HttpResponse = super().changelist_view(request, {**shown, **(extra_context or {})})
        return reply

    @admin.display(description="experiment", ordering="name")
    def name_column(self, experiment: Experiment) -> SafeString:
        text = '<span class="ob-two"><strong>{}</strong><span>{}</span></span>'
        return format_html(text, experiment.name, experiment.key)

    @admin.display(description="state", ordering="state")
    def state_column(self, experiment: Experiment) -> SafeString:
        return badges.badge(experiment.get_state_display(), TONES[Experiment.State(experiment.state)])

    @admin.display(description="verdict")
    def verdict_column(self, experiment: Any) -> SafeString:
        said: Said = experiment.said
        return badges.badge(said.short, said.tone, said.sentence)

    @admin.display(description="shown on", ordering="surface")
    def surface_column(self, experiment: Experiment) -> str:
        return surfaces.name_of(experiment.surface)

    @admin.display(description="success", ordering="metric")
    def metric_column(self, experiment: Experiment) -> str:
        return f"{experiment.get_unit_display()}s that {metrics.name_of(experiment.metric)}"

    @admin.display(description="made", ordering="created_at")
    def made_column(self, experiment: Experiment) -> SafeString:
        return badges.when(experiment.created_at)

    # -- A draft -------------------------------------------------------------------------------------------------------

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        surface = surfaces.SURFACES.get(request.GET.get("example", ""))
        if surface is None:
            return {"metric": "signed_up", "surface": surfaces.SIGNUP_PAGE}
        plain = {name: value for name, value in surface.example.items() if name != "arms"}
        return {**plain, "surface": surface.key, "metric": surface.metric, "unit": Experiment.Unit.VISITOR}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        options: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None and request.method == "GET":
            surface = surfaces.SURFACES.get(request.GET.get("example", ""))
            arms = surface.example["arms"] if surface else [("control", "As it is", {}), ("new", "", {})]
            options["initial"] = [{"key": k, "name": n, "content": c, "weight": 0.5} for k, n, c in arms]
        return options

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        if not change:
            obj.author_id = staff(request).pk
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """One way on: to the draft's page, where it is started."""
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **options)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, "The draft is kept. Look it over, then start it.")
        return redirect(_page(obj))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, "The draft is changed.")
        return redirect(_page(obj))

    def _edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Django's form, for drafts alone; nobody starts one while it is saved."""
        with write_transaction():
            Experiment.objects.select_for_update().filter(pk=pk).first()
            experiment = self._get(request, pk)
            if experiment.state != Experiment.State.DRAFT:
                messages.warning(request, "It has been started: only drafts can be edited.")
                return redirect(_page(experiment))
            reply: HttpResponse = self.changeform_view(request, str(pk), "", {"title": f"Edit: {experiment}"})
        return reply

    # -- The page ------------------------------------------------------------------------------------------------------

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        experiment: Experiment = row
        arms, phases = list(experiment.arms.all()), list(experiment.phases.all())
        phase = _chosen(phases, request.GET.get("phase", ""))
        reading = readout.read([phase], has_curve=True)[phase.pk] if phase is not None else None
        surface = surfaces.SURFACES.get(experiment.surface)
        names = list(surface.texts) if surface is not None else []
        names += sorted({name for arm in arms for name in arm.content if name not in names})
        return {
            "experiment": experiment,
            "tone": TONES[Experiment.State(experiment.state)],
            "surface": surface,
            "surface_name": surfaces.name_of(experiment.surface),
            "metric_name": metrics.name_of(experiment.metric),
            "arms": arms,
            "texts": [(name, [arm.content.get(name, "") for arm in arms]) for name in names],
            "phase": phase,
            "phases": [(one, one.ranges and [(arm, _width(one, arm.key)) for arm in arms]) for one in phases],
            "reading": reading,
            "said": verdict.say(reading) if reading is not None else _of_draft(experiment),
            "bars": experiment_chart.bars(reading) if reading is not None else None,
            "curves": experiment_chart.curves(reading) if reading is not None else [],
            "planned": reading.planned if reading is not None else readout.plan(experiment, arms),
            "problems": lifecycle.problems(experiment, arms) if experiment.state == Experiment.State.DRAFT else [],
            "forced": experiment.forced_arms.select_related("author").order_by("-at", "-pk")[:_MOST_FORCED],
            "steps": self._steps(request, experiment),
            "arm_names": {arm.key: arm.name for arm in arms},
            "decided_arm": next((arm.name for arm in arms if arm.key == experiment.decided_arm), ""),
            "may_delete": self.has_delete_permission(request, experiment),
        }

    def _steps(self, request: HttpRequest, experiment: Experiment) -> list[tuple[str, Step]]:
        if not self.has_change_permission(request, experiment):
            return []
        return [
            (reverse(f"admin:signups_experiment_{name}", args=[experiment.pk]), STEPS[name])
            for name in STEPS_OF[experiment.state]
            if name != "force"
        ]

    # -- The steps -----------------------------------------------------------------------------------------------------

    def _step(self, name: str, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and on the answer do it; what cannot be done is said above the form."""
        experiment, step = self._get(request, pk), STEPS[name]
        if name not in STEPS_OF[experiment.state]:
            messages.warning(
                request, f"“{step.title}” is not for an experiment that is {experiment.get_state_display()}."
            )
            return redirect(_page(experiment))
        form = step.form(experiment, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                told = step.do(request, experiment, form)
            except lifecycle.Refused as refused:
                form.add_error(None, str(refused))
            else:
                self.log_change(request, experiment, f"{step.title}: {_in_words(form)}"[:500])
                messages.success(request, told)
                return redirect(_page(experiment))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": experiment,
            "title": f"{step.title}: {experiment}",
            "step": step,
            "form": form,
            "back": _page(experiment),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/signups/experiment_step.html", context, status=status)

    def _unforce(self, request: HttpRequest, pk: int, forced: int) -> HttpResponse:
        """Take a chosen arm back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        experiment = self._get(request, pk)
        with write_transaction():
            is_gone = ForcedArm.objects.filter(pk=forced, experiment=experiment).delete()[0]
        if is_gone:
            experiments.forget()
            self.log_change(request, experiment, "Took a chosen arm back")
            messages.success(request, "That unit gets the arm of its own again; it stays uncounted.")
        return redirect(_page(experiment))

    def _get(self, request: HttpRequest, pk: int) -> Experiment:
        if not self.has_change_permission(request):
            raise PermissionDenied
        experiment = self.get_queryset(request).filter(pk=pk).first()
        if experiment is None:
            raise Http404
        return experiment

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        experiments.forget()


def verdicts(rows: list[Experiment]) -> dict[int, Said]:
    """What is to be said of each experiment in a word: running ones are read out together."""
    running = [row for row in rows if row.state == Experiment.State.RUNNING]
    phases = [list(row.phases.all())[-1] for row in running if row.phases.all()]
    read = {reading.experiment.pk: verdict.say(reading) for reading in readout.read(phases).values()} if phases else {}
    return {row.pk: read.get(row.pk) or _of_draft(row) for row in rows}


def _of_draft(experiment: Experiment) -> Said:
    if experiment.state == Experiment.State.STOPPED:
        return verdict.say_of_decided(experiment)
    return Said("Not started: nobody has seen it yet.", "not started", "quiet")


def _chosen(phases: list[Phase], number: str) -> Phase | None:
    """The phase that was asked for, else the latest."""
    asked = [phase for phase in phases if str(phase.number) == number]
    return asked[0] if asked else phases[-1] if phases else None


def _width(phase: Phase, arm: str) -> float:
    start, end = phase.ranges.get(arm, (0.0, 0.0))
    return float(end) - float(start)


def _in_words(form: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in form.cleaned_data.items())


def _page(experiment: Experiment) -> str:
    return reverse("admin:signups_experiment_change", args=[experiment.pk])
