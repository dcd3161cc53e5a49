"""The one door out: every HTTP call to a vendor goes through a `Door`.

It bounds the time and the reply's size, follows no redirect, repeats nothing, records what was said, and sorts failures
into the engine's classes. Waiting and trying again are the engine's (`signups.deliveries`, `signups.enrichment`); what
a status means beyond its class is for the vendor's file to say.
"""

from __future__ import annotations

import json as jsonlib
import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import Retry

from signups.contracts import (
    Ambiguous,
    Deadline,
    Exchange,
    Later,
    Misconfigured,
    Never,
    ServiceError,
    record,
    wait_for_turn,
)
from signups.storable import storable

USER_AGENT = "Onboarding/1.0 (self-hosted signup pipeline)"
TIMEOUT_S = (3.0, 10.0)  # to connect, to read
MOST_BYTES = 1_000_000
_RECORDED_CHARACTERS = 4_000
_EXCERPT_CHARACTERS = 500
_LONGEST_WAIT_S = 86_400.0
_REPEATED = frozenset({"Accept", "API-Version", "Authorization", "Content-Type", "Content-Encoding"})

_sessions: dict[str, requests.Session] = {}
_environments: dict[tuple[requests.Session, str, str], dict[str, Any]] = {}
os.register_at_fork(after_in_child=_sessions.clear)  # a socket must not be shared with the parent


@dataclass(frozen=True)
class Reply:
    """What a vendor answered. `headers` are case-insensitive; `is_safe` is the call's, for what `json` raises."""

    vendor: str
    status: int
    headers: Mapping[str, str]
    text: str
    is_safe: bool = True

    @cached_property
    def json(self) -> Any:
        """The body as JSON that can be stored. Raises Later (a repeat does no harm) or Ambiguous where it is none."""
        try:
            return storable(jsonlib.loads(self.text))
        except (ValueError, RecursionError):
            failure = Later if self.is_safe else Ambiguous
            reason = f"answered {self.status} with something that is not JSON"
            raise failure(self.vendor, reason, status=self.status, excerpt=self.text[:_EXCERPT_CHARACTERS]) from None


