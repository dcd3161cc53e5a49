"""Visits one URL, or a URL and where it redirects to; each is judged, and kept with the exchanges of the attempt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse, IncompleteRead

from requests.structures import CaseInsensitiveDict

from integrations.guarded import places, urls, wire
from integrations.guarded.bodies import Unpacker
from integrations.guarded.pages import MOST_BYTES, MOST_REDIRECTS, NAME, Page, Refused
from integrations.guarded.urls import Target
from signups.contracts import Deadline, Exchange, Later, ServiceError, record

REDIRECTS = (301, 302, 303, 307, 308)
_SINGLE = ("location", "content-type", "content-encoding")  # of several, the first counts
_PIECE = 16_384
_RECORDED_CHARACTERS = 4_000


@dataclass(frozen=True)
class Wish:
    """What is wanted of each server: media types as in the Accept header, and how many bytes of them at most."""

    accept: str
    most_bytes: int = MOST_BYTES


def follow(target: Target, deadline: Deadline, wish: Wish, before: Callable[[Target, Deadline], None] | None) -> Page:
    """The page at the end of the redirects. `before` may refuse each target. Raises Refused and Later."""
    hops: list[str] = []
    for _ in range(1 + MOST_REDIRECTS):
        if before is not None:
            before(target, deadline)
        hops.append(target.url)
        page = visit(target, deadline, wish)
        location = page.headers.get("location", "")
        if page.status not in REDIRECTS or not location:
            return replace(page, hops=tuple(hops))
        target = urls.join(target, location)
    raise Refused(f"{hops[0]} leads to more than {MOST_REDIRECTS} redirects.", "redirects")


def visit(target: Target, deadline: Deadline, wish: Wish) -> Page:
    """What one URL answers, whatever the status; of a redirect, the headers alone. Raises Refused and Later."""
    started = time.monotonic()
    status, said = 0, ""
    try:
        if deadline.remaining_s() <= 0:
            raise Later(NAME, "not asked: no time was left")
        where = places.of(target, deadline)
        with wire.ask(target, where, deadline, wish.accept) as (response, line):
            status, headers = response.status, _headers(response)
            is_redirect = status in REDIRECTS and "location" in headers
            body, is_cut = (b"", False) if is_redirect else _body(response, line, headers, wish.most_bytes)
        said = body[:_RECORDED_CHARACTERS].decode("utf-8", "replace")
        return Page(target.url, status, headers, body, is_cut, (target.url,), _ms_since(started))
    except ServiceError as error:
        said = f"({error.reason})"
        raise
    except (OSError, HTTPException, ValueError) as error:
        said = f"({_cause(error)})"
        raise Later(NAME, f"{target.host} did not answer ({_cause(error)})", status=status) from error
    finally:
        record(Exchange("GET", target.url, "", status, said, _ms_since(started)))


def _body(response: HTTPResponse, line: wire.Wire, headers: Mapping[str, str], most_bytes: int) -> tuple[bytes, bool]:
    """The body unpacked, up to `most_bytes`, and whether there was more. Raises Refused, OSError."""
    unpacker = Unpacker(headers.get("content-encoding", ""))
    body = bytearray()
    line.most_left = most_bytes + wire.MOST_OF_HEADERS  # nothing that is packed well is longer than what it holds
    try:
        while len(body) <= most_bytes and (piece := response.read1(_PIECE)):
            body += unpacker.unpack(piece, most_bytes + 1 - len(body))
            if unpacker.is_broken:
                break
        is_whole = unpacker.is_whole and not response.length
    except (IncompleteRead, wire.TooMuch):
        is_whole = False
    if unpacker.is_broken and not body:
        raise Refused("The page cannot be unpacked.", "encoding")
    return bytes(body[:most_bytes]), len(body) > most_bytes or not is_whole


def _headers(response: HTTPResponse) -> Mapping[str, str]:
    """Without the folds that a header may have (RFC 9112 section 5.2); what is said twice is joined."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in response.headers.items():
        value = re.sub(r"[\r\n\0]+[ \t]*", " ", value)
        if name not in headers:
            headers[name] = value
        elif name.lower() not in _SINGLE:
            headers[name] = f"{headers[name]}, {value}"
    return headers


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return (str(error) or type(error).__name__)[:200]


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
