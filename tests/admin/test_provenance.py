"""Who said a fact, when, how sure, and who says otherwise; staff's own word on it; and who was asked, or why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import facts
from signups.contracts import Subject
from signups.enrichment import kinds
from signups.enrichment.typed import read
from signups.models import Company, Lookup, Person, ProviderState, Signup
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries
from tests.deliveries.acts import queued
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db
AT = "2026-11-20T09:00:00+00:00"


def claim(value: Any, provider: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "provider": provider, "at": AT, "confidence": 0.8, **more}


def make_known(**facts: Any) -> Signup:
    """A signup whose person's title Clearbit and Gravatar tell differently; further facts with __ for the dot."""
    signup = make_signup(company=make_company())
    title = claim("CTO", "clearbit", others=[claim("Engineer", "gravatar", confidence=0.5)])
    more = {path.replace("__", "."): value for path, value in facts.items()}
    Person.objects.update(profile={"employment.title": title, **more})
    return signup


def page(name: str, pk: int) -> str:
    return reverse(f"admin:signups_{name}_change", args=[pk])


def text(browser: Client, url: str) -> str:
    reply = browser.get(url)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def state(browser: Client, path: str, value: str, **more: str) -> Any:
    url = reverse("admin:signups_person_fact", args=[Person.objects.get().pk])
    return browser.post(url, {"path": path, "value": value, **more}, follow=True)


def title() -> dict[str, Any]:
    found: dict[str, Any] = Person.objects.get().profile["employment.title"]
    return found


# -- Provenance --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signup", "person"])
def test_a_fact_says_who_said_it_how_sure_and_who_says_otherwise(browser: Client, name: str) -> None:
    signup = make_known()
    shown = text(browser, page(name, signup.pk if name == "signup" else signup.person_id))
    _, _, why = shown.partition('id="why-person-employment-title"')
    why = why.partition("</div>")[0]
    assert "CTO" in why
    assert "Clearbit" in why
    assert "80% sure" in why
    assert "Engineer" in why
    assert "Gravatar" in why
    assert "50% sure" in why


def test_what_pops_up_belongs_to_a_button_that_a_keyboard_reaches(browser: Client) -> None:
    shown = text(browser, page("signup", make_known().pk))
    assert '<button type="button" aria-describedby="why-person-employment-title"' in shown


def test_an_answer_that_says_the_same_in_other_words_agrees(browser: Client) -> None:
    place = claim("Dublin, Ireland", "clearbit", others=[claim("Dublin, IE", "gravatar")])
    signup = make_known(location=place)
    assert text(browser, page("signup", signup.pk)).count("agrees") == 1


def test_markup_in_a_fact_is_shown_as_text(browser: Client) -> None:
    signup = make_known(bio=claim("<script>1</script>", "clearbit", others=[claim("<b>2</b>", "github")]))
    shown = text(browser, page("signup", signup.pk))
    assert "<script>1" not in shown
    assert "<b>2" not in shown


def test_a_person_s_page_needs_as_many_queries_for_thirty_facts_as_for_one(browser: Client) -> None:
    signup = make_known()
    url = page("person", signup.person_id)
    browser.get(url)
    few = queries(browser, url)
    paths = list(kinds.PERSON)[:30]
    Person.objects.update(profile={path: claim("x", "clearbit", others=[claim("y", "github")]) for path in paths})
    Lookup.objects.bulk_create(
        Lookup(
            provider=f"p{n}",
            subject="person",
            key=signup.person.email,
            outcome="found",
            fetched_at=timezone.now(),
            expires_at=timezone.now(),
        )
        for n in range(30)
    )
    assert queries(browser, url) == few


# -- Staff's word ------------------------------------------------------------------------------------------------------


def test_staff_s_word_holds_and_the_others_are_kept(browser: Client) -> None:
    make_known()
    reply = state(browser, "employment.title", "Chief  Engineer")
    assert (title()["value"], title()["provider"], title()["by"]) == ("Chief Engineer", "staff", "boss")
    assert [one["value"] for one in title()["others"]] == ["CTO", "Engineer"]
    assert "because you said so" in reply.content.decode()