@dataclass(frozen=True)
class Door:
    """The way to one vendor's API.

    `auth` is a (user, password) pair for HTTP Basic; bearer tokens go into `headers`. `secrets` are masked wherever a
    call is recorded; those in `variables` (name → value) by the name of their environment variable. `key_setting` and
    `url_setting` name the environment variables to look at when the vendor refuses our key or sends us elsewhere.
    """

    vendor: str
    base_url: str
    auth: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: tuple[float, float] = TIMEOUT_S
    key_setting: str = ""
    url_setting: str = ""
    most_bytes: int = MOST_BYTES

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_safe: bool,
        deadline: Deadline | None = None,
        accept: Collection[int] = (),
        items: int = 1,
    ) -> Reply:
        """Make one call, in its turn, and return the reply if its status is 2xx or in `accept`.

        `items`: how many of what the vendor counts it carries. `is_safe`: whether a repeat changes nothing at the
        vendor. Raises Later (surely not applied, or safe to repeat), Ambiguous (it may have been applied),
        Misconfigured (401, 403, a redirect) or Never (any other refusal).
        """
        body: Any = data
        sent_headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **self.headers, **(headers or {})}
        if json is not None:
            body = jsonlib.dumps(json, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
            sent_headers.setdefault("Content-Type", "application/json; charset=utf-8")
        prepared = requests.Request(
            method, self._url(path), params=params, data=body, headers=sent_headers, auth=self.auth or _no_auth
        )
        wait_for_turn(method, path, json, items)
        reply = self._exchange(prepared, is_safe, deadline)
        if reply.status in accept or 200 <= reply.status < 300:
            return reply
        raise self._refusal(reply, f"{method} {path.split('?')[0]}")

    def _url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"

    def _exchange(self, request: requests.Request, is_safe: bool, deadline: Deadline | None) -> Reply:
        """Send and read, within the time there is, and record both sides."""
        started = time.monotonic()
        remaining_s = sum(self.timeout) if deadline is None else min(sum(self.timeout), deadline.remaining_s())
        status, text = 0, ""
        prepared: requests.PreparedRequest | None = None
        try:
            if remaining_s <= 0:
                raise Later(self.vendor, "not asked: no time was left")
            session = _session(self.vendor)
            prepared = session.prepare_request(request)
            options = _environment(session, request.url)
            connect_s, read_s = (max(0.001, min(limit, remaining_s)) for limit in self.timeout)
            with session.send(prepared, timeout=(connect_s, read_s), allow_redirects=False, **options) as response:
                status = response.status_code
                text = self._read(response, started + remaining_s)
                return Reply(self.vendor, status, response.headers, self._mask(text), is_safe)
        except (requests.RequestException, HTTPError, OSError) as error:
            text = text or f"({_root(error)})"
            raise self._failure(error, is_safe, status) from error
        except ServiceError as error:
            text = text or f"({error.reason})"
            raise
        finally:
            self._record(request, prepared, status, text, started)

    def _read(self, response: requests.Response, until: float) -> str:
        """The body as text, read piece by piece so that a dripping server cannot hold us longer than until then."""
        body = bytearray()
        while piece := response.raw.read1(65_536, decode_content=True):
            body += piece
            if len(body) > self.most_bytes:
                raise requests.ConnectionError(f"the reply is longer than {self.most_bytes} bytes")
            if time.monotonic() > until:
                raise requests.ReadTimeout("the reply took too long")
        return body.decode("utf-8", "replace")

    def _failure(self, error: Exception, is_safe: bool, status: int) -> ServiceError:
        """What it means that no whole reply came."""
        cause = _root(error)
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
            return Misconfigured(self.vendor, f"its URL {self.base_url!r} cannot be used")
        if _was_not_sent(error):
            return Later(self.vendor, f"cannot be reached ({cause})")
        if is_safe:
            return Later(self.vendor, f"did not answer ({cause})", status=status)
        return Ambiguous(self.vendor, f"did not answer; it may have been done ({cause})", status=status)

    def _refusal(self, reply: Reply, what: str) -> ServiceError:
        """The error that a status outside 2xx stands for."""
        status, excerpt = reply.status, reply.text[:_EXCERPT_CHARACTERS]
        reason = f"answered {status}{_phrase(status)} to {what}"
        has_used_up = status == 403 and (
            reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
        )
        if status in (408, 425, 429) or has_used_up:
            return Later(
                self.vendor, reason, status=status, excerpt=excerpt, retry_after_s=retry_after_s(reply.headers)
            )
        if status >= 500 and reply.is_safe:
            wait_s = retry_after_s({k: v for k, v in reply.headers.items() if k.lower() == "retry-after"})
            return Later(self.vendor, reason, status=status, excerpt=excerpt, retry_after_s=wait_s)
        if status >= 500:
            return Ambiguous(self.vendor, f"{reason}; it may have been done", status=status, excerpt=excerpt)
        if status in (401, 403):
            advice = f": check {self.key_setting}" if self.key_setting else ": our key is refused"
            return Misconfigured(self.vendor, reason + advice, status=status, excerpt=excerpt)
        if 300 <= status < 400:
            where = self._mask(reply.headers.get("location", "nowhere"))
            return Misconfigured(
                self.vendor, f"{reason}: it points to {where}; check {self.url_setting or 'the API URL'}", status=status
            )
        return Never(self.vendor, reason, status=status, excerpt=excerpt)

    def _record(
        self,
        request: requests.Request,
        prepared: requests.PreparedRequest | None,
        status: int,
        text: str,
        started: float,
    ) -> None:
        url = (prepared.url if prepared is not None else None) or request.url
        body = prepared.body if prepared is not None else None
        shown = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
        record(
            Exchange(
                method=request.method,
                url=self._mask(url),
                request=self._mask(shown)[:_RECORDED_CHARACTERS],
                status=status,
                reply=self._mask(text)[:_RECORDED_CHARACTERS],
                ms=round((time.monotonic() - started) * 1000),
                headers={name: self._mask(str(value)) for name, value in request.headers.items() if name in _REPEATED},
                auth=self._mask(":".join(self.auth)) if self.auth else "",
                variables=tuple(self.variables),
            )
        )

    def _mask(self, text: str) -> str:
        for name, secret in self.variables.items():
            for spelling in {secret, quote(secret, safe=""), quote_plus(secret)} - {""}:
                text = text.replace(spelling, f"${name}")
        for secret in self.secrets:
            for spelling in {secret, quote(secret, safe=""), quote_plus(secret)} - {""}:
                text = text.replace(spelling, "••••")
        return text


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks us to wait, None where it does not say.

    Read in this order, the most exact first: `RateLimit: …, reset=2.5` (draft-ietf-httpapi-ratelimit-headers, an early
    form), `Retry-After` as seconds or a date (RFC 9110 section 10.2.3), `X-RateLimit-Reset` as seconds, an epoch or a
    UTC timestamp (People Data Labs).
    """
    found = {name.lower(): value for name, value in headers.items()}
    if match := re.search(r"\breset=(\d+(?:\.\d+)?)", found.get("ratelimit", "")):
        return _bounded(float(match[1]))
    for name in ("retry-after", "x-ratelimit-reset"):
        value = found.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            seconds = float(value)
            return _bounded(seconds - time.time() if seconds > 1_000_000_000 else seconds)
        if moment := _moment(value):
            return _bounded(moment.timestamp() - time.time())
    return None


def _moment(value: str) -> datetime | None:
    """A date of HTTP, or a timestamp of ISO 8601."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(value)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), _LONGEST_WAIT_S)


def _session(vendor: str) -> requests.Session:
    """The process's one session for a vendor: pooled connections, no cookies, no repeats."""
    session = _sessions.get(vendor)
    if session is None:
        session = requests.Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=32, max_retries=Retry(0, read=False))
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session = _sessions.setdefault(vendor, session)
    return session


def _environment(session: requests.Session, url: str) -> dict[str, Any]:
    """The proxies and certificates that the process's environment names for a host: read once, for reading is slow."""
    host = (session, *urlsplit(url)[:2])
    if host not in _environments:
        _environments[host] = dict(session.merge_environment_settings(url, {}, True, None, None))
    return _environments[host]


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands where requests would otherwise put a ~/.netrc entry over our Authorization header."""
    return prepared


def _chain(error: BaseException) -> list[BaseException]:
    """An error and what it wraps, outermost first: requests and urllib3 keep the cause in `reason` or `args`."""
    chain: list[BaseException] = []
    current: object = error
    while isinstance(current, BaseException) and current not in chain:
        chain.append(current)
        inner = getattr(current, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in current.args if isinstance(arg, BaseException)), current.__cause__)
        current = inner
    return chain


def _was_not_sent(error: BaseException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    return any(
        isinstance(link, NewConnectionError) or type(link).__name__ == "SSLCertVerificationError"
        for link in _chain(error)
    )


def _root(error: BaseException) -> str:
    """The innermost cause in a few words, without the noise of the layers around it."""
    if isinstance(error, requests.ConnectTimeout):
        return "connection timed out"
    if isinstance(error, requests.ReadTimeout):
        return "timed out"
    text = str(_chain(error)[-1]) or type(error).__name__
    return re.sub(r"^<[^>]*>: |HTTPS?Connection(?:Pool)?\([^)]*\): ", "", text)[:200]


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
