"""Signups that arrive while two companies are merged, two who answer at once, and two who merge at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from signups.companies import comparing, deciding, merging
from signups.enrichment import belonging
from signups.models import Company, CompanyMatch, Person, Signup, Verdict
from signups.transactions import write_transaction
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(*tasks: Callable[[], Any]) -> list[Any]:
    """All at once, each with a connection of its own; what they returned or raised."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return task()
        except comparing.CannotMerge as why:
            return why
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


def arrive(number: int) -> None:
    """As intake saves somebody new: the company, then the person, then the signup."""
    with write_transaction():
        company, _ = belonging.found_or_made("acme.io", "Acme", {})
        person = Person.objects.create(email=f"p{number}@acme.io", company=company)
        values = {"verdict": Verdict.ACCEPTED, "machine_verdict": Verdict.ACCEPTED, "email_domain": "acme.io"}
        Signup.objects.create(person=person, company=company, email=person.email, name="P", **values)


def test_whoever_arrives_during_a_merge_ends_up_at_the_kept_company() -> None:
    merged, kept = make_company("acme.io", "Acme"), make_company("acme.com", "Acme")
    boss = User.objects.create_user("boss")
    for number in range(100, 105):
        make_signup(f"p{number}@acme.io", company=merged)
    in_threads(*(lambda n=n: arrive(n) for n in range(6)), lambda: merging.merge(merged, kept, boss))
    assert Signup.objects.filter(company=kept).count() == Signup.objects.count() == 11
    assert not Person.objects.filter(company=merged).exists()


def test_of_two_who_merge_each_into_the_other_one_is_refused() -> None:
    one, other = make_company("acme.io", "Acme"), make_company("acme.com", "Acme")
    boss = User.objects.create_user("boss")
    ends = in_threads(lambda: merging.merge(one, other, boss), lambda: merging.merge(other, one, boss))
    assert sum(isinstance(end, comparing.CannotMerge) for end in ends) == 1
    assert Company.objects.filter(merged_into=None).count() == 1


def test_two_who_undo_at_once_undo_once() -> None:
    merged, kept = make_company("acme.io", "Acme"), make_company("acme.com", "Acme")
    boss = User.objects.create_user("boss")
    make_signup("ada@acme.io", company=merged)
    row = merging.merge(merged, kept, boss)
    ends = in_threads(lambda: merging.undo(row, boss), lambda: merging.undo(row, boss))
    assert sum(isinstance(end, comparing.CannotMerge) for end in ends) == 1
    assert Signup.objects.get().profile_version == 3


def test_of_many_who_say_yes_at_once_one_is_heard() -> None:
    boss = User.objects.create_user("boss")
    person = make_signup("ada@bigmail.test").person
    match = CompanyMatch.objects.create(person=person, domain="acme.com", confidence=0.5, state="open")
    assert sum(in_threads(*[lambda: deciding.confirm(match, boss)] * 4)) == 1
    assert Signup.objects.get().profile_version == 2