def test_the_fact_then_says_who_of_the_staff_said_it(browser: Client) -> None:
    signup = make_known()
    state(browser, "employment.title", "Chief Engineer")
    assert "said by boss · just now" in text(browser, page("signup", signup.pk))


def test_undo_takes_the_word_back(browser: Client) -> None:
    signup = make_known()
    reply = state(browser, "employment.title", "Chief Engineer").content.decode()
    undo = reverse("admin:signups_person_fact_take_back", args=[signup.person_id])
    assert f'action="{undo}"' in reply
    browser.post(undo, {"path": "employment.title"})
    assert (title()["value"], title()["provider"]) == ("CTO", "clearbit")


def test_undo_of_a_second_word_brings_the_first_back(browser: Client) -> None:
    make_known()
    state(browser, "employment.title", "First")
    reply = state(browser, "employment.title", "Second").content.decode()
    assert '<input type="hidden" name="value" value="First">' in reply


def test_the_answer_of_another_provider_can_be_taken(browser: Client) -> None:
    make_known()
    state(browser, "employment.title", "ignored", pick="gravatar")
    assert (title()["value"], title()["provider"]) == ("Engineer", "staff")


def test_a_fact_that_nobody_knows_can_be_added(browser: Client) -> None:
    signup = make_known()
    url = reverse("admin:signups_person_fact", args=[signup.person_id])
    offered = text(browser, url)
    assert '<option value="employment.seniority">' in offered
    assert '<option value="employment.title">' not in offered
    state(browser, "employment.seniority", "Director")
    assert Person.objects.get().profile["employment.seniority"]["value"] == "director"


def test_a_number_is_kept_as_one_and_the_signups_are_scored_again(browser: Client) -> None:
    signup = make_known()
    company = Company.objects.get()
    url = reverse("admin:signups_company_fact", args=[company.pk])
    browser.post(url, {"path": "metrics.raised", "value": "$20M"})
    company.refresh_from_db()
    assert company.profile["metrics.raised"]["value"] == 20_000_000
    assert Signup.objects.get().profile_version == signup.profile_version + 1


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("employment.title", " ", "Write a value."),
        ("employment.title", "x" * 201, "shorten it by 1"),
        ("employment.seniority", "king", "is not on the list: executive, director, manager."),
        ("site", "javascript:alert(1)", "is no link. Write one such as https://example.com"),
        ("github.followers", "many", "is no number. A whole number, such as 1,200."),
        ("activeAt", "yesterday", "is no date. A date, such as 2026-11-24"),
        ("geo.lat", "91", "It must lie between -90 and 90."),
        ("employment.domain", "no domain", "is no domain. Write it as example.com."),
        ("employment.domain", "bigmail.test", "No company is known by bigmail.test"),
        ("twitter.handle", "https://www.linkedin.com/in/ada", "leads to www.linkedin.com, not to X."),
        ("linkedin.handle", "github.com/ada", "leads to github.com, not to LinkedIn."),
        ("linkedin.handle", "https://www.linkedin.com/company/acme", "starts with in/ or pub/"),
        ("github.handle", "https://github.com.evil.test/ada", "leads to github.com.evil.test, not to GitHub."),
        ("github.handle", "ftp://github.com/ada", "is no link"),
        ("twitter.handle", "twitter.com", "is no name on X."),
        ("twitter.handle", "https://x.com/i/flow", "is no name on X."),
        ("phone", "call me", "is no phone number"),
        ("timeZone", "Europe/Atlantis", "is no time zone. Write its name, such as Europe/Dublin or UTC."),
        ("timeZone", "localtime", "is no time zone."),
        ("geo.countryCode", "XX", "is no country’s code. Write the two letters of ISO 3166-1"),
        ("geo.countryCode", "Ireland", "is no country’s code."),
        ("geo.countryCode", "UK", "The United Kingdom is GB."),
        ("github.followers", "1,2", "Write 1.2 if it is a fraction, 12 if not; thousands as in 1,200."),
        ("github.followers", "1,2345", "thousands as in 1,200."),
        ("github.followers", "1 2", "thousands as in 1,200."),
        ("utcOffset", "5,5", "Write 5.5 if it is a fraction, 55 if not"),
        ("gravatar.urls", "https://a.test, b", "is no link"),
    ],
)
def test_what_is_no_value_is_refused_with_the_remedy(browser: Client, path: str, typed: str, said: str) -> None:
    make_known()
    before = Person.objects.get().profile
    reply = state(browser, path, typed)
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert Person.objects.get().profile == before


