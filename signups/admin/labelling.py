"""Staff say what a signup really was: spam, genuine, or nothing after all. What that means is `signups.labels`'."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import RadioFilter

from signups import labels
from signups.admin import badges
from signups.admin.reviewing import Decision
from signups.models import Signup

_MEASURED = "The verdict stays as it is. The rules are measured by what you say here, and learn from it."


def _one(label: Signup.Label, signup: Signup, user: AbstractBaseUser, note: str) -> bool:
    return labels.label(signup, label, user, note)


def _many(label: Signup.Label, signups: list[Signup], user: AbstractBaseUser, note: str) -> list[Signup]:
    return labels.label_many(signups, label, user, note)


SPAM: Final = Decision(
    "mark_as_spam",
    "Mark as spam",
    f"Nobody you want, whatever the rules said. {_MEASURED}",
    "Mark",
    "bad",
    "marked as spam",
    "marked as spam already",
    partial(_one, Signup.Label.SPAM),
    partial(_many, Signup.Label.SPAM),
)
GENUINE: Final = Decision(
    "mark_as_genuine",
    "Mark as genuine",
    f"A real customer, whatever the rules said. {_MEASURED}",
    "Mark",
    "good",
    "marked as genuine",
    "marked as genuine already",
    partial(_one, Signup.Label.GENUINE),
    partial(_many, Signup.Label.GENUINE),
)
NONE: Final = Decision(
    "no_label",
    "No label",
    "Takes back what was said of it. The verdict stays as it is.",
    "Take off",
    "plain",
    "left without a label",
    "without a label already",
    partial(_one, Signup.Label.NONE),
    partial(_many, Signup.Label.NONE),
)
LABELS: Final = {Signup.Label.SPAM: SPAM, Signup.Label.GENUINE: GENUINE, Signup.Label.NONE: NONE}


def offered(signup: Signup) -> list[Decision]:
    """What may be said of it next."""
    return [decision for label, decision in LABELS.items() if label != signup.label]


def badge(signup: Signup) -> SafeString:
    """The label as a small mark, nothing where there is none."""
    if not signup.label:
        return mark_safe("")
    by = f"Marked by {signup.labelled_by}" if signup.labelled_by_id else ""
    return badges.badge(signup.get_label_display(), badges.LABEL_TONES.get(signup.label, "quiet"), by)


class LabelFilter(RadioFilter):
    """What staff said it was."""

    title = "label"
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("spam", "spam"), ("genuine", "genuine"), ("none", "no label")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "spam" | "genuine" as label:
                return queryset.filter(label=label)
            case "none":
                return queryset.filter(label="")
        return queryset
