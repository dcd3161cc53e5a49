"""The public pages: the form, what comes after it, and the confirmation link. Parse, call, render.

A page after the form stands under a signed address (`signups.next_step`). It repeats only what this very browser has
typed, never what is stored: whoever types somebody else's address learns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from signups import capture, confirmation, consent, devices, experiments, health, intake, links, next_step, vetting
from signups.activity import identity
from signups.experiments.surfaces import CONFIRMATION, SIGNUP_PAGE
from signups.forms import SignupForm
from signups.mails import question
from signups.models import Heartbeat, Signup, Verdict

View = Callable[..., HttpResponse]


def private_page(view: View) -> View:
    """For pages whose address is a secret: kept by no cache, listed by no search engine; expired, it says so."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except next_step.StepExpired as expired:
            problem = "For safety it was open for a while only. Have a link to it sent to your mailbox."
            response = _link_problem(request, str(expired).rstrip("."), problem, 410, expired.signup)
        except Signup.DoesNotExist:
            raise Http404 from None
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapper


# -- The form ----------------------------------------------------------------------------------------------------------


@require_safe
@cache_control(private=True, no_cache=True)
def home(request: HttpRequest) -> HttpResponse:
    """The form. `?email=` fills in the address, `?again=1` what this browser typed before."""
    initial: dict[str, Any] = {}
    if "again" in request.GET and (typed := capture.typed(request)):
        initial = {"name": typed.name, "email": typed.email, "company": typed.company, "newsletter": typed.newsletter}
    if "email" in request.GET:
        initial["email"] = request.GET["email"][:254]
    response = _form_page(request, SignupForm(initial=initial))
    capture.keep_visit(request, response)
    devices.keep(request, response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def signup(request: HttpRequest) -> HttpResponse:
    """Receive the form; on to the page the verdict leads to, or back to what needs correcting or an answer (422)."""
    if request.method != "POST":
        return home(request)
    form = SignupForm(request.POST)
    if not form.is_valid():
        form.focus_first_error()
        return _form_page(request, form, status=422)
    if not form.has_been_asked() and (meant := vetting.probably_meant(form.cleaned_data["email"])):
        form.ask(meant)
        return _form_page(request, form, status=422)
    receipt = intake.receive(capture.submission(request, form.cleaned_data))
    response = _see_other(next_step.next_url(receipt.signup, receipt.is_repeat))
    capture.keep_typed(request, response, receipt.signup, form.cleaned_data)
    return response


@require_POST
def analytics_consent(request: HttpRequest) -> HttpResponse:
    """Say yes or no to analytics; either can be changed at any time."""
    response = _see_other(reverse("signups:home"))
    consent.keep(request, response, is_given=request.POST.get("analytics") == "yes")
    return response


# -- After the form ----------------------------------------------------------------------------------------------------


@private_page
@require_safe
def check_mail(request: HttpRequest, token: str) -> HttpResponse:
    signup = next_step.read_step(token, "check-mail")
    return _check_mail_page(request, signup, "Another mail is on its way." if "sent" in request.GET else "")


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def resend(request: HttpRequest, token: str) -> HttpResponse:
    """Another mail with a link, within limits (429 with the words that say when)."""
    signup = next_step.read_step(token, "check-mail")
    if signup.verdict not in (Verdict.ACCEPTED, Verdict.CONFIRM):
        return _see_other(next_step.next_url(signup, is_repeat=True))
    page = reverse("signups:check_mail", args=[token])
    if request.method != "POST":
        return _see_other(page)
    try:
        confirmation.resend(signup)
    except confirmation.ResendRefused as refused:
        response = _check_mail_page(request, signup, str(refused), status=429)
        if isinstance(refused, confirmation.TooSoon):
            response["Retry-After"] = str(refused.retry_after_s)
        return response
    return _see_other(f"{page}?sent=1")


@private_page
@require_safe
def in_review(request: HttpRequest, token: str) -> HttpResponse:
    signup = next_step.read_step(token, "in-review")
    if signup.verdict != Verdict.HELD:
        return _see_other(next_step.next_url(signup, is_repeat=True))
    return render(request, "pages/in_review.html", {"typed": capture.typed(request, signup)})


@private_page
@require_safe
def sorry(request: HttpRequest, token: str) -> HttpResponse:
    signup = next_step.read_step(token, "sorry")
    if signup.verdict != Verdict.REJECTED:
        return _see_other(next_step.next_url(signup, is_repeat=True))
    context = {
        "typed": capture.typed(request, signup),
        "code": signup.reasons[0]["code"] if signup.reasons else "",
        "domain": signup.email.rpartition("@")[2],
        "suggestion": signup.suggestion,
    }
    return render(request, "pages/sorry.html", context)


@private_page
@require_safe
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The API key and a first call to copy."""
    signup = next_step.read_step(token, "welcome")
    if not signup.is_accepted:
        return _see_other(next_step.next_url(signup, is_repeat=True))
    key, row = next_step.trial_key(signup)
    context = {
        "first_name": signup.name.split()[0] if signup.name.strip() else "",
        "key": key,
        "is_revoked": row.revoked_at is not None,
        "call_url": settings.BASE_URL + reverse("api:hello"),
    }
    return render(request, "pages/welcome.html", context)


# -- The confirmation link ---------------------------------------------------------------------------------------------


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, POST confirms: mail scanners follow links and press nothing."""
    try:
        if request.method == "POST":
            signup = confirmation.confirm(token, capture.visitor_ip(request), devices.device_id(request))
            identity.join(signup, capture.anonymous_id(request), identity.Reason.CONFIRMED)
            return _see_other(next_step.next_url(signup))
        signup = confirmation.read(token).signup
    except confirmation.LinkError as error:
        return _link_problem(request, error.title, error.sentence, error.status, error.signup)
    response = render(request, "pages/confirm.html", {"email": signup.email})
    devices.keep(request, response)
    return response


# -- The question of the welcome mail ----------------------------------------------------------------------------------


@private_page
@require_safe
def developer_question(request: HttpRequest, token: str) -> HttpResponse:
    """Thanks for the answer, with the way to change it; before there is one, the question."""
    return _question_page(request, token)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def answer_developer(request: HttpRequest, token: str, answer: str) -> HttpResponse:
    """GET shows a page that sends itself, or has a button; POST keeps the answer: mail scanners only follow links."""
    if answer not in question.ANSWERS:
        raise Http404
    if request.method != "POST":
        return _question_page(request, token, answer)
    try:
        signup = links.read_developer_question(token)
    except links.LinkExpired:
        return _question_page(request, token)
    question.answer(signup, question.ANSWERS[answer])
    return _see_other(reverse("signups:developer_question", args=[token]))


def _question_page(request: HttpRequest, token: str, answer: str = "") -> HttpResponse:
    try:
        signup = links.read_developer_question(token)
    except Signup.DoesNotExist:
        sentence = "It is not complete. Copy it whole from the mail."
        return _link_problem(request, "This link does not work", sentence, 404, None)
    except links.LinkExpired:
        sentence = "It was good for 90 days. If the mails you get do not fit, answer any of them: a person reads it."
        return _link_problem(request, "This link has expired", sentence, 410, None)
    context = {"token": token, "answer": answer, "said": signup.person.said_developer}
    return render(request, "pages/question.html", context)


# -- For machines ------------------------------------------------------------------------------------------------------


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503. How long ago a worker last finished a task is told, not judged."""
    try:
        beat = Heartbeat.objects.filter(name="canary").values_list("at", flat=True).first()
    except DatabaseFailure:
        body: dict[str, Any] = {"status": "down", "database": "unreachable"}
        return JsonResponse(body, status=503, headers={"Cache-Control": "no-store"})
    age_s = round((timezone.now() - beat).total_seconds(), 1) if beat else None
    body = {"status": "ok", "database": "ok", "worker": {"heartbeat_age_s": age_s}}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """For monitors: 200 while every part does its work, else 503, with a sentence for each part."""
    parts = health.parts()
    is_well = all(part.is_well for part in parts)
    told = {part.name: {"status": "ok" if part.is_well else "failing", "message": part.words} for part in parts}
    body = {"status": "ok" if is_well else "failing", "parts": told}
    return JsonResponse(body, status=200 if is_well else 503, headers={"Cache-Control": "no-store"})


# -- Parts -------------------------------------------------------------------------------------------------------------


def _see_other(url: str) -> HttpResponse:
    """303. Our own pages by their path: the visitor stays on the host name they came by, where their cookies are."""
    return HttpResponseRedirect(url.removeprefix(settings.BASE_URL) or "/", status=303)


def _form_page(request: HttpRequest, form: SignupForm, status: int = 200) -> HttpResponse:
    """The form in the words that this visitor gets; back from an error only where the first page gave them an id."""
    is_known = request.method != "POST" or capture.anonymous_id(request)
    words = experiments.content(SIGNUP_PAGE, request=request) if is_known else {}
    return render(request, "pages/form.html", {"form": form, "words": words}, status=status)


def _check_mail_page(request: HttpRequest, signup: Signup, notice: str, status: int = 200) -> HttpResponse:
    context = {
        "typed": capture.typed(request, signup),
        "suggestion": signup.suggestion,
        "is_sent": confirmation.was_asked_lately(signup),
        "resend_url": next_step.resend_url(signup),
        "notice": notice,
        "is_refused": status == 429,
        "words": experiments.content(CONFIRMATION, signup=signup) if signup.verdict == Verdict.CONFIRM else {},
    }
    return render(request, "pages/check_mail.html", context, status=status)


def _link_problem(request: HttpRequest, title: str, sentence: str, status: int, signup: Signup | None) -> HttpResponse:
    can_resend = signup is not None and signup.verdict in (Verdict.ACCEPTED, Verdict.CONFIRM)
    url = next_step.resend_url(signup) if signup is not None and can_resend else ""
    context = {"title": title, "sentence": sentence, "resend_url": url}
    return render(request, "pages/link_problem.html", context, status=status)
