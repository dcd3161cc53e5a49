"""The forms of an experiment: the draft with its arms, and what is asked at each step after it.

Texts are written one a line, `headline: Free to try`. Whether an experiment may start, and what a step does, is
`signups.experiments.lifecycle`'s.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.models import BaseInlineFormSet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from signups.admin.base import TabularInline
from signups.experiments import lifecycle, metrics, surfaces
from signups.models import Arm, Experiment

_MOST_TEXT = 2000
_SHARE = [MinValueValidator(0), MaxValueValidator(1)]


class ContentField(forms.CharField):
    """Texts by name, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}: {text}" for name, text in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        texts: dict[str, str] = {}
        for line in filter(str.strip, (super().clean(value) or "").splitlines()):
            name, colon, text = (part.strip() for part in line.partition(":"))
            if not colon or not name or not text:
                raise ValidationError(
                    f"“{line.strip()[:50]}” needs a name, a colon and the words: “button: Start now”."
                )
            if name in texts:
                raise ValidationError(f"{name} is there twice.")
            if len(text) > surfaces.LONGEST_TEXT:
                raise ValidationError(f"{name} is too long: {surfaces.LONGEST_TEXT} characters at most.")
            texts[name] = text
        return texts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ExperimentForm(forms.ModelForm):  # type: ignore[type-arg]
    surface = forms.ChoiceField(
        label="Shown on",
        required=False,
        choices=[
            *((surface.key, surface.name) for surface in surfaces.SURFACES.values()),
            ("", "nowhere yet: code asks for it by its key"),
        ],
        widget=UnfoldAdminSelectWidget,
        help_text="Signup page: headline, lead, button. Confirmation step: headline, subject, button. "
        "Welcome mail: Customer.io gets the arm’s key as an attribute named experiment_ and the key above.",
    )
    metric = forms.ChoiceField(
        label="Success is the share that …",
        choices=[(metric.key, metric.name) for metric in metrics.METRICS.values()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Experiment
        fields = ("name", "key", "hypothesis", "surface", "unit", "metric", "baseline", "effect")
        widgets = {"hypothesis": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {
            "key": "Part of what decides who sees what, and of attribute names: it stays for ever.",
            "hypothesis": "What you expect to happen, and why: written down before anybody has seen a number.",
            "baseline": "As a share of 0–1: 0.2 where one in five succeeds today.",
            "effect": "As a share of 0–1: 0.05 to find 20 % becoming 25 %. Half of it takes four times as long.",
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        surface = surfaces.SURFACES.get(cleaned.get("surface", ""))
        if surface is not None and "unit" in cleaned and cleaned["unit"] not in surface.units:
            self.add_error("unit", f"Nobody’s company is known yet on the {surface.name.lower()}: choose visitor.")
        baseline, effect = cleaned.get("baseline"), cleaned.get("effect")
        if baseline is not None and effect is not None and baseline + effect >= 1 and baseline - effect <= 0:
            self.add_error("effect", "No rate between 0 and 1 lies so far from the one expected.")
        if self.instance.pk and not Experiment.objects.filter(pk=self.instance.pk, state="draft").exists():
            raise ValidationError("It has been started meanwhile: only drafts can be edited.")
        return cleaned


class ArmForm(forms.ModelForm):  # type: ignore[type-arg]
    content = ContentField(
        label="Texts", required=False, max_length=_MOST_TEXT, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    class Meta:
        model = Arm
        fields = ("name", "key", "weight", "content")


class ArmFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The arms as a whole: two at least, weights that add up to 1, texts that the surface has. First: the control."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if any(self.errors):
            return
        for position, form in enumerate(kept):
            form.instance.position = position
        if len(kept) < 2:
            raise ValidationError("Give it at least two arms: the first is the control.")
        total = sum(form.cleaned_data["weight"] for form in kept)
        if abs(total - 1) > 1e-6:
            raise ValidationError(f"The arms’ weights must add up to 1; these make {total:g}.")
        surface = surfaces.SURFACES.get(self.instance.surface)
        for form in kept:
            if problem := lifecycle.content_problem(surface, form.cleaned_data["name"], form.cleaned_data["content"]):
                form.add_error("content", problem)


class ArmInline(TabularInline):
    model = Arm
    form = ArmForm
    formset = ArmFormSet
    extra = 0
    min_num = 2
    hide_title = True
    verbose_name_plural = (
        "arms: the first is the control. Weights add up to 1; texts one a line, as in “button: Start now”"
    )


class StepForm(forms.Form):
    """What a step asks for; its button does it."""

    def coverage_field(self, initial: float) -> forms.FloatField:
        return forms.FloatField(
            label="Coverage",
            initial=initial,
            validators=_SHARE,
            widget=UnfoldAdminDecimalFieldWidget,
            help_text="The share of all units that take part: 1 is everybody. Raising it later moves nobody.",
        )


class StartForm(StepForm):
    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        super().__init__(data)
        self.fields["coverage"] = self.coverage_field(1.0)


class PhaseForm(StepForm):
    """A weight for each arm, and the coverage."""

    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        super().__init__(data)
        for arm in experiment.arms.all():
            self.fields[f"weight-{arm.key}"] = forms.FloatField(
                label=f"Weight of “{arm.name}”",
                initial=arm.weight,
                validators=_SHARE,
                widget=UnfoldAdminDecimalFieldWidget,
            )
        self.fields["coverage"] = self.coverage_field(experiment.phases.latest("number").coverage)

    def weights(self) -> dict[str, float]:
        named = {name.partition("-")[2]: value for name, value in self.cleaned_data.items() if name != "coverage"}
        return {key: float(weight) for key, weight in named.items()}


class DecisionForm(StepForm):
    """Which arm everybody is shown from now on, and why."""

    arm = forms.ChoiceField(label="From now on everybody is shown", required=False, widget=UnfoldAdminSelectWidget)
    decision = forms.CharField(
        label="The decision, and why",
        max_length=_MOST_TEXT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        error_messages={"required": "Please write down what was decided, and why."},
    )

    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        initial = {"arm": experiment.decided_arm, "decision": experiment.decision}
        super().__init__(data, initial=initial)
        choices = [(arm.key, f"“{arm.name}”") for arm in experiment.arms.all()]
        self.fields["arm"].choices = [("", "no arm: the product’s own words"), *choices]  # type: ignore[attr-defined]


class ForceForm(StepForm):
    """An arm for one unit."""

    unit = forms.CharField(max_length=255, widget=UnfoldAdminTextInputWidget, label="Unit")
    arm = forms.ChoiceField(widget=UnfoldAdminSelectWidget, label="Arm")

    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        super().__init__(data)
        self.fields["arm"].choices = [(arm.key, arm.name) for arm in experiment.arms.all()]  # type: ignore[attr-defined]
        if experiment.unit == Experiment.Unit.COMPANY:
            self.fields["unit"].help_text = "The company’s domain, such as example.com."
        else:
            self.fields["unit"].help_text = "The anonymous id on a signup’s page, or the signup’s id where it has none."
