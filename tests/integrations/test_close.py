"""One lead a company, a contact a person, whatever goes wrong in between; and nothing of sales' is overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from integrations import close_api, close_mails, close_records
from integrations.close import Close
from signups.companies import merging
from signups.contracts import Ambiguous, CrmMail, Delivered, Later, Misconfigured, Never, Skipped, paced
from signups.deliveries.pacing import Pace
from signups.models import Company, Delivery, Signup
from tests.rows import finish, make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

FIELDS = {
    kind: {name: f"cf_{kind}_{name.split()[1]}" for name in names}
    for kind, names in close_records.CUSTOM_FIELDS.items()
}


@pytest.fixture(autouse=True)
def _first_use() -> None:
    """Nothing is remembered of the fields."""
    close_api.forget_fields()


def acme() -> Company:
    facts = {"metrics__employees": 2300, "metrics__raised": 4_500_000, "category__industry": "Machinery"}
    place = {"geo__city": "Chicago", "geo__state": "Illinois", "geo__countryCode": "US"}
    return make_company("acme.test", "Acme", description="Anvils and springs.", **facts, **place)


def tom(**values: Any) -> Signup:
    facts = {"employment.title": "VP Engineering", "linkedin.handle": "in/tom-reyes"}
    return make_signup("tom@acme.test", "Tom Reyes", **{"company": acme(), "facts": facts, "score": 41, **values})


def uma(**values: Any) -> Signup:
    return make_signup("uma@acme.test", "Uma Lindt", **{"company": acme(), "score": 50, **values})


def tell(signup: Signup, event: str = "signed_up") -> Delivered:
    """One delivery, made and written down."""
    delivery = make_delivery(signup, "close", event)
    outcome = Close().handler(event)(signup, delivery)  # type: ignore[arg-type]
    assert isinstance(outcome, Delivered), outcome
    finish(delivery, outcome)
    return outcome


def leads(sandbox: Sandbox, *, but: str = "Handmade Ltd") -> list[dict[str, Any]]:
    """What Close holds, apart from the lead that sales typed."""
    return [lead for lead in sandbox.state("close")["leads"] if lead["name"] != but]


def handmade(sandbox: Sandbox) -> dict[str, Any]:
    return next(lead for lead in sandbox.state("close")["leads"] if lead["name"] == "Handmade Ltd")


def own(sandbox: Sandbox, record: dict[str, Any], kind: str = "lead") -> dict[str, Any]:
    """A record's custom fields by name."""
    names = {f"custom.{field['id']}": field["name"] for field in sandbox.state("close")["custom_fields"][kind]}
    return {names[key]: value for key, value in record.items() if key.startswith("custom.")}


def typed(sandbox: Sandbox, method: str, path: str, **body: Any) -> dict[str, Any]:
    """What sales do by hand."""
    url = f"{sandbox.url}/close/api/v1/{path}"
    reply = requests.request(method, url, json=body, auth=("api_sandbox_close", ""), timeout=10)
    reply.raise_for_status()
    made: dict[str, Any] = reply.json()
    return made


def addresses(lead: dict[str, Any]) -> list[str]:
    return [one["email"] for contact in lead["contacts"] for one in contact["emails"]]


# -- What is written ---------------------------------------------------------------------------------------------------


def test_a_company_s_first_signup_as_a_lead() -> None:
    signup = tom(referrer="https://www.news.test/item?id=1")
    assert close_records.new_lead(signup, FIELDS) == {
        "name": "Acme",
        "url": "https://acme.test",
        "description": "Anvils and springs.",
        "addresses": [{"label": "business", "city": "Chicago", "state": "Illinois", "country": "US"}],
        "contacts": [
            {
                "name": "Tom Reyes",
                "title": "VP Engineering",
                "urls": [{"url": "https://www.linkedin.com/in/tom-reyes", "type": "url"}],
                "emails": [{"email": "tom@acme.test", "type": "office"}],
                "custom.cf_contact_id": str(signup.uid),
                "custom.cf_contact_score": 41,
                "custom.cf_contact_date": signup.created_at.date().isoformat(),
                "custom.cf_contact_page": f"http://127.0.0.1:8000/admin/signups/signup/{signup.pk}/change/",
            }
        ],
        "custom.cf_lead_domain": "acme.test",
        "custom.cf_lead_id": str(signup.uid),
        "custom.cf_lead_score": 41,
        "custom.cf_lead_source": "news.test",
        "custom.cf_lead_employees": 2300,
        "custom.cf_lead_raised": 4_500_000,
        "custom.cf_lead_industry": "Machinery",
    }


