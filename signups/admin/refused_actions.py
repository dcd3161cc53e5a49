"""Actions that a vendor will never take, or that nobody was found for: why, and another try.

What sending again means is `signups.activity`'s business.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import CheckboxFilter

from signups.activity import forwarding, owed
from signups.admin import badges
from signups.admin.asking import Question, about, ask, chosen
from signups.admin.base import DaysFilter, ReadOnlyAdmin
from signups.admin.deliveries import IntegrationFilter
from signups.models import Forward

_MOST_REASONS = 20


class WhyFilter(CheckboxFilter):
    """By the reason, the most frequent first."""

    title = "why"
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Forward.objects.filter(refused_at__isnull=False).values("why").annotate(number=Count("pk"))
        reasons = [row["why"] for row in rows.order_by("-number", "why")[:_MOST_REASONS]]
        return [(why, why[:80]) for why in reasons]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        reasons = request.GET.getlist(self.parameter_name)
        return queryset.filter(why__in=reasons) if reasons else queryset


@admin.register(Forward)
class RefusedActionAdmin(ReadOnlyAdmin):
    list_before_template = "admin/signups/parts/refused_actions_how.html"
    list_display = ("action_column", "integration_column", "why_column", "whose_column", "at_column", "refused_column")
    list_display_links = None
    list_filter = (IntegrationFilter, WhyFilter, ("refused_at", DaysFilter))
    list_select_related = ("action",)
    search_fields = ("action__key", "action__name", "action__user_id", "action__anonymous_id")
    search_help_text = "The action's id or name, the user id or the anonymous id"
    ordering = ("-refused_at", "-pk")
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Forward]:
        queryset: QuerySet[Forward] = super().get_queryset(request)
        return queryset.filter(refused_at__isnull=False)

    @admin.action(description="Send again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Forward]) -> Any:
        which = about(request, queryset := chosen(request, queryset))
        number = f"{which['count']:,} action" + ("" if which["count"] == 1 else "s")
        question = Question(
            title=f"Send {number} again",
            sentence="They are sent now, with all tries before them. What is refused again comes back to this list.",
            button=f"Send {number} again",
            tone="good",
            back=request.get_full_path(),
            **which,
        )
        if (page := ask(self, request, question)) is not None:
            return page
        rows = list(queryset)
        with transaction.atomic():
            owed.send_again([row.pk for row in rows])
            for slug in {row.integration for row in rows}:
                forwarding.wake_after_commit(slug)
        messages.success(request, f"{number} on the way again.")
        return None

    # -- Columns -------------------------------------------------------------------------------------------------------

    @admin.display(description="action", ordering="action__name")
    def action_column(self, forward: Forward) -> SafeString:
        action = forward.action
        line = '<span class="ob-two" title="{}"><strong>{}</strong><span>{}</span></span>'
        return format_html(line, action.key, action.name, action.get_kind_display())

    @admin.display(description="integration", ordering="integration")
    def integration_column(self, forward: Forward) -> str:
        return badges.integration_name(forward.integration)

    @admin.display(description="why", ordering="why")
    def why_column(self, forward: Forward) -> SafeString:
        return format_html('<span class="ob-clip" title="{}">{}</span>', forward.why, forward.why or "–")

    @admin.display(description="whose")
    def whose_column(self, forward: Forward) -> SafeString:
        whose = forward.action.user_id or forward.action.anonymous_id
        return format_html('<code class="ob-clip" title="{}">{}</code>', whose, whose)

    @admin.display(description="happened", ordering="action__at")
    def at_column(self, forward: Forward) -> SafeString:
        return badges.when(forward.action.at)

    @admin.display(description="refused", ordering="refused_at")
    def refused_column(self, forward: Forward) -> SafeString:
        return badges.when(forward.refused_at)