def test_an_unknown_fact_is_not_found(browser: Client) -> None:
    make_known()
    assert state(browser, "shoe.size", "42").status_code == 404


def test_coming_back_leads_to_no_other_site(browser: Client) -> None:
    signup = make_known()
    url = reverse("admin:signups_person_fact", args=[signup.person_id])
    reply = browser.post(url, {"path": "bio", "value": "x", "back": "//evil.test/"})
    assert reply["Location"] == page("person", signup.person_id) + "#person"


def test_who_may_only_look_sees_the_provenance_and_no_pencil() -> None:
    signup = make_known()
    client = Client()
    client.force_login(make_staff("signups.view_signup", "signups.view_person"))
    shown = text(client, page("signup", signup.pk))
    assert 'id="why-person-employment-title"' in shown
    assert "ob-pencil" not in shown
    assert "Ask again now" not in shown
    assert state(client, "employment.title", "x").status_code == 403
    assert client.post(reverse("admin:signups_person_fact_take_back", args=[signup.person_id])).status_code == 403


def test_a_company_s_domain_is_not_changed_by_hand(browser: Client) -> None:
    company = make_company()
    reply = browser.post(
        reverse("admin:signups_company_fact", args=[company.pk]), {"path": "domain", "value": "x.test"}
    )
    assert reply.status_code == 422
    assert "merge them" in reply.content.decode()


# -- Kinds of value ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "path", "typed", "value"),
    [
        (Subject.COMPANY, "metrics.raised", "$4.5m", 4_500_000),
        (Subject.COMPANY, "metrics.employees", "1,200", 1_200),
        (Subject.COMPANY, "metrics.raised", "1,200.5k", 1_200_500),
        (Subject.COMPANY, "metrics.employees", "12 345 678", 12_345_678),
        (Subject.COMPANY, "tags", "a\r\n\nb\na", ["a", "b"]),
        (Subject.COMPANY, "tags", "fintech, B2B,,\nfintech", ["fintech", "B2B"]),
        (Subject.COMPANY, "domainAliases", "acme.io, acme.dev", ["acme.io", "acme.dev"]),
        (Subject.COMPANY, "linkedin.handle", "https://uk.linkedin.com/company/booking.com", "company/booking.com"),
        (Subject.COMPANY, "crunchbase.handle", "https://www.crunchbase.com/organization/acme", "organization/acme"),
        (Subject.PERSON, "twitter.handle", "https://x.com/ada?s=20", "ada"),
        (Subject.PERSON, "twitter.handle", "https://mobile.twitter.com/ada", "ada"),
        (Subject.PERSON, "facebook.handle", "ada.byrne", "ada.byrne"),
        (Subject.PERSON, "timeZone", "europe/dublin", "Europe/Dublin"),
        (Subject.PERSON, "geo.countryCode", " ie", "IE"),
        (Subject.PERSON, "gravatar.urls", "https://a.test/x,y", ["https://a.test/x,y"]),
        (Subject.COMPANY, "domainAliases", "https://www.Acme.io/\nacme.dev", ["acme.io", "acme.dev"]),
        (Subject.COMPANY, "emailProvider", "no", False),
        (Subject.COMPANY, "crunchbase.handle", "acme", "organization/acme"),
        (Subject.PERSON, "linkedin.handle", "https://www.linkedin.com/in/ada/", "in/ada"),
        (Subject.PERSON, "github.handle", "github.com/ada", "ada"),
        (Subject.PERSON, "twitter.handle", "@ada", "ada"),
        (Subject.PERSON, "site", "example.com", "https://example.com"),
        (Subject.PERSON, "utcOffset", "-7", -7),
        (Subject.PERSON, "utcOffset", "+5.5", 5.5),
        (Subject.PERSON, "utcOffset", "+5", 5),
        (Subject.PERSON, "utcOffset", "\N{MINUS SIGN}5", -5),
        (Subject.PERSON, "activeAt", "2026-11-24", "2026-11-24"),
        (Subject.PERSON, "activeAt", "2026-11-24T09:30", "2026-11-24T09:30:00+00:00"),
        (Subject.PERSON, "name.fullName", "Ada\u202e\x00 Byrne", "Ada Byrne"),
    ],
)
def test_what_people_type_is_kept_as_a_vendor_s_value_would_be(
    subject: Subject, path: str, typed: str, value: Any
) -> None:
    assert read(subject, path, typed) == value