def test_a_search_asks_for_everything_at_once() -> None:
    query = close_records.candidates(tom(), FIELDS)
    (_, either) = query["query"]["queries"]
    assert len(either["queries"]) == 5
    assert query["_fields"] == {"lead": ["id"]}
    (_, either) = close_records.candidates(make_signup("ned@bigmail.test", "Ned"), FIELDS)["query"]["queries"]
    assert len(either["queries"]) == 2  # a personal address says nothing of a company


# -- Making and finding ------------------------------------------------------------------------------------------------


def test_the_first_of_a_company_makes_its_lead(sandbox: Sandbox) -> None:
    signup = tom(utm={"utm_source": "hn", "utm_campaign": "launch"})
    outcome = tell(signup)
    (lead,) = leads(sandbox)
    assert (lead["name"], addresses(lead)) == ("Acme", ["tom@acme.test"])
    assert own(sandbox, lead)["Signup source"] == "hn / launch"
    assert own(sandbox, lead["contacts"][0], "contact")["Signup id"] == str(signup.uid)
    assert outcome.made == {"lead_id": lead["id"], "contact_id": lead["contacts"][0]["id"]}
    assert (outcome.external_id, outcome.url) == (lead["id"], lead["html_url"])


def test_a_colleague_joins_the_lead_although_search_does_not_know_it_yet(sandbox: Sandbox) -> None:
    sandbox.setting("close", index_lag_s=60)
    tell(tom())
    tell(uma())
    (lead,) = leads(sandbox)
    assert addresses(lead) == ["tom@acme.test", "uma@acme.test"]
    assert own(sandbox, lead)["Signup score"] == 50  # the best of them
    assert own(sandbox, lead)["Signup id"] == str(Signup.objects.get(email="tom@acme.test").uid)


def test_a_personal_address_joins_its_employer_s_lead(sandbox: Sandbox) -> None:
    tell(tom())
    tell(make_signup("sam@bigmail.test", "Sam Carter", company=acme()))
    (lead,) = leads(sandbox)
    assert [contact["emails"][0]["type"] for contact in lead["contacts"]] == ["office", "home"]


def merged_after_both_were_told() -> tuple[Signup, Signup]:
    """One of the merged company, whose lead is the elder, and one of the kept company."""
    old = make_signup("lou@oldacme.test", "Lou Bell", company=make_company("oldacme.test", "Old Acme"))
    kept = tom()
    tell(old)
    tell(kept)
    assert old.company is not None
    assert kept.company is not None
    merging.merge(old.company, kept.company, User.objects.create_user("boss"), set())
    return Signup.objects.get(pk=old.pk), kept


def test_after_a_merge_whoever_is_new_joins_the_kept_company_s_lead(sandbox: Sandbox) -> None:
    merged_after_both_were_told()
    tell(uma())
    assert {lead["name"]: addresses(lead) for lead in leads(sandbox)} == {
        "Old Acme": ["lou@oldacme.test"],
        "Acme": ["tom@acme.test", "uma@acme.test"],
    }


def test_after_a_merge_nobody_gets_a_second_contact(sandbox: Sandbox) -> None:
    old, _ = merged_after_both_were_told()
    tell(old, "profile_changed")
    assert [addresses(lead) for lead in leads(sandbox)] == [["lou@oldacme.test"], ["tom@acme.test"]]


def test_after_a_merge_the_mails_of_both_leads_are_read(sandbox: Sandbox) -> None:
    _, kept = merged_after_both_were_told()
    assert len(Close()._earlier_leads(kept)) == 2


def test_a_person_without_a_company_has_a_lead_of_their_own(sandbox: Sandbox) -> None:
    tell(make_signup("cleo@bigmail.test", "Cleo Park"))
    tell(make_signup("ned@bigmail.test", "Ned Plain"))
    assert [lead["name"] for lead in leads(sandbox)] == ["Cleo Park", "Ned Plain"]
    assert "Signup domain" not in own(sandbox, leads(sandbox)[0])


