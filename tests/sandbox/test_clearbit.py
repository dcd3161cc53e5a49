"""The pretend Clearbit behaves like Clearbit, seen over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
import requests

from tests.sandbox.receiver import listening
from tests.sandbox_process import Sandbox

KEY = "sk_sandbox_clearbit"


def get(sandbox: Sandbox, path: str, *, key: str = KEY, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(f"{sandbox.url}/clearbit/{path}", params=query, headers=headers, timeout=10)


def person(sandbox: Sandbox, email: str, **more: str) -> requests.Response:
    return get(sandbox, "person/v2/people/find", email=email, **more)


def company(sandbox: Sandbox, domain: str) -> requests.Response:
    return get(sandbox, "company/v2/companies/find", domain=domain)


def combined(sandbox: Sandbox, email: str) -> requests.Response:
    return get(sandbox, "person/v2/combined/find", email=email)


def error(reply: requests.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["type"]


def test_a_person_is_found_with_their_employment(sandbox: Sandbox) -> None:
    found = person(sandbox, "Grace@Rocket.test").json()
    assert (found["email"], found["name"]["givenName"]) == ("grace@rocket.test", "Grace")
    assert found["employment"] == {
        "domain": "rocket.test",
        "name": "Rocket",
        "title": "Founder & CEO",
        "role": "ceo",
        "subRole": None,
        "seniority": "executive",
    }


def test_what_is_unknown_is_null_and_not_missing(sandbox: Sandbox) -> None:
    found = person(sandbox, "tom@acme.test").json()
    assert (found["bio"], found["github"]["handle"], found["twitter"]["followers"]) == (None, None, None)


def test_an_avatar_is_a_picture_that_is_there(sandbox: Sandbox) -> None:
    picture = requests.get(person(sandbox, "ada@dev.test").json()["avatar"], timeout=10)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")


def test_a_company_is_found_with_its_metrics(sandbox: Sandbox) -> None:
    found = company(sandbox, "rocket.test").json()
    assert (found["name"], found["metrics"]["raised"]) == ("Rocket", 20_000_000)
    assert (found["metrics"]["employees"], found["metrics"]["employeesRange"]) == (120, "51-250")


def test_the_combined_call_leads_from_a_personal_address_to_the_employer(sandbox: Sandbox) -> None:
    found = combined(sandbox, "sam@bigmail.test").json()
    assert (found["person"]["emailProvider"], found["company"]["domain"]) == (True, "acme.test")


def test_the_combined_call_finds_the_company_of_somebody_unknown(sandbox: Sandbox) -> None:
    found = combined(sandbox, "kit@acme.test").json()
    assert (found["person"], found["company"]["name"]) == (None, "Acme")


def test_the_combined_call_takes_no_mail_provider_for_a_company(sandbox: Sandbox) -> None:
    assert error(combined(sandbox, "ned@bigmail.test")) == (404, "unknown_record")
    assert combined(sandbox, "cleo@bigmail.test").json()["company"] is None


@pytest.mark.parametrize(
    ("path", "query", "answer"),
    [
        ("person/v2/people/find", {"email": "nora@quietcorp.test"}, (404, "unknown_record")),
        ("company/v2/companies/find", {"domain": "quietcorp.test"}, (404, "unknown_record")),
        ("person/v2/people/find", {"email": "not an address"}, (422, "email_invalid")),
        ("company/v2/companies/find", {"domain": "not a domain"}, (422, "domain_invalid")),
        ("person/v2/people/find", {}, (400, "params_invalid")),
        ("person/v2/nobody", {}, (404, "unknown_route")),
        ("company/v2/people/find", {"email": "ada@dev.test"}, (404, "unknown_route")),
    ],
)
def test_a_refusal_names_its_type(sandbox: Sandbox, path: str, query: dict[str, str], answer: tuple[int, str]) -> None:
    assert error(get(sandbox, path, **query)) == answer


def test_the_key_is_the_user_name_of_basic_authentication(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/clearbit/person/v2/people/find?email=ada@dev.test"
    assert requests.get(url, auth=(KEY, ""), timeout=10).status_code == 200
    assert error(requests.get(url, auth=("sk_guess", ""), timeout=10)) == (401, "invalid_api_key")
    assert error(requests.get(url, timeout=10)) == (401, "auth_required")


def test_a_look_up_that_takes_a_while_is_answered_202_first(sandbox: Sandbox) -> None:
    replies = [person(sandbox, "pia@slowdata.test") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [202, 202, 200]
    assert replies[0].json() == {"error": {"type": "queued"}}


def test_a_look_up_that_takes_a_while_may_find_nobody(sandbox: Sandbox) -> None:
    sandbox.setting("clearbit", queued_unknown_calls=1)
    assert [person(sandbox, "nora@quietcorp.test").status_code for _ in range(2)] == [202, 404]


def test_the_streaming_host_waits_instead_of_answering_202(sandbox: Sandbox) -> None:
    assert get(sandbox, "person-stream/v2/people/find", email="pia@slowdata.test").status_code == 200


def test_a_queued_look_up_is_sent_to_the_webhook_signed(sandbox: Sandbox) -> None:
    sandbox.setting("clearbit", webhook_delay_s=0)
    with listening() as receiver:
        assert person(sandbox, "pia@slowdata.test", webhook_url=receiver.url, webhook_id="7").status_code == 202
        ((headers, raw),) = receiver.wait_for(1)
    sent = json.loads(raw)
    assert (sent["id"], sent["type"], sent["status"]) == ("7", "person", 200)
    assert sent["body"]["email"] == "pia@slowdata.test"
    digest = hmac.new(b"sandbox_clearbit", raw, hashlib.sha1).hexdigest()
    assert headers["X-Request-Signature"] == f"sha1={digest}"
    assert person(sandbox, "pia@slowdata.test").status_code == 200


def test_somebody_who_opted_out_is_not_shown(sandbox: Sandbox) -> None:
    sandbox.setting("clearbit", opted_out=["ada@dev.test"])
    assert person(sandbox, "ada@dev.test").status_code == 451


def test_the_rate_limit_tells_where_one_stands_and_ends_after_a_minute(sandbox: Sandbox) -> None:
    sandbox.setting("clearbit", rate_limit=True, per_minute=2)
    replies = [person(sandbox, "ada@dev.test") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining"] for reply in replies] == ["1", "0", "0"]
    assert "Retry-After" not in replies[2].headers
    assert company(sandbox, "acme.test").status_code == 200
    sandbox.advance(61)
    assert person(sandbox, "ada@dev.test").status_code == 200


def test_markup_in_a_profile_comes_as_it_is(sandbox: Sandbox) -> None:
    assert "<img src=x" in person(sandbox, "eve@evil.test").json()["name"]["fullName"]


def test_one_of_the_crowd_is_known_with_a_company_of_their_own(sandbox: Sandbox) -> None:
    found = combined(sandbox, "member-7@crowd-12.test").json()
    assert (found["person"]["name"]["fullName"], found["company"]["name"]) == ("Member 7", "Crowd 12")


def test_the_look_ups_are_shown(sandbox: Sandbox) -> None:
    person(sandbox, "ada@dev.test")
    (lookup,) = sandbox.state("clearbit")["lookups"]
    assert (lookup["what"], lookup["key"], lookup["status"]) == ("person", "ada@dev.test", 200)
