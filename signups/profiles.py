"""Profiles of people and companies change: what was found is merged, their signups are scored again, and the
integrations hear of it once.

How claims become one profile is `signups.enrichment.merging`'s business, who is asked `signups.enrichment`'s. Called by
whatever learns something: a signup coming in, a late answer, a refresh, staff.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from signups import scoring
from signups.contracts import Found, Subject
from signups.deliveries.queueing import enqueue
from signups.enrichment import STAFF, answers, merging, precedence
from signups.enrichment.answers import Result
from signups.enrichment.merging import Claim
from signups.enrichment.precedence import FORM, Precedence
from signups.mails import developer
from signups.models import Company, CompanyMatch, Lookup, Person, Signup, Verdict
from signups.models.profile import Profile
from signups.scoring import facts
from signups.transactions import write_transaction

_QUIET = ("site.", "techCategories", "fuzzy", "logo")
MOST_TOLD = 500  # signups of one company that are scored again and told of, the latest of each person
FEW = 20  # so many are told of while staff wait for their page
_TELL_WITHIN = timedelta(minutes=3)  # then the task is taken for lost
_MOST_WOKEN = 4  # at once: each may hold a worker for many seconds


@dataclass(frozen=True)
class Merged:
    """What became of a profile. `is_new`: other values hold than before; `is_changed`: or at least other claims."""

    profile: Profile
    is_new: bool
    is_changed: bool


def merged(subject: Subject, old: Profile, results: Iterable[Result], rules: Precedence | None = None) -> Merged:
    """`old` with these answers; of whoever asked not to be looked up, nothing of providers is left."""
    rules, results = rules or precedence.current(), list(results)
    profile = merging.merge(subject, old, results, rules)
    if has_refused(results):
        profile = merging.without(subject, profile, _providers(profile) - {STAFF, FORM}, rules)
    return _compared(old, profile)


def of_form(name: str, company_name: str, at: Any = None) -> dict[str, Claim]:
    """What somebody said of themselves on the form, as claims."""
    base = {"provider": FORM, "at": (at or timezone.now()).isoformat(), "confidence": 0.9}
    said = {"name.fullName": name.strip(), "employment.name": company_name.strip()}
    return {path: {"value": value[:200], **base} for path, value in said.items() if value}


def with_form(profile: Profile, claims: dict[str, Claim], rules: Precedence | None = None) -> Profile:
    """A person's profile with what they typed themselves."""
    return merging.with_claims(Subject.PERSON, profile, {FORM: claims}, rules or precedence.current())


def stamp(company: Company | None) -> str:
    """Tells one state of a company's profile from another; "none" without a company. What sites call their pages and
    the like is left out: nobody needs to be told of that."""
    if company is None:
        return "none"
    said = {path: value for path, value in merging.values(company.profile).items() if not path.startswith(_QUIET)}
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def rescore(signup: Signup) -> None:
    """Score a signup anew by what its person's and company's profiles hold now; the caller saves it, in a transaction.

    The integrations hear of it when the signup is saved: its profile has a new version.
    """
    company = signup.company.profile if signup.company is not None else {}
    scored = scoring.score(facts.gather(signup.checks.all(), signup.person.profile, company, signup))
    scoring.save(scored, signup)
    signup.score, signup.is_high_value = scored.total, scored.is_high_value
    signup.profile_version += 1
    signup.company_stamp = stamp(signup.company)


def take(row: Person | Company, results: Iterable[Result], *, tells: bool = True) -> bool:
    """Merge what was found into a person's or company's profile, and tell of it if it is new; says whether it is."""
    subject, results = _subject(row), list(results)
    with write_transaction():
        row = _locked(row)
        change = merged(subject, row.profile, results)
        _keep(row, change)
        if isinstance(row, Person) and has_refused(results):
            forget_answers(row)
        if isinstance(row, Company) and row.name == row.domain and "name" in row.profile:
            row.name = str(row.fact("name"))[:255]
            row.save(update_fields=["name"])
    if change.is_new and tells:
        tell(row)
    return change.is_new