def test_without_earlier_deliveries_a_lead_is_found_by_its_domain(sandbox: Sandbox) -> None:
    tell(tom())
    typed(sandbox, "PUT", f"lead/{leads(sandbox)[0]['id']}/", url=None)
    Delivery.objects.all().delete()
    tell(make_signup("sam@bigmail.test", "Sam Carter", company=acme()))
    (lead,) = leads(sandbox)
    assert addresses(lead) == ["tom@acme.test", "sam@bigmail.test"]


def test_a_signup_told_twice_changes_nothing(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    before = leads(sandbox)
    Delivery.objects.all().delete()
    tell(signup)
    assert leads(sandbox) == before


def test_somebody_known_is_not_doubled_however_the_address_is_spelled(sandbox: Sandbox) -> None:
    lead = typed(sandbox, "POST", "lead/", name="Ned & Sons")
    typed(sandbox, "POST", "contact/", lead_id=lead["id"], name="Ned", emails=[{"email": "Ned@BigMail.test"}])
    outcome = tell(make_signup("ned@bigmail.test", "Ned Plain"))
    assert outcome.made["lead_id"] == lead["id"]
    assert len(leads(sandbox)) == 1
    assert len(leads(sandbox)[0]["contacts"]) == 1


# -- What sales typed --------------------------------------------------------------------------------------------------


def otto() -> Signup:
    company = make_company("handmade.test", "Handmade Workshop", description="Tools.", metrics__employees=55)
    return make_signup("otto@handmade.test", "Otto Haas", company=company, score=20)


def test_a_lead_typed_by_hand_is_joined_and_kept_as_it_is(sandbox: Sandbox) -> None:
    before = handmade(sandbox)
    tell(otto())
    after = handmade(sandbox)
    for name in ("name", "url", "description", "status_id", "addresses", "contacts"):
        assert after[name][: len(before[name])] == before[name]
    assert addresses(after) == ["hanna@handmade.test", "otto@handmade.test"]
    assert leads(sandbox) == []
    assert own(sandbox, after)["Signup domain"] == "handmade.test"
    assert own(sandbox, after)["Signup employees"] == 55


def test_a_lead_typed_by_hand_is_known_by_a_colleague_s_address_alone(sandbox: Sandbox) -> None:
    typed(sandbox, "PUT", f"lead/{handmade(sandbox)['id']}/", url="")
    tell(otto())
    assert leads(sandbox) == []
    assert handmade(sandbox)["url"] == "https://handmade.test"  # it was empty


def test_a_lead_of_another_company_is_left_alone(sandbox: Sandbox) -> None:
    agency = typed(sandbox, "POST", "lead/", name="Agency", url="https://agency.test", contacts=[
        {"name": "Tim", "emails": [{"email": "tim@acme.test"}]}
    ])  # fmt: skip
    namesake = typed(sandbox, "POST", "lead/", name="Not Acme", url="https://acme.test.example.com")
    tell(uma())
    untouched = [lead for lead in leads(sandbox) if lead["id"] in (agency["id"], namesake["id"])]
    assert [lead["date_updated"] for lead in untouched] == [agency["date_updated"], namesake["date_updated"]]
    assert [lead["name"] for lead in leads(sandbox)] == ["Agency", "Not Acme", "Acme"]


def test_on_another_company_s_lead_only_the_contact_is_ours_to_complete(sandbox: Sandbox) -> None:
    agency = typed(sandbox, "POST", "lead/", name="Agency", url="https://agency.test", contacts=[
        {"name": "Tommy", "title": "", "emails": [{"email": "tom@acme.test"}]}
    ])  # fmt: skip
    tell(tom())
    (lead,) = leads(sandbox)
    assert (lead["id"], own(sandbox, lead)) == (agency["id"], {})
    assert (lead["contacts"][0]["name"], lead["contacts"][0]["title"]) == ("Tommy", "VP Engineering")


def test_of_two_leads_the_elder_is_joined(sandbox: Sandbox) -> None:
    elder = typed(sandbox, "POST", "lead/", name="Acme (old)", url="https://www.acme.test/home")
    typed(sandbox, "POST", "lead/", name="Acme (new)", url="acme.test")
    assert tell(tom()).made["lead_id"] == elder["id"]


def test_a_lead_merged_away_is_looked_for_again(sandbox: Sandbox) -> None:
    tell(tom())
    kept = typed(sandbox, "POST", "lead/", name="Acme Hardware", url="https://acme.test")
    typed(sandbox, "POST", "lead/merge/", source=leads(sandbox)[0]["id"], destination=kept["id"])
    assert tell(uma()).made["lead_id"] == kept["id"]
    assert len(leads(sandbox)) == 1


def test_news_fills_in_what_is_new(sandbox: Sandbox) -> None:
    company = make_company("acme.test", "acme.test")
    signup = make_signup("tom@acme.test", "Tom Reyes", company=company)
    tell(signup)
    lead = leads(sandbox)[0]
    typed(sandbox, "PUT", f"lead/{lead['id']}/", description="Ours.")
    company.profile = {"description": {"value": "Anvils.", "provider": "clearbit", "at": ""}}
    signup.person.profile = {"employment.title": {"value": "VP", "provider": "clearbit", "at": ""}}
    signup.score = 60
    tell(signup, "profile_changed")
    (lead,) = leads(sandbox)
    assert (lead["description"], lead["contacts"][0]["title"]) == ("Ours.", "VP")
    assert own(sandbox, lead)["Signup score"] == own(sandbox, lead["contacts"][0], "contact")["Signup score"] == 60


def sam_before_his_employer_is_known() -> Signup:
    signup = make_signup("sam@bigmail.test", "Sam Carter")
    tell(signup)
    signup.company = acme()
    return signup


def test_an_employer_who_becomes_known_gets_the_person_s_lead(sandbox: Sandbox) -> None:
    tell(sam_before_his_employer_is_known(), "profile_changed")
    tell(tom())
    (lead,) = leads(sandbox)
    assert (lead["name"], lead["url"]) == ("Acme", "https://acme.test")
    assert addresses(lead) == ["sam@bigmail.test", "tom@acme.test"]


@pytest.mark.parametrize("fault", [{}, {"reset": "after"}])
def test_a_person_s_lead_is_merged_into_the_employer_s(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    tell(tom())
    signup = sam_before_his_employer_is_known()
    if fault:
        sandbox.fault("close", route="lead/merge/", **fault)
        with pytest.raises(Later):
            tell(signup, "profile_changed")
        Delivery.objects.filter(event="profile_changed").delete()
    outcome = tell(signup, "profile_changed")
    (lead,) = leads(sandbox)
    assert (lead["name"], addresses(lead)) == ("Acme", ["tom@acme.test", "sam@bigmail.test"])
    assert outcome.made["lead_id"] == lead["id"]


def test_a_person_s_lead_that_sales_work_on_stays(sandbox: Sandbox) -> None:
    tell(tom())
    signup = sam_before_his_employer_is_known()
    own_lead = next(lead for lead in leads(sandbox) if lead["name"] == "Sam Carter")
    typed(sandbox, "POST", "opportunity/", lead_id=own_lead["id"], value=5000)
    assert tell(signup, "profile_changed").made["lead_id"] == own_lead["id"]
    assert [(lead["name"], lead["url"]) for lead in leads(sandbox)] == [
        ("Acme", "https://acme.test"),
        ("Sam Carter", None),
    ]
    assert tell(uma()).made["lead_id"] != own_lead["id"]


def test_a_contact_that_sales_deleted_does_not_come_back_with_news(sandbox: Sandbox) -> None:
    signup = tom()
    typed(sandbox, "DELETE", f"contact/{tell(signup).made['contact_id']}/")
    outcome = Close().on_profile_changed(signup, make_delivery(signup, "close", "profile_changed"))
    assert outcome == Skipped("The contact was deleted in Close.")


# -- Trouble -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("route", ["/v1/lead/", "/v1/contact/"])
def test_after_a_create_in_doubt_there_is_one_of_each(sandbox: Sandbox, route: str, reset: str) -> None:
    sandbox.setting("close", index_lag_s=60)
    tell(uma())
    signup = tom() if route == "/v1/contact/" else make_signup("cleo@bigmail.test", "Cleo Park")
    delivery = make_delivery(signup, "close")
    sandbox.fault("close", route=route, method="POST", reset=reset)
    with pytest.raises(Ambiguous):
        Close().on_signed_up(signup, delivery)
    sandbox.advance(Close.reconcile_after.total_seconds())
    assert Close().reconcile(signup, delivery) is None  # the handler itself looks before it makes
    Close().on_signed_up(signup, delivery)
    assert sum(addresses(lead).count(signup.email) for lead in leads(sandbox)) == 1


def test_what_was_made_is_found_by_our_id_when_sales_corrected_the_address(sandbox: Sandbox) -> None:
    signup = make_signup("cleo@bigmail.test", "Cleo Park")
    made = tell(signup).made
    typed(sandbox, "PUT", f"contact/{made['contact_id']}/", emails=[{"email": "cleo.park@bigmail.test"}])
    Delivery.objects.all().delete()
    assert tell(signup).made == made


@pytest.mark.parametrize(
    "step", ["custom_field/lead/", "custom_field/contact/", "data/search/", "/v1/contact/", "/v1/lead/"]
)
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 500, "commit": True}, {"reset": "after"}])
def test_a_try_that_broke_off_anywhere_is_taken_up_again(sandbox: Sandbox, step: str, fault: dict[str, Any]) -> None:
    tell(otto())
    close_api.forget_fields()
    signup = make_signup("hal@handmade.test", "Hal", company=Company.objects.get(domain="handmade.test"), score=90)
    delivery = make_delivery(signup, "close")
    sandbox.fault("close", route=step, **fault)
    with pytest.raises((Later, Ambiguous)):
        Close().on_signed_up(signup, delivery)
    Close().on_signed_up(signup, delivery)
    assert addresses(handmade(sandbox)) == ["hanna@handmade.test", "otto@handmade.test", "hal@handmade.test"]
    assert own(sandbox, handmade(sandbox))["Signup score"] == 90


