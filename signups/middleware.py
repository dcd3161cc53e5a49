"""What holds for every request: it has an id, under which all about it is logged. And for every public page: a body
too large to be meant well is refused unread, and headers say what a page may load, what it tells others of itself, and
which other sites' pages may call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from signups import consent, logs, metrics, origins

logger = logging.getLogger(__name__)

# What is still read and thrown away, so that the client gets the answer instead of a reset connection.
_DRAIN_BYTES = 32_000_000
# https://developers.google.com/tag-platform/security/guides/csp (2025-05)
_GOOGLE = "https://*.google-analytics.com https://*.analytics.google.com https://*.googletagmanager.com"


class RequestIdMiddleware:
    """Takes over the request's id from `X-Request-ID` where that can be logged as it is, else makes one, and says it in
    the reply. Logs one line a request, by its page's route: addresses of pages hold tokens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = logs.sane_or_new(request.headers.get("X-Request-ID", ""))
        with logs.under(known):
            started = time.monotonic()
            response = self.get_response(request)
            response["X-Request-ID"] = known
            if request.resolver_match is not None or response.status_code >= 500:  # not each file and each scan
                self._log(request, response, round((time.monotonic() - started) * 1000))
        return response

    def _log(self, request: HttpRequest, response: HttpResponse, ms: int) -> None:
        route = logs.route_of(request)
        is_monitor = route in ("/healthz", "/readyz")
        facts = {"method": request.method, "route": route, "status": response.status_code, "ms": ms}
        logger.log(logging.DEBUG if is_monitor else logging.INFO, "request", extra={"facts": facts})


class MetricsMiddleware:
    """Answers `/metrics` before anything else looks at the request: a monitor needs no host name and no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return metrics.view(request) if request.path == metrics.PATH else self.get_response(request)


class PublicPageMiddleware:
    """Content-Security-Policy and Referrer-Policy for all but the admin and the API, which have needs of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_debug_page = settings.DEBUG and response.status_code >= 400
        if not request.path.startswith(("/admin/", "/api/")) and not is_debug_page:
            response.headers.setdefault("Content-Security-Policy", content_policy(request))
            # Addresses of pages hold tokens, so no more than our origin is told to anybody, ourselves included. Not
            # "no-referrer": with it browsers post forms with "Origin: null", which the CSRF check refuses.
            response.headers.setdefault("Referrer-Policy", "strict-origin")
        return response


def content_policy(request: HttpRequest) -> str:
    """What a public page may load: its own files, and Google's tag where the visitor agreed to it."""
    google = _GOOGLE if settings.GA["measurement_id"] and consent.is_given(request) else ""
    rules = [
        "default-src 'none'",
        f"script-src 'self' {google}",
        "style-src 'self'",
        f"img-src 'self' data: {google}",
        f"connect-src 'self' {google}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if not settings.WELCOME_URL:
        # Browsers hold this against redirects too, and where WELCOME_URL leads on to is not ours to know.
        rules.append(f"form-action 'self' {_origin(settings.BASE_URL)}")
    return "; ".join(rule.strip() for rule in rules)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class BodyLimitMiddleware:
    """413 for requests whose Content-Length exceeds the limit of their path: JSON below /api/ and /hooks/, else a page.

    The limit is `BODY_LIMIT`, or what `BODY_LIMITS` says of the path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit: int = settings.BODY_LIMITS.get(request.path, settings.BODY_LIMIT)
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length <= limit:
            return self.get_response(request)
        left = min(length, _DRAIN_BYTES)
        while left > 0 and (chunk := request.read(min(left, 65536))):
            left -= len(chunk)
        message = f"The request's body has {length:,} bytes; at most {limit:,} are taken. Send less at once."
        if request.path.startswith(("/api/", "/hooks/")):
            error = {"code": "body_too_large", "field": None, "message": message}
            return JsonResponse({"error": error}, status=413)
        return render(request, "413.html", {"message": message}, status=413)


class ActionsFromPagesMiddleware:
    """Cross-origin resource sharing, for the one call that pages of other sites make: reporting actions.

    Without cookies, and for the origins that public keys list. Browsers ask before they send a header of our API; which
    key it will be they do not say, so any key's origins will do. Whether the key fits is for the call itself to say.
    """

    PATH = "/api/v1/actions"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != self.PATH:
            return _in_our_shape(request, self.get_response(request))
        is_question = request.method == "OPTIONS"
        response = HttpResponse(status=204) if is_question else _in_our_shape(request, self.get_response(request))
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin", "")
        if origin and origin in origins.allowed():
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Retry-After"
            if is_question:
                response["Access-Control-Allow-Methods"] = "POST"
                response["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                response["Access-Control-Max-Age"] = "3600"
        return response


def _in_our_shape(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The API's router answers a wrong method in plain text: every refusal of the API has one shape."""
    if response.status_code != 405 or not request.path.startswith("/api/"):
        return response
    allowed = response.headers.get("Allow", "")
    message = f"This address takes {allowed}, not {request.method}. The docs are at /api/docs."
    error = {"code": "method_not_allowed", "field": None, "message": message}
    return JsonResponse({"error": error}, status=405, headers={"Allow": allowed})
