"""Gravatar, REST API v3: the public profile behind the SHA-256 of an address. A key is optional and shows more.

https://docs.gravatar.com/rest-api/
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any, ClassVar

from aiohttp import web

from sandbox.cast import Person
from sandbox.core import Vendor, bearer_token
from sandbox.credentials import GRAVATAR_API_KEY
from sandbox.windows import Window

LIMIT_WITHOUT_KEY = 100
LIMIT_WITH_KEY = 1_000
ACCOUNTS_WITHOUT_KEY = 4
LOG_SIZE = 1_000
_LABELS = {"github": "GitHub", "mastodon": "Mastodon", "instagram": "Instagram", "twitter": "X", "linkedin": "LinkedIn"}


class Gravatar(Vendor):
    slug = "gravatar"
    name = "Gravatar"
    settings: ClassVar[dict[str, Any]] = {"rate_limit": False}
    """``rate_limit``: hold callers to 100 look-ups an hour, 1,000 with a key."""

    def reset(self) -> None:
        self.windows = {False: Window(3600), True: Window(3600)}
        self.lookups: deque[dict[str, Any]] = deque(maxlen=LOG_SIZE)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v3/profiles/{identifier}", self._profile)]

    def snapshot(self) -> dict[str, Any]:
        return {"profiles": [person.email for person in self._people()], "lookups": list(self.lookups)}

    async def _profile(self, request: web.Request) -> web.Response:
        identifier, key = request.match_info["identifier"], bearer_token(request)
        if key not in (None, GRAVATAR_API_KEY):
            body = {"error": "You are not authorized to perform this action", "code": "unauthorized"}
            return web.json_response(body, status=401)
        limit = LIMIT_WITH_KEY if key else LIMIT_WITHOUT_KEY
        standing = self.windows[bool(key)].count(limit, self.world.now(), is_enforced=self.options["rate_limit"])
        if standing.is_over:
            response = web.json_response({"error": "Rate limit exceeded", "code": "rate_limit_exceeded"}, status=429)
        elif person := self._find(identifier):
            response = web.json_response(self._as_profile(person, has_key=bool(key)))
        else:
            response = web.Response(status=404)
        response.headers.update(standing.headers())
        self.lookups.append({"at": self.world.now(), "what": "profile", "key": identifier, "status": response.status})
        return response

    def _people(self) -> Iterator[Person]:
        return (person for person in self.world.cast.PEOPLE.values() if person.gravatar)

    def _find(self, identifier: str) -> Person | None:
        """By the address's hash or the profile's slug."""
        for person in self._people():
            if person.gravatar and identifier in (address_hash(person.email), person.gravatar.slug):
                return person
        return None

    def _as_profile(self, person: Person, *, has_key: bool) -> dict[str, Any]:
        known = person.gravatar
        assert known is not None
        accounts = [_account(service, url) for service, url in known.accounts]
        profile = {
            "hash": address_hash(person.email),
            "display_name": known.display_name,
            "profile_url": f"https://gravatar.com/{known.slug}",
            "avatar_url": self.world.avatar_url(known.slug),
            "avatar_alt_text": "",
            "location": known.location,
            "description": known.description,
            "job_title": known.job_title,
            "company": known.company,
            "verified_accounts": accounts if has_key else accounts[:ACCOUNTS_WITHOUT_KEY],
            "pronunciation": "",
            "pronouns": "",
        }
        return profile | _shown_with_a_key(known.display_name, len(accounts)) if has_key else profile


def address_hash(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _account(service: str, url: str) -> dict[str, Any]:
    return {
        "service_type": service,
        "service_label": _LABELS.get(service, service.title()),
        "service_icon": f"https://gravatar.com/icons/{service}.svg",
        "url": url,
        "is_hidden": False,
    }


def _shown_with_a_key(name: str, accounts: int) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return {
        "first_name": first,
        "last_name": last,
        "is_organization": False,
        "timezone": "",
        "languages": [],
        "links": [],
        "interests": [],
        "gallery": [],
        "payments": {"links": [], "crypto_wallets": []},
        "contact_info": {},
        "number_verified_accounts": accounts,
        "last_profile_edit": "2026-06-01T12:00:00Z",
        "registration_date": "2019-03-01T12:00:00Z",
    }
