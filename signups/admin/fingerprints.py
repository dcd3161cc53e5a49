"""Fingerprints: which servers serve throw-away domains, and which are exempt because everybody uses them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RadioFilter

from signups.admin import badges
from signups.admin.asking import Question, about, ask, chosen
from signups.admin.base import ReadOnlyAdmin, staff
from signups.models import Fingerprint, LearnedDomain
from signups.vetting import fingerprints

MOST_DOMAINS = 100
_TONES = {LearnedDomain.Label.DISPOSABLE: "bad", LearnedDomain.Label.OTHER: "good"}


class ExemptFilter(RadioFilter):
    """By staff's own word; the shipped list and the counts are shown by each row's badge."""

    title = "staff's word"
    parameter_name = "word"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("exempt", "exempt"), ("counted", "counted"), ("none", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        words: dict[str | None, bool | None] = {"exempt": True, "counted": False, "none": None}
        return queryset.filter(is_exempt=words[self.value()]) if self.value() in words else queryset


@admin.register(Fingerprint)
class FingerprintAdmin(ReadOnlyAdmin):
    """What was learned: it is changed by labels and lists, and by exempting servers that everybody uses."""

    list_display = ("value_column", "kind_column", "disposable_column", "other_column", "odds_column", "state_column")
    list_filter = (("kind", ChoicesCheckboxFilter), ExemptFilter)
    list_before_template = "admin/signups/parts/fingerprints_how.html"
    search_fields = ("value",)
    search_help_text = "Host, domain or address"
    show_full_result_count = False
    ordering = ("-disposable",)
    fields = ("value", "kind", "disposable", "other", "odds_column", "state_column", "word_column", "domains_column")
    readonly_fields = fields
    actions = ("exempt", "count_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fingerprint]:
        queryset: QuerySet[Fingerprint] = super().get_queryset(request)
        self.total = _Total()
        return queryset.exclude(kind=Fingerprint.Kind.ALL).select_related("exempted_by")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is None and super().has_change_permission(request)  # for the actions; there is nothing to type

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        has_any = Fingerprint.objects.exclude(kind=Fingerprint.Kind.ALL).exists()
        return super().changelist_view(request, {"has_fingerprints": has_any, **(extra_context or {})})

    @admin.action(description="Exempt", permissions=["change"])
    def exempt(self, request: HttpRequest, queryset: QuerySet[Fingerprint]) -> Any:
        sentence = "They say nothing of a domain from now on, because everybody may use them. Their counts stay."
        return self._say(request, queryset, True, "Exempt", sentence)

    @admin.action(description="No longer exempt", permissions=["change"])
    def count_again(self, request: HttpRequest, queryset: QuerySet[Fingerprint]) -> Any:
        sentence = "Their counts decide from now on, whatever the shipped list says of them."
        return self._say(request, queryset, False, "Count", sentence)

    def _say(self, request: HttpRequest, queryset: QuerySet[Fingerprint], word: bool, verb: str, sentence: str) -> Any:
        rows = chosen(request, queryset)
        which = about(request, rows)
        number = f"{which['count']} fingerprint{'' if which['count'] == 1 else 's'}"
        title = f"{verb} {number}"
        question = Question(title=title, sentence=sentence, button=title, back=request.get_full_path(), **which)
        if (page := ask(self, request, question)) is not None:
            return page
        keys = list(rows.values_list("pk", flat=True))
        Fingerprint.objects.filter(pk__in=keys).update(
            is_exempt=word, exempted_by_id=staff(request).pk, exempted_at=timezone.now()
        )
        for row in Fingerprint.objects.filter(pk__in=keys):
            self.log_change(request, row, "Exempt" if word else "No longer exempt")
        messages.success(request, f"{number} {'exempt' if word else 'counted again'}.")
        return None

    @admin.display(description="server", ordering="value")
    def value_column(self, row: Fingerprint) -> SafeString:
        return format_html("<strong>{}</strong>", row.value)

    @admin.display(description="what it is", ordering="kind")
    def kind_column(self, row: Fingerprint) -> str:
        return row.get_kind_display()

    @admin.display(description="disposable domains", ordering="disposable")
    def disposable_column(self, row: Fingerprint) -> str:
        return f"{row.disposable:,}"

    @admin.display(description="other domains", ordering="other")
    def other_column(self, row: Fingerprint) -> str:
        return f"{row.other:,}"

    @admin.display(description="odds of disposable")
    def odds_column(self, row: Fingerprint) -> str:
        return fingerprints.odds_of(row, self.total.row).in_words()

    @admin.display(description="what it says")
    def state_column(self, row: Fingerprint) -> SafeString:
        if fingerprints.is_exempt(row):
            return badges.badge("exempt", "quiet", self._why_exempt(row))
        odds = fingerprints.odds_of(row, self.total.row)
        if odds.is_weak_sign:
            return badges.badge("strong sign", "bad") if odds.is_strong else badges.badge("weak sign", "look")
        return badges.badge("nothing yet", "quiet")

    @admin.display(description="exempt because")
    def word_column(self, row: Fingerprint) -> str:
        return self._why_exempt(row) if fingerprints.is_exempt(row) else "It is not exempt."

    @admin.display(description="domains")
    def domains_column(self, row: Fingerprint) -> SafeString:
        found = list(row.domains.order_by("label", "domain")[: MOST_DOMAINS + 1])
        lines = (
            (one.domain, badges.badge(one.get_label_display(), _TONES[LearnedDomain.Label(one.label)]),
             f"by {one.get_source_display()}")
            for one in found[:MOST_DOMAINS]
        )  # fmt: skip
        listed = format_html_join("", "<li>{} {} {}</li>", lines)
        more = f"The first {MOST_DOMAINS} of {row.domains.count():,}." if len(found) > MOST_DOMAINS else ""
        return format_html("<ul>{}</ul>{}", listed, more)

    def _why_exempt(self, row: Fingerprint) -> str:
        if row.is_exempt:
            return f"Staff say so ({row.exempted_by or 'somebody who is gone'})."
        if row.kind != Fingerprint.Kind.MX_ADDRESS and (reason := fingerprints.shared_reason(row.value)):
            return f"It is on the shipped list: {reason}."
        return f"It serves {row.other:,} other domains: anybody may use it."


class _Total:
    """The row that counts all domains, read when the first odds are shown."""

    @cached_property
    def row(self) -> Fingerprint | None:
        return Fingerprint.objects.filter(kind=Fingerprint.Kind.ALL).first()
