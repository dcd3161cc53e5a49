"""Why somebody gets no mails any more, said at the top of their pages, and the way back for staff."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from signups.admin.asking import Question, ask, note
from signups.admin.base import ModelAdmin, staff
from signups.mails import stopping
from signups.models import Note, Person
from signups.transactions import write_transaction


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def lift(request: HttpRequest, pk: int) -> HttpResponse:
        return _lift(admin, request, pk)

    return [path("<int:pk>/mails-again/", admin.admin_site.admin_view(lift), name="signups_person_mails_again")]


def banner(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """What `parts/mail_stop.html` needs, None where mails may go out."""
    if not person.mail_stopped:
        return None
    may_lift = request.user.has_perm("signups.change_person")
    return {"person": person, "why": person.get_mail_stopped_display(), "may_lift": may_lift, "back": request.path}


def _lift(admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    person = Person.objects.filter(pk=pk).first()
    if person is None:
        raise Http404
    if not admin.has_change_permission(request, person):
        raise PermissionDenied
    back = _back(request, person)
    if not person.mail_stopped:
        messages.warning(request, f"Mails go to {person.email} already.")
        return redirect(back)
    why = person.get_mail_stopped_display()
    question = Question(
        title=f"May mails go to {person} again?",
        sentence=f"They were stopped because {why}. Make sure that they want mails, and that the address takes them: "
        "whoever writes on regardless is soon taken for a spammer.",
        button="Mails may go out again",
        tone="good",
        note="optional",
        rows=[person.email],
        hidden={"back": back},
        back=back,
    )
    asked: Any = ask(admin, request, question, person)
    if asked is not None:
        answer: HttpResponse = asked
        return answer
    _write(request, person, why)
    admin.log_change(request, person, f"Mails may go out again; they were stopped because {why}")
    messages.success(request, f"Mails may go to {person.email} again.")
    return redirect(back)


def _write(request: HttpRequest, person: Person, why: str) -> None:
    """Clear the stop, and note it on each of the person's signups that shows a story."""
    said = note(request)
    text = f"Mails may go out again. They were stopped because {why}." + (f" {said}" if said else "")
    with write_transaction():
        if not stopping.lift(person, text):
            return
        signup = person.signups.order_by("-created_at", "-pk").first()
        if signup is not None:
            Note.objects.create(signup=signup, text=text, author_id=staff(request).pk)


def _back(request: HttpRequest, person: Person) -> str:
    """The page the question was asked from, one of the admin's; else the person's."""
    wanted = request.POST.get("back") or request.GET.get("back") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("admin:signups_person_change", args=[person.pk])
