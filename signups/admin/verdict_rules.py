"""The verdict rules: versions in a list, each read as sentences, drafts edited, tried, compared and published.

What a rule may not do is `verdicts.safety`'s, what publishing means `verdicts.publishing`'s, and what a draft would
change `verdicts.replay`'s; the forms are in `verdict_rule_forms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter

from signups import intake, verdicts, vetting
from signups.admin import badges
from signups.admin.asking import note
from signups.admin.base import ModelAdmin, PageAdmin, staff
from signups.admin.verdict_rule_forms import RuleSetForm, TestForm, VerdictRuleInline
from signups.models import RuleSet, VerdictRule
from signups.transactions import write_transaction
from signups.verdicts import current, publishing, replay
from signups.verdicts.rules import VERDICT_OF, of_row

TONES = {RuleSet.State.DRAFT: "wait", RuleSet.State.PUBLISHED: "good", RuleSet.State.RETIRED: "quiet"}
ACTION_TONES = {action: badges.VERDICT_TONES[verdict] for action, verdict in VERDICT_OF.items()}
COMPARED_DAYS = 30
MOST_COMPARED = 2_000  # signups, the latest: a page answers within seconds
_PUBLICATIONS = 20


@dataclass(frozen=True)
class ShownRule:
    row: VerdictRule
    sentence: str
    conditions: str
    tone: str


@admin.register(RuleSet)
class RuleSetAdmin(PageAdmin):
    page_template = "admin/signups/verdict_rules.html"
    form = RuleSetForm
    inlines = (VerdictRuleInline,)
    list_display = (
        "version_column",
        "state_column",
        "note",
        "rules_column",
        "author",
        "made_column",
        "published_column",
    )
    list_filter = (("state", ChoicesCheckboxFilter),)
    list_select_related = ("author",)
    search_fields = ("=version", "note", "rules__name")
    search_help_text = "Version, note or a rule’s name"
    fields = ("note",)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has ever decided is kept: verdicts name it."""
        is_draft = obj is None or publishing.is_editable(obj)
        return is_draft and ModelAdmin.has_delete_permission(self, request, obj)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/draft/", wrap(self._draft), name="signups_ruleset_draft"),
            path("<int:pk>/edit/", wrap(self._edit), name="signups_ruleset_edit"),
            path("<int:pk>/changes/", wrap(self._changes), name="signups_ruleset_changes"),
            path("<int:pk>/publish/", wrap(self._publish), name="signups_ruleset_publish"),
            path("<int:pk>/try/", wrap(self._try), name="signups_ruleset_try"),
            *super().get_urls(),
        ]

    # -- The list ------------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleSet]:
        queryset: QuerySet[RuleSet] = super().get_queryset(request)
        return queryset.annotate(rules_number=Count("rules", filter=Q(rules__is_enabled=True), distinct=True))

    @admin.display(description="version", ordering="version")
    def version_column(self, rule_set: RuleSet) -> str:
        return str(rule_set)

    @admin.display(description="state", ordering="state")
    def state_column(self, rule_set: RuleSet) -> SafeString:
        return badges.badge(rule_set.get_state_display(), TONES[RuleSet.State(rule_set.state)])

    @admin.display(description="rules", ordering="rules_number")
    def rules_column(self, rule_set: Any) -> int:
        return int(rule_set.rules_number)

    @admin.display(description="made", ordering="created_at")
    def made_column(self, rule_set: RuleSet) -> SafeString:
        return badges.when(rule_set.created_at)

    @admin.display(description="published", ordering="published_at")
    def published_column(self, rule_set: RuleSet) -> SafeString:
        return badges.when(rule_set.published_at)

    # -- The page ------------------------------------------------------------------------------------------------------

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        rules = [_shown(rule) for rule in row.rules.select_related("changed_by")]
        return {
            "rule_set": row,
            "tone": TONES[RuleSet.State(row.state)],
            "rules": rules,
            "is_draft": publishing.is_editable(row),
            "publications": row.publications.select_related("by")[:_PUBLICATIONS],
            "may_delete": self.has_delete_permission(request, row),
            "form": TestForm(),
        }

    def _try(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Vet an address now, save nothing, and say what these rules make of it."""
        rule_set = self._get(request, pk, "view")
        if request.method != "POST":
            return redirect(_page(rule_set))
        form = TestForm(request.POST)
        tried: dict[str, Any] = {"form": form}
        if form.is_valid():
            try:
                address = vetting.parse(form.cleaned_data["email"])
            except vetting.InvalidAddress as error:
                form.add_error("email", str(error))
            else:
                tried |= _tried(address, rule_set)
        return self.rendered(request, rule_set, tried, 422 if form.errors else 200)

    # -- Drafts --------------------------------------------------------------------------------------------------------

    def _draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        rule_set = self._get(request, pk)
        draft = publishing.draft_of(rule_set, staff(request), note(request))
        self.log_addition(request, draft, f"Draft made of version {rule_set.version}")
        messages.success(request, f"Version {draft.version} is a draft. It changes nothing until you publish it.")
        return redirect("admin:signups_ruleset_edit", draft.pk)

    def _edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Django's form, for drafts alone; nobody publishes one while it is saved."""
        with write_transaction():
            RuleSet.objects.select_for_update().filter(pk=pk).first()
            rule_set = self._get(request, pk)
            if not publishing.is_editable(rule_set):
                messages.warning(request, "Only drafts can be edited. Make a draft of it first.")
                return redirect(_page(rule_set))
            reply: HttpResponse = self.changeform_view(request, str(pk), "", {"title": f"Edit: {rule_set}"})
        return reply

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for rule in formset.save(commit=False):
            rule.changed_by_id = staff(request).pk
            rule.save()
        for rule in formset.deleted_objects:
            rule.delete()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """One way on: to the draft's page, where it is tried and published."""
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **options)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, "The draft is changed. See what it would change, then publish it.")
        return redirect(_page(obj))

    # -- What would change, and publishing -----------------------------------------------------------------------------

    def _changes(self, request: HttpRequest, pk: int) -> HttpResponse:
        rule_set = self._get(request, pk, "view")
        return self._compared(request, rule_set, f"What would change under version {rule_set.version}?", {})

    def _publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the comparison and ask; on the answer, publish."""
        rule_set = self._get(request, pk)
        if rule_set.state == RuleSet.State.PUBLISHED:
            messages.info(request, "It is published already.")
            return redirect(_page(rule_set))
        error = ""
        if request.method == "POST":
            try:
                publishing.publish(rule_set, staff(request), note(request))
            except publishing.Refused as refused:
                error = str(refused)
            else:
                self.log_change(request, rule_set, f"Published. {note(request)}".strip())
                messages.success(request, f"Version {rule_set.version} decides from the next signup on.")
                return redirect(_page(rule_set))
        words = "Publish" if publishing.is_editable(rule_set) else "Go back to"
        more = {"is_publishing": True, "problems": publishing.problems(rule_set), "error": error, "button": words}
        return self._compared(request, rule_set, f"{words} version {rule_set.version}?", more, 422 if error else 200)

    def _compared(
        self, request: HttpRequest, rule_set: RuleSet, title: str, more: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        signups = replay.latest(replay.between(timezone.now() - timedelta(days=COMPARED_DAYS)), MOST_COMPARED)
        comparison = replay.compare(signups, current.of(rule_set))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": rule_set,
            "title": title,
            "rule_set": rule_set,
            "comparison": comparison,
            "moves": [_move(*row) for row in comparison.rows()],
            "columns": (*replay.LABELS, *replay.OUTCOMES),
            "days": COMPARED_DAYS,
            "is_cut": comparison.total >= MOST_COMPARED,
            "back": _page(rule_set),
            "may_publish": self.has_change_permission(request) and rule_set.state != RuleSet.State.PUBLISHED,
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/signups/verdict_rules_changes.html", context, status=status)

    def _get(self, request: HttpRequest, pk: int, to: str = "change") -> RuleSet:
        may = self.has_change_permission(request) or (to == "view" and self.has_view_permission(request))
        if not may:
            raise PermissionDenied
        rule_set = self.get_queryset(request).select_related("author", "based_on").filter(pk=pk).first()
        if rule_set is None:
            raise Http404
        return rule_set


def _shown(row: VerdictRule) -> ShownRule:
    rule = of_row(row)
    words = " and ".join(one.in_words for one in rule.conditions)
    return ShownRule(row, words, " · ".join(map(str, rule.conditions)), ACTION_TONES.get(rule.action, "quiet"))


def _tried(address: vetting.Address, rule_set: RuleSet) -> dict[str, Any]:
    assessment = intake.assess(address)
    scored = assessment.scored
    decision = verdicts.decide(
        assessment.checks,
        is_high_value=scored.is_high_value,
        facts=assessment.facts,
        rules=current.of(rule_set),
    )
    return {
        "tried": address.email,
        "decision": decision,
        "decision_tone": badges.VERDICT_TONES[decision.verdict],
        "checks": [(check, badges.CHECK_TONES.get(check.outcome, "quiet")) for check in assessment.checks],
    }


def _move(before: str, after: str, counts: Any, rules: list[tuple[str, int]]) -> dict[str, Any]:
    return {
        "before": before,
        "before_tone": badges.VERDICT_TONES.get(before, "quiet"),
        "after": after,
        "after_tone": badges.VERDICT_TONES.get(after, "quiet"),
        "all": counts["all"],
        "counts": [counts[name] for name in (*replay.LABELS, *replay.OUTCOMES)],
        "rules": rules,
    }


def _page(rule_set: RuleSet) -> str:
    return reverse("admin:signups_ruleset_change", args=[rule_set.pk])
