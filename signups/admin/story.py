"""The timeline as a part of a page: which kind and order staff picked, and the pages that follow the first.

Works by links alone; a script fetches the next page in place of "Show older" where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from signups.activity import timeline
from signups.activity.scope import Scope
from signups.activity.timeline import Kind
from signups.admin import timeline as words

_ANCHOR: Final = "#timeline"


@dataclass(frozen=True)
class Choice:
    """What the address asks for. Senseless values are as good as none."""

    kind: Kind | None
    is_newest_first: bool
    after: timeline.Key | None

    @classmethod
    def of(cls, request: HttpRequest) -> Choice:
        kind = request.GET.get("kind", "")
        return cls(
            kind=Kind(kind) if kind in set(Kind) else None,
            is_newest_first=request.GET.get("order") != "oldest",
            after=timeline.parse_key(request.GET.get("after", "")),
        )

    def query(self, kind: Kind | None, is_newest_first: bool, after: timeline.Key | None = None) -> str:
        wanted = {
            "kind": kind.value if kind is not None else "",
            "order": "" if is_newest_first else "oldest",
            "after": timeline.text_of(after) if after is not None else "",
        }
        query = urlencode({name: value for name, value in wanted.items() if value})
        return f"?{query}" if query else "?"


def context(request: HttpRequest, scope: Scope, more_url: str, *, says_whose: bool = False) -> dict[str, Any]:
    """What `parts/timeline.html` needs; `more_url` answers with the pages that follow."""
    choice = Choice.of(request)
    page = timeline.first_page(scope, kind=choice.kind, is_newest_first=choice.is_newest_first)
    counts = page.counts
    if choice.after is not None:
        page = timeline.older_page(scope, choice.after, kind=choice.kind, is_newest_first=choice.is_newest_first)

    def chip_url(kind: Kind | None) -> str:
        return choice.query(kind, choice.is_newest_first) + _ANCHOR

    return {
        **_moments(request, choice, page, more_url, says_whose),
        "chips": list(words.chips(counts, choice.kind, chip_url)),
        "kind_name": words.KIND_NAMES[choice.kind].lower() if choice.kind is not None else "",
        "is_newest_first": choice.is_newest_first,
        "is_further": choice.after is not None,
        "start_url": choice.query(choice.kind, choice.is_newest_first) + _ANCHOR,
        "turn_url": choice.query(choice.kind, not choice.is_newest_first) + _ANCHOR,
        "all_url": choice.query(None, choice.is_newest_first) + _ANCHOR,
    }


def further(request: HttpRequest, scope: Scope, more_url: str, *, says_whose: bool = False) -> HttpResponse:
    """The moments that follow a page's last, as a piece of HTML."""
    choice = Choice.of(request)
    if choice.after is None:
        page = timeline.first_page(scope, kind=choice.kind, is_newest_first=choice.is_newest_first)
    else:
        page = timeline.older_page(scope, choice.after, kind=choice.kind, is_newest_first=choice.is_newest_first)
    found = _moments(request, choice, page, more_url, says_whose)
    return render(request, "admin/signups/parts/moments.html", found)


def _moments(
    request: HttpRequest, choice: Choice, page: timeline.Page, more_url: str, says_whose: bool
) -> dict[str, Any]:
    query = choice.query(choice.kind, choice.is_newest_first, page.last) if page.last is not None else ""
    return {
        "moments": words.shown(page, viewer=request.user, says_whose=says_whose, after=choice.after),
        "older_url": query + _ANCHOR if query else "",
        "older_piece_url": more_url + query if query else "",
        "older_words": "Show older" if choice.is_newest_first else "Show newer",
    }
