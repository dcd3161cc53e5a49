"""Drip status: how each campaign's mails fare, and who is where in which drip. Names and days are staff's to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from signups.admin import badges
from signups.admin.base import ModelAdmin
from signups.mails import drips
from signups.mails.drips import Numbers, Place, State
from signups.models import Campaign, MailEvent

_A_PAGE = 50
_MOST_STEPS, _MOST_DAYS = 30, 365
_ODD_SHOWN = 5

STATES: dict[str, tuple[str, str]] = {  # state → words, tone
    State.WAITING: ("under way", "wait"),
    State.OVERDUE: ("overdue", "look"),
    State.FINISHED: ("finished", "good"),
    State.BOUNCED: ("bounced", "bad"),
    State.LEFT: ("left", "bad"),
    State.UNSCHEDULED: ("no schedule", "quiet"),
}
FATE_TONES = {
    "sent": "wait",
    "delivered": "wait",
    "opened": "good",
    "clicked": "good",
    "converted": "good",
    "bounced": "bad",
    "dropped": "look",
    "failed": "bad",
    "complained": "bad",
    "unsubscribed": "bad",
}


class ScheduleField(forms.CharField):
    """Days in one line, "1, 3, 7": ascending whole numbers."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        words = [word for word in str(super().clean(value)).replace(",", " ").split() if word]
        if not all(word.isascii() and word.isdigit() and len(word) < 5 for word in words):
            raise ValidationError("Write whole days with commas between them, such as 1, 3, 7.")
        days = [int(word) for word in words]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise ValidationError("Each day must come after the one before it, as in 1, 3, 7.")
        if len(days) > _MOST_STEPS or any(day > _MOST_DAYS for day in days):
            raise ValidationError(
                f"At most {_MOST_STEPS} mails, and none later than {_MOST_DAYS} days after the start."
            )
        return days


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    schedule = ScheduleField(
        label="Days of its mails",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Days after the start on which its mails come, such as 1, 3, 7. Empty: no next mail is expected.",
    )

    class Meta:
        model = Campaign
        fields = ("name", "is_drip", "schedule")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if not name:
            raise ValidationError("Give it the name it has at Customer.io.")
        return name


@dataclass(frozen=True)
class Rate:
    """A number, its share in per cent of what it is measured by ("" where there is nothing), and its bar."""

    label: str
    number: int
    percent: str
    width: int
    tone: str


@admin.register(Campaign)
class CampaignAdmin(ModelAdmin):
    """Campaigns are made by the first mail that is reported of them, here they are read and named."""

    form = CampaignForm
    fields = ("name", "key", "is_drip", "schedule")
    readonly_fields = ("key",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        numbers = drips.by_campaign()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Drip status",
            "may_change": self.has_change_permission(request),
            "may_see_people": request.user.has_perm("signups.view_signup"),
            "campaigns": [(one, _rates(one)) for one in numbers],
            **_who_is_where(request, [one.campaign for one in numbers]),
            **_set_up(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/signups/drips.html", context)


def _who_is_where(request: HttpRequest, campaigns: list[Campaign]) -> dict[str, Any]:
    """The second half of the page, by what its filters say."""
    campaign, state, words = (request.GET.get(name, "").strip()[:100] for name in ("campaign", "state", "q"))
    wanted = [one for one in campaigns if _is_wanted(one, campaign)]
    if not campaign and not wanted:  # no drip is known yet
        wanted = campaigns
    page = Paginator(drips.places(wanted, state, words), _A_PAGE).get_page(request.GET.get("p"))
    kept = {name: value for name, value in (("campaign", campaign), ("state", state), ("q", words)) if value}
    return {
        "places": [_shown(place) for place in drips.shown(page.object_list)],
        "page": page,
        "query": urlencode(kept),
        "chosen": {"campaign": campaign, "state": state, "q": words},
        "is_filtered": bool(kept),
        "states": [(state, words) for state, (words, _) in STATES.items()],
    }


def _is_wanted(campaign: Campaign, wish: str) -> bool:
    if not wish:
        return campaign.is_drip or len(campaign.schedule) > 1
    return wish == "all" or wish == str(campaign.pk)


def _shown(place: Place) -> dict[str, Any]:
    words, tone = STATES[place.state]
    fate = drips.fate(place.last)
    return {
        "place": place,
        "state": badges.badge(words, tone, place.signup.person.mail_stopped_note),
        "fate": badges.badge(fate, FATE_TONES.get(fate, "quiet"), place.last.why),
        "steps": [number < place.received for number in range(max(place.expected or 0, place.received))],
    }


def _rates(numbers: Numbers) -> list[Rate]:
    """Delivered and what was lost of all mails, everything else of those delivered (of all where none is reported)."""
    mails, delivered = numbers.mails, numbers.delivered or numbers.mails
    return [
        _rate("delivered", numbers.delivered, mails, "busy"),
        _rate("opened", numbers.opened, delivered, "good"),
        _rate("clicked", numbers.clicked, delivered, "good"),
        _rate("converted", numbers.converted, delivered, "good"),
        _rate("not delivered", numbers.lost, mails, "bad"),
        _rate("left", numbers.left, delivered, "bad"),
    ]


def _rate(label: str, number: int, of: int, tone: str) -> Rate:
    share = min(1.0, number / of) if of else 0.0
    percent = "" if not of else f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"
    return Rate(label, number, percent.replace("%", " %"), round(share * 100), tone)


def _set_up() -> dict[str, Any]:
    """Whether the webhook works, how to make it work, and what was odd of late. Two queries."""
    odd = MailEvent.objects.exclude(note="").exclude(note__endswith="not counted.")
    recent = odd.filter(received_at__gt=Now() - timedelta(days=7)).order_by("-received_at", "-pk")
    return {
        "hook_url": settings.BASE_URL + reverse("signups:hook_customerio"),
        "has_secret": bool(settings.CUSTOMERIO["webhook_secret"]),
        "heard_at": MailEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first(),
        "odd": list(recent[:_ODD_SHOWN]),
    }
