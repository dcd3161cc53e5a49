"""What comes of fetching: a page, or a refusal of ours. And the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signups.contracts import Never

NAME = "Web site"  # whom errors are about
LONGEST_S = 5.0  # from the first question to the last byte, redirects and robots.txt included
MOST_BYTES = 1_000_000
MOST_REDIRECTS = 3


@dataclass(frozen=True)
class Page:
    """What a web server answered.

    `url` is the one after redirects, `hops` all that were visited, in their order. `headers` are case-insensitive,
    `body` is unpacked; `is_cut`: there was more, which was not read or did not come.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool
    hops: tuple[str, ...]
    ms: int


class Refused(Never):
    """We do not fetch this. `reason` is a sentence for staff, `code` one of:

    "scheme", "credentials", "port", "name" (no host name, or one that nobody has), "url" (cannot be read, or is too
    long), "private_address", "redirects" (too many), "robots", "encoding" (packed in a way that we do not unpack).
    """

    def __init__(self, reason: str, code: str) -> None:
        self.code = code
        super().__init__(NAME, reason)
