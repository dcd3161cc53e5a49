"""Scorecards as data: rules that give points, one card active at a time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from signups.admin import badges
from signups.admin.base import ModelAdmin, TabularInline
from signups.models import Scorecard, ScoreRule
from signups.scoring import conditions

_EXAMPLES = (1_000, "text", ["a"], True)


class ScorecardForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Scorecard
        fields = ("name", "version", "high_value_from", "is_active")

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        other = Scorecard.objects.filter(is_active=True).exclude(pk=self.instance.pk).first()
        if is_active and other is not None:
            raise ValidationError(f"“{other}” is active, and only one scorecard can be. Switch that one off first.")
        return is_active


class ValueField(forms.JSONField):
    """JSON in one line; nothing is shown where there is no value."""

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)


class ScoreRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a rule that could never match, and a sentence that could never be said."""

    class Meta:
        model = ScoreRule
        fields = ("order", "fact", "test", "value", "points", "sentence", "is_high_value")
        field_classes = {"value": ValueField}
        widgets = {"value": UnfoldAdminTextInputWidget}

    def clean_fact(self) -> str:
        fact = str(self.cleaned_data["fact"]).strip()
        if not fact.startswith(("person.", "company.", "signup.", "checks.")):
            raise ValidationError(
                "A fact starts with person., company., signup. or checks., as in company.metrics.raised."
            )
        return fact

    def clean_sentence(self) -> str:
        sentence = str(self.cleaned_data["sentence"])
        if not any(_says(sentence, example) for example in _EXAMPLES):
            raise ValidationError("Only {value} may stand in braces, as in “The company has raised ${value:,}”.")
        return sentence

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        test, value = cleaned.get("test"), cleaned.get("value")
        if "value" not in self.errors and test and (wrong := conditions.problem(test, value)):
            self.add_error("value", wrong)
        return cleaned


def _says(sentence: str, value: Any) -> bool:
    try:
        sentence.format(value=value)
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
    return True


class ScoreRuleInline(TabularInline):
    model = ScoreRule
    form = ScoreRuleForm
    extra = 0
    hide_title = True


@admin.register(Scorecard)
class ScorecardAdmin(ModelAdmin):
    form = ScorecardForm
    inlines = (ScoreRuleInline,)
    list_display = ("name", "version", "state_column", "high_value_from", "rules_column", "made_column")
    fields = (("name", "version"), ("high_value_from", "is_active"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scorecard]:
        queryset: QuerySet[Scorecard] = super().get_queryset(request)
        return queryset.annotate(rules_number=Count("rules"))

    @admin.display(description="state", ordering="is_active")
    def state_column(self, card: Scorecard) -> SafeString:
        return badges.badge("active", "good") if card.is_active else badges.badge("draft", "quiet")

    @admin.display(description="rules", ordering="rules_number")
    def rules_column(self, card: Any) -> int:
        return int(card.rules_number)

    @admin.display(description="made", ordering="created_at")
    def made_column(self, card: Scorecard) -> SafeString:
        return badges.when(card.created_at)
