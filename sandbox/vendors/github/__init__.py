"""GitHub: search users by public address, commits by author address, and read an account. A token is optional.

https://docs.github.com/en/rest/search. How records look: ``records.py``. Of the search language only what finds
somebody by address is spoken; everything else is refused, so that nobody takes a wrong answer for a right one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from sandbox.cast import GitHub as Account
from sandbox.core import Vendor, bearer_token
from sandbox.credentials import GITHUB_TOKEN
from sandbox.vendors.github.records import Record, commit_hit, public_user, user_hit
from sandbox.windows import Standing, Window

DOCS = "https://docs.github.com/rest"
API_VERSIONS = ("2022-11-28", "2026-03-10")
LIMITS = {"search": (60, 10, 30), "core": (3600, 60, 5_000)}
"""Seconds of the window, calls without and with a token."""
MAX_RESULTS = 1_000
MAX_PER_PAGE = 100
LOG_SIZE = 1_000


class Refused(Exception):
    def __init__(self, status: int, message: str, docs: str = DOCS, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **more, "documentation_url": docs, "status": str(status)}


class GitHub(Vendor):
    slug = "github"
    name = "GitHub"
    settings: ClassVar[dict[str, Any]] = {
        "rate_limit": False,  # hold callers to LIMITS
        "rate_limit_status": 403,  # or 429
        "search_refuses_tokens": False,  # as the description of 2026 says of /search/users
    }

    def reset(self) -> None:
        self.windows: dict[tuple[str, bool], Window] = {}
        self.lookups: deque[Record] = deque(maxlen=LOG_SIZE)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/search/users", self._search_users),
            web.get("/search/commits", self._search_commits),
            web.get("/users/{login}", self._user),
            web.get("/{rest:.*}", self._no_route),
        ]

    def snapshot(self) -> dict[str, Any]:
        accounts = self.world.cast.github_accounts()
        return {"accounts": [account.login for account in accounts], "lookups": list(self.lookups)}

    # ---- the calls

    async def _search_users(self, request: web.Request) -> web.Response:
        return self._answer(request, "search", "users", self._users_found)

    async def _search_commits(self, request: web.Request) -> web.Response:
        return self._answer(request, "search", "commits", self._commits_found)

    async def _user(self, request: web.Request) -> web.Response:
        return self._answer(request, "core", "user", self._user_found)

    async def _no_route(self, request: web.Request) -> web.Response:
        return self._answer(request, "core", "unknown", _nothing_found)

    def _users_found(self, request: web.Request) -> Record:
        if self.options["search_refuses_tokens"] and bearer_token(request):
            raise Refused(403, "Resource not accessible by personal access token", f"{DOCS}/search/search#search-users")
        words, qualifiers = read_query(request, {"in": ("email",), "type": ("user", "org")})
        wanted_type = {"user": "User", "org": "Organization"}.get(qualifiers.get("type", ""))
        hits = [
            user_hit(account, self._avatar(account))
            for account in self._accounts()
            if account.email and words <= words_of(account.email) and wanted_type in (None, account.type)
        ]
        return _page(request, hits)

    def _commits_found(self, request: web.Request) -> Record:
        words, qualifiers = read_query(request, {"author-email": ()})
        if words or not qualifiers:
            raise _invalid_query("The sandbox searches commits by author-email alone.")
        email = qualifiers["author-email"]
        hits = [
            commit_hit(account, self._avatar(account), email)
            for account in self._accounts()
            if email in account.commit_emails
        ]
        return _page(request, hits)

    def _user_found(self, request: web.Request) -> Record:
        login = request.match_info["login"].lower()
        for account in self._accounts():
            if account.login.lower() == login:
                return public_user(account, self._avatar(account), shows_email=bearer_token(request) is not None)
        raise Refused(404, "Not Found", f"{DOCS}/users/users#get-a-user")

    def _accounts(self) -> Iterator[Account]:
        return iter(self.world.cast.github_accounts())

    def _avatar(self, account: Account) -> str:
        return self.world.avatar_url(account.login)

    # ---- what every call goes through

    def _answer(
        self, request: web.Request, resource: str, what: str, find: Callable[[web.Request], Record]
    ) -> web.Response:
        headers: dict[str, str] = {}
        try:
            _check_headers(request)
            standing = self._count(resource, has_token=bearer_token(request) is not None)
            headers = _rate_headers(standing, resource)
            if standing.is_over:
                message = f"API rate limit exceeded for {request.remote}."
                raise Refused(
                    self.options["rate_limit_status"], message, f"{DOCS}/overview/rate-limits-for-the-rest-api"
                )
            status, body = 200, find(request)
        except Refused as refusal:
            status, body = refusal.status, refusal.body
        if links := _link_header(request, body):
            headers["Link"] = links
        key = request.query.get("q") or request.match_info.get("login", request.path)
        self.lookups.append({"at": self.world.now(), "what": what, "key": key, "status": status})
        return web.json_response(body, status=status, headers=headers)

    def _count(self, resource: str, *, has_token: bool) -> Standing:
        seconds, without_token, with_token = LIMITS[resource]
        window = self.windows.setdefault((resource, has_token), Window(seconds))
        limit = with_token if has_token else without_token
        return window.count(limit, self.world.now(), is_enforced=self.options["rate_limit"])


def _check_headers(request: web.Request) -> None:
    if not request.headers.get("User-Agent"):
        message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
        raise Refused(403, message, f"{DOCS}/using-the-rest-api/getting-started-with-the-rest-api#user-agent")
    if bearer_token(request) not in (None, GITHUB_TOKEN):
        raise Refused(401, "Bad credentials")
    version = request.headers.get("X-GitHub-Api-Version", API_VERSIONS[0])
    if version not in API_VERSIONS:
        raise Refused(400, f"{version} is not a supported version", f"{DOCS}/about-the-rest-api/api-versions")


def _rate_headers(standing: Standing, resource: str) -> dict[str, str]:
    used = str(standing.limit - standing.remaining)
    return {**standing.headers(), "X-RateLimit-Used": used, "X-RateLimit-Resource": resource}


# ---- searching


def read_query(request: web.Request, known: dict[str, tuple[str, ...]]) -> tuple[frozenset[str], dict[str, str]]:
    """The words and qualifiers of ``q``, lower case. ``known`` has each qualifier's values, () for any."""
    query = request.query.get("q", "").strip().lower()
    if not query:
        raise Refused(
            422,
            "Validation Failed",
            f"{DOCS}/search/search",
            errors=[{"resource": "Search", "field": "q", "code": "missing"}],
        )
    words: set[str] = set()
    qualifiers: dict[str, str] = {}
    for term in query.split():
        name, colon, value = term.partition(":")
        if not colon:
            words |= words_of(term)
        elif name not in known or (known[name] and value not in known[name]) or not value:
            raise _invalid_query(f"The sandbox does not understand {term!r}.")
        else:
            qualifiers[name] = value.strip('"')
    if "in" in known and (not words or "in" not in qualifiers):
        raise _invalid_query("The sandbox searches users by words in:email alone.")
    return frozenset(words), qualifiers


