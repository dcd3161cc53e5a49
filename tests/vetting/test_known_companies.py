"""Customers' domains, read now and then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from signups.models import Company, Signup, Verdict
from signups.vetting import examining, known_companies, parse
from signups.vetting.lookalikes import check
from signups.vetting.suggestion import suggest
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    known_companies.forget()
    yield
    known_companies.forget()


def customer(domain: str, verdict: Verdict = Verdict.ACCEPTED) -> None:
    make_signup(f"ada@{domain}", company=make_company(domain), verdict=verdict)


def test_only_companies_of_accepted_signups_are_known() -> None:
    customer("devhouse.test")
    customer("throwaway.test", Verdict.REJECTED)
    make_company("nobody.test")
    known_companies.refresh()
    assert known_companies.current().customers.domains == {"devhouse.test"}


def test_they_are_read_once_in_five_minutes_and_looked_at_for_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    customer("devhouse.test")
    with django_assert_num_queries(1):
        for _ in range(3):
            known_companies.refresh()
            known_companies.current()


def test_of_too_many_the_newest_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_companies, "MOST", 2)
    for name in ("first", "second", "third"):
        customer(f"{name}.test")
    known_companies.refresh()
    assert known_companies.current().customers.domains == {"second.test", "third.test"}


def test_what_resembles_a_customer_is_noticed_offline() -> None:
    customer("devhouse.test")
    known_companies.refresh()
    known = known_companies.current()
    assert suggest(parse("ada@devhuose.test"), None, known) == "ada@devhouse.test"
    assert check(parse("ada@devh0use.test"), known.customers).evidence["target"] == "devhouse.test"
    assert "lookalike" in {one.code for one in examining.offline(parse("ada@devh0use.test"))}


def test_a_company_with_many_signups_is_known_once() -> None:
    customer("devhouse.test")
    for number in range(3):
        make_signup(f"ada{number}@devhouse.test", company=Company.objects.get(), verdict=Verdict.ACCEPTED)
    known_companies.refresh()
    assert Signup.objects.count() == 4
    assert known_companies.current().customers.domains == {"devhouse.test"}
