"""Google's tag is loaded for visitors who agreed to it, and for nobody in the sandbox, which asks no internet."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "consent"
_LIFETIME = timedelta(days=180)


def is_asked() -> bool:
    """Whether there is anything to agree to."""
    return bool(settings.GA["measurement_id"]) and not settings.SANDBOX


def is_given(request: HttpRequest) -> bool:
    return is_asked() and request.COOKIES.get(COOKIE) == "analytics"


def keep(request: HttpRequest, response: HttpResponse, *, is_given: bool) -> None:
    """Remember a yes, or forget it."""
    if is_given:
        response.set_cookie(COOKIE, "analytics", max_age=_LIFETIME, secure=request.is_secure(), samesite="Lax")
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