def words_of(text: str) -> frozenset[str]:
    """An address is several words to the search, and all of them must occur, in any order."""
    return frozenset(re.findall(r"\w+", text.lower()))


def _invalid_query(message: str) -> Refused:
    errors = [{"message": message, "resource": "Search", "field": "q", "code": "invalid"}]
    return Refused(422, "Validation Failed", f"{DOCS}/search/search", errors=errors)


def _nothing_found(request: web.Request) -> Record:
    raise Refused(404, "Not Found")


def _page(request: web.Request, hits: list[Record]) -> Record:
    number, size = _paging(request)
    if (number - 1) * size >= MAX_RESULTS:
        raise Refused(422, "Only the first 1000 search results are available", f"{DOCS}/search/search")
    shown = hits[(number - 1) * size : number * size]
    return {"total_count": len(hits), "incomplete_results": False, "items": shown}


def _paging(request: web.Request) -> tuple[int, int]:
    """Page number and size; what is no number counts as not given."""
    number, size = (request.query.get(name, "") for name in ("page", "per_page"))
    return (
        max(1, int(number)) if number.isdecimal() else 1,
        min(MAX_PER_PAGE, max(1, int(size))) if size.isdecimal() else 30,
    )


def _link_header(request: web.Request, body: Record) -> str:
    if "total_count" not in body:
        return ""
    number, size = _paging(request)
    last = max(1, -(-min(body["total_count"], MAX_RESULTS) // size))
    pages = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number == 1:
        del pages["prev"], pages["first"]
    if number >= last:
        del pages["next"], pages["last"]
    url = f"https://api.github.com{request.path.removeprefix('/github')}"
    return ", ".join(
        f'<{url}?{urlencode({**request.query, "page": page})}>; rel="{rel}"' for rel, page in pages.items()
    )
