"""Stored profiles merged anew because staff changed whom to believe: nobody is asked, the claims are all there.

A run of the job `remerge` is opened in the transaction of the change, and goes through everybody whose profile was last
merged by other rules (`ranked_by`), the most valuable first. So it goes on where it stopped, and a further change while
it runs is seen by it. Whoever changed is scored again and told of; nobody else is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q

from signups import jobs, profiles
from signups.contracts import Subject
from signups.enrichment import precedence
from signups.enrichment.precedence import Precedence
from signups.jobs.running import Run
from signups.models import Company, Person, Signup
from signups.transactions import write_transaction

JOB = "remerge"
AT_ONCE = 200  # signups, and as many people and companies without one, of one step
WAIT = timedelta(seconds=15)  # until every process has read the rules anew, and staff have clicked on
_reached: tuple[str, int, int] | None = None  # by which rules, and the score and id of the last signup looked at


@dataclass
class Begun:
    """How many profiles are to be merged anew after a change of the rules; 0 where it changed nothing of them."""

    number: int = 0


@contextmanager
def change() -> Iterator[Begun]:
    """A transaction for a change of the rules; where they are others afterwards, it opens a run."""
    begun = Begun()
    try:
        with write_transaction():
            before = digest(_fresh())
            yield begun
            if digest(_fresh()) != before:
                _from_the_top()
                begun.number = Person.objects.count() + Company.objects.count()
                jobs.start_soon(JOB, WAIT, f"To be merged anew: {begun.number:,}. Staff changed whom to believe.")
    finally:
        precedence.forget()


def digest(rules: Precedence) -> str:
    """Tells one order of belief from another. Whether a provider is on, its budget, and what is wanted do not count."""
    order = sorted(rules.standings, key=lambda slug: rules.standings[slug].order)
    first = sorted((subject, path, list(slugs)) for (subject, path), slugs in rules.first.items())
    return hashlib.blake2b(json.dumps([order, first]).encode(), digest_size=16).hexdigest()


def step(run: Run) -> bool:
    """Merge some anew; returns whether there may be more."""
    rules = _fresh()
    mark = digest(rules)
    people, companies = _next(mark)
    for model, keys in ((Company, companies), (Person, people)):  # who hears of their company hears of themselves
        _merge_all(run, model, keys, rules, mark)
    return bool(people or companies)


def _from_the_top() -> None:
    global _reached
    _reached = None


def _fresh() -> Precedence:
    precedence.forget()
    return precedence.current()


def _next(mark: str) -> tuple[set[int], set[int]]:
    """The ids of the next people and companies whose profiles were merged by other rules. At most four queries.

    This process goes on where it stopped; whoever came before that meanwhile is found at the end.
    """
    global _reached
    is_old = ~Q(person__ranked_by=mark) | Q(company__isnull=False) & ~Q(company__ranked_by=mark)
    old = Signup.objects.filter(is_old).order_by("-score", "pk")
    if _reached is not None and _reached[0] == mark:
        _, score, pk = _reached
        old = old.filter(Q(score__lt=score) | Q(score=score, pk__gt=pk), score__lte=score)
    if found := list(old.values_list("person_id", "company_id", "score", "pk")[:AT_ONCE]):
        _reached = (mark, *found[-1][2:])
        return {one[0] for one in found}, {one[1] for one in found if one[1] is not None}
    if _reached is not None:
        _from_the_top()
        return _next(mark)
    rest = (model.objects.exclude(ranked_by=mark).order_by("pk") for model in (Person, Company))
    people, companies = (set(rows.values_list("pk", flat=True)[:AT_ONCE]) for rows in rest)
    return people, companies


def _merge_all(run: Run, model: Any, keys: Iterable[int], rules: Precedence, mark: str) -> None:
    rows = model.objects.filter(pk__in=list(keys)).exclude(ranked_by=mark).order_by("pk")
    same: list[int] = []
    for row in rows:
        if profiles.merged(_subject(row), row.profile, (), rules).is_changed:
            _merge(run, row, rules, mark)
        else:
            same.append(row.pk)
    if same:
        with run.chunk(run.cursor + len(same)) as counts:
            counts.read = len(same)
            model.objects.filter(pk__in=same).update(ranked_by=mark)


def _merge(run: Run, row: Person | Company, rules: Precedence, mark: str) -> None:
    """One of them, with all that follows from it. Locks: signups, person; a company alone."""
    with run.chunk(run.cursor + 1) as counts:
        if isinstance(row, Person):
            list(row.signups.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        is_new = profiles.merge_anew(row, rules, mark)
        counts.read, counts.changed = 1, int(is_new)
    if is_new and isinstance(row, Company):
        profiles.tell_put_off(row.pk)


def _subject(row: Person | Company) -> Subject:
    return Subject.PERSON if isinstance(row, Person) else Subject.COMPANY
