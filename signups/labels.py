"""What a signup really was, in staff's word: spam, genuine, or not said. The rules are measured by it (`revet`).

Overruling is a word too: whom staff accept is genuine, whom they reject or keep rejected is spam (`signups.review`).
Whoever learns from labels listens to `labelled`, or reads `Signup.labelled_at`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.dispatch import Signal
from django.utils import timezone

from signups.models import Signup, VerdictChange
from signups.transactions import write_transaction

_FIELDS = ("label", "labelled_at", "labelled_by_id")

# Sent in the transaction that changed the label, with `signups`: the rows that have another label now.
labelled = Signal()


def label(signup: Signup, label: Signup.Label, user: AbstractBaseUser, note: str = "") -> bool:
    """Say what a signup was; `Signup.Label.NONE` takes it back. On record. False where that is its label already."""
    return bool(label_many([signup], label, user, note))


def label_many(signups: Iterable[Signup], label: Signup.Label, user: AbstractBaseUser, note: str = "") -> list[Signup]:
    """`label` for many in five queries; returns those whose label changed."""
    keys = [signup.pk for signup in signups]
    with write_transaction():
        rows = Signup.objects.select_for_update(of=("self",)).filter(pk__in=keys).exclude(label=label)
        changed = list(rows.select_related("person", "company"))
        for signup in changed:
            put(signup, label, user)
        if changed:  # one word for all of them: row by row, 5,000 would keep everybody else from writing for seconds
            Signup.objects.filter(pk__in=[signup.pk for signup in changed]).update(**fields(changed[0]))
        VerdictChange.objects.bulk_create(
            VerdictChange(
                signup=signup,
                verdict=signup.verdict,
                label=label or VerdictChange.NO_LABEL,
                by=VerdictChange.By.STAFF,
                user_id=user.pk,
                note=note[:500],
            )
            for signup in changed
        )
        tell(changed)
    return changed


def put(signup: Signup, label: Signup.Label, user: AbstractBaseUser) -> None:
    """Set the fields, for the caller to save; whoever saves them calls `tell`."""
    signup.label, signup.labelled_at, signup.labelled_by_id = label, timezone.now(), user.pk


def fields(signup: Signup) -> dict[str, Any]:
    """What `put` set, as `update` takes it."""
    return {name: getattr(signup, name) for name in _FIELDS}


def tell(signups: list[Signup]) -> None:
    if signups:
        labelled.send(Signup, signups=signups)
