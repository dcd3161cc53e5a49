"""Addresses of pages without what is nobody's business: whose they are, and what opens doors.

A page's address often holds an e-mail address, a session or a signed token. None of it is needed to know which page was
read, so it is taken out before anything is stored or sent on.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

HIDDEN = "…"
# Names of parameters, compared without case, dashes and underscores.
_SECRET = re.compile(
    r"(e?mail(address)?|user(name)?|phone|pass|pwd|auth(orization)?|sid|session(id)?|jwt|otp|sig|key|code|state"
    r"|.*(token|password|passwd|secret|apikey|accesskey|signature|nonce))"
)
_ADDRESS = re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/]+")
_HAS_ADDRESS = re.compile(r"[^@\s/]@[^@\s/]+?\.[^@\s/]")  # for `search`: in time that grows with the text alone
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_LONG = 24  # a part of a path as long as that, with capitals, small letters and digits in it, is a token


def without_secrets(value: Any) -> Any:
    """The same JSON value, with every text in it that is an address cleaned."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {name: without_secrets(one) for name, one in value.items()}
        case list():
            return [without_secrets(one) for one in value]
    return value


def clean(text: str) -> str:
    """An http(s) address, or a path, without secret parameters, user and password, and tokens in the path.

    Any other text is returned as it is.
    """
    if not text.startswith(("https://", "http://", "/")):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:  # "http://[": nobody's address, and nothing that could be taken apart
        return text.partition("?")[0]
    cleaned = SplitResult(
        parts.scheme,
        parts.netloc.rpartition("@")[2],
        _path(parts.path),
        _parameters(parts.query),
        _fragment(parts.fragment),
    )
    return text if cleaned == parts else urlunsplit(cleaned)


def _path(path: str) -> str:
    return "/".join(HIDDEN if _is_token(part) else part for part in path.split("/"))


def _fragment(fragment: str) -> str:
    """What stands behind the #: a place on the page, parameters, or in many a web app a path with parameters."""
    path, mark, query = fragment.partition("?")
    path = _parameters(path) if "=" in path else _path(path)
    return path + mark + _parameters(query)


def _parameters(query: str) -> str:
    """A query string as it was, or newly written without its secrets where it had any."""
    if not query:
        return query
    pairs = parse_qsl(query.lstrip("/?!"), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _is_secret(name, value)]
    return query if len(kept) == len(pairs) else urlencode(kept)


def _is_secret(name: str, value: str) -> bool:
    plain = re.sub(r"[-_.\[\]]", "", name.lower())
    return bool(_SECRET.fullmatch(plain) or _HAS_ADDRESS.search(value))


def _is_token(part: str) -> bool:
    if len(part) < _LONG:
        return bool(_ADDRESS.fullmatch(part))
    text = unquote(part)
    if _HEX.fullmatch(text) or _ADDRESS.fullmatch(text):
        return True
    return all(re.search(kind, text) for kind in ("[A-Z]", "[a-z]", "[0-9]"))
