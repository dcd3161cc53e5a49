"""Whether a site welcomes us, as its robots.txt says (RFC 9309): asked for once an hour, by the guarded door itself.

Only what concerns us is kept of it, so that a file made to cost time or memory costs neither. What the lines mean is
Protego's to say.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from dataclasses import replace

from protego import Protego

from integrations.guarded.pages import NAME, Refused
from integrations.guarded.urls import Target
from integrations.guarded.visiting import Wish, follow
from integrations.guarded.wire import PRODUCT
from signups.contracts import Deadline, Later

HOLDS_FOR_S = 3600.0
FAILURE_HOLDS_FOR_S = 60.0  # a server that fails is not asked again for every page
MOST_BYTES = 500_000
_MOST_KEPT = 1_000  # sites
_MOST_KEPT_CHARACTERS = 10_000  # of one; longer ones are asked for each time
_WISH = Wish("text/plain,*/*;q=0.1", MOST_BYTES)
_AGENT = re.compile(r"user[\s-]*agent\b[\s:]*(.*)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{1,10}(?![\w-])", re.IGNORECASE)
_RULES = frozenset(("allow", "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"))  # slips, too
_MOST_RULES = 2_000
_MOST_OF_RULE = 500  # characters; of a longer one there is no path of ours

_kept: OrderedDict[str, tuple[float, str | None]] = OrderedDict()  # origin → until when, and the lines; None: it failed
_lock = threading.Lock()


def make_sure(target: Target, deadline: Deadline) -> None:
    """Raises Refused where robots.txt does not want us there; Later where it could not be read, which forbids all."""
    lines = _of(target, deadline)
    if lines is None:
        raise Later(NAME, f"{target.host} fails to say in its robots.txt whether it may be fetched from")
    if lines and not Protego.parse(lines).can_fetch(target.url, PRODUCT):
        raise Refused(f"The robots.txt of {target.host} asks us not to fetch {target.path[:200]}.", "robots")


def forget() -> None:
    with _lock:
        _kept.clear()


def _of(target: Target, deadline: Deadline) -> str | None:
    origin = target.origin
    with _lock:
        until, lines = _kept.get(origin, (0.0, None))
    if time.monotonic() < until:
        return lines
    lines = _fetch(replace(target, path="/robots.txt"), deadline)
    if lines is None or len(lines) <= _MOST_KEPT_CHARACTERS:
        holds_for_s = FAILURE_HOLDS_FOR_S if lines is None else HOLDS_FOR_S
        with _lock:
            _kept[origin] = (time.monotonic() + holds_for_s, lines)
            _kept.move_to_end(origin)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
    return lines


def _fetch(target: Target, deadline: Deadline) -> str | None:
    """The lines that concern us; "" where there is no such file, None where the server fails. Raises Later."""
    try:
        page = follow(target, deadline, _WISH, None)
    except Refused as refusal:
        if refusal.code == "redirects":  # as good as no file (RFC 9309 section 2.3.1.2)
            return ""
        raise
    if page.status >= 500:
        return None
    if not 200 <= page.status < 300:
        return ""
    text = page.body.decode("utf-8", "replace").removeprefix("\ufeff")
    return concerning_us(text.rpartition("\n")[0] if page.is_cut else text)


def concerning_us(text: str) -> str:
    """The groups for us and for everybody, and of them nothing but rules."""
    kept: list[str] = []
    agents: set[str] = set()
    has_rules = False
    for line in (line.partition("#")[0].strip() for line in text.splitlines()):
        if named := _AGENT.match(line):
            if has_rules:  # a new group begins
                agents, has_rules = set(), False
            agent = _ours(named[1])
            if agent and agent not in agents:
                kept.append(f"User-agent: {agent}")
            agents.add(agent)
        elif (word := _WORD.match(line)) and word[0].lower() in _RULES:
            has_rules = True
            if agents - {""} and len(line) <= _MOST_OF_RULE:
                kept.append(line)
    return "\n".join(kept[:_MOST_RULES])


def _ours(agent: str) -> str:
    """The group's name if it is one for us, else ""."""
    if agent.strip() == "*":
        return "*"
    return PRODUCT if re.match(rf"{PRODUCT}(?![\w-])", agent.strip(), re.IGNORECASE) else ""


def _reopen() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_reopen)
