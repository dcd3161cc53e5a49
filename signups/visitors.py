"""A visitor's id from before they had a name: a random one in a cookie, the same for a year."""

from __future__ import annotations

import uuid

from django.http import HttpRequest

ID_COOKIE = "anonymous_id"


def anonymous_id(request: HttpRequest) -> str:
    """The visitor's id from before signing up, "" where there is none (or none that we gave)."""
    try:
        return str(uuid.UUID(request.COOKIES.get(ID_COOKIE, "")))
    except ValueError:
        return ""


def visitor_id(request: HttpRequest) -> str:
    """The visitor's id; for a new visitor the one that this request's answer gives them."""
    new: str = getattr(request, "_new_visitor_id", "")
    if not new and not (new := anonymous_id(request)):
        new = request._new_visitor_id = str(uuid.uuid4())  # type: ignore[attr-defined]
    return new
