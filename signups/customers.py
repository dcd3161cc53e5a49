"""Whom the product's backend means: a customer by the signup's id, by the product's own id of it, or by address.

What is reported about customers (usage, actions) names them so. A rejected signup is nobody's customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import idna
from django.db.models import Q

from signups.models import Heartbeat, Person, Signup, Verdict

_AT_ONCE = 5_000  # names in one query: SQLite takes 32,766 parameters


class Taken(ValueError):
    """Another customer goes by this own id: what is reported of the one would be stored for the other."""


def find(references: Iterable[str]) -> dict[str, Signup]:
    """Those references that are some customer's, each with the customer; person and company come along.

    The signup's id comes before the product's own id, and that before an address, which may be written in any case. Of
    several signups by one name the accepted one counts, and of those the newest. Three queries for 5,000 references.
    """
    names = list(dict.fromkeys(references))
    found: dict[str, Signup] = {}
    for start in range(0, len(names), _AT_ONCE):
        found |= _find(names[start : start + _AT_ONCE])
    return found


def require_free(external_id: str, person: Person) -> None:
    """Raises `Taken` where an own id is another customer's own id, signup id or address.

    For the transaction that gives it to a signup of `person`: of two that take the same id at once, one comes first.
    """
    Heartbeat.beat("external id given")  # locks its row
    others = Signup.objects.exclude(person_id=person.pk or 0).exclude(verdict=Verdict.REJECTED).order_by()
    names = [Q(external_id=external_id), Q(person__email=external_id.lower()), Q(uid=_uuid(external_id))]
    other = next((found for name in names if (found := others.filter(name).first()) is not None), None)
    if other is not None:
        raise Taken(f"external_id: {external_id} is the customer {other.uid}'s. Send this one's, or change it there.")


def names_of(signup: Signup) -> set[str]:
    """Every way in which a backend may name this customer, as `written` keeps it."""
    uid = str(signup.uid)
    return {written(name) for name in (uid, uid.upper(), signup.external_id, signup.person.email) if name}


def written(reference: str) -> str:
    """A customer's name as it is kept: an address in lower case, anything else as it is."""
    reference = reference.strip()
    return reference.lower() if "@" in reference else reference


def _address(name: str) -> str:
    """An address as people have it as their key: in lower case, its domain as DNS knows it."""
    local, _, domain = name.lower().rpartition("@")
    if domain.isascii():
        return name.lower()
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return name.lower()


def _find(references: Sequence[str]) -> dict[str, Signup]:
    names = {reference: reference.strip() for reference in references}
    uids = {name: uid for name in names.values() if (uid := _uuid(name)) is not None}
    addresses = {_address(name) for name in names.values() if "@" in name}
    by_uid = {signup.uid: signup for signup in _best(Q(uid__in=set(uids.values())))}
    by_own_id = {signup.external_id: signup for signup in _best(Q(external_id__in=set(names.values()) - {""}))}
    by_address = {signup.person.email: signup for signup in _best(Q(person__email__in=addresses))}
    found: dict[str, Signup] = {}
    for reference, name in names.items():
        by_id = by_uid.get(uids[name]) if name in uids else None
        signup = by_id or by_own_id.get(name) or by_address.get(_address(name))
        if signup is not None:
            found[reference] = signup
    return found


def _best(named: Q) -> list[Signup]:
    """These signups, the one that counts last."""
    signups = Signup.objects.filter(named).exclude(verdict=Verdict.REJECTED).select_related("person", "company")
    return sorted(signups, key=lambda signup: (signup.is_accepted, signup.created_at, signup.pk))


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
