"""Staff's own word on a fact of a person or a company: the page where it is said, and taking it back.

What a value of a fact may be is `enrichment.typed`'s business; what staff's word means for profile, score and
integrations is the engine's.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups import vetting
from signups.admin import engine, facts, undoing
from signups.admin.base import PageAdmin, staff
from signups.contracts import Subject
from signups.enrichment import kinds, typed
from signups.models import Company, Person

_LABELS = {Subject.PERSON: facts.PERSON, Subject.COMPANY: facts.COMPANY}


def urls(admin: PageAdmin, subject: Subject) -> list[URLPattern]:
    wrap = admin.admin_site.admin_view

    def state(request: HttpRequest, pk: int) -> HttpResponse:
        return _State(admin, subject, request, pk).answer()

    def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
        return _withdraw(admin, subject, request, pk)

    return [
        path("<int:pk>/fact/", wrap(state), name=f"signups_{subject}_fact"),
        path("<int:pk>/fact/take-back/", wrap(withdraw), name=f"signups_{subject}_fact_take_back"),
    ]


def offered(request: HttpRequest, row: Person | Company | None) -> facts.Editing | None:
    """Where this user may change the facts of this row, None where they may not."""
    if row is None or not request.user.has_perm(f"signups.change_{row._meta.model_name}"):
        return None
    return facts.Editing(reverse(f"admin:signups_{row._meta.model_name}_fact", args=[row.pk]), request.path)


def addable(subject: Subject, row: Person | Company) -> list[tuple[str, str]]:
    """The facts that nobody knows yet, with their labels: those that are read first, then the others."""
    labels = _LABELS[subject]
    paths = [*labels, *(path for path in kinds.BY_SUBJECT[subject] if path not in labels)]
    return [(path, facts.label(path, labels)) for path in paths if path not in row.profile]


class _State:
    """The page that says what is known of one fact, and takes staff's word on it."""

    def __init__(self, admin: PageAdmin, subject: Subject, request: HttpRequest, pk: int) -> None:
        self.admin, self.subject, self.request = admin, subject, request
        self.row = _row(admin, subject, request, pk)
        self.page = reverse(f"admin:signups_{subject}_change", args=[pk])
        self.path = request.POST.get("path") or request.GET.get("path") or ""
        if self.path and self.path not in kinds.BY_SUBJECT[subject] and self.path not in self.row.profile:
            raise Http404
        self.label = facts.label(self.path, _LABELS[subject]) if self.path else ""
        self.stored: dict[str, Any] = self.row.profile.get(self.path, {})

    def answer(self) -> HttpResponse:
        if self.request.method != "POST" or not self.path:
            return self._asking()
        try:
            value = self._picked() if "pick" in self.request.POST else self._typed()
            self._require_fit(value)
        except typed.Unfit as unfit:
            return self._asking(str(unfit), 422)
        return self._kept(value)

    def _typed(self) -> Any:
        return typed.read(self.subject, self.path, self.request.POST.get("value", ""))

    def _require_fit(self, value: Any) -> None:
        """Refuse what would break who belongs to which company."""
        if self.subject is Subject.COMPANY and self.path == "domain":
            raise typed.Unfit("A company’s domain is not changed by hand. To put two companies together, merge them.")
        is_employer = self.subject is Subject.PERSON and self.path == "employment.domain"
        if is_employer and not vetting.is_company_domain(value):
            raise typed.Unfit(f"No company is known by {value}: many people share it. Write the company’s own domain.")

    def _picked(self) -> Any:
        """The answer of the provider that staff chose."""
        wanted = self.request.POST["pick"]
        found = next((one for one in engine.claims(self.stored) if one["provider"] == wanted), None)
        if found is None:
            raise typed.Unfit("That answer has changed meanwhile. Choose again.")
        return found["value"]

    def _kept(self, value: Any) -> HttpResponse:
        was_ours = self.stored.get("provider") == "staff"
        engine.state_fact(staff(self.request), self.row, self.path, value)
        words = facts.text(self.path, value)
        self.admin.log_change(self.request, self.row, f"{self.label}: {words}")
        back = undoing.back(self.request, self.page)
        undo = {"path": self.path, "back": back}
        if was_ours:  # taken back is this word, not the one before it
            undo["value"] = _own_words(self.stored)
        name = f"admin:signups_{self.subject}_fact" + ("" if was_ours else "_take_back")
        sentence = f"{self.label} is “{_short(words)}”, because you said so.{engine.to_follow(self.row)}"
        undoing.done(self.request, sentence, reverse(name, args=[self.row.pk]), undo)
        return redirect(f"{back}#{self.subject}")

    def _asking(self, error: str = "", status: int = 200) -> HttpResponse:
        kind = kinds.kind(self.subject, self.path)
        now = typed.written(self.stored["value"]) if self.stored else ""
        known = facts.fact(self.path, self.stored, self.label, facts.Editing()) if self.stored else None
        slugs = [one.get("provider", "") for one in (self.stored, *self.stored.get("others", []))]
        context = {
            "title": self.label or "Add a fact",
            "subject": self.subject.value,
            "path": self.path,
            "kind": kind,
            "choices": [(name, name.replace("_", " ")) for name in kind.choices],
            "value": self.request.POST.get("value", now),
            "error": error,
            "known": known,
            "others": list(zip(slugs[-len(known.others) :], known.others, strict=True))
            if known and known.others
            else [],
            "is_ours": bool(known and known.is_ours),
            "addable": [] if self.path else addable(self.subject, self.row),
            "back": undoing.back(self.request, self.page),
        }
        return self.admin.shown(self.request, self.row, "admin/signups/fact.html", context, status)


def _withdraw(admin: PageAdmin, subject: Subject, request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    row = _row(admin, subject, request, pk)
    fact, name = request.POST.get("path", ""), facts.label(request.POST.get("path", ""), _LABELS[subject])
    back = undoing.back(request, reverse(f"admin:signups_{subject}_change", args=[pk]))
    stored = row.profile.get(fact, {})
    if stored.get("provider") != "staff":
        messages.info(request, f"{name or 'This'}: staff say nothing of it, so there is nothing to take back.")
        return redirect(back)
    engine.withdraw_fact(row, fact)
    admin.log_change(request, row, f"{name}: taken back")
    again = {"path": fact, "back": back, "value": _own_words(stored)}
    sentence = f"{name}: staff’s word is taken back, and what the providers say holds again.{engine.to_follow(row)}"
    undoing.done(request, sentence, reverse(f"admin:signups_{subject}_fact", args=[pk]), again)
    return redirect(f"{back}#{subject}")


def _row(admin: PageAdmin, subject: Subject, request: HttpRequest, pk: int) -> Person | Company:
    model: Any = Person if subject is Subject.PERSON else Company
    row: Person | Company | None = model.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    if not admin.has_change_permission(request, row):
        raise PermissionDenied
    return row


def _own_words(stored: dict[str, Any]) -> str:
    """What staff said of a fact, as it was typed: of a list that several make together their own part alone."""
    return typed.written(engine.claims(stored)[0]["value"])


def _short(words: str) -> str:
    return words if len(words) <= 80 else f"{words[:79]}…"
