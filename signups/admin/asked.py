"""The card "Who was asked": every provider's answer about a person and a company, and why the others were not asked.

Asking again is the engine's business; here is the button.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from signups import vetting
from signups.admin import badges, engine, undoing
from signups.admin.base import PageAdmin
from signups.contracts import Provider, Subject
from signups.enrichment import STAFF
from signups.models import Company, Lookup, Person, ProviderState, Signup
from signups.vetting import kind

Question = tuple[Subject, str]
_NOT_YET = "No look-up has come to it yet."
_ANSWERS = (Lookup.Outcome.FOUND, Lookup.Outcome.NOT_FOUND, Lookup.Outcome.REFUSED)


@dataclass(frozen=True)
class Line:
    """One provider and one question: what came of it. `at` None: it was never asked."""

    word: str
    tone: str
    name: str
    key: str
    at: datetime | None = None
    ms: int = 0
    note: str = ""
    is_fresh: bool = False


@dataclass(frozen=True)
class Card:
    """`answered` were asked, `not_asked` were not. `notes`: why a whole subject was left out."""

    answered: list[Line]
    not_asked: list[Line]
    notes: list[str]
    again_url: str = ""
    back: str = ""


def of_signup(request: HttpRequest, signup: Signup) -> Card:
    questions: list[Question] = [(Subject.PERSON, signup.person.email)]
    questions.append((Subject.SIGNATURES, _signs_at(signup.person.email)))
    if signup.company is not None:
        questions.append((Subject.COMPANY, signup.company.domain))
    return _card(request, questions, signup, _why_no_company(signup.person.email, signup.company))


def of_person(request: HttpRequest, person: Person, latest: Signup | None) -> Card:
    questions = [(Subject.PERSON, person.email), (Subject.SIGNATURES, _signs_at(person.email))]
    return _card(request, questions, latest, "")


def of_company(request: HttpRequest, company: Company, latest: Signup | None) -> Card:
    return _card(request, [(Subject.COMPANY, company.domain)], latest, "")


def urls(admin: PageAdmin) -> list[URLPattern]:
    def again(request: HttpRequest, pk: int) -> HttpResponse:
        return _again(admin, request, pk)

    return [path("<int:pk>/ask-again/", admin.admin_site.admin_view(again), name="signups_signup_ask_again")]


def _card(request: HttpRequest, questions: Sequence[Question], signup: Signup | None, no_company: str) -> Card:
    """Two queries: the answers, and what is set of the providers."""
    wanted = Q(pk__in=())
    for subject, key in questions:
        wanted |= Q(subject=subject, key=key)
    found = Lookup.objects.filter(wanted).exclude(provider=STAFF).order_by("provider")
    rows = {(row.provider, Subject(row.subject)): row for row in found}
    states = engine.states()
    places = {slug: place for place, slug in enumerate(states)}
    answered: list[Line] = []
    not_asked: list[Line] = []
    for subject, key in questions:
        about = {slug: row for (slug, whom), row in rows.items() if whom is subject}
        asked = [row for row in about.values() if row.outcome != Lookup.Outcome.SKIPPED]
        answered += [_answer(row) for row in sorted(asked, key=lambda row: places.get(row.provider, len(places)))]
        not_asked += _not_asked(subject, key, about, states, _refusal(rows, subject))
    may_ask = signup is not None and request.user.has_perm("signups.change_signup")
    again = reverse("admin:signups_signup_ask_again", args=[signup.pk]) if may_ask and signup else ""
    return Card(answered, not_asked, [no_company] if no_company else [], again, request.path)


def _answer(row: Lookup) -> Line:
    is_fresh = row.outcome in _ANSWERS and row.expires_at > timezone.now()
    return Line(
        str(row.get_outcome_display()),
        badges.LOOKUP_TONES.get(row.outcome, "quiet"),
        badges.provider_name(row.provider),
        row.key,
        row.fetched_at,
        row.ms,
        row.note,
        is_fresh,
    )


def _refusal(rows: Mapping[tuple[str, Subject], Lookup], subject: Subject) -> Lookup | None:
    """Where the person asked not to be looked up; then nobody reads how they sign, either."""
    concerned = (subject, Subject.PERSON) if subject is Subject.SIGNATURES else (subject,)
    refused = (row for (_, whom), row in rows.items() if whom in concerned and row.outcome == Lookup.Outcome.REFUSED)
    return next(refused, None)


def _not_asked(
    subject: Subject,
    key: str,
    about: Mapping[str, Lookup],
    states: Mapping[str, ProviderState],
    refused: Lookup | None,
) -> Iterator[Line]:
    """Whoever could have been asked of this subject and was not; `about`: what there is, by provider."""
    for provider in engine.in_order(states):
        row = about.get(provider.slug)
        if not provider.answers(subject) or (row is not None and row.outcome != Lookup.Outcome.SKIPPED):
            continue
        at = row.fetched_at if row is not None else None
        why = _why(provider, states[provider.slug], row, refused)
        if subject is Subject.SIGNATURES and why == _NOT_YET:
            why = "It was not needed: it is clear where they work, and nobody else from there is known."
        yield Line("not asked", "quiet", provider.name, key, at, note=why)


def _signs_at(email: str) -> str:
    """Whose mails are read for their signatures: those from the work domain, else from the address."""
    try:
        return vetting.known_company_domain(vetting.parse(email)) or email
    except vetting.InvalidAddress:
        return email


def _why(provider: Provider, state: ProviderState, row: Lookup | None, refused: Lookup | None) -> str:
    """Why a provider was not asked, in plain words with the remedy, where there is one."""
    if missing := provider.missing_settings():
        return f"Off: it needs {' and '.join(missing)}, to be set in the environment or .env."
    if not state.is_on:
        return "Staff have switched it off."
    if refused is not None:
        said = badges.provider_name(refused.provider)
        return f"This person told {said} not to be looked up, so nobody else is asked."
    if row is not None and row.note:
        return row.note
    if state.open_until is not None and state.open_until > timezone.now():
        return f"It is left alone for a while: {state.trouble or 'it failed several times in a row'}."
    return _NOT_YET


def _why_no_company(email: str, company: Company | None) -> str:
    if company is not None:
        return ""
    domain = email.rpartition("@")[2]
    if provider := kind.mailbox_provider(domain):
        return f"No company was asked for: {provider} gives mailboxes to everybody, and no employer is known."
    return "No company was asked for: neither the address nor anybody we asked names one."


def _again(admin: PageAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    signup = Signup.objects.filter(pk=pk).first()
    if signup is None:
        raise Http404
    if not admin.has_change_permission(request, signup):
        raise PermissionDenied
    engine.ask_again(signup)
    admin.log_change(request, signup, "Ask the providers again")
    undoing.done(
        request,
        "Whoever has not answered, or long ago, is being asked now; fresh answers are not paid for again. What is new "
        "is merged, scored and told to the integrations. Reload this page in a few seconds.",
    )
    return redirect(undoing.back(request, reverse("admin:signups_signup_change", args=[pk])) + "#asked")