def test_custom_fields_are_made_once(sandbox: Sandbox) -> None:
    tell(tom())
    close_api.forget_fields()  # another process
    tell(uma())
    fields = sandbox.state("close")["custom_fields"]
    made = {kind: {field["name"]: field["type"] for field in fields[kind]} for kind in close_records.CUSTOM_FIELDS}
    assert made == close_records.CUSTOM_FIELDS
    assert [len(fields[kind]) for kind in ("lead", "contact")] == [7, 4]


def test_custom_fields_deleted_at_close_are_made_anew(sandbox: Sandbox) -> None:
    tell(tom())
    for kind in close_records.CUSTOM_FIELDS:
        for field in sandbox.state("close")["custom_fields"][kind]:
            typed(sandbox, "DELETE", f"custom_field/{kind}/{field['id']}/")
    tell(uma())
    (lead,) = leads(sandbox)
    assert addresses(lead) == ["tom@acme.test", "uma@acme.test"]
    assert own(sandbox, lead)["Signup domain"] == "acme.test"


def test_a_field_of_ours_with_another_type_is_named(sandbox: Sandbox) -> None:
    typed(sandbox, "POST", "custom_field/lead/", name="signup score", type="text")
    with pytest.raises(Misconfigured, match="'Signup score' of leads is of type text"):
        tell(tom())


