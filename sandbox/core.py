"""What every pretend vendor stands on: the World they share and the Vendor base.

Left to others: HTTP routing (``server.py``), a vendor's manners (``vendors/``), who lives in the pretend
world (``cast.py``), what goes wrong (``faults.py``) and what was called (``journal.py``).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import cast
from sandbox.faults import ControlError, FaultBook
from sandbox.journal import Journal

SEED = 2015
INBOX_SIZE = 5_000


class Vendor:
    """One pretend vendor. Subclass it once, in ``vendors/<slug>.py``.

    ``settings`` are its knobs with their defaults; the values in force are in ``self.options``.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, world: World) -> None:
        self.world = world
        self.options: dict[str, Any] = {}
        self.restore()

    def restore(self) -> None:
        """Default options and no memory, as on the first day."""
        self.options = dict(self.settings)
        self.reset()

    def reset(self) -> None:
        """Forget everything. Vendors with a memory override this; it also runs once at the start."""

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change options. Raises ControlError for an unknown knob or a value of another type."""
        for knob, value in changes.items():
            if knob not in self.settings:
                known = ", ".join(self.settings) or "none"
                raise ControlError(f"{self.slug} has no setting {knob!r}; it has: {known}")
            default = self.settings[knob]
            if default is not None and value is not None and not _same_kind(default, value):
                raise ControlError(f"{self.slug}.{knob} must be {type(default).__name__}, not {value!r}")
        self.options.update(changes)

    def tick(self) -> None:
        """Do what has become due. Called when the pretend clock was moved and before anybody looks."""

    def calls_waiting(self) -> int:
        """How many calls of its own (webhooks) it still has to make."""
        return 0

    def is_held(self) -> bool:
        """Whether it makes them only much later, for what it was answered."""
        return False

    def routes(self) -> list[web.RouteDef]:
        """Routes below the prefix, such as ``web.post("/api/chat.postMessage", self.post_message)``."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """Everything this vendor now holds, JSON-able, in its own terms."""
        raise NotImplementedError


def _same_kind(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


class World:
    """What the vendors share: the cast, the clock, chance, the mail that arrived, faults and the journal."""

    def __init__(self, vendor_classes: Iterable[type[Vendor]] = ()) -> None:
        classes = tuple(vendor_classes)
        self.cast: ModuleType = cast
        self.base_url = ""
        """Where this sandbox answers HTTP ("http://127.0.0.1:8025"), known once it listens."""
        self.app_url = "http://127.0.0.1:8000"
        """Where the product's own pages are, for the links to its signup form."""
        self.tells_app = False
        """Whether the vendors' webhooks go there."""
        self.offset_s = 0.0
        self.callers_offset_s = 0.0
        self.rng = random.Random(SEED)
        self.dns_asked: Counter[str] = Counter()
        """How often each name was asked for whose addresses change."""
        self.inbox: list[dict[str, Any]] = []
        self.inbox_size = INBOX_SIZE
        """Mails kept; the oldest go first."""
        self.received = Journal()
        self.faults = FaultBook([*(cls.slug for cls in classes), "dns", "smtp"])
        self.vendors: dict[str, Vendor] = {cls.slug: cls(self) for cls in classes}

    def now(self) -> float:
        """Epoch seconds of the pretend world: real time plus what ``POST /_clock`` added."""
        return time.time() + self.offset_s

    def callers_now(self) -> float:
        """Epoch seconds by the clock of the product, which checks the time stamp of what it is sent: real time, unless
        it travels with this world (``offset_s`` of ``POST /_clock``)."""
        return time.time() + self.callers_offset_s

    def travel(self, offset_s: float) -> None:
        """Set this world's clock and the product's to real time plus ``offset_s``. Back only in an empty world: what
        has happened would lie in the future. Raises ControlError otherwise."""
        if offset_s < self.offset_s and len(self.received):
            raise ControlError("going back needs an empty world: POST /_reset first")
        self.offset_s = self.callers_offset_s = offset_s
        self.tick()

    async def settle(self, within_s: float = 20) -> int:
        """Wait until the vendors have made their own calls, or will not soon; says how many are left after so long."""
        until = time.monotonic() + within_s
        while any(each.calls_waiting() and not each.is_held() for each in self.vendors.values()):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.002)
        return sum(vendor.calls_waiting() for vendor in self.vendors.values())

    def tick(self) -> None:
        for vendor in self.vendors.values():
            vendor.tick()

    def reset(self) -> None:
        """Back to the first day: state, options, faults, journal, clock and inbox."""
        self.offset_s = self.callers_offset_s = 0.0
        self.rng.seed(SEED)
        self.inbox.clear()
        self.dns_asked.clear()
        self.received.clear()
        self.faults.clear()
        for vendor in self.vendors.values():
            vendor.restore()

    def avatar_url(self, handle: str) -> str:
        """A picture this sandbox really serves."""
        return f"{self.base_url}/avatars/{handle}.png"

    def image_exists(self, url: str) -> bool:
        """Whether a vendor that downloads this image would get one.

        Hosts outside .test and this machine are taken at their word: nothing here asks the real internet.
        """
        host = urlsplit(url).hostname or ""
        if url.startswith(f"{self.base_url}/"):
            return url.startswith(f"{self.base_url}/avatars/")
        return bool(host) and not host.endswith(".test") and host not in ("localhost", "127.0.0.1")


WORLD = web.AppKey("world", World)
"""Handlers outside the vendors find the world as ``request.app[WORLD]``."""


def bearer_token(request: web.Request) -> str | None:
    """The token of ``Authorization: Bearer …``, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic_auth(request: web.Request) -> tuple[str, str] | None:
    """User name and password of HTTP Basic authentication (RFC 7617), or None."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
