"""GitHub: the account behind an address, REST API version 2022-11-28 (https://docs.github.com/en/rest/search).

Two ways lead to an account, and only a proven one counts. The search of public profile addresses matches words and
shows no address, so each hit is read and compared; GitHub shows that address only to a token. The search of commits by
author address names the account to which GitHub itself attributes them, with or without a token.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings

from integrations import facts
from integrations.http import Door, Reply
from signups.contracts import Answer, Deadline, Facts, Found, Misconfigured, Never, Provider, Rate

logger = logging.getLogger(__name__)

_MOST_READ = 3  # accounts a search found that are read and compared
# Ours → theirs, where a value is taken as it stands.
_PERSON = {
    "name.fullName": "name",
    "location": "location",
    "bio": "bio",
    "site": "blog",
    "avatar": "avatar_url",
    "github.handle": "login",
    "github.id": "id",
    "github.avatar": "avatar_url",
    "github.company": "company",
    "github.blog": "blog",
    "github.followers": "followers",
    "github.following": "following",
    "twitter.handle": "twitter_username",
}


class GitHub(Provider):
    slug = "github"
    name = "GitHub"
    person_fields = frozenset(_PERSON) | {"employment.name"}
    privacy = "The e-mail address goes to GitHub (USA), as the search of accounts and commits takes no hash."
    confidence = 0.85

    def rate(self) -> Rate:
        """Of 10 searches a minute, 30 with a token: with one, a look-up makes two."""
        return Rate(15 if settings.GITHUB["token"] else 10, 60)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        client = _Client(settings.GITHUB["token"], deadline)
        account = client.by_profile(email) or client.by_commits(email)
        found = person_facts(account) if account else {}
        return Answer(Found.FOUND if found else Found.NOT_FOUND, found, note=client.note)


class _Client:
    """The calls of one look-up; without a token from the moment GitHub refuses it."""

    def __init__(self, token: str, deadline: Deadline) -> None:
        self.token = token
        self.deadline = deadline
        self.note = "" if token else "Public profile addresses were not searched: that takes GITHUB_TOKEN."

    def by_profile(self, email: str) -> Mapping[str, Any] | None:
        """The user whose public profile shows this address."""
        if not self.token:
            return None
        for login in self._logins("users", f"{email} in:email type:user"):
            account = self._user(login)
            if account and str(account.get("email")).lower() == email.lower():
                return account
        return None

    def by_commits(self, email: str) -> Mapping[str, Any] | None:
        """The user to whom GitHub attributes commits made with this address."""
        return next(
            (user for login in self._logins("commits", f"author-email:{email}") if (user := self._user(login))), None
        )

    def _logins(self, what: str, query: str) -> Iterator[str]:
        reply = self._get(f"/search/{what}", {"q": query, "per_page": "5"})
        if reply.status == 422:
            self.note = "GitHub cannot search for this address."
            return
        items = facts.dig(reply.json, "items")
        if not isinstance(items, list):
            raise Never("GitHub", f"answered the search of {what} with something else", status=reply.status)
        owners = [item if what == "users" else facts.dig(item, "author") for item in items]
        logins = [facts.handle(facts.dig(owner, "login")) for owner in owners if facts.dig(owner, "type") == "User"]
        yield from list(dict.fromkeys(login for login in logins if login))[:_MOST_READ]

    def _user(self, login: str) -> Mapping[str, Any] | None:
        """A person's account; None for an organisation's, and where it has gone since it was indexed."""
        account = self._get(f"/users/{quote(login)}").json
        return account if isinstance(account, Mapping) and account.get("type") == "User" else None

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        try:
            return self._call(path, params)
        except Misconfigured:
            # The description of 2026 says that search takes no authentication, against its own section on tokens.
            if not self.token:
                raise
            logger.warning("GitHub refuses GITHUB_TOKEN; asking without it")
            self.token, self.note = "", "GITHUB_TOKEN was refused; asked without it."
            return self._call(path, params)

    def _call(self, path: str, params: Mapping[str, str] | None) -> Reply:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        door = Door(
            "GitHub",
            settings.GITHUB["api_url"],
            headers=headers,
            secrets=[self.token],
            key_setting="GITHUB_TOKEN",
        )
        return door.call("GET", path, params=params, is_safe=True, deadline=self.deadline, accept=(404, 422))


def person_facts(body: Any) -> Facts:
    """GitHub's user object as facts."""
    said = {**facts.taken(_PERSON, body), "employment.name": _company(facts.dig(body, "company"))}
    return facts.read("github", facts.PERSON, said)


def _company(company: Any) -> Any:
    """The employer as a name: "@devhouse" mentions an organisation, of several the first counts."""
    mention = re.match(r"\s*@([\w-]+)", company) if isinstance(company, str) else None
    return mention[1] if mention else company
