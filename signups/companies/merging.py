"""Two companies that are one: merged in one transaction, and taken apart again.

The merged one stays as a row that points to the kept one; its domain and aliases become the kept one's. Whoever signs
up meanwhile is moved, or comes to the kept one: `belonging.found_or_made` waits for the merge. Locks are taken in the
order signups, people, companies, as everybody takes them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from signups import profiles
from signups.companies import moving
from signups.companies.comparing import NAME, CannotMerge, default_choice, merged_profile, require_mergeable
from signups.companies.telling import is_told, tell_anew
from signups.enrichment import known_names
from signups.models import Company, CompanyMerge, Person, Signup
from signups.profiles import MOST_TOLD
from signups.transactions import write_transaction


def merge(merged: Company, kept: Company, user: AbstractBaseUser, taken: Collection[str] | None = None) -> CompanyMerge:
    """Make `merged` part of `kept`. `taken`: the facts to take from it, None for those the kept one lacks.

    Signups that changed hands are scored anew and told, and the kept company's own where its facts changed. Raises
    CannotMerge where one of them is part of another merge.
    """
    with write_transaction():
        _lock_people(Signup.objects.filter(company__in=(merged.pk, kept.pk)), Person.objects.filter(company=merged))
        merged, kept = _locked(merged.pk, kept.pk)
        require_mergeable(merged, kept)
        before = _take_facts(merged, kept, default_choice(merged, kept) if taken is None else taken)
        moved = moving.move(merged, kept)
        merged.merged_into = kept
        merged.save(update_fields=["merged_into", "updated_at"])
        row = CompanyMerge.objects.create(kept=kept, merged=merged, moved=moved, before=before, by_id=user.pk)
        _tell(kept, None if before else moved["signups"])
    known_names.forget()
    return row


def undo(merge: CompanyMerge, user: AbstractBaseUser) -> None:
    """Take the two apart again: what was moved goes back where it is still there, what came later stays.

    Facts of the kept company that were taken from the other become what they were, unless they changed since. Raises
    CannotMerge where it was undone already.
    """
    with write_transaction():
        people = Person.objects.filter(pk__in=merge.moved.get("people", []))
        _lock_people(Signup.objects.filter(company=merge.kept_id), people)
        merged, kept = _locked(merge.merged_id, merge.kept_id)
        merge = CompanyMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        if merge.undone_at is not None:
            raise CannotMerge("This merge was undone already.")
        moving.move_back(merge.moved, merged, kept)
        _give_facts_back(kept, merge.before)
        merged.merged_into = None
        merged.save(update_fields=["merged_into", "updated_at"])
        merge.undone_at, merge.undone_by_id = timezone.now(), user.pk
        merge.save(update_fields=["undone_at", "undone_by"])
        _tell(merged, merge.moved.get("signups", []))
        if merge.before:
            _tell(kept, None)
    known_names.forget()


def keep_apart(one: Company, other: Company, user: AbstractBaseUser) -> None:
    """Say that two companies that look like one are two: a merge that was taken back before it was made."""
    now = timezone.now()
    with write_transaction():
        CompanyMerge.objects.create(kept=other, merged=one, by_id=user.pk, undone_by_id=user.pk, undone_at=now)


def _lock_people(signups: Any, people: Any) -> None:
    list(signups.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    list(people.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def _locked(merged_pk: int, kept_pk: int) -> tuple[Company, Company]:
    """Both rows, locked against whoever would put somebody to one of them (`belonging`)."""
    rows = Company.objects.select_for_update(of=("self",)).select_related("merged_into").order_by("pk")
    by_pk = {company.pk: company for company in rows.filter(pk__in=(merged_pk, kept_pk))}
    if merged_pk not in by_pk or kept_pk not in by_pk:
        raise CannotMerge("One of these companies is gone.")
    return by_pk[merged_pk], by_pk[kept_pk]


def _take_facts(merged: Company, kept: Company, taken: Collection[str]) -> dict[str, Any]:
    """Change the kept company; returns what was changed, path → [before, after], to be given back."""
    profile = merged_profile(merged, kept, taken)
    changed: dict[str, Any] = {
        path: [kept.profile.get(path), fact] for path, fact in profile.items() if kept.profile.get(path) != fact
    }
    name = merged.name if NAME in taken else kept.name
    before: dict[str, Any] = {}
    if name != kept.name:
        before["name"] = [kept.name, name]
    if changed:
        before["facts"] = changed
    if before:
        kept.name, kept.profile = name, profile
        kept.save(update_fields=["name", "profile", "updated_at"])
    return before


def _give_facts_back(kept: Company, before: dict[str, Any]) -> None:
    profile = dict(kept.profile)
    for path, (was, became) in before.get("facts", {}).items():
        if profile.get(path) != became:
            continue
        if was is None:
            del profile[path]
        else:
            profile[path] = was
    was, became = before.get("name", (kept.name, kept.name))
    name = was if kept.name == became else kept.name
    if (name, profile) != (kept.name, kept.profile):
        kept.name, kept.profile = name, profile
        kept.save(update_fields=["name", "profile", "updated_at"])


def _tell(company: Company, signup_pks: Collection[int] | None) -> None:
    """Score the company's signups anew, these or all, and tell whoever knows of them; by a task where they are many."""
    locked = Signup.objects.select_for_update(of=("self",)).filter(company=company)
    signups = locked.select_related("person", "company").prefetch_related("checks")
    if signup_pks is not None:
        # Their stamps say by what company they were scored, and two may look alike.
        Signup.objects.filter(company=company, pk__in=signup_pks).update(company_stamp="moved")
        signups = signups.filter(pk__in=signup_pks)
    if profiles.put_off(company):
        return
    # The latest; of the others their stamps say that they were scored by less, and later look-ups tell of them.
    for signup in signups.order_by("-pk")[:MOST_TOLD]:
        if is_told(signup):
            tell_anew(signup)
