"""The deliveries: what each integration was or will be told, every attempt, and what staff can do about a failure.

What trying again or skipping means is `signups.deliveries`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import CheckboxFilter, ChoicesCheckboxFilter

from signups import contracts, deliveries
from signups.admin import badges, delivery_page, integration_acts, integration_cards, private, signup_page
from signups.admin.asking import Question, about, ask, chosen, note
from signups.admin.base import DaysFilter, PageAdmin, staff
from signups.contracts import Event
from signups.models import Delivery


class IntegrationFilter(CheckboxFilter):
    title = "integration"
    parameter_name = "integration"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.slug, one.name) for one in contracts.integrations()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        slugs = request.GET.getlist(self.parameter_name)
        return queryset.filter(integration__in=slugs) if slugs else queryset


class EventFilter(CheckboxFilter):
    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        listened = [e for e in Event if any(one.listens_to(e) for one in contracts.integrations())]
        return [(event.value, badges.event_words(event)) for event in listened]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        events = request.GET.getlist(self.parameter_name)
        return queryset.filter(event__in=events) if events else queryset


@admin.register(Delivery)
class DeliveryAdmin(PageAdmin):
    page_template = "admin/signups/delivery.html"
    list_before_template = "admin/signups/parts/deliveries_head.html"
    list_display = (
        "integration_column",
        "state_column",
        "signup_column",
        "outcome_column",
        "attempts_used",
        "next_column",
        "when_column",
    )
    list_filter = (("state", ChoicesCheckboxFilter), IntegrationFilter, EventFilter, ("created_at", DaysFilter))
    list_select_related = ("signup",)
    search_fields = ("signup__email", "signup__name", "external_id", "outcome")
    search_help_text = "E-mail, name, the vendor's id or the outcome"
    ordering = ("-created_at", "-pk")
    actions = ("try_again", "resend", "skip")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        views = [
            path("<int:pk>/try-again/", wrap(partial(self._one, self._try_again)), name="signups_delivery_try_again"),
            path("<int:pk>/skip/", wrap(partial(self._one, self._skip)), name="signups_delivery_skip"),
            path("<int:pk>/resend/", wrap(partial(self._one, self._resend)), name="signups_delivery_resend"),
            *integration_acts.urls(self),
        ]
        return views + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reply: HttpResponse = super().changelist_view(
            request, {**integration_cards.shown_to(request), **(extra_context or {})}
        )
        return reply

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        queryset: QuerySet[Delivery] = super().get_queryset(request)
        queryset = queryset.select_related("signup__person", "company")
        return queryset.annotate(may_see=Value(private.may_see(request)))

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Whoever may not see addresses cannot search for them either."""
        return self.search_fields if private.may_see(request) else ("external_id",)

    def page(self, request: HttpRequest, row: Delivery) -> dict[str, Any]:
        rows = signup_page.with_attempts(Delivery.objects.filter(pk=row.pk))
        delivery = rows.select_related("signup__person", "signup__company").get()
        return delivery_page.context(request, delivery)

    # -- What staff can do ---------------------------------------------------------------------------------------------

    @admin.action(description="Try again", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> Any:
        return self._try_again(request, queryset, request.get_full_path())

    @admin.action(description="Resend, delivered ones too", permissions=["change"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> Any:
        return self._resend(request, queryset, request.get_full_path())

    @admin.action(description="Skip, with a reason", permissions=["change"])
    def skip(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> Any:
        return self._skip(request, queryset, request.get_full_path())

    def _one(
        self, do: Callable[[HttpRequest, QuerySet[Delivery], str], HttpResponse | None], request: HttpRequest, pk: int
    ) -> HttpResponse:
        """The same for one row, from its page or from the signup's."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        delivery = Delivery.objects.filter(pk=pk).first()
        if delivery is None:
            raise Http404
        back = reverse("admin:signups_signup_change", args=[delivery.signup_id]) + "#deliveries"
        if request.GET.get("from") == "delivery":
            back = reverse("admin:signups_delivery_change", args=[pk])
        return do(request, self.get_queryset(request).filter(pk=pk), back) or redirect(back)

    def _try_again(self, request: HttpRequest, queryset: QuerySet[Delivery], back: str) -> HttpResponse | None:
        which = self._about(request, queryset := chosen(request, queryset))
        question = Question(
            title=f"Try again: {_counted(which['count'])}",
            sentence="Those that failed or wait are sent now. A repeat changes nothing where it was done already.",
            button=f"Try {_counted(which['count'])} again",
            tone="good",
            back=back,
            **which,
        )
        page: HttpResponse | None = ask(self, request, question)
        if page is None:
            rows, left_alone = _parted(queryset, signup_page.TRIABLE)
            deliveries.try_again(rows, staff(request))
            self._say(request, rows, left_alone, "on the way again", "Try again")
        return page

    def _resend(self, request: HttpRequest, queryset: QuerySet[Delivery], back: str) -> HttpResponse | None:
        which = self._about(request, queryset := chosen(request, queryset))
        question = Question(
            title=f"Resend {_counted(which['count'])}",
            sentence="They are sent now, by the same keys. A vendor that can be asked is asked first whether it has "
            "what was delivered, and only what is gone is made again; where a mail was sent, another one is.",
            button=f"Resend {_counted(which['count'])}",
            tone="good",
            back=back,
            **which,
        )
        page: HttpResponse | None = ask(self, request, question)
        if page is None:
            rows, left_alone = _parted(queryset, (*signup_page.TRIABLE, Delivery.State.DELIVERED))
            deliveries.resend(rows, staff(request))
            self._say(request, rows, left_alone, "on the way again", "Resend")
        return page

    def _skip(self, request: HttpRequest, queryset: QuerySet[Delivery], back: str) -> HttpResponse | None:
        which = self._about(request, queryset := chosen(request, queryset))
        question = Question(
            title=f"Skip {_counted(which['count'])}",
            sentence="They are not sent, unless somebody tries them again. Delivered ones stay as they are.",
            button=f"Skip {_counted(which['count'])}",
            tone="bad",
            note="required",
            note_label="Why",
            back=back,
            **which,
        )
        page: HttpResponse | None = ask(self, request, question)
        if page is None:
            rows, left_alone = _parted(queryset, signup_page.SKIPPABLE)
            deliveries.skip(rows, staff(request), note(request))
            self._say(request, rows, left_alone, "skipped", f"Skip: {note(request)}")
        return page

    def _about(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> dict[str, Any]:
        which = about(request, queryset)
        return which | {"rows": [_words(row) for row in which["rows"]]}

    def _say(self, request: HttpRequest, rows: list[Delivery], left_alone: int, what: str, log: str) -> None:
        """Tell what became of it, and write it down."""
        for row in rows:
            self.log_change(request, row, log)
        if rows:
            messages.success(request, f"{_counted(len(rows))} {'is' if len(rows) == 1 else 'are'} {what}.")
        if left_alone:
            messages.warning(
                request, f"{_counted(left_alone)} stayed as {'it was' if left_alone == 1 else 'they were'}."
            )

    # -- Columns -------------------------------------------------------------------------------------------------------

    @admin.display(description="integration", ordering="integration")
    def integration_column(self, delivery: Delivery) -> SafeString:
        name = badges.integration_name(delivery.integration)
        return format_html('<span class="ob-two"><strong>{}</strong><span>{}</span></span>', name, _event(delivery))

    @admin.display(description="state", ordering="state")
    def state_column(self, delivery: Delivery) -> SafeString:
        return badges.badge(delivery.get_state_display(), badges.STATE_TONES.get(delivery.state, "quiet"))

    @admin.display(description="signup", ordering="signup__name")
    def signup_column(self, delivery: Any) -> SafeString:
        url = reverse("admin:signups_signup_change", args=[delivery.signup_id])
        name, email = private.named(delivery.signup, is_seen=delivery.may_see)
        return format_html(
            '<a class="ob-two" href="{}"><span class="ob-main">{}</span><span>{}</span></a>', url, name, email
        )

    @admin.display(description="outcome")
    def outcome_column(self, delivery: Any) -> SafeString:
        outcome = private.without_addresses(delivery.outcome, is_seen=delivery.may_see)
        return format_html('<span class="ob-clip" title="{}">{}</span>', outcome, outcome or "–")

    @admin.display(description="next try", ordering="due_at")
    def next_column(self, delivery: Delivery) -> SafeString:
        return badges.when(delivery.due_at)

    @admin.display(description="planned", ordering="created_at")
    def when_column(self, delivery: Delivery) -> SafeString:
        return badges.when(delivery.created_at)


def _event(delivery: Delivery) -> str:
    return badges.event_words(delivery.event) + (f" · {delivery.period}" if delivery.period else "")


def _words(delivery: Any) -> str:
    """What tells one from others in a question."""
    name, email = private.named(delivery.signup, is_seen=delivery.may_see)
    return f"{badges.integration_name(delivery.integration)}, {_event(delivery)}: {name} {email}".strip()


def _parted(queryset: QuerySet[Delivery], states: Collection[str]) -> tuple[list[Delivery], int]:
    """The rows in one of these states, and how many others there are."""
    rows = list(queryset)
    fitting = [row for row in rows if row.state in states]
    return fitting, len(rows) - len(fitting)


def _counted(number: int) -> str:
    return f"{number:,} delivery" if number == 1 else f"{number:,} deliveries"
