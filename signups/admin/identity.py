"""Which visitors a signup's person was: the panel on the signup's page, where staff detach one and take that back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups.activity import identity
from signups.admin.asking import Question, ask, note
from signups.admin.base import ModelAdmin, staff
from signups.models import Action, IdentityLink, Signup

_SHOWN = 60  # five are joined by themselves, fifty refusals are kept


@dataclass(frozen=True)
class Visitor:
    """A line of the panel. `state` is held, detached (it held once) or refused (it never did).

    `actions`: those that this edge brings to the timeline, or would; what names a customer is that customer's anyway.
    """

    link: IdentityLink
    actions: int
    state: str


def visitors(signup: Signup) -> list[Visitor]:
    """The signup's visitors, each as it is now, those that hold first, in two queries."""
    theirs = IdentityLink.objects.filter(signup=signup).select_related("ended_by")
    links: dict[str, IdentityLink] = {}
    for link in theirs.order_by(F("ended_at").desc(nulls_first=True), "at", "pk")[:_SHOWN]:
        links.setdefault(link.anonymous_id, link)  # one that came back has ended edges, too
    counted = Action.objects.filter(anonymous_id__in=links, user_id="").order_by()
    counts = dict(counted.values_list("anonymous_id").annotate(number=Count("pk")))
    found = [Visitor(link, counts.get(link.anonymous_id, 0), _state(link)) for link in links.values()]
    return sorted(found, key=lambda visitor: ("held", "detached", "refused").index(visitor.state))


def urls(admin: ModelAdmin) -> list[URLPattern]:
    site = admin.admin_site

    def detach(request: HttpRequest, pk: int, link: int) -> HttpResponse:
        return _detach(admin, request, _link(admin, request, pk, link))

    def reattach(request: HttpRequest, pk: int, link: int) -> HttpResponse:
        return _reattach(admin, request, _link(admin, request, pk, link))

    return [
        path("<int:pk>/visitors/<int:link>/detach/", site.admin_view(detach), name="signups_signup_detach"),
        path("<int:pk>/visitors/<int:link>/reattach/", site.admin_view(reattach), name="signups_signup_reattach"),
    ]


def _state(link: IdentityLink) -> str:
    if link.ended_at is None:
        return "held"
    return "detached" if link.ended_at > link.at else "refused"


def _link(admin: ModelAdmin, request: HttpRequest, pk: int, number: int) -> IdentityLink:
    link = IdentityLink.objects.filter(pk=number, signup=pk).select_related("signup__person").first()
    if link is None:
        raise Http404
    if not admin.has_change_permission(request, link.signup):
        raise PermissionDenied
    return link


def _back(link: IdentityLink) -> str:
    return reverse("admin:signups_signup_change", args=[link.signup_id]) + "#identity"


def _detach(admin: ModelAdmin, request: HttpRequest, link: IdentityLink) -> HttpResponse:
    if link.ended_at is not None:
        messages.warning(request, f"The visitor {link.anonymous_id} was detached already.")
        return redirect(_back(link))
    question = Question(
        title=f"Detach this visitor from {link.signup.name}?",
        sentence="What was done under this anonymous id leaves the timeline at once and is nobody's, and no program "
        "joins the two again. You can take it back.",
        button="Detach",
        tone="bad",
        note="required",
        note_label="Why it is not them",
        rows=[link.anonymous_id],
        back=_back(link),
    )
    asked: Any = ask(admin, request, question, link.signup)
    if asked is not None:
        answer: HttpResponse = asked
        return answer
    identity.detach(link, staff(request), note(request))
    admin.log_change(request, link.signup, f"Detached the visitor {link.anonymous_id}: {link.ended_why}")
    messages.success(request, f"The visitor {link.anonymous_id} is detached. “Join again” takes that back.")
    return redirect(_back(link))


def _reattach(admin: ModelAdmin, request: HttpRequest, link: IdentityLink) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        identity.reattach(link, staff(request))
    except identity.TakenId as taken:
        messages.error(request, str(taken))
        return redirect(_back(link))
    admin.log_change(request, link.signup, f"Joined the visitor {link.anonymous_id}")
    messages.success(request, f"The visitor {link.anonymous_id} is theirs; the timeline shows what they did.")
    return redirect(_back(link))
