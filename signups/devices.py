"""A random id in a browser's cookie, against fraud alone: ten signups from one browser are seen for what they are.

Nothing else is done with it: it goes to no integration, joins no actions and is read by no script. So it is strictly
necessary for the service that is asked for, and set without consent (Directive 2002/58/EC, Article 5(3); recital 47 of
the GDPR). It dies with its signup's row.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

COOKIE = "device_id"
_LIFETIME = timedelta(days=365)


def device_id(request: HttpRequest) -> str:
    """The browser's id, "" where it has none that we gave."""
    try:
        return str(uuid.UUID(request.COOKIES.get(COOKIE, "")))
    except ValueError:
        return ""


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Give a browser without an id a new one."""
    if not device_id(request):
        response.set_cookie(
            COOKIE, str(uuid.uuid4()), max_age=_LIFETIME, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
