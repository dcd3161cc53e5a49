"""Gravatar: the public profile behind an address. REST API v3, which takes the address's SHA-256, never the address.

https://docs.gravatar.com/rest-api/ — works without a key at 100 look-ups an hour; a key adds names and time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from integrations import facts
from integrations.http import Door
from signups.contracts import Answer, Deadline, Facts, Found, Never, Provider, Rate

# Gravatar's service types of verified accounts → the network's name in a profile.
_NETWORKS = {"github": "github", "linkedin": "linkedin", "twitter": "twitter", "x": "twitter", "facebook": "facebook"}
# Ours → theirs, where a value is taken as it stands.
_PERSON = {
    "name.fullName": "display_name",
    "name.givenName": "first_name",
    "name.familyName": "last_name",
    "location": "location",
    "timeZone": "timezone",
    "bio": "description",
    "avatar": "avatar_url",
    "employment.name": "company",
    "employment.title": "job_title",
    "gravatar.avatar": "avatar_url",
}


class Gravatar(Provider):
    slug = "gravatar"
    name = "Gravatar"
    person_fields = frozenset(_PERSON) | {"gravatar.handle"} | {f"{network}.handle" for network in _NETWORKS.values()}
    privacy = "The SHA-256 of the e-mail address, never the address, goes to Gravatar (Automattic, USA)."
    confidence = 0.9  # people write their own, and have proven the accounts

    def rate(self) -> Rate:
        return Rate(1_000 if settings.GRAVATAR["api_key"] else 100, 3600)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        key = settings.GRAVATAR["api_key"]
        door = Door(
            self.name,
            settings.GRAVATAR["api_url"],
            headers={"Authorization": f"Bearer {key}"} if key else {},
            secrets=[key],
            key_setting="GRAVATAR_API_KEY",
        )
        path = f"/profiles/{facts.address_hash(email)}"
        reply = door.call("GET", path, is_safe=True, deadline=deadline, accept=(404,))
        if reply.status == 404:
            return Answer(Found.NOT_FOUND)
        if not isinstance(reply.json, Mapping):
            raise Never(self.name, "answered with something other than a profile", status=reply.status)
        if reply.json.get("is_organization") is True:
            return Answer(Found.NOT_FOUND, note="The profile is an organisation's, not a person's.")
        found = person_facts(reply.json)
        return Answer(Found.FOUND, found) if found else Answer(Found.NOT_FOUND, note="The profile is empty.")


def person_facts(body: Any) -> Facts:
    """Gravatar's profile object as facts."""
    said = {
        **facts.taken(_PERSON, body),
        "gravatar.handle": _handle(facts.dig(body, "profile_url")),
        **_accounts(facts.dig(body, "verified_accounts")),
    }
    return facts.read("gravatar", facts.PERSON, said)


def _handle(profile_url: Any) -> str | None:
    """The last part of https://gravatar.com/ada; None for a URL that names nobody."""
    url = facts.link(profile_url)
    return urlsplit(url).path.strip("/") or None if url else None


def _accounts(accounts: Any) -> dict[str, Any]:
    """`handle` facts out of the accounts that the person proved to own and does not hide."""
    found: dict[str, Any] = {}
    for account in accounts if isinstance(accounts, list) else []:
        network = _NETWORKS.get(str(facts.dig(account, "service_type")).lower())
        if network and facts.dig(account, "is_hidden") is not True:
            found.setdefault(f"{network}.handle", facts.dig(account, "url"))
    return found
