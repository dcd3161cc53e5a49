"""Two companies that are one: what is compared, what follows, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from signups import profiles
from signups.companies import comparing, merging
from signups.companies.comparing import CannotMerge
from signups.contracts import Found, Subject
from signups.enrichment import belonging
from signups.enrichment.answers import Result
from signups.models import Company, CompanyAlias, CompanyMatch, Delivery, Exposure, Note, Person, Signup
from tests.experiments.rows import make_running
from tests.rows import make_company, make_delivery, make_signup
from tests.usage.rows import make_usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss", is_staff=True)


@pytest.fixture
def kept() -> Company:
    return make_company("acme.com", "Acme", metrics__employees=40, type="private")


@pytest.fixture
def merged() -> Company:
    return make_company("acme.io", "Acme Labs", metrics__employees=4, foundedYear=2012)


def names(company: Company) -> dict[str, int]:
    """How many of what belongs to a company."""
    return {
        "people": Person.objects.filter(company=company).count(),
        "signups": Signup.objects.filter(company=company).count(),
        "deliveries": Delivery.objects.filter(company=company, integration="close", event="signed_up").count(),
        "aliases": company.aliases.count(),
        "matches": CompanyMatch.objects.filter(company=company).count(),
    }


def make_belongings(company: Company) -> Signup:
    """A signup with a delivery, a note and usage; another domain, and a match."""
    signup = make_signup(f"ada@{company.domain}", company=company, email_domain=company.domain)
    make_delivery(signup, "close", state="delivered", external_id="lead_1", external_url="https://close.test/lead_1")
    Note.objects.create(signup=signup, text="Called")
    make_usage(signup, 5)
    CompanyAlias.objects.create(domain=f"get{company.domain}", company=company, source="staff")
    CompanyMatch.objects.create(
        person=signup.person, domain=company.domain, company=company, confidence=0.9, state="attached"
    )
    return signup


# -- Comparing ---------------------------------------------------------------------------------------------------------


def test_the_kept_company_s_values_stay_and_the_other_s_fill_the_gaps(merged: Company, kept: Company) -> None:
    shown = [(one.path, one.kept, one.merged, one.takes_merged) for one in comparing.fields(merged, kept)]
    assert shown == [
        ("name", "Acme", "Acme Labs", False),
        ("foundedYear", None, 2012, True),
        ("metrics.employees", 40, 4, False),
        ("type", "private", None, False),
    ]


def test_a_company_without_a_name_of_its_own_takes_the_other_s(merged: Company) -> None:
    assert comparing.default_choice(merged, make_company("nameless.com", "nameless.com")) >= {"name"}


def test_the_dry_run_counts_what_would_follow_and_changes_nothing(merged: Company, kept: Company) -> None:
    make_belongings(merged)
    counts = {one.noun: one.number for one in comparing.counts(merged, kept)}
    assert counts == {
        "people": 1,
        "signups": 1,
        "usage records": 1,
        "deliveries": 1,
        "links at other tools": 1,
        "notes": 1,
        "mails": 0,
        "other domains": 2,
        "experiment exposures": 0,
    }
    assert names(merged)["signups"] == 1


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("acme.com", "acme.com", "A company cannot be merged into itself."),
        ("old.com", "acme.com", "Old was merged into Big already: undo that first."),
        ("acme.com", "old.com", "Old was merged into Big: merge into that one."),
        ("big.com", "acme.com", "Other companies were merged into Big: merge Acme into it, or undo those first."),
    ],
)
def test_merges_into_itself_and_chains_are_refused(kept: Company, boss: User, one: str, other: str, why: str) -> None:
    big = make_company("big.com", "Big")
    Company.objects.filter(pk=make_company("old.com", "Old").pk).update(merged_into=big)
    with pytest.raises(CannotMerge, match=f"^{why}$"):
        merging.merge(Company.objects.get(domain=one), Company.objects.get(domain=other), boss)


# -- Merging -----------------------------------------------------------------------------------------------------------


def test_everything_follows(merged: Company, kept: Company, boss: User) -> None:
    make_belongings(merged)
    merging.merge(merged, kept, boss)
    assert names(merged) == {"people": 0, "signups": 0, "deliveries": 0, "aliases": 0, "matches": 0}
    assert names(kept) == {"people": 1, "signups": 1, "deliveries": 1, "aliases": 2, "matches": 1}
    merged.refresh_from_db()
    assert merged.merged_into == kept


def test_its_domains_lead_to_the_kept_company(merged: Company, kept: Company, boss: User) -> None:
    make_belongings(merged)
    merging.merge(merged, kept, boss)
    assert [belonging.company_of(domain) for domain in ("acme.io", "getacme.io")] == [kept, kept]


def test_chosen_facts_come_with_their_provider(merged: Company, kept: Company, boss: User) -> None:
    merging.merge(merged, kept, boss, {"name", "metrics.employees"})
    kept.refresh_from_db()
    chosen = {"of": merged.domain, "chosen": True, **merged.profile["metrics.employees"]}
    assert (kept.name, kept.profile["metrics.employees"]) == ("Acme Labs", chosen)
    assert kept.fact("foundedYear") is None


def test_what_a_provider_says_of_the_kept_company_does_not_undo_the_choice(
    merged: Company, kept: Company, boss: User
) -> None:
    merging.merge(merged, kept, boss, {"metrics.employees"})
    kept.refresh_from_db()
    again = Result("clearbit", Subject.COMPANY, kept.domain, Found.FOUND, timezone.now(), {"metrics.employees": 9_000})
    profiles.take(kept, [again])
    kept.refresh_from_db()
    assert kept.fact("metrics.employees") == merged.fact("metrics.employees")


def test_signups_that_moved_are_told_once_and_the_others_only_where_facts_changed(
    merged: Company, kept: Company, boss: User
) -> None:
    moved = make_signup("ada@acme.io", company=merged)
    stayed = make_signup("bob@acme.com", company=kept)
    merging.merge(merged, kept, boss, set())
    versions = Signup.objects.order_by("pk").values_list("pk", "profile_version")
    assert dict(versions) == {moved.pk: 2, stayed.pk: 1}


def test_signups_of_the_kept_company_are_told_where_its_facts_changed(
    merged: Company, kept: Company, boss: User
) -> None:
    stayed = make_signup("bob@acme.com", company=kept)
    merging.merge(merged, kept, boss)
    stayed.refresh_from_db()
    assert stayed.profile_version == 2


def test_exposures_follow_under_the_kept_domain(merged: Company, kept: Company, boss: User) -> None:
    make_exposure("first", "acme.io", "a")
    merging.merge(merged, kept, boss)
    assert list(Exposure.objects.values_list("unit", "is_carried")) == [("acme.com", False)]


def test_of_two_companies_in_one_test_the_merged_one_is_not_counted_any_more(
    merged: Company, kept: Company, boss: User
) -> None:
    experiment = make_exposure("first", "acme.io", "a")
    make_exposure("first", "acme.com", "b", experiment)
    row = merging.merge(merged, kept, boss)
    assert list(Exposure.objects.counted().values_list("unit", flat=True)) == ["acme.com"]
    merging.undo(row, boss)
    assert Exposure.objects.counted().count() == 2


def make_exposure(key: str, unit: str, arm: str, experiment: Any = None) -> Any:
    experiment = experiment or make_running(key)
    Exposure.objects.create(experiment=experiment, phase=experiment.phases.get(), unit=unit, arm=arm)
    return experiment


# -- Undoing -----------------------------------------------------------------------------------------------------------


def test_undoing_brings_back_exactly_what_was_moved(merged: Company, kept: Company, boss: User) -> None:
    make_belongings(merged)
    make_belongings(kept)
    before = names(merged), names(kept), Company.objects.get(pk=kept.pk).profile
    row = merging.merge(merged, kept, boss)
    merging.undo(row, boss)
    merged.refresh_from_db()
    assert (names(merged), names(kept), Company.objects.get(pk=kept.pk).profile) == before
    assert (merged.merged_into, belonging.company_of("acme.io")) == (None, merged)
    row.refresh_from_db()
    assert (row.undone_by, row.undone_at is not None) == (boss, True)


def test_who_came_later_stays_with_the_kept_company(merged: Company, kept: Company, boss: User) -> None:
    row = merging.merge(merged, kept, boss)
    late = make_signup("late@acme.io", company=kept, email_domain="acme.io", created_at=timezone.now())
    assert list(comparing.later(row)) == [late]
    merging.undo(row, boss)
    late.refresh_from_db()
    assert late.company == kept


def test_a_fact_that_changed_since_is_left_as_it_is(merged: Company, kept: Company, boss: User) -> None:
    row = merging.merge(merged, kept, boss, {"foundedYear", "metrics.employees"})
    kept.refresh_from_db()
    kept.profile["foundedYear"]["value"] = 2013
    kept.save()
    merging.undo(row, boss)
    kept.refresh_from_db()
    assert (kept.fact("foundedYear"), kept.fact("metrics.employees")) == (2013, 40)


def test_undoing_twice_is_refused(merged: Company, kept: Company, boss: User) -> None:
    row = merging.merge(merged, kept, boss)
    merging.undo(row, boss)
    with pytest.raises(CannotMerge, match="undone already"):
        merging.undo(row, boss)


def test_what_was_taken_apart_can_be_merged_again(merged: Company, kept: Company, boss: User) -> None:
    make_belongings(merged)
    merging.undo(merging.merge(merged, kept, boss), boss)
    merging.merge(merged, kept, boss)
    assert names(merged)["signups"] == 0
