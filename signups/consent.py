"""What pages record about visitors is recorded of those who agreed: by Google's tag, and by our own script.

In the sandbox, which asks no internet, nobody is asked: there is no Google, and our own script records to itself.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from signups import contracts

COOKIE = "consent"
_LIFETIME = timedelta(days=180)


def is_asked() -> bool:
    """Whether there is anything to agree to."""
    wants_actions = any(one.takes_actions and not one.missing_settings() for one in contracts.integrations())
    return (bool(settings.GA["measurement_id"]) or wants_actions) and not settings.SANDBOX


def is_given(request: HttpRequest) -> bool:
    return is_asked() and request.COOKIES.get(COOKIE) == "analytics"


def may_record(request: HttpRequest) -> bool:
    """Whether our own script may record what this visitor does on these pages."""
    return bool(settings.SANDBOX) or is_given(request)


def keep(request: HttpRequest, response: HttpResponse, *, is_given: bool) -> None:
    """Remember a yes, or forget it."""
    if is_given:
        response.set_cookie(COOKIE, "analytics", max_age=_LIFETIME, secure=request.is_secure(), samesite="Lax")
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
