"""Whose story is told: a few signups, and by which ids their actions know them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signups.customers import names_of
from signups.models import IdentityLink, Signup


@dataclass(frozen=True)
class Scope:
    """`by_pk`: the signups; `visitors`: whose each anonymous id is; `users`: who each of the backend's ids means."""

    by_pk: dict[int, Signup]
    visitors: dict[str, Signup] = field(default_factory=dict)
    users: dict[str, Signup] = field(default_factory=dict)

    @classmethod
    def of(cls, signups: Iterable[Signup]) -> Scope:
        """The story of these signups (with their person and company loaded; a page's worth of them). One query."""
        by_pk = {signup.pk: signup for signup in signups}
        links = IdentityLink.objects.filter(signup__in=by_pk, ended_at=None) if by_pk else IdentityLink.objects.none()
        visitors = {link.anonymous_id: by_pk[link.signup_id] for link in links}
        users: dict[str, Signup] = {}
        for signup in by_pk.values():
            for name in names_of(signup):
                users.setdefault(name, signup)
        return cls(by_pk, visitors, users)

    @property
    def units(self) -> dict[str, Signup]:
        """By what experiments know them: as visitors, as themselves, as a company."""
        units = {str(signup.uid): signup for signup in self.by_pk.values()}
        for signup in self.by_pk.values():
            if signup.company is not None:
                units.setdefault(signup.company.domain, signup)
        return units | self.visitors


def arrived_at(signup: Signup) -> datetime:
    """When the signup reached us: it was saved once it was decided."""
    return signup.created_at - timedelta(milliseconds=signup.decided_ms)