def merge_anew(row: Person | Company, rules: Precedence, mark: str) -> bool:
    """Merge what was said of a person or company by these rules, and tell of it if other values hold; says whether.

    For a transaction, in which a person's signups are locked. A company's are told of after it (`tell_put_off`): so
    many tasks as a change of the rules changes companies would leave no room in the queue for deliveries.
    """
    row = _locked(row)
    change, subject = merged(_subject(row), row.profile, (), rules), _subject(row)
    was, name = (profile.get(_NAMES[subject], {}).get("value") for profile in (row.profile, change.profile))
    if name and row.name == str(was)[:255]:
        row.name = str(name)[:255]
    row.profile, row.ranked_by = change.profile, mark
    row.save(update_fields=["name", "profile", "ranked_by", "updated_at"])
    if change.is_new and not put_off(row, few=0, queues=False):
        tell(row)
    return change.is_new


def has_refused(results: Iterable[Result]) -> bool:
    """Whether the person asked one of them not to be looked up."""
    return any(result.outcome is Found.REFUSED for result in results)


def forget_answers(person: Person) -> None:
    """Forget what providers said of somebody who asked not to be looked up; what they typed and staff's word stay.

    In the caller's transaction, whose row it has locked.
    """
    about = (Subject.PERSON.value, Subject.SIGNATURES.value)
    said = Lookup.objects.filter(subject__in=about, key=person.email)
    said.exclude(outcome=Found.REFUSED.value).exclude(provider=STAFF).delete()
    decided = (CompanyMatch.State.CONFIRMED, CompanyMatch.State.DENIED)
    person.company_matches.exclude(state__in=decided).delete()
    own = person.profile.get("name.fullName", {})
    if own.get("provider") in (STAFF, FORM):
        person.name = str(own["value"])[:255]
    else:
        person.name = person.signups.order_by("pk").values_list("name", flat=True).first() or ""
    person.save(update_fields=["name"])
    for signup in person.signups.select_related("person"):  # whether they write code was told by what was said
        signup.person = person
        developer.apply(signup)
        Signup.objects.filter(pk=signup.pk).update(
            developer=signup.developer, developer_evidence=signup.developer_evidence
        )


def tell(row: Person | Company, most: int = MOST_TOLD, *, also_old: bool = True) -> int:
    """Score the signups of a person or company anew, each in a transaction of its own; says how many that were.

    Of one person the latest signup counts, of a company those of the latest people who were scored by another state of
    it. Safe to repeat: who has been told is passed over, so that a crash half way costs nothing. `also_old`: and those
    of whom nobody knows by what they were scored.
    """
    if isinstance(row, Company):
        row.refresh_from_db(fields=["profile"])
    told = 0
    for key in _to_tell(row, most, also_old=also_old):
        with write_transaction():
            signup = Signup.objects.select_for_update(of=("self",)).select_related("person", "company").get(pk=key)
            if isinstance(row, Company) and signup.company_stamp == stamp(signup.company):
                continue  # another process was here meanwhile
            developer.apply(signup)
            rescore(signup)
            signup.save()
            told += 1
    return told


def _to_tell(row: Person | Company, most: int = MOST_TOLD, *, also_old: bool = True) -> list[int]:
    """The signups to be told of, the latest first."""
    signups: QuerySet[Signup] = row.signups.exclude(verdict=Verdict.REJECTED)
    if isinstance(row, Company):
        signups = signups.exclude(company_stamp__in=[stamp(row), *([] if also_old else [""])])
    latest = signups.order_by().values("person").annotate(last=Max("pk")).order_by("-last")
    return list(latest.values_list("last", flat=True)[:most])


# -- Telling later -----------------------------------------------------------------------------------------------------


def put_off(row: Person | Company, few: int = FEW, *, queues: bool = True) -> bool:
    """Leave telling to a task where it would be more than a few signups, and say whether it was left.

    For the transaction that changed the row: the company keeps that it has to be told of, so that a lost task is found
    by the sweep. Otherwise the caller tells once its transaction is over. Without `queues` the caller is the task.
    """
    if isinstance(row, Person) or len(_to_tell(row, few + 1)) <= few:
        return False
    row.tell_due_at = timezone.now() + _TELL_WITHIN
    Company.objects.filter(pk=row.pk).update(tell_due_at=row.tell_due_at)
    if queues:
        transaction.on_commit(partial(enqueue, "signups.tasks.tell_company", row.pk, is_urgent=True), robust=True)
    return True


def to_follow(row: Person | Company) -> int:
    """How many signups a task is still to score anew. One query, two where there are any."""
    waiting = Company.objects.filter(pk=row.pk).exclude(tell_due_at=None).first() if isinstance(row, Company) else None
    return len(_to_tell(waiting)) if waiting is not None else 0


