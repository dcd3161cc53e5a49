"""What a log line carries: the request it belongs to, the signup and delivery it is about, and nobody's personal data.

`LOG_FORMAT=json` writes one JSON object a line, else lines for people. A request's id is made or taken over by
`signups.middleware`, is stored with the signup, and stands in every line a worker writes about it (`about`). Whatever
looks like an e-mail address, or is the name or address of whom a line is about, is masked as it is written, also in
tracebacks and in what vendors say; so are the signed tokens in addresses of pages.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from signups.models import Delivery, Signup

logger = logging.getLogger(__name__)

MASK = "[masked]"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_EMAIL = re.compile(r"[^\s@<>()\[\]\"',:;=/\\]+(?:@|%40)[\w.-]+\w", re.I)
_TOKEN = re.compile(r"[\w=-]{2,}:[\w-]{6}:[\w-]{27,}")  # as Django signs: value, time, signature
_SHORTEST_WORD = 3

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_facts: ContextVar[Mapping[str, Any]] = ContextVar("log_facts", default={})  # noqa: B039  never changed in place
_personal: ContextVar[Callable[[], re.Pattern[str] | None] | None] = ContextVar("personal", default=None)
_MOST_NAMED = 20  # requests in a line about many


def request_id() -> str:
    """The id of the request under way here, "" outside of one."""
    return _request_id.get()


def sane_or_new(offered: str) -> str:
    """The id a client or proxy offers where it can be logged as it is (8 to 64 of a-z A-Z 0-9 ._-), else a new one."""
    return offered if _SANE.fullmatch(offered) else uuid.uuid4().hex


@contextmanager
def under(request_id: str, **facts: Any) -> Iterator[None]:
    """Log whatever happens here under this request's id, with these facts."""
    tokens = _request_id.set(request_id), _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _request_id.reset(tokens[0])
        _facts.reset(tokens[1])


@contextmanager
def about(signup: Signup, delivery: Delivery | None = None) -> Iterator[None]:
    """Log whatever happens here under the id of the request the signup came in by, its person's data masked."""
    with _without_words_of([signup]), under(signup.request_id, **_facts_about(signup, delivery)):
        yield


def _facts_about(signup: Signup, delivery: Delivery | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"signup": signup.pk}
    if delivery is not None:
        facts |= {"delivery": str(delivery.uid), "integration": delivery.integration, "event": delivery.event}
    return facts


@contextmanager
def about_all(deliveries: Sequence[Delivery]) -> Iterator[None]:
    """Log whatever happens in one call about several deliveries under the ids of their requests, their people masked.

    Those beyond the first 20 are counted.
    """
    requests = list(dict.fromkeys(one.signup.request_id for one in deliveries if one.signup.request_id))
    facts: dict[str, Any] = {"requests": " ".join(requests[:_MOST_NAMED])}
    if len(requests) > _MOST_NAMED:
        facts["more_requests"] = len(requests) - _MOST_NAMED
    with _without_words_of([one.signup for one in deliveries]), under("", **facts):
        yield


@contextmanager
def _without_words_of(signups: Sequence[Signup]) -> Iterator[None]:
    """What is looked for in a line is put together with the first line: mostly there is none."""
    token = _personal.set(cache(partial(_words_of, signups)))
    try:
        yield
    finally:
        _personal.reset(token)


def tried(tries: Sequence[Any]) -> None:
    """One line for each `Try` of a delivery that was written down: nothing in it is a person's."""
    if not logger.isEnabledFor(logging.INFO):
        return
    for one in tries:
        with under(one.delivery.signup.request_id, **_facts_about(one.delivery.signup, one.delivery)):
            facts = {"result": one.result, "ms": one.ms, "status": one.status, "try": one.delivery.attempts_used}
            logger.info("tried", extra={"facts": facts})


def masked(text: str) -> str:
    """`text` without e-mail addresses, signed tokens, and what is known of whom this is about."""
    text = _TOKEN.sub(MASK, _EMAIL.sub(MASK, text))
    personal = _personal.get()
    words = personal() if personal is not None else None
    return words.sub(MASK, text) if words is not None else text


def _words_of(signups: Sequence[Signup]) -> re.Pattern[str] | None:
    """Finds these people's names, whole and by their words, their addresses' local parts, and their IP addresses."""
    found: set[str] = set()
    for signup in signups:
        names = f"{signup.name} {signup.person.name}".split()
        found |= {signup.name, signup.person.name, signup.email.partition("@")[0], signup.ip or "", *names}
    words = sorted((word for word in found if len(word) >= _SHORTEST_WORD), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)", re.I) if words else None


class NoRefusals(logging.Filter):
    """Leaves out Django's own line about a refused permission: the line of its request says 403, and nothing broke."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], PermissionDenied))


# -- Formats -----------------------------------------------------------------------------------------------------------


class _Masking(logging.Formatter):
    """Masks the finished line, so that nothing escapes by an argument, a traceback or a library's own words."""

    def message_of(self, record: logging.LogRecord) -> str:
        """The message, with a page's route in place of its path, in which a token or an address may stand."""
        message = record.getMessage()
        request = getattr(record, "request", None)
        path = getattr(request, "path", "")
        return masked(message.replace(path, route_of(request)) if len(path) > 1 else message)

    def trace_of(self, record: logging.LogRecord) -> str:
        parts = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        return masked("\n".join([*parts, *([self.formatStack(record.stack_info)] if record.stack_info else [])]))


class LineFormatter(_Masking):
    """`2026-11-29 01:34:49 INFO signups.x [request id] message`, the facts behind it."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        known = request_id()
        mark = f" [{known}]" if known else ""
        facts = "".join(f" {name}={value}" for name, value in _facts_of(record).items())
        line = f"{at} {record.levelname} {record.name}{mark} {self.message_of(record)}{masked(facts)}"
        return "\n".join(filter(None, (line, self.trace_of(record))))


class JsonFormatter(_Masking):
    """One JSON object a line: time (UTC), level, logger, message, request_id, the facts, and a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
        }
        if known := request_id():
            line["request_id"] = known
        for name, value in _facts_of(record).items():
            line.setdefault(name, masked(value) if isinstance(value, str) else value)
        if trace := self.trace_of(record):
            line["traceback"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What is known where the line was written, and what it was given as `extra={"facts": {…}}`."""
    return {**_facts.get(), **getattr(record, "facts", {})}


def route_of(request: Any) -> str:
    """The pattern of a request's page, such as `confirm/<str:token>/`: unlike its path it holds nobody's secrets."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match is not None else "(no such page)"
