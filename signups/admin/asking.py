"""Asking before something is done: one page that says what will happen, to how many rows, and takes a note.

A GET, or the POST of a list's action, shows the question; only the POST of its button is an answer. What is done then
is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from signups.admin.base import ModelAdmin
from signups.storable import storable

MOST_AT_ONCE = 1_000
_SHOWN = 10
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Question:
    """`sentence` says what will happen; `rows` are shown below it, the first ten. `note` asks for a line of text."""

    title: str
    sentence: str
    button: str
    back: str
    tone: Literal["good", "bad", "plain"] = "plain"
    note: Literal["", "optional", "required"] = ""
    note_label: str = "Note for your colleagues"
    rows: Iterable[Any] = ()
    count: int = 1
    total: int = 1  # of those selected; no more than MOST_AT_ONCE are done at once
    hidden: dict[str, str] = field(default_factory=dict)
    periods: tuple[tuple[str, str, bool], ...] = ()  # label, address and whether it is the one asked about


def ask(admin: ModelAdmin, request: HttpRequest, question: Question, original: Model | None = None) -> Any:
    """The page that asks, or None where the answer has just been given."""
    error = ""
    if is_answer(request):
        if question.note != "required" or note(request):
            return None
        error = f"{question.note_label}: please say it in a few words."
    rows = list(question.rows)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": original,
        "title": question.title,
        "question": question,
        "rows": rows[:_SHOWN],
        "more": max(0, question.count - len(rows[:_SHOWN])) if rows else 0,
        "left_out": max(0, question.total - question.count),
        "error": error,
    }
    return TemplateResponse(request, "admin/signups/ask.html", context, status=422 if error else 200)


def is_answer(request: HttpRequest) -> bool:
    return request.method == "POST" and "sure" in request.POST


def note(request: HttpRequest) -> str:
    return str(storable(request.POST.get("note", ""))).strip()[:500]


def chosen(request: HttpRequest, queryset: QuerySet[_Row]) -> QuerySet[_Row]:
    """The rows a list's action is about: those the question was asked about, once it is answered."""
    if not is_answer(request) or "chosen" not in request.POST:
        return queryset
    keys = [int(key) for key in request.POST["chosen"].split(",") if key.isdigit()]
    return queryset.filter(pk__in=keys[:MOST_AT_ONCE])


def about(request: HttpRequest, queryset: QuerySet[Any]) -> dict[str, Any]:
    """A question's `rows`, `count` and `hidden` for a list's action on `queryset`."""
    keys = list(queryset.values_list("pk", flat=True)[:MOST_AT_ONCE])
    hidden = {
        "action": request.POST.get("action", ""),
        "select_across": "1",
        ACTION_CHECKBOX_NAME: str(keys[0]) if keys else "",
        "chosen": ",".join(map(str, keys)),
    }
    total = queryset.count() if len(keys) == MOST_AT_ONCE else len(keys)
    return {"rows": queryset[:_SHOWN], "count": len(keys), "total": total, "hidden": hidden}
