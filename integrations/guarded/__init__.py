"""The guarded door: the one way by which anything is fetched because of what a user typed. What holds here stands, for
operators, in docs/fetching.md.

`fetch` is for pages. `urls` reads what a URL says, `places` judges where it leads to, `wire` connects to exactly there,
`bodies` unpacks within limits, `visiting` puts these together for one URL and for its redirects, and `robots` asks
whether we are welcome. What a page means is for the caller to say.
"""

from __future__ import annotations

from dataclasses import replace

from integrations.guarded import robots, urls, wire
from integrations.guarded.pages import LONGEST_S, MOST_BYTES, NAME, Page, Refused
from integrations.guarded.visiting import Wish, follow, visit
from integrations.http import retry_after_s
from signups.contracts import Deadline, Later

__all__ = ["LONGEST_S", "MOST_BYTES", "NAME", "Page", "Refused", "Wish", "fetch", "forget", "visit"]


def fetch(
    url: str,
    deadline: Deadline,
    *,
    most_bytes: int = MOST_BYTES,
    accept: str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
    obeys_robots: bool = True,
) -> Page:
    """Fetch a page by GET, with up to three redirects, each judged as the URL itself is, within 5 s in all.

    Any status below 500 comes back as a page; of a body longer than `most_bytes` (unpacked), its beginning. Raises
    Refused for what we do not fetch, and Later where there was no whole answer in time or the server failed (5xx).
    """
    within = Deadline(min(LONGEST_S, deadline.remaining_s()) * 1000)
    wish = Wish(accept, most_bytes)
    page = follow(urls.read(url), within, wish, robots.make_sure if obeys_robots else None)
    if page.status >= 500:
        reason = f"{page.hops[-1]} answered {page.status}"
        wait_s = retry_after_s({"retry-after": page.headers.get("retry-after", "")})
        raise Later(NAME, reason, status=page.status, retry_after_s=wait_s)
    return replace(page, ms=within.elapsed_ms())


def forget() -> None:
    """Ask every robots.txt anew, and read the certificates of authorities again."""
    robots.forget()
    wire.forget()