def test_there_are_as_many_countries_as_iso_3166_has() -> None:
    assert len(kinds.COUNTRIES) == len(set(kinds.COUNTRIES)) == 249


def test_every_fact_that_providers_may_give_has_a_kind() -> None:
    assert set(kinds.PERSON) == set(facts.PERSON)
    assert set(kinds.COMPANY) == set(facts.COMPANY)


# -- Who was asked -----------------------------------------------------------------------------------------------------


def make_lookup(signup: Signup, provider: str = "clearbit", outcome: str = "found", **values: Any) -> Lookup:
    now = timezone.now()
    return Lookup.objects.create(
        provider=provider,
        subject="person",
        key=signup.person.email,
        outcome=outcome,
        fetched_at=now,
        expires_at=now + timedelta(days=1),
        **values,
    )


def not_asked(browser: Client, signup: Signup) -> str:
    return text(browser, page("signup", signup.pk)).partition("Not asked</h4>")[2].partition("</section>")[0]


def test_a_provider_without_its_key_was_not_asked_and_the_setting_is_named(browser: Client, settings: Any) -> None:
    settings.CLEARBIT = {**settings.CLEARBIT, "api_key": ""}
    assert "Off: it needs CLEARBIT_API_KEY" in not_asked(browser, make_signup())


def test_one_that_staff_switched_off_was_not_asked(browser: Client) -> None:
    ProviderState.objects.create(slug="github", order=2, is_on=False)
    assert "<strong>GitHub</strong>" in not_asked(browser, make_signup())
    assert "Staff have switched it off." in not_asked(browser, make_signup())


def test_nobody_else_was_asked_about_whoever_refused(browser: Client) -> None:
    signup = make_signup()
    make_lookup(signup, outcome="refused")
    assert not_asked(browser, signup).count("This person told Clearbit not to be looked up") == 3


def test_one_that_was_not_needed_says_so(browser: Client) -> None:
    signup = make_signup()
    make_lookup(signup, outcome="skipped", note="Clearbit was not needed: all wanted facts are known.")
    assert "all wanted facts are known" in not_asked(browser, signup)


def test_whose_signatures_were_read_is_told_or_why_none_were(browser: Client) -> None:
    signup = make_signup()
    assert "It was not needed: it is clear where they work" in not_asked(browser, signup)
    lookup = make_lookup(signup, "close_mail", "not_found", note="2 mails read, and no signature names a company.")
    Lookup.objects.filter(pk=lookup.pk).update(subject="signatures", key="dev.test")
    assert "2 mails read, and no signature names a company." in text(browser, page("signup", signup.pk))


def test_no_company_was_asked_for_behind_a_free_mail_address(browser: Client) -> None:
    assert "bigmail.test gives mailboxes to everybody" in not_asked(browser, make_signup("sam@bigmail.test"))


def test_staff_s_own_word_is_nobody_who_was_asked(browser: Client) -> None:
    signup = make_signup()
    make_lookup(signup, "staff")
    assert "Nobody was asked." in text(browser, page("signup", signup.pk))


@pytest.mark.django_db(transaction=True)
def test_ask_again_now_has_a_worker_ask(browser: Client) -> None:
    queued()
    signup = make_signup()
    reply = browser.post(reverse("admin:signups_signup_ask_again", args=[signup.pk]), follow=True)
    assert "is being asked now" in reply.content.decode()
    assert queued() == [("signups.tasks.finish_lookups",)]
    signup.refresh_from_db()
    assert signup.lookups_due_at is not None
    assert signup.lookups_due_at <= timezone.now()


def test_asking_again_is_a_post_by_somebody_who_may(browser: Client) -> None:
    url = reverse("admin:signups_signup_ask_again", args=[make_signup().pk])
    client = Client()
    client.force_login(make_staff("signups.view_signup"))
    assert browser.get(url).status_code == 405
    assert client.post(url).status_code == 403
