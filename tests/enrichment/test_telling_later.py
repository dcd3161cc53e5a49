"""A company of many signups: staff do not wait until all are scored anew; a task does it, whatever dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups import profiles, tasks, waking
from signups.companies import merging
from signups.models import Company, Delivery, Signup
from tests.deliveries.acts import queued
from tests.rows import make_company, make_delivery, make_signup

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 25


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def acme() -> Company:
    queued()
    return make_company("acme.com", "Acme")


def people_of(company: Company, number: int = MANY) -> list[Signup]:
    return [make_signup(f"p{n}@{company.domain}", company=company) for n in range(number)]


def versions() -> set[int]:
    return set(Signup.objects.values_list("profile_version", flat=True))


def telling(company: Company) -> tuple[str, int]:
    return "signups.tasks.tell_company", company.pk


def test_of_a_few_everybody_is_told_at_once(acme: Company, boss: User) -> None:
    people_of(acme, profiles.FEW)
    profiles.state_fact(boss, acme, "metrics.raised", 30_000_000)
    assert versions() == {2}
    assert telling(acme) not in queued()
    assert profiles.to_follow(acme) == 0


def test_of_many_a_task_tells_once_the_change_is_committed(acme: Company, boss: User) -> None:
    people_of(acme)
    profiles.state_fact(boss, acme, "metrics.raised", 30_000_000)
    assert versions() == {1}
    assert profiles.to_follow(acme) == MANY
    assert queued().count(telling(acme)) == 1
    tasks.tell_company(acme.pk)
    assert versions() == {2}
    assert profiles.to_follow(acme) == 0


def test_a_task_that_is_repeated_tells_nobody_twice(acme: Company, boss: User) -> None:
    make_delivery(people_of(acme)[0], "close", state="delivered")
    profiles.state_fact(boss, acme, "metrics.raised", 30_000_000)
    tasks.tell_company(acme.pk)
    tasks.tell_company(acme.pk)
    Company.objects.update(tell_due_at=timezone.now())
    tasks.tell_company(acme.pk)
    assert versions() == {2}
    assert Delivery.objects.filter(event="profile_changed", integration="close").count() <= MANY


def test_a_lost_task_is_found_by_the_sweep_which_wakes_one(acme: Company, boss: User) -> None:
    people_of(acme)
    profiles.state_fact(boss, acme, "metrics.raised", 30_000_000)
    queued()
    waking.sweep()
    assert telling(acme) not in queued()  # it has a while yet
    Company.objects.update(tell_due_at=timezone.now() - timedelta(seconds=1))
    waking.sweep()
    waking.sweep()
    assert queued().count(telling(acme)) == 1


def test_a_change_while_the_task_is_at_it_is_told_of_too(
    acme: Company, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    people_of(acme)
    profiles.state_fact(boss, acme, "metrics.raised", 30_000_000)
    usual = profiles.tell

    def tell(company: Company) -> int:
        told = usual(company)
        profiles.state_fact(boss, company, "metrics.raised", 1)
        return told

    monkeypatch.setattr(profiles, "tell", tell)
    tasks.tell_company(acme.pk)
    monkeypatch.undo()
    assert profiles.to_follow(acme) == MANY
    tasks.tell_company(acme.pk)
    assert versions() == {3}


def test_a_merge_of_many_leaves_them_to_a_task_although_both_companies_look_alike(acme: Company, boss: User) -> None:
    other = make_company("acme.io", "Acme Labs")
    people_of(other)
    stayed = make_signup("bob@acme.com", company=acme, company_stamp=profiles.stamp(acme))
    merging.merge(other, acme, boss)
    assert versions() == {1}
    tasks.tell_company(acme.pk)
    stayed.refresh_from_db()
    assert (versions(), stayed.profile_version) == ({1, 2}, 1)


def test_staff_are_told_that_the_rest_follows(acme: Company, boss: User) -> None:
    people_of(acme)
    browser = Client()
    browser.force_login(boss)
    fact = {"path": "metrics.raised", "value": "$30M"}
    reply = browser.post(reverse("admin:signups_company_fact", args=[acme.pk]), fact, follow=True)
    assert f"Its {MANY} latest signups are scored anew in a moment, and told then." in reply.content.decode()
