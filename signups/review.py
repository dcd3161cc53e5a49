"""Staff overrule the rules: accept anyway, keep rejected, reject. Each is on record with its author, and a label."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from signups import confirmation, customers, labels
from signups.models import Signup, Verdict, VerdictChange
from signups.transactions import write_transaction


def accept_anyway(signup: Signup, user: AbstractBaseUser, note: str = "") -> bool:
    """Accept whatever the rules said; the signals plan the deliveries, and a mail brings whoever was turned away back.

    False where it was accepted already.
    """
    return _decide(signup, Verdict.ACCEPTED, user, note)


def reject(signup: Signup, user: AbstractBaseUser, note: str = "") -> bool:
    """Reject a signup that was held or let in. False where it was rejected already."""
    return _decide(signup, Verdict.REJECTED, user, note)


def keep_rejected(signup: Signup, user: AbstractBaseUser, note: str = "") -> bool:
    """Say that the rules were right: it leaves the review queue. False where it is not rejected, or was reviewed."""
    with write_transaction():
        waiting = Signup.objects.filter(pk=signup.pk, verdict=Verdict.REJECTED, reviewed_at=None)
        labels.put(signup, Signup.Label.SPAM, user)
        if not waiting.update(reviewed_at=timezone.now(), **labels.fields(signup)):
            return False
        labels.tell([signup])
        _record(signup, Verdict.REJECTED, user, note or "kept rejected")
    return True


def _decide(signup: Signup, verdict: Verdict, user: AbstractBaseUser, note: str) -> bool:
    with write_transaction():
        signup = Signup.objects.select_for_update(of=("self",)).select_related("person", "company").get(pk=signup.pk)
        if signup.verdict == verdict:
            return False
        was_turned_away = signup.verdict in (Verdict.REJECTED, Verdict.HELD)
        signup.verdict, signup.reviewed_at = verdict, timezone.now()
        labels.put(signup, Signup.Label.GENUINE if verdict == Verdict.ACCEPTED else Signup.Label.SPAM, user)
        if verdict == Verdict.ACCEPTED:
            signup.accepted_at = signup.reviewed_at
            note = _without_anothers_id(signup, note)
        _record(signup, verdict, user, note)
        signup.save()
        labels.tell([signup])
        if verdict == Verdict.ACCEPTED and was_turned_away:
            confirmation.ask(signup)
    return True


def _without_anothers_id(signup: Signup, note: str) -> str:
    """A rejected signup keeps no own id from others: taken meanwhile, it is theirs. The note, which then says so."""
    if not signup.external_id:
        return note
    try:
        customers.require_free(signup.external_id, signup.person)
    except customers.Taken:
        said = f"The own id {signup.external_id} is another customer's by now: this one has none."
        signup.external_id = ""
        return f"{note} {said}".strip()
    return note


def _record(signup: Signup, verdict: Verdict, user: AbstractBaseUser, note: str) -> None:
    VerdictChange.objects.create(
        signup=signup, verdict=verdict, by=VerdictChange.By.STAFF, user_id=user.pk, note=note[:500]
    )