def test_fields_beyond_the_first_page_are_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(tom())
    close_api.forget_fields()
    monkeypatch.setattr(close_api, "_PAGE", 2)
    tell(uma())
    assert len(leads(sandbox)) == 1


def test_two_searches_a_second_are_enough(sandbox: Sandbox, settings: Any) -> None:
    sandbox.setting("close", rate_limit=True)
    settings.CLOSE = settings.CLOSE | {"searches_per_s": 2.0}
    with paced(Pace(Close().rates()).wait):
        for number in range(4):
            tell(make_signup(f"p{number}@acme.test", f"P {number}", company=acme()))
    calls = sandbox.received("close", "data/search")
    assert len(calls) == 4  # one a signup
    assert calls[-1]["at"] - calls[0]["at"] >= 3 / 2 - 0.05


def test_the_rate_header_says_how_long_to_wait(sandbox: Sandbox) -> None:
    limited = {"RateLimit": "limit=16, remaining=0, reset=4.2", "Retry-After": "5"}
    sandbox.fault("close", route="search", status=429, headers=limited)
    with pytest.raises(Later) as caught:
        tell(tom())
    assert caught.value.retry_after_s == 4.2


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"status": 401, "body": {"error": "Unauthorized"}}, Misconfigured),
        ({"status": 402}, Misconfigured),
        ({"status": 400, "body": {"errors": [], "field-errors": {"name": "Too long."}}}, Never),
        ({"status": 503}, Ambiguous),
    ],
)
def test_failures_of_a_create_by_what_they_mean(
    sandbox: Sandbox, fault: dict[str, Any], failure: type[Exception]
) -> None:
    sandbox.fault("close", route="/v1/lead/", method="POST", **fault)
    with pytest.raises(failure):
        tell(tom())