def tell_put_off(company_pk: int) -> None:
    """What the task does. Safe to repeat: a change that comes meanwhile is told of by its own task or the sweep."""
    company = Company.objects.filter(pk=company_pk).exclude(tell_due_at=None).first()
    if company is not None:
        due_at = company.tell_due_at
        tell(company)
        with write_transaction():
            Company.objects.filter(pk=company_pk, tell_due_at=due_at).update(tell_due_at=None)


def wake_due() -> int:
    """Queue a task for each company whose own was lost; returns how many. One cheap query where there is none."""
    due = Company.objects.filter(tell_due_at__lte=timezone.now()).order_by("tell_due_at")
    woken = 0
    for key in list(due.values_list("pk", flat=True)[:_MOST_WOKEN]):
        with write_transaction():
            mine = Company.objects.filter(pk=key, tell_due_at__lte=timezone.now())
            is_mine = mine.update(tell_due_at=timezone.now() + _TELL_WITHIN)
        if is_mine:
            woken += enqueue("signups.tasks.tell_company", key, is_urgent=True)
    return woken


# -- What staff say ----------------------------------------------------------------------------------------------------


def word_of(user: AbstractBaseUser, value: Any) -> dict[str, Any]:
    """Staff's word as a claim, for `note`."""
    return {"value": value, "by": user.get_username(), "at": timezone.now().isoformat()}


def state_fact(user: AbstractBaseUser, row: Person | Company, path: str, value: Any) -> None:
    """Staff's own word on a fact: it beats everybody's, and stays when others are asked again.

    The signups of a company that are more than a few are scored anew by a task (`to_follow`).
    """
    _say(row, path, word_of(user, value))


def withdraw_fact(row: Person | Company, path: str) -> None:
    """Take staff's word on a fact back: what providers say holds again."""
    _say(row, path, None)


def note(row: Person | Company, path: str, claim: dict[str, Any] | None) -> None:
    """Keep staff's word on a fact, or that they took it back (None), and merge the profile anew; tells nobody.

    For a transaction that has locked the row.
    """
    question: dict[str, Any] = {"provider": STAFF, "subject": _subject(row).value, "key": _key(row)}
    said = Lookup.objects.filter(**question).first()
    claims = {known: one for known, one in (said.facts if said is not None else {}).items() if known != path}
    if claim is not None:
        claims[path] = claim
    now = timezone.now()
    own = {"outcome": Lookup.Outcome.FOUND, "facts": claims, "fetched_at": now, "expires_at": now + _FOR_GOOD}
    kept, _ = Lookup.objects.update_or_create(**question, defaults=own)
    change = merged(_subject(row), row.profile, [answers.as_result(kept)])
    name = change.profile.get(_NAMES[_subject(row)], {})
    if path == _NAMES[_subject(row)]:
        row.name = str(name.get("value") or (row.domain if isinstance(row, Company) else ""))[:255]
    _keep(row, change)


def _say(row: Person | Company, path: str, claim: dict[str, Any] | None) -> None:
    with write_transaction():
        row = _locked(row)
        note(row, path, claim)
        is_put_off = put_off(row)
    if not is_put_off:
        tell(row)


_NAMES = {Subject.PERSON: "name.fullName", Subject.COMPANY: "name"}


# -- Rows --------------------------------------------------------------------------------------------------------------

_FOR_GOOD = answers.LIFETIME[Found.REFUSED]


def _subject(row: Person | Company) -> Subject:
    return Subject.PERSON if isinstance(row, Person) else Subject.COMPANY


def _key(row: Person | Company) -> str:
    return row.email if isinstance(row, Person) else row.domain


def _locked(row: Person | Company) -> Person | Company:
    if isinstance(row, Person):
        return Person.objects.select_for_update().get(pk=row.pk)
    return Company.objects.select_for_update(no_key=True).get(pk=row.pk)


def _keep(row: Person | Company, change: Merged) -> None:
    if change.is_changed:
        row.profile = change.profile
        row.save(update_fields=["name", "profile", "updated_at"])


def _compared(old: Profile, new: Profile) -> Merged:
    return Merged(new, merging.values(new) != merging.values(old), new != old)


def _providers(profile: Profile) -> set[str]:
    return {claim["provider"] for fact in profile.values() for claim in merging.claims_of(fact)}
