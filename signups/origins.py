"""Origins: whose web pages may report actions with a public key, spelled as browsers spell them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from signups.models import ApiKey

_PORTS = {"http": 80, "https": 443}


class InvalidOrigin(ValueError):
    """Not an origin. Its text is a sentence for whoever typed it, which names the remedy."""


def read(text: str) -> str:
    """One origin as browsers send it: scheme, host in lower case and as ASCII, and a port where it is not the usual.

    Raises InvalidOrigin.
    """
    typed = text.strip()
    try:
        parts = urlsplit(typed)
        port = parts.port
        host = (
            (parts.hostname or "").encode("idna").decode()
            if ":" not in (parts.hostname or "")
            else f"[{parts.hostname}]"
        )
    except ValueError:
        raise InvalidOrigin(_example(typed)) from None
    if "*" in typed:
        raise InvalidOrigin(f"{typed} has a * in it: list each origin, one a line, such as https://www.example.com.")
    if parts.scheme not in _PORTS or not host or parts.username is not None or any(c.isspace() for c in typed):
        raise InvalidOrigin(_example(typed))
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidOrigin(f"{typed} is the address of a page; its origin is {origin}.")
    return origin


def read_all(text: str) -> list[str]:
    """The origins of a text with one a line, each once. Raises InvalidOrigin for the first that is none."""
    return list(dict.fromkeys(read(line) for line in text.splitlines() if line.strip()))


def allowed() -> set[str]:
    """Every origin that some public key in force lists."""
    keys = ApiKey.objects.filter(kind=ApiKey.Kind.PUBLIC, revoked_at=None).values_list("origins", flat=True)
    return set().union(*(text.split() for text in keys))


def own(request: HttpRequest) -> set[str]:
    """The origins under which these very pages are served."""
    base = urlsplit(settings.BASE_URL)
    return {f"{request.scheme}://{request.get_host()}", f"{base.scheme}://{base.netloc}"}


def _example(typed: str) -> str:
    return f"{typed[:100]} is not an origin: write scheme and host, such as https://www.example.com."
