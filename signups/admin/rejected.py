"""The rejected e-mails: the rules' reasons, what staff made of them, and a way in for those who were wronged."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter

from signups.admin import badges, reviewing
from signups.admin.base import DaysFilter, ReadOnlyAdmin, row_action
from signups.admin.signups import SignupColumns
from signups.models import RejectedSignup, Verdict


class ReviewFilter(RadioFilter):
    """Reviewed or not."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "waiting for you"), ("kept", "kept rejected"), ("accepted", "accepted anyway")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "waiting":
                return queryset.filter(verdict=Verdict.REJECTED, reviewed_at=None)
            case "kept":
                return queryset.filter(verdict=Verdict.REJECTED).exclude(reviewed_at=None)
            case "accepted":
                return queryset.filter(verdict=Verdict.ACCEPTED)
        return queryset


@admin.register(RejectedSignup)
class RejectedSignupAdmin(SignupColumns, ReadOnlyAdmin):
    list_display = (
        "email_column",
        "reasons_column",
        "suggestion_column",
        "review_column",
        "source_column",
        "when_column",
    )
    list_filter = (ReviewFilter, ("created_at", DaysFilter))
    list_select_related = ("person", "company")
    search_fields = ("email", "name", "company_name")
    search_help_text = "E-mail, name or company"
    ordering = ("-created_at", "-pk")
    actions = ("accept_anyway", "keep_rejected")
    actions_row = ("accept_this", "keep_this")

    # One permission governs: that on signups.
    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perms(["signups.view_signup"]) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("signups.change_signup")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:signups_signup_change", object_id)

    @admin.action(description="Accept anyway", permissions=["change"])
    def accept_anyway(self, request: HttpRequest, queryset: QuerySet[RejectedSignup]) -> Any:
        return reviewing.decide_many(self, request, reviewing.ACCEPT, queryset, request.get_full_path())

    @admin.action(description="Keep rejected", permissions=["change"])
    def keep_rejected(self, request: HttpRequest, queryset: QuerySet[RejectedSignup]) -> Any:
        return reviewing.decide_many(self, request, reviewing.KEEP, queryset, request.get_full_path())

    @row_action(description="Accept anyway", url_path="accept", permissions=["change"], icon="check_circle")
    def accept_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, reviewing.ACCEPT, object_id)

    @row_action(description="Keep rejected", url_path="keep", permissions=["change"], icon="task_alt")
    def keep_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, reviewing.KEEP, object_id)

    def _decide(self, request: HttpRequest, decision: reviewing.Decision, object_id: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        signup = self.get_object(request, object_id)
        if signup is None:
            raise Http404
        back = reverse("admin:signups_rejectedsignup_changelist")
        page: HttpResponse | None = reviewing.decide_one(self, request, decision, signup, back)
        return page or redirect(back)

    @admin.display(description="e-mail", ordering="email")
    def email_column(self, signup: RejectedSignup) -> SafeString:
        return format_html('<span class="ob-two"><strong>{}</strong><span>{}</span></span>', signup.email, signup.name)

    @admin.display(description="why")
    def reasons_column(self, signup: RejectedSignup) -> SafeString:
        lines = ((reason.get("sentence", ""),) for reason in signup.reasons)
        return format_html('<span class="ob-lines">{}</span>', format_html_join("", "<span>{}</span>", lines))

    @admin.display(description="did they mean")
    def suggestion_column(self, signup: RejectedSignup) -> str:
        return signup.suggestion or "–"

    @admin.display(description="review", ordering="reviewed_at")
    def review_column(self, signup: RejectedSignup) -> SafeString:
        if signup.verdict == Verdict.ACCEPTED:
            return badges.badge("accepted anyway", "good")
        if signup.verdict != Verdict.REJECTED:
            return badges.verdict_badge(signup)
        return badges.badge("kept rejected", "quiet") if signup.reviewed_at else badges.badge("waiting", "look")
