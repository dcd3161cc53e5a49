"""Staff overrule or uphold the rules: each decision asks first, is logged, and says afterwards what it did.

What a decision means is `signups.review`'s; here are its words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest

from signups import review
from signups.admin.asking import Question, about, ask, chosen, note
from signups.admin.base import ModelAdmin, staff
from signups.models import Signup


@dataclass(frozen=True)
class Decision:
    """One thing staff can decide. `done` and `already` follow a name or a number, as in "Ada was accepted"."""

    slug: str
    title: str
    what: str
    button: str
    tone: Literal["good", "bad", "plain"]
    done: str
    already: str
    apply: Callable[[Signup, AbstractBaseUser, str], bool]
    apply_many: Callable[[list[Signup], AbstractBaseUser, str], list[Signup]] | None = None  # those that it changed


ACCEPT: Final = Decision(
    "accept",
    "Accept anyway",
    "A mail brings them back to the product, and every integration that is switched on is told of them. They count as "
    "genuine.",
    "Accept",
    "good",
    "accepted; the deliveries are planned",
    "accepted already",
    review.accept_anyway,
)
REJECT: Final = Decision(
    "reject",
    "Reject",
    "They cannot go on, and count as spam. What integrations were told before is not taken back.",
    "Reject",
    "bad",
    "rejected",
    "rejected already",
    review.reject,
)
KEEP: Final = Decision(
    "keep_rejected",
    "Keep rejected",
    "The rules were right: the signup leaves the list of those that wait for you, and counts as spam. Nobody is told.",
    "Keep rejected",
    "plain",
    "kept rejected",
    "not waiting for a review any more",
    review.keep_rejected,
)
DECISIONS: Final = (ACCEPT, REJECT, KEEP)


def decide_one(admin: ModelAdmin, request: HttpRequest, decision: Decision, signup: Signup, back: str) -> Any:
    """Ask about one signup, or do it: returns the page that asks, None once it is done."""
    question = Question(
        title=f"{decision.title}: {signup.name}",
        sentence=decision.what,
        button=decision.button,
        tone=decision.tone,
        note="optional",
        rows=[signup],
        back=back,
    )
    if (page := ask(admin, request, question, signup)) is not None:
        return page
    if _apply(admin, request, decision, signup):
        messages.success(request, f"{signup.name} <{signup.email}> was {decision.done}.")
    else:
        messages.warning(request, f"{signup.name} <{signup.email}> was {decision.already}.")
    return None


def decide_many(admin: ModelAdmin, request: HttpRequest, decision: Decision, queryset: QuerySet[Any], back: str) -> Any:
    """Ask about the chosen signups with their number, or do it: the page that asks, None once it is done."""
    queryset = chosen(request, queryset)
    which = about(request, queryset)
    question = Question(
        title=f"{decision.title}: {_counted(which['count'])}",
        sentence=decision.what,
        button=f"{decision.button} {_counted(which['count'])}",
        tone=decision.tone,
        note="optional",
        back=back,
        **which,
    )
    if (page := ask(admin, request, question)) is not None:
        return page
    done, already = _apply_many(admin, request, decision, queryset.prefetch_related(None))
    if done:
        messages.success(request, f"{_counted(done)} {_were(done)} {decision.done}.")
    if already or not done:
        messages.warning(request, f"{_counted(already)} {_were(already)} {decision.already}.")
    return None


def _apply(admin: ModelAdmin, request: HttpRequest, decision: Decision, signup: Signup) -> bool:
    why = note(request)
    if not decision.apply(signup, staff(request), why):
        return False
    admin.log_change(request, signup, f"{decision.title}: {why}" if why else decision.title)
    return True


def _apply_many(
    admin: ModelAdmin, request: HttpRequest, decision: Decision, queryset: QuerySet[Any]
) -> tuple[int, int]:
    """How many it was done to, and how many were so already."""
    if decision.apply_many is None:
        results = [_apply(admin, request, decision, signup) for signup in queryset]
        return results.count(True), results.count(False)
    why = note(request)
    signups = list(queryset)
    changed = decision.apply_many(signups, staff(request), why)
    said = f"{decision.title}: {why}" if why else decision.title
    LogEntry.objects.log_actions(staff(request).pk, changed, CHANGE, said)
    return len(changed), len(signups) - len(changed)


def _counted(number: int) -> str:
    return f"{number:,} signup" if number == 1 else f"{number:,} signups"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
