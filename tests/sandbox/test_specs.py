"""What the pretend vendors take and answer is what the vendors' own specifications describe.

Each vendor is called the way the product calls it, refusals included, and everything it recorded is looked at.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests import specs
from tests.sandbox_process import Sandbox

pytestmark = specs.needed
INSERT_ID = "5e42258e-eea7-5083-be66-5f01e894fa39"
ULID = "01JDDQFN00F2WF693J19E4ZB9V"


class Caller:
    """Calls below one address with one set of credentials."""

    def __init__(self, url: str, auth: tuple[str, str] | None = None, **headers: str) -> None:
        self.url, self.auth, self.headers = url, auth, headers

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        reply = requests.request(
            method, f"{self.url}/{path}", params=query, json=body, auth=self.auth, headers=self.headers, timeout=10
        )
        return reply.json() if reply.content else None


def call_clearbit(url: str) -> None:
    call = Caller(f"{url}/clearbit", Authorization="Bearer sk_sandbox_clearbit")
    for email in ("ada@dev.test", "grace@rocket.test", "pia@slowdata.test", "nora@quietcorp.test", "nobody"):
        call("GET", "person/v2/people/find", email=email)
        call("GET", "person/v2/combined/find", email=email)
    for domain in ("rocket.test", "bigmail.test", "quietcorp.test"):
        call("GET", "company/v2/companies/find", domain=domain)


def call_gravatar(url: str) -> None:
    hashed = [hashlib.sha256(email.encode()).hexdigest() for email in ("ada@dev.test", "nora@quietcorp.test")]
    for caller in (
        Caller(f"{url}/gravatar/v3"),
        Caller(f"{url}/gravatar/v3", Authorization="Bearer sandbox-gravatar-key"),
    ):
        for each in (*hashed, "halgreene"):
            caller("GET", f"profiles/{each}")


def call_github(url: str) -> None:
    for caller in (Caller(f"{url}/github"), Caller(f"{url}/github", Authorization="Bearer ghp_sandbox_github")):
        caller("GET", "search/users", q="ada@dev.test in:email type:user", per_page=5)
        caller("GET", "search/users", q="senseless")
        caller("GET", "search/commits", q="author-email:leo@solo.test", per_page=5)
        for login in ("adabyrne", "devhouse", "nobody"):
            caller("GET", f"users/{login}")


def call_hunter(url: str) -> None:
    call = Caller(f"{url}/hunter/v2", None, **{"X-API-KEY": "sandbox-hunter"})
    for email in ("ada@dev.test", "kit@acme.test", "nora@quietcorp.test", "nobody"):
        call("GET", "people/find", email=email)
        call("GET", "combined/find", email=email, clearbit_format="true")
    for domain in ("rocket.test", "bank.test", "quietcorp.test"):
        call("GET", "companies/find", domain=domain)
    Caller(f"{url}/hunter/v2")("GET", "people/find", email="ada@dev.test")


def call_peopledatalabs(url: str) -> None:
    call = Caller(f"{url}/peopledatalabs", None, **{"X-Api-Key": "sandbox-pdl"})
    for email in ("ada@dev.test", "grace@rocket.test", "uma@acme.test", "nora@quietcorp.test"):
        hashed = hashlib.sha256(email.encode()).hexdigest()
        call("GET", "v5/person/enrich", email_hash=hashed, min_likelihood=6, titlecase="true")
    for domain in ("rocket.test", "charity.test", "uni.test", "dev.test"):
        call("GET", "v5/company/enrich", website=domain, min_likelihood=6)
    call("GET", "v5/person/enrich")
    Caller(f"{url}/peopledatalabs")("GET", "v5/person/enrich", email="ada@dev.test")


def call_apollo(url: str) -> None:
    call = Caller(f"{url}/apollo/api/v1", None, **{"x-api-key": "sandbox-apollo"})
    for email in ("grace@rocket.test", "mara@bank.test", "nora@quietcorp.test"):
        call("POST", "people/match", hashed_email=hashlib.md5(email.encode()).hexdigest())
    for query in ({"domain": "rocket.test"}, {"domain": "bank.test"}, {"domain": "dev.test"}, {}):
        call("GET", "organizations/enrich", **query)


def call_slack(url: str) -> None:
    call = Caller(f"{url}/slack/api", Authorization="Bearer xoxb-sandbox-onboarding")
    call("POST", "auth.test")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Ada*"}}]
    metadata = {"event_type": "signup_created", "event_payload": {"signup_id": "42"}}
    message = {"channel": "C0SIGNUPS", "text": "Ada", "blocks": blocks, "metadata": metadata}
    ts = call("POST", "chat.postMessage", {**message, "unfurl_links": False, "unfurl_media": False})["ts"]
    call("POST", "chat.update", {"channel": "C0SIGNUPS", "ts": ts, "text": "Ada B.", "blocks": blocks})
    call("GET", "chat.getPermalink", channel="C0SIGNUPS", message_ts=ts)
    call("GET", "conversations.history", channel="C0SIGNUPS", include_all_metadata="true", limit="100")
    call("POST", "chat.postMessage", {"channel": "C0UNKNOWN", "text": "Ada"})
    call("POST", "chat.postMessage", {"channel": "C0SIGNUPS", "blocks": [{"type": "zap"}], "text": "Ada"})
    call("POST", "chat.postMessage", {"channel": "C0SIGNUPS"})
    Caller(f"{url}/slack/api", Authorization="Bearer guess")("POST", "auth.test")


def call_close(url: str) -> None:
    call = Caller(f"{url}/close/api/v1", ("api_sandbox_close", ""))
    call("GET", "me/")
    call("GET", "custom_field/lead/", _skip="0", _limit="100")
    field = call("POST", "custom_field/lead/", {"name": "Spec", "type": "text"})["id"]
    contact = {"name": "Tom", "emails": [{"email": "tom@acme.test", "type": "office"}]}
    lead = call("POST", "lead/", {"name": "Acme", f"custom.{field}": "acme.test", "contacts": [contact]})["id"]
    person = call("POST", "contact/", {**contact, "lead_id": lead, "name": "Uma"})["id"]
    text = {"type": "field_condition", "condition": {"type": "text", "mode": "full_words", "value": "Acme"}}
    name = {"type": "regular_field", "object_type": "lead", "field_name": "name"}
    call("POST", "data/search/", {"query": {**text, "field": name}, "_fields": {"lead": ["id"]}, "_limit": 1})
    call("PUT", f"lead/{lead}/", {"description": "Anvils"})
    call("PUT", f"contact/{person}/", {"title": "Head of Data"})
    call("POST", "activity/note/", {"lead_id": lead, "note": "Signed up"})
    log = {"lead_id": lead, "status": "inbox", "sender": "tom@acme.test", "to": ["rob@onboarding.test"]}
    mail = call("POST", "activity/email/", {**log, "subject": "Hello", "body_text": "Best, Tom"})["id"]
    call("GET", "activity/email/", id__in=f"{mail},acti_unknown", _limit="8")
    for path in (f"lead/{lead}/", f"contact/{person}/", "lead/lead_unknown/"):
        call("GET", path)
    for path in ("lead/", "contact/", "activity/note/", "activity/email/"):
        call("GET", path, _skip="0", _limit="10")
    call("POST", "contact/", {"emails": "none"})


def call_mixpanel(url: str) -> None:
    call = Caller(f"{url}/mixpanel", ("onboarding.sandbox", "sandbox-mixpanel-secret"))
    ids = {"distinct_id": "u_1", "$user_id": "u_1", "$device_id": "d_1", "$insert_id": INSERT_ID}
    good = {"event": "Signed up", "properties": {"time": int(time.time() * 1000), **ids, "score": 82}}
    late = {"event": "Signed up", "properties": {**good["properties"], "time": int(time.time()) + 9_999}}  # type: ignore[dict-item]
    for events in ([good], [good, late]):
        call("POST", "import", events, strict="1", project_id="123456")
    Caller(f"{url}/mixpanel")("POST", "import", [good], strict="1", project_id="123456")
    token = {"token": "sandbox-mixpanel-token"}
    identify = {"event": "$identify", "properties": {**token, "$identified_id": "u_1", "$anon_id": INSERT_ID}}
    profile = {"$token": "sandbox-mixpanel-token", "$distinct_id": "u_1", "$set": {"$email": "ada@dev.test"}}
    for verbose in ({}, {"verbose": "1"}):
        call("POST", "track", [identify], ip="0", **verbose)
        call("POST", "engage", [profile], ip="0", **verbose)


def call_customerio(url: str) -> None:
    call = Caller(f"{url}/customerio/track/api", ("sandbox-site", "sandbox-cio-track-key"))
    topic = {"cio_subscription_preferences.topics.topic_1": True}
    call("GET", "v1/accounts/region")
    call("PUT", "v1/customers/u_1", {"email": "ada@dev.test", "_timestamp": 1_732_406_400, "score": 82, **topic})
    call("PUT", "v1/customers/u_1", {"bio": "x" * 1001})
    call("POST", "v1/customers/u_1/events", {"name": "signed_up", "id": ULID, "data": {"plan": "free"}})
    call("POST", "v1/events", {"name": "viewed", "anonymous_id": "a_1"})
    person = {"type": "person", "identifiers": {"id": "u_1"}}
    identify = {**person, "action": "identify", "attributes": {"plan": "free"}}
    call("POST", "v2/entity", identify)
    too_long = {**identify, "attributes": {"bio": "x" * 1001}}
    call("POST", "v2/batch", {"batch": [identify, too_long, {**person, "action": "event", "name": "viewed"}]})
    call("POST", "v2/entity", too_long)
    call("DELETE", "v1/customers/u_1")
    Caller(f"{url}/customerio/track/api")("PUT", "v1/customers/u_1", {"plan": "free"})


CALLS: dict[str, Callable[[str], None]] = {
    "clearbit": call_clearbit,
    "gravatar": call_gravatar,
    "github": call_github,
    "hunter": call_hunter,
    "peopledatalabs": call_peopledatalabs,
    "apollo": call_apollo,
    "slack": call_slack,
    "close": call_close,
    "mixpanel": call_mixpanel,
    "customerio": call_customerio,
}


@pytest.mark.parametrize("vendor", specs.VENDORS)
def test_calls_and_replies_are_as_specified(sandbox: Sandbox, vendor: str) -> None:
    CALLS[vendor](sandbox.url)
    calls = sandbox.received(vendor)
    assert (len(calls) > 5, specs.problems(vendor, calls)) == (True, [])


WRONG: list[tuple[str, str, str, Any, str]] = [
    ("gravatar", "GET", "/v3/users/ada", None, "is not documented"),
    ("github", "GET", "/search/users?query=ada", None, "the parameter query is not documented"),
    ("github", "GET", "/search/users", None, "the parameter q is missing"),
    ("hunter", "GET", "/v2/companies/find", None, "the parameter domain is missing"),
    ("peopledatalabs", "GET", "/v5/person/enrich?min_likelihood=11", None, "min_likelihood cannot be '11'"),
    ("apollo", "POST", "/api/v1/people/match?mail=a", None, "the parameter mail is not documented"),
    ("mixpanel", "POST", "/import?strict=1&project_id=1", [{"event": "Signed up"}], "'properties' is a required"),
    ("mixpanel", "POST", "/engage?ip=here", [{"$token": "t", "$distinct_id": "u", "$set": {}}], "ip cannot be 'here'"),
    ("customerio", "PUT", "/track/api/v1/customers/u_1", {"score": 8.5}, "$.score"),
    ("customerio", "POST", "/track/api/v1/customers/u_1/events", {"data": {}}, "'name' is a required property"),
    ("close", "GET", "/api/v1/leads/", None, "is not documented"),
    ("slack", "POST", "/api/chat.postMessage", {"chanel": "C0SIGNUPS"}, "the argument chanel is not documented"),
    ("slack", "POST", "/api/chat.shout", {}, "is not documented"),
]


@pytest.mark.parametrize(("vendor", "method", "path", "body", "problem"), WRONG)
def test_a_call_no_vendor_describes_is_noticed(
    sandbox: Sandbox, vendor: str, method: str, path: str, body: Any, problem: str
) -> None:
    requests.request(method, f"{sandbox.url}/{vendor}{path}", json=body, timeout=10)
    assert any(problem in each for each in specs.problems(vendor, sandbox.received(vendor)))


def test_a_reply_no_vendor_would_give_is_noticed(sandbox: Sandbox) -> None:
    for vendor in ("slack", "clearbit", "gravatar", "hunter", "peopledatalabs", "apollo"):
        CALLS[vendor](sandbox.url)
        odd = {"ok": True, "hash": 7, "name": "Ada", "full_name": 7, "person": {"title": 7}, "data": {"name": 7}}
        odd = {name: value for name, value in odd.items() if name != "data" or vendor == "hunter"}
        changed = [{**call, "reply": odd} for call in sandbox.received(vendor)]
        assert any("reply" in each or "missing" in each for each in specs.problems(vendor, changed))


def test_a_fault_made_on_request_is_not_the_vendor_s(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", status=418, body={"short": "and stout"})
    call_gravatar(sandbox.url)
    assert specs.problems("gravatar", sandbox.received()) == []
