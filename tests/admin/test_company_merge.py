"""Merging companies in the admin: suggestions, the search, the comparison, doing it and taking it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from signups.models import Company, CompanyAlias, CompanyMerge, Signup
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries
from tests.rows import make_company, make_delivery, make_signup, profile

LIST = "/admin/signups/company/"


@pytest.fixture
def kept(db: None) -> Company:
    return make_company("acme.com", "Acme", metrics__employees=40)


@pytest.fixture
def merged(db: None) -> Company:
    company = make_company("acme.io", "Acme Labs", metrics__employees=4, foundedYear=2012)
    signup = make_signup("ada@acme.io", company=company)
    make_delivery(signup, "close", state="delivered", external_id="l1", external_url="https://close.test/lead/l1")
    return company


def into(merged: Company, kept: Company) -> str:
    return reverse("admin:signups_company_merge_into", args=[merged.pk, kept.pk])


def page(company: Company) -> str:
    return reverse("admin:signups_company_change", args=[company.pk])


def merge(browser: Client, merged: Company, kept: Company, **choices: str) -> Any:
    return browser.post(into(merged, kept), {"sure": "yes", **choices}, follow=True)


def said(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def test_the_comparison_shows_every_choice_and_what_follows_and_changes_nothing(
    browser: Client, merged: Company, kept: Company
) -> None:
    reply = browser.get(into(merged, kept))
    assert [(field.path, mine, theirs) for field, _, mine, theirs in reply.context["choices"]] == [
        ("name", "Acme", "Acme Labs"),
        ("metrics.employees", "40", "4"),
    ]
    assert {one.noun: one.number for one in reply.context["counts"]}["signups"] == 1
    assert Company.objects.get(pk=merged.pk).merged_into is None


def test_merging_takes_what_was_chosen_and_offers_to_take_it_back(
    browser: Client, merged: Company, kept: Company
) -> None:
    reply = merge(browser, merged, kept, **{"field-metrics.employees": "merged", "field-foundedYear": "kept"})
    kept.refresh_from_db()
    assert (kept.fact("metrics.employees"), kept.fact("foundedYear"), kept.name) == (4, None, "Acme")
    assert Signup.objects.get().company == kept
    assert "Acme Labs is part of Acme now; 1 signup moved." in said(reply)[0]
    assert reverse("admin:signups_company_merge_undo", args=[CompanyMerge.objects.get().pk]) in said(reply)[0]


def test_a_merged_company_leaves_the_list_and_its_page_says_where_it_went(
    browser: Client, merged: Company, kept: Company
) -> None:
    merge(browser, merged, kept)
    assert "acme.io" not in browser.get(LIST).content.decode()
    assert f'is part of <a href="{page(kept)}">Acme</a>' in browser.get(page(merged)).content.decode()


def test_the_kept_company_s_page_keeps_the_other_s_link_apart_from_its_own(
    browser: Client, merged: Company, kept: Company
) -> None:
    make_delivery(
        make_signup("bob@acme.com", company=kept), "close", state="delivered", external_url="https://close.test/lead/l2"
    )
    merge(browser, merged, kept)
    context = browser.get(page(kept)).context
    assert context["elsewhere"] == [("Close", "https://close.test/lead/l2")]
    assert [one["elsewhere"] for one in context["merges"]] == [[("Close", "https://close.test/lead/l1")]]


def test_the_comparison_says_that_both_are_at_the_crm(browser: Client, merged: Company, kept: Company) -> None:
    make_delivery(
        make_signup("bob@acme.com", company=kept), "close", state="delivered", external_url="https://close.test/lead/l2"
    )
    assert "Both have a page at Close, and both stay there." in browser.get(into(merged, kept)).content.decode()


def test_taking_apart_asks_first_says_what_stays_and_does_it(browser: Client, merged: Company, kept: Company) -> None:
    merge(browser, merged, kept)
    make_signup("late@acme.io", company=kept, email_domain="acme.io", created_at=CompanyMerge.objects.get().at)
    url = reverse("admin:signups_company_merge_undo", args=[CompanyMerge.objects.get().pk])
    asked = browser.get(url)
    assert asked.context["rows"] == [
        "1 people and 1 signups go back to Acme Labs.",
        "1 facts of Acme become what they were, unless they changed since.",
        "Came from acme.io since then, and stay with Acme: 1 signups.",
    ]
    reply = browser.post(url, {"sure": "yes"}, follow=True)
    assert "are two companies again" in said(reply)[0]
    assert Signup.objects.get(email="ada@acme.io").company == merged


@pytest.mark.parametrize("other", ["itself", "merged"])
def test_what_cannot_be_merged_is_refused_with_the_reason(
    browser: Client, merged: Company, kept: Company, other: str
) -> None:
    if other == "itself":
        reply = browser.get(into(kept, kept), follow=True)
        assert said(reply) == ["A company cannot be merged into itself."]
    else:
        merge(browser, merged, kept)
        reply = browser.get(into(merged, make_company("third.com", "Third")), follow=True)
        assert said(reply) == ["Acme Labs was merged into Acme already: undo that first."]


def test_the_search_finds_by_name_domain_and_other_domain(browser: Client, merged: Company, kept: Company) -> None:
    CompanyAlias.objects.create(domain="getacme.com", company=kept, source="staff")
    url = reverse("admin:signups_company_merge", args=[merged.pk])
    for words in ("Acme", "acme.com", "getacme.com"):
        assert browser.get(url, {"q": words}).context["found"] == [kept]


def test_companies_of_one_name_are_suggested(browser: Client, kept: Company) -> None:
    german = make_company("acme.de", "ACME GmbH")
    (pair,) = browser.get(LIST).context["pairs"]
    assert (pair.merged.pk, pair.kept.pk, pair.why) == (
        german.pk,
        kept.pk,
        "Both are called Acme, but for the legal form.",
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"domain": "acme.com"}, "What is known of labs.io leads to acme.com."),
        ({"parent.domain": "acme.com"}, "Acme is said to be the parent of Labs."),
        ({"domainAliases": ["acme.com"]}, "acme.com is listed as another domain of Labs."),
    ],
)
def test_companies_whose_profiles_name_each_other_are_suggested(
    browser: Client, kept: Company, facts: dict[str, Any], why: str
) -> None:
    Company.objects.create(domain="labs.io", name="Labs", profile=profile(facts))
    assert [pair.why for pair in browser.get(LIST).context["pairs"]] == [why]


def test_two_that_are_two_are_not_suggested_again(browser: Client, kept: Company) -> None:
    other = make_company("acme.de", "ACME GmbH")
    reply = browser.post(reverse("admin:signups_company_apart", args=[other.pk, kept.pk]), follow=True)
    assert reply.context["pairs"] == []
    assert "are two: they are not suggested any more" in said(reply)[0]


def test_who_may_only_look_is_offered_nothing_and_cannot_merge(merged: Company, kept: Company) -> None:
    client = Client()
    client.force_login(make_staff("signups.view_company"))
    assert "Merge with" not in client.get(page(kept)).content.decode()
    assert client.get(into(merged, kept)).status_code == 403
    assert merge(client, merged, kept).status_code == 403


def test_what_was_sent_is_shown_as_text(browser: Client, kept: Company) -> None:
    odd = make_company("odd.com", "<script>alert(1)</script>", description="<b>x</b>")
    shown = browser.get(into(odd, kept)).content.decode() + merge(browser, odd, kept).content.decode()
    assert "<script>alert(1)" not in shown
    assert "<b>x</b>" not in shown


def test_the_comparison_needs_as_many_queries_for_thirty_signups_as_for_one(
    browser: Client, merged: Company, kept: Company
) -> None:
    url = into(merged, kept)
    browser.get(url)
    few = queries(browser, url)
    for number in range(30):
        make_delivery(make_signup(f"p{number}@acme.io", company=merged), "close", state="delivered", external_url="x")
    assert queries(browser, url) == few


def test_a_company_s_page_needs_as_many_queries_for_thirty_merges_as_for_one(
    browser: Client, merged: Company, kept: Company
) -> None:
    merge(browser, merged, kept)
    few = queries(browser, page(kept))
    for number in range(30):
        other = make_company(f"other{number}.com", f"Other {number}")
        Company.objects.filter(pk=other.pk).update(merged_into=kept)
        CompanyMerge.objects.create(kept=kept, merged=other)
    assert queries(browser, page(kept)) == few
