"""The forms of a draft of the verdict rules: conditions are written one a line, as in "checks.kind is disposable"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from signups.admin.base import TabularInline
from signups.models import RuleSet, VerdictRule
from signups.verdicts import safety
from signups.verdicts.rules import Action, Condition, Rule, Unreadable, read_condition


class ConditionsField(forms.CharField):
    """All of these must hold: one a line."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(str(Condition(one["fact"], one["test"], one["value"])) for one in value)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        try:
            lines = filter(str.strip, str(super().clean(value) or "").splitlines())
            return [read_condition(line).as_json() for line in lines]
        except Unreadable as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        typed = str(data or "").replace("\r\n", "\n")  # as browsers send what stands in several lines
        return super().has_changed(self.prepare_value(initial), typed)


class RuleSetForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = RuleSet
        fields = ("note",)

    def clean(self) -> dict[str, Any] | None:
        if not RuleSet.objects.filter(pk=self.instance.pk, state=RuleSet.State.DRAFT).exists():
            raise ValidationError("It has been published meanwhile: only drafts can be edited. Make a new draft of it.")
        return super().clean()


class VerdictRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a rule that could never hold, and one that would reject for a single weak sign."""

    conditions = ConditionsField(
        label="If all of these hold", max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "cols": 44})
    )

    class Meta:
        model = VerdictRule
        fields = ("order", "name", "conditions", "action", "sentence", "is_enabled")
        widgets = {
            "order": UnfoldAdminIntegerFieldWidget(attrs={"style": "width: 4.5rem"}),
            "sentence": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("is_enabled") or not {"name", "conditions", "action"} <= cleaned.keys():
            return cleaned
        conditions = tuple(Condition(**one) for one in cleaned["conditions"])
        if found := safety.problem(Rule(cleaned["name"], conditions, Action(cleaned["action"]))):
            self.add_error("action", found)
        return cleaned


class VerdictRuleInline(TabularInline):
    model = VerdictRule
    form = VerdictRuleForm
    extra = 0
    hide_title = True
    ordering_field = "order"
    ordering = ("order", "pk")


class TestForm(forms.Form):
    """An address to try the rules on."""

    email = forms.CharField(
        label="Address", max_length=320, widget=UnfoldAdminEmailInputWidget(attrs={"placeholder": "ada@example.com"})
    )
