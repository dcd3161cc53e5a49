"""A signup whose company became another is scored anew, and whoever was told of it hears of it: `profile_changed`."""

from __future__ import annotations

from django.utils import timezone

from signups import profiles
from signups.models import Company, Person, Signup, Verdict


def is_told(signup: Signup) -> bool:
    """Whether a change of its company is anybody's business: a rejected signup without one stays as it is."""
    return signup.verdict != Verdict.REJECTED or signup.company_id is not None


def tell_anew(signup: Signup) -> None:
    """Score the signup as it is now and save it, in the caller's transaction, whose row it has locked.

    Saving it is what plans the deliveries: one `profile_changed` for each integration that listens.
    """
    profiles.rescore(signup)
    signup.save()


def held(person_pk: int) -> tuple[Person, list[Signup]]:
    """A person and their signups, the eldest first, locked as everybody locks them: signups, then the person."""
    rows = Signup.objects.select_for_update(of=("self",)).select_related("company").filter(person=person_pk)
    signups = list(rows.order_by("pk"))
    return Person.objects.select_for_update(of=("self",)).select_related("company").get(pk=person_pk), signups


def move(person: Person, signups: list[Signup], company: Company | None, *, is_new: bool) -> list[Signup]:
    """Put a person and their signups, which are `held`, to a company; the signups that moved, and were told of.

    `is_new`: the company was just made, and the providers are asked about it.
    """
    if person.company != company:
        person.company = company
        person.save(update_fields=["company", "updated_at"])
    moved = [signup for signup in signups if is_told(signup) and signup.company != company]
    for signup in moved:
        signup.person, signup.company = person, company
        if is_new:
            signup.lookups_due_at, signup.lookups_tried = timezone.now(), 0
        tell_anew(signup)
    return moved