def test_a_wrong_key_is_named(sandbox: Sandbox, settings: Any) -> None:
    settings.CLOSE = settings.CLOSE | {"api_key": "api_wrong"}
    with pytest.raises(Misconfigured, match="CLOSE_API_KEY"):
        tell(tom())


# -- The mails it holds ------------------------------------------------------------------------------------------------


def test_an_email_activity_as_a_mail() -> None:
    row = {
        "id": "acti_1", "lead_id": "lead_1", "direction": "incoming", "status": "inbox", "subject": "Rate\r\n limits",
        "sender": "Tom Reyes <tom@acme.test>", "to": ["rob@onboarding.test", None], "body_preview": "We would " * 50,
        "activity_at": "2026-11-20T09:30:00.123000+00:00", "date_sent": None,
    }  # fmt: skip
    mail = close_mails.mail(row, {"lead_1": "https://app.close.com/lead/lead_1/"})
    assert mail == CrmMail(
        at=datetime(2026, 11, 20, 9, 30, 0, 123000, UTC),
        is_incoming=True,
        subject="Rate limits",
        sender="Tom Reyes <tom@acme.test>",
        recipients=("rob@onboarding.test",),
        excerpt=("We would " * 50)[:300],
        url="https://app.close.com/lead/lead_1/",
    )


def test_a_draft_is_called_one() -> None:
    row = {"direction": None, "status": "draft", "activity_at": None, "date_created": "2026-11-20T09:30:00"}
    mail = close_mails.mail(row, {})
    assert mail is not None
    assert (mail.status, mail.is_incoming, mail.at.tzinfo) == ("draft", False, UTC)


def test_an_email_activity_without_a_time_is_left_out() -> None:
    assert close_mails.mail({"activity_at": "yesterday", "date_created": None}, {}) is None


def test_the_company_s_mails_come_newest_first_in_one_call(sandbox: Sandbox) -> None:
    tell(tom())
    mails = Close().mails_with(uma())
    (asked,) = sandbox.received("close", "activity/email/")
    assert [(mail.subject, mail.is_incoming) for mail in mails] == [("Re: Rate limits", False), ("Rate limits", True)]
    assert all(mail.url == leads(sandbox)[0]["html_url"] for mail in mails)
    assert asked["query"]["_limit"] == "10"
    assert "body_html" not in asked["query"]["_fields"]


def test_mails_of_a_person_s_own_lead_and_of_the_employer_s_are_asked_for_at_once(sandbox: Sandbox) -> None:
    tell(tom())
    grace = make_signup("grace@rocket.test", "Grace Okafor")
    tell(grace)
    grace.company = acme()
    subjects = [mail.subject for mail in Close().mails_with(grace)]
    assert subjects == ["Pricing for freight volumes", "Re: Rate limits", "Rate limits"]


def test_nobody_asks_for_the_mails_of_somebody_without_a_lead(sandbox: Sandbox) -> None:
    assert Close().mails_with(tom()) == []
    assert sandbox.received("close") == []


@pytest.mark.parametrize(("fault", "error"), [({"status": 503}, Later), ({"status": 401}, Misconfigured)])
def test_failing_to_read_mails_is_said_in_the_engine_s_words(
    sandbox: Sandbox, fault: dict[str, Any], error: type[Exception]
) -> None:
    tell(tom())
    sandbox.fault("close", route="activity/email/", **fault)
    with pytest.raises(error):
        Close().mails_with(tom())
