"""Staff's notes on a signup, and the note that writes itself when somebody follows a link from Slack."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups.admin.asking import Question, ask
from signups.admin.base import PageAdmin, staff
from signups.models import Note, Signup
from signups.storable import storable
from signups.transactions import write_transaction

MOST_CHARACTERS: Final = 5_000
# Zero-width space, byte order mark, and the marks that reverse what follows; joiners stay, emoji are made with them.
_HIDDEN: Final = dict.fromkeys((0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_OPENED_AGAIN_AFTER = timedelta(hours=1)


def urls(admin: PageAdmin) -> list[URLPattern]:
    site = admin.admin_site

    def add(request: HttpRequest, pk: int) -> HttpResponse:
        return _add(admin, request, _signup(admin, request, pk))

    def delete(request: HttpRequest, pk: int, note: int) -> HttpResponse:
        return _delete(admin, request, _signup(admin, request, pk), note)

    return [
        path("<int:pk>/notes/", site.admin_view(add), name="signups_signup_add_note"),
        path("<int:pk>/notes/<int:note>/delete/", site.admin_view(delete), name="signups_signup_delete_note"),
    ]


def cleaned(text: str) -> str:
    """A note as it is kept: line ends as \\n, and without control characters and what turns or hides the text."""
    lines = "\n".join(text.splitlines()).translate(_HIDDEN)
    shown = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc")
    return str(storable(shown)).strip()


def just_added(request: HttpRequest, signup: Signup) -> Note | None:
    """The note that this page was opened to show, so that it can be taken back at once."""
    number = request.GET.get("noted", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return Note.objects.filter(pk=int(number), signup=signup, kind=Note.Kind.NOTE, author=staff(request).pk).first()


def via_slack(request: HttpRequest, signup: Signup) -> HttpResponseRedirect | None:
    """Write down that this link came from Slack, once an hour for each of the staff, and lead on to the plain address.

    None where it did not come from there.
    """
    if request.method != "GET" or request.GET.get("via") != "slack":
        return None
    user = staff(request)
    with write_transaction():
        Signup.objects.select_for_update(of=("self",)).filter(pk=signup.pk).first()  # who comes twice at once waits
        recent = Note.objects.filter(signup=signup, kind=Note.Kind.OPENED, author=user.pk)
        if not recent.filter(at__gte=Now() - _OPENED_AGAIN_AFTER).exists():
            Note.objects.create(signup=signup, kind=Note.Kind.OPENED, author_id=user.pk)
    query = request.GET.copy()
    del query["via"]
    return HttpResponseRedirect(request.path + (f"?{query.urlencode()}" if query else ""))


def _signup(admin: PageAdmin, request: HttpRequest, pk: int) -> Signup:
    signup = Signup.objects.filter(pk=pk).first()
    if signup is None:
        raise Http404
    if not admin.has_change_permission(request, signup):
        raise PermissionDenied
    return signup


def _add(admin: PageAdmin, request: HttpRequest, signup: Signup) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    page = reverse("admin:signups_signup_change", args=[signup.pk])
    text = cleaned(request.POST.get("text", ""))
    if not text:
        messages.error(request, "The note is empty: write something first.")
        return redirect(f"{page}#notes")
    if len(text) > MOST_CHARACTERS:  # what was typed must not be lost
        return admin.rendered(request, signup, {"note_text": text, "note_error": _too_long(text)}, status=422)
    with write_transaction():
        note = Note.objects.create(signup=signup, text=text, author_id=staff(request).pk)
    return redirect(f"{page}?noted={note.pk}#notes")


def _too_long(text: str) -> str:
    more = len(text) - MOST_CHARACTERS
    return f"A note takes {MOST_CHARACTERS:,} characters: shorten this one by {more:,}."


def _delete(admin: PageAdmin, request: HttpRequest, signup: Signup, number: int) -> HttpResponse:
    """Ask, then delete a note of one's own."""
    note = Note.objects.filter(pk=number, signup=signup, kind=Note.Kind.NOTE).first()
    back = reverse("admin:signups_signup_change", args=[signup.pk])
    if note is None:
        raise Http404
    if note.author_id != staff(request).pk:
        raise PermissionDenied
    question = Question(
        title="Delete this note?",
        sentence="It leaves the timeline for everybody.",
        button="Delete",
        tone="bad",
        rows=[note.text if len(note.text) <= 300 else f"{note.text[:299]}…"],
        back=f"{back}#notes",
    )
    asked: Any = ask(admin, request, question, signup)
    if asked is not None:
        answer: HttpResponse = asked
        return answer
    with write_transaction():
        note.delete()
    messages.success(request, "The note is gone.")
    return redirect(f"{back}#notes")
