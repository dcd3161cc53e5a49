"""The pretend Close behaves like Close, seen over HTTP.

With VENDOR_SPECS naming a folder of the vendors' own specifications, whole objects are held against them too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from tests.sandbox.receiver import listening
from tests.sandbox_process import Sandbox

SPECS = os.environ.get("VENDOR_SPECS", "")
KEY = "api_sandbox_close"


def send(
    sandbox: Sandbox, method: str, path: str, body: Any = None, key: str = KEY, **options: Any
) -> requests.Response:
    url = f"{sandbox.url}/close/api/v1/{path}"
    return requests.request(method, url, json=body, auth=(key, ""), timeout=10, **options)


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    reply = send(sandbox, method, path, body)
    assert reply.ok, reply.text
    return reply.json()


def refused(sandbox: Sandbox, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    reply = send(sandbox, method, path, body)
    return reply.status_code, reply.json()


def create_lead(sandbox: Sandbox, **body: Any) -> Any:
    return call(sandbox, "POST", "lead/", {"name": "Widgets", **body})


def create_field(sandbox: Sandbox, name: str = "Signup domain", kind: str = "text", **more: Any) -> str:
    return str(call(sandbox, "POST", "custom_field/lead/", {"name": name, "type": kind, **more})["id"])


def person(email: str, name: str = "Alice Ng") -> dict[str, Any]:
    return {"name": name, "emails": [{"email": email}]}


def of_type(object_type: str, *queries: Any) -> dict[str, Any]:
    return {"type": "and", "queries": [{"type": "object_type", "object_type": object_type}, *queries]}


def regular(object_type: str, name: str) -> dict[str, Any]:
    return {"type": "regular_field", "object_type": object_type, "field_name": name}


def where(field: dict[str, Any], mode: str, value: str, **more: Any) -> dict[str, Any]:
    condition = {"type": "text", "mode": mode, "value": value}
    return {"type": "field_condition", "field": field, "condition": condition, **more}


def related(this: str, other: str, query: Any) -> dict[str, Any]:
    return {"type": "has_related", "this_object_type": this, "related_object_type": other, "related_query": query}


def search(sandbox: Sandbox, query: Any, **more: Any) -> Any:
    return call(sandbox, "POST", "data/search/", {"query": query, **more})


def names(sandbox: Sandbox, *queries: Any, object_type: str = "lead", **more: Any) -> list[str]:
    found = search(sandbox, of_type(object_type, *queries), _fields={object_type: ["name"]}, **more)
    return sorted(row["name"] for row in found["data"])


def handmade(sandbox: Sandbox) -> Any:
    (lead,) = [lead for lead in sandbox.state("close")["leads"] if lead["name"] == "Handmade Ltd"]
    return lead


# ---- transport


def test_the_connection_check_says_who_and_where(sandbox: Sandbox) -> None:
    me = call(sandbox, "GET", "me/")
    assert (me["email"], me["organizations"][0]["name"]) == ("api@onboarding.test", "Onboarding Sandbox")


def test_a_wrong_key_is_unauthorized(sandbox: Sandbox) -> None:
    reply = send(sandbox, "GET", "me/", key="guess")
    assert (reply.status_code, reply.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("path", ["me", "lead", "nonsense/", "lead/lead_nobody/"])
def test_what_is_not_there_is_404_and_so_is_a_missing_slash(sandbox: Sandbox, path: str) -> None:
    assert refused(sandbox, "GET", path) == (404, {"error": "Not Found"})


def test_a_method_that_does_not_fit_is_405(sandbox: Sandbox) -> None:
    assert refused(sandbox, "DELETE", "lead/") == (405, {"error": "Method Not Allowed"})


@pytest.mark.parametrize(
    ("mime", "status", "error"),
    [
        ("application/json", 400, "The request contains invalid JSON."),
        ("text/plain", 415, "Unsupported Media Type"),
    ],
)
def test_an_unreadable_body_has_the_plain_error_shape(sandbox: Sandbox, mime: str, status: int, error: str) -> None:
    reply = send(sandbox, "POST", "lead/", data="{", headers={"Content-Type": mime})
    assert (reply.status_code, reply.json()) == (status, {"error": error})


def test_a_field_that_is_wrong_has_the_other_error_shape(sandbox: Sandbox) -> None:
    reply = refused(sandbox, "GET", "lead/?_limit=201")
    assert reply == (400, {"errors": [], "field-errors": {"_limit": "Input should be less than or equal to 200"}})


def test_a_long_filter_may_come_as_a_post_in_disguise(sandbox: Sandbox) -> None:
    lead_id = handmade(sandbox)["id"]
    disguise = {"x-http-method-override": "GET"}
    reply = send(sandbox, "POST", "contact/", {"_params": {"lead_id": lead_id, "_fields": "name"}}, headers=disguise)
    assert reply.json() == {"data": [{"name": "Hanna Holt"}], "has_more": False}


def test_lists_come_in_pages(sandbox: Sandbox) -> None:
    for number in range(4):
        create_lead(sandbox, name=f"Lead {number}")
    page = call(sandbox, "GET", "lead/?_skip=1&_limit=2&_fields=name")
    assert page == {"data": [{"name": "Lead 2"}, {"name": "Lead 1"}], "has_more": True, "total_results": 5}


# ---- leads


def test_a_new_lead_comes_back_whole(sandbox: Sandbox) -> None:
    domain = create_field(sandbox)
    address = {"label": "business", "city": "Leeds", "country": "GB"}
    contact = {**person("alice@widgets.example"), "title": "CTO", "urls": [{"url": "https://github.com/aliceng"}]}
    given = {"url": "https://widgets.example", "addresses": [address], f"custom.{domain}": "widgets.example"}
    lead = create_lead(sandbox, contacts=[contact], **given)
    assert re.fullmatch(r"lead_[0-9A-Za-z]{43}", lead["id"])
    assert lead["html_url"] == f"{sandbox.url}/close/leads/{lead['id']}"
    assert (lead["status_label"], lead[f"custom.{domain}"]) == ("Potential", "widgets.example")
    assert lead["custom"] == {"Signup domain": "widgets.example"}
    assert lead["addresses"] == [{**address, "address_1": "", "address_2": "", "state": "", "zipcode": ""}]
    (alice,) = lead["contacts"]
    assert alice["emails"] == [{"type": "office", "email": "alice@widgets.example", "is_unsubscribed": False}]
    assert (alice["lead_id"], lead["contact_ids"], alice["title"]) == (lead["id"], [alice["id"]], "CTO")
    assert call(sandbox, "GET", f"lead/{lead['id']}/") == lead


def test_a_put_changes_what_it_names_and_null_clears(sandbox: Sandbox) -> None:
    calls = create_field(sandbox, "API calls", "number")
    lead = create_lead(sandbox, description="old", url="https://a.example", **{f"custom.{calls}": 7})
    changed = call(sandbox, "PUT", f"lead/{lead['id']}/", {"description": "new", f"custom.{calls}": None})
    assert (changed["description"], changed["url"], changed["name"]) == ("new", "https://a.example", "Widgets")
    assert f"custom.{calls}" not in changed
    assert changed["date_updated"] > lead["date_updated"]


def test_a_field_of_many_values_can_be_added_to_and_removed_from(sandbox: Sandbox) -> None:
    tags = create_field(sandbox, "Tags", "choices", choices=["a", "b", "c"], accepts_multiple_values=True)
    path, key = f"lead/{create_lead(sandbox, **{f'custom.{tags}': 'a'})['id']}/", f"custom.{tags}"
    seen = [
        call(sandbox, "PUT", path, {change: value})[key]
        for change, value in ((f"{key}.add", ["b", "a"]), (f"{key}.remove", "a"), (key, ["c"]))
    ]
    assert seen == [["a", "b"], ["b"], ["c"]]


def test_every_wrong_field_is_named_and_nothing_is_stored(sandbox: Sandbox) -> None:
    calls, tags = create_field(sandbox, "API calls", "number"), create_field(sandbox, "Tags", "choices", choices=["a"])
    body = {"name": 7, "status_id": "stat_x", f"custom.{calls}": "many", f"custom.{tags}": "z", "custom.cf_x": 1}
    status, reply = refused(sandbox, "POST", "lead/", body)
    assert (status, set(reply), set(reply["field-errors"])) == (400, {"errors", "field-errors"}, set(body))
    assert len(sandbox.state("close")["leads"]) == 1


def test_a_wrong_contact_stops_the_lead_it_came_with(sandbox: Sandbox) -> None:
    status, reply = refused(sandbox, "POST", "lead/", {"name": "Widgets", "contacts": [person("no address")]})
    assert (status, reply["field-errors"]) == (400, {"emails": [{"email": "Invalid email address."}]})
    assert len(sandbox.state("close")["leads"]) == 1


def test_unknown_fields_are_taken_without_a_word(sandbox: Sandbox) -> None:
    assert "shoe_size" not in create_lead(sandbox, shoe_size=42)


def test_a_status_may_be_given_by_its_label(sandbox: Sandbox) -> None:
    assert create_lead(sandbox, status="Qualified")["status_label"] == "Qualified"


def test_a_deleted_lead_takes_its_contacts_along(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox, contacts=[person("alice@widgets.example")])
    assert call(sandbox, "DELETE", f"lead/{lead['id']}/") == {}
    statuses = [
        send(sandbox, "GET", path).status_code for path in (f"lead/{lead['id']}/", f"contact/{lead['contact_ids'][0]}/")
    ]
    assert statuses == [404, 404]


def test_a_deleted_lead_can_still_be_read_for_a_while(sandbox: Sandbox) -> None:
    sandbox.setting("close", delete_lag_s=20)
    lead = create_lead(sandbox)
    sandbox.advance(30)
    call(sandbox, "DELETE", f"lead/{lead['id']}/")
    assert call(sandbox, "GET", f"lead/{lead['id']}/")["name"] == "Widgets"
    sandbox.advance(21)
    assert send(sandbox, "GET", f"lead/{lead['id']}/").status_code == 404


def test_the_old_query_still_finds_leads(sandbox: Sandbox) -> None:
    create_lead(sandbox, contacts=[person("alice@widgets.example")])
    for query in ("Handmade", 'name:"Handmade Ltd"', "email:hanna@handmade.test"):
        found = call(sandbox, "GET", f"lead/?query={query}&_fields=name")
        assert found == {"data": [{"name": "Handmade Ltd"}], "has_more": False, "total_results": 1}


def test_merging_moves_what_belongs_to_the_source(sandbox: Sandbox) -> None:
    source = create_lead(sandbox, name="Copy", url="https://a.example", contacts=[person("alice@a.example")])
    target = create_lead(sandbox, name="Original", contacts=[person("bob@a.example", "Bob Roy")])
    call(sandbox, "POST", "activity/note/", {"lead_id": source["id"], "note": "Hi"})
    call(sandbox, "POST", "lead/merge/", {"source": source["id"], "destination": target["id"]})
    merged = call(sandbox, "GET", f"lead/{target['id']}/")
    assert (merged["name"], merged["url"]) == ("Original", "https://a.example")
    assert [contact["name"] for contact in merged["contacts"]] == ["Bob Roy", "Alice Ng"]
    assert [note["lead_id"] for note in sandbox.state("close")["notes"]] == [target["id"]]
    assert send(sandbox, "GET", f"lead/{source['id']}/").status_code == 404


def test_there_is_a_lead_that_sales_typed_by_hand(sandbox: Sandbox) -> None:
    lead = handmade(sandbox)
    assert (lead["status_label"], lead["url"], lead["created_by_name"]) == (
        "Qualified",
        "https://handmade.test",
        "Rob Hale",
    )
    assert [contact["emails"][0]["email"] for contact in lead["contacts"]] == ["hanna@handmade.test"]


# ---- contacts


def test_a_contact_joins_its_lead(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox)
    contact = call(sandbox, "POST", "contact/", {"lead_id": lead["id"], **person("bob@widgets.example", "Bob Roy")})
    assert call(sandbox, "GET", f"lead/{lead['id']}/")["contacts"] == [contact]


def test_a_contact_without_a_lead_gets_a_ghost(sandbox: Sandbox) -> None:
    contact = call(sandbox, "POST", "contact/", person("bob@widgets.example", "Bob Roy"))
    ghost = call(sandbox, "GET", f"lead/{contact['lead_id']}/")
    assert (ghost["name"], ghost["contact_ids"]) == (None, [contact["id"]])


def test_a_contact_of_no_known_lead_is_refused(sandbox: Sandbox) -> None:
    status, reply = refused(sandbox, "POST", "contact/", {"lead_id": "lead_x", "name": "Bob"})
    assert (status, reply["field-errors"]) == (400, {"lead_id": "There is no such lead."})


def test_a_put_replaces_the_addresses_as_a_whole(sandbox: Sandbox) -> None:
    contact = call(sandbox, "POST", "contact/", person("bob@widgets.example"))
    changed = call(sandbox, "PUT", f"contact/{contact['id']}/", {"emails": [{"email": "b@b.example", "type": "home"}]})
    assert [(row["type"], row["email"]) for row in changed["emails"]] == [("home", "b@b.example")]
    assert changed["name"] == "Alice Ng"


def test_a_contact_brings_its_mails_along(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox, contacts=[person("tom@acme.test", "Tom Reyes")])
    mails = call(sandbox, "GET", f"activity/email/?lead_id={lead['id']}")["data"]
    assert [(mail["direction"], mail["subject"]) for mail in mails] == [
        ("outgoing", "Re: Rate limits"),
        ("incoming", "Rate limits"),
    ]


def test_a_mail_that_was_received_already_can_be_logged_and_read_by_its_id(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox, contacts=[person("alice@widgets.example")])
    body = {
        "lead_id": lead["id"],
        "status": "inbox",
        "sender": "alice@widgets.example",
        "body_text": "Hello\n-- \nAlice",
    }
    ids = [call(sandbox, "POST", "activity/email/", body)["id"] for _ in range(3)]
    mails = call(sandbox, "GET", f"activity/email/?id__in={ids[0]},{ids[2]}&_fields=id,body_text")["data"]
    assert sorted(mail["id"] for mail in mails) == sorted((ids[0], ids[2]))
    assert mails[0]["body_text"] == "Hello\n-- \nAlice"


@pytest.mark.parametrize("missing", ["lead_id", "sender", "status"])
def test_a_mail_that_is_to_be_logged_says_whose_and_from_whom(sandbox: Sandbox, missing: str) -> None:
    body = {"lead_id": create_lead(sandbox)["id"], "status": "inbox", "sender": "a@b.example"}
    del body[missing]
    reply = send(sandbox, "POST", "activity/email/", body)
    assert (reply.status_code, list(reply.json()["field-errors"])) == (400, [missing])


# ---- custom fields


def test_a_new_custom_field_has_dates_without_an_offset(sandbox: Sandbox) -> None:
    field = call(sandbox, "POST", "custom_field/lead/", {"name": "API calls (daily)", "type": "number"})
    assert (field["id"][:3], field["accepts_multiple_values"], field["choices"]) == ("cf_", False, None)
    assert "+" not in field["date_created"]
    (listed,) = call(sandbox, "GET", "custom_field/lead/")["data"]
    assert listed == {**field, "date_created": f"{field['date_created']}+00:00", "date_updated": listed["date_updated"]}


def test_a_custom_field_name_is_used_once_for_each_type_of_object(sandbox: Sandbox) -> None:
    body = {"name": "Score", "type": "number"}
    replies = [send(sandbox, "POST", f"custom_field/{kind}/", body).status_code for kind in ("lead", "lead", "contact")]
    assert replies == [200, 400, 200]


def test_a_deleted_custom_field_is_gone_from_the_leads(sandbox: Sandbox) -> None:
    domain = create_field(sandbox)
    lead = create_lead(sandbox, **{f"custom.{domain}": "widgets.example"})
    call(sandbox, "DELETE", f"custom_field/lead/{domain}/")
    assert f"custom.{domain}" not in call(sandbox, "GET", f"lead/{lead['id']}/")


def test_a_shared_field_joins_the_schema_it_is_associated_with(sandbox: Sandbox) -> None:
    own = create_field(sandbox, "Own")
    shared = call(sandbox, "POST", "custom_field/shared/", {"name": "Region", "type": "text"})["id"]
    association = send(sandbox, "POST", f"custom_field/shared/{shared}/association/", {"object_type": "lead"})
    fields = {kind: call(sandbox, "GET", f"custom_field_schema/{kind}/")["fields"] for kind in ("lead", "contact")}
    assert association.status_code == 201
    assert [field["id"] for field in fields["lead"]] == [own, shared]
    assert fields["contact"] == []


def test_one_list_has_neither_cursor_nor_has_more(sandbox: Sandbox) -> None:
    assert call(sandbox, "GET", "custom_field/custom_object_type/") == {"data": []}


# ---- search


def test_a_lead_is_found_by_a_custom_field(sandbox: Sandbox) -> None:
    domain = create_field(sandbox)
    lead = create_lead(sandbox, **{f"custom.{domain}": "widgets.example"})
    create_lead(sandbox, name="Other", **{f"custom.{domain}": "other.example"})
    field = {"type": "custom_field", "custom_field_id": domain}
    found = search(sandbox, of_type("lead", where(field, "exact_value", "Widgets.Example")))
    assert found == {"data": [{"__object_type": "lead", "id": lead["id"]}], "cursor": None}


def test_a_person_is_found_by_an_address_at_both_depths(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox, contacts=[person("alice@widgets.example")])
    by_email = where(regular("contact_email", "email"), "exact_value", "alice@widgets.example")
    by_contact = related("contact", "contact_email", by_email)
    (contact,) = search(sandbox, of_type("contact", by_contact), _fields={"contact": ["name"]})["data"]
    assert contact == {
        "__object_type": "contact",
        "id": lead["contact_ids"][0],
        "lead_id": lead["id"],
        "name": "Alice Ng",
    }
    assert names(sandbox, related("lead", "contact", by_contact)) == ["Widgets"]


@pytest.mark.parametrize(
    ("mode", "value", "found"),
    [
        ("exact_value", "north sea widgets", True),
        ("exact_value", "north sea", False),
        ("full_words", "widgets north", True),
        ("full_words", "widget", False),
        ("phrase", "sea widgets", True),
        ("phrase", "north widgets", False),
        ("beginning_of_words", "wid nor", True),
        ("beginning_of_words", "orth", False),
    ],
)
def test_the_modes_of_text(sandbox: Sandbox, mode: str, value: str, found: bool) -> None:
    create_lead(sandbox, name="North Sea Widgets")
    assert names(sandbox, where(regular("lead", "name"), mode, value)) == (["North Sea Widgets"] if found else [])


def test_an_address_is_several_words(sandbox: Sandbox) -> None:
    create_lead(sandbox, contacts=[person("alice@widgets.example")])
    create_lead(sandbox, name="Neighbour", contacts=[person("bob@widgets.example")])
    query = where(regular("contact_email", "email"), "full_words", "widgets.example")
    both = names(sandbox, related("lead", "contact", related("contact", "contact_email", query)))
    assert both == ["Neighbour", "Widgets"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"type": "number_range", "gte": 10, "lt": 20}, ["Ten"]),
        ({"type": "number_range", "gt": 10}, ["Twenty"]),
        ({"type": "exists"}, ["Ten", "Twenty"]),
        ({"type": "term", "values": [10, 30]}, ["Ten"]),
    ],
)
def test_the_conditions_on_numbers(sandbox: Sandbox, condition: dict[str, Any], found: list[str]) -> None:
    score = create_field(sandbox, "Score", "number")
    create_lead(sandbox, name="Ten", **{f"custom.{score}": 10})
    create_lead(sandbox, name="Twenty", **{f"custom.{score}": 20})
    field = {"type": "custom_field", "custom_field_id": score}
    assert names(sandbox, {"type": "field_condition", "field": field, "condition": condition}) == found


def test_a_range_of_moments(sandbox: Sandbox) -> None:
    seen = create_field(sandbox, "Last call", "date")
    create_lead(sandbox, name="Old", **{f"custom.{seen}": "2026-11-01"})
    create_lead(sandbox, name="New", **{f"custom.{seen}": "2026-11-20"})
    condition = {
        "type": "moment_range",
        "on_or_after": {"type": "fixed_local_date", "value": "2026-11-20", "which": "start"},
        "before": {"type": "fixed_utc", "value": "2026-11-21T00:00:00Z"},
    }
    field = {"type": "custom_field", "custom_field_id": seen}
    assert names(sandbox, {"type": "field_condition", "field": field, "condition": condition}) == ["New"]


def test_queries_are_combined_and_negated(sandbox: Sandbox) -> None:
    for name in ("Red", "Green", "Blue"):
        create_lead(sandbox, name=name)
    red, green = (where(regular("lead", "name"), "exact_value", name) for name in ("Red", "Green"))
    assert names(sandbox, {"type": "or", "queries": [red, green]}) == ["Green", "Red"]
    assert names(sandbox, {"type": "or", "queries": [red, green], "negate": True}) == ["Blue", "Handmade Ltd"]
    assert names(sandbox, {"type": "text", "value": "trade fair"}) == ["Handmade Ltd"]
    assert names(sandbox, {"type": "id", "value": handmade(sandbox)["id"]}) == ["Handmade Ltd"]


@pytest.mark.parametrize(
    "query",
    [
        {"type": "guess"},
        {"type": "and"},
        where({"type": "custom_field", "custom_field_id": "cf_nobody"}, "exact_value", "x"),
        where(regular("lead", "name"), "fuzzy", "x"),
        {"type": "field_condition", "field": regular("lead", "name"), "condition": {"type": "like"}},
        {"type": "field_condition", "field": "name", "condition": {"type": "exists"}},
        {"type": "field_condition", "field": regular("lead", "name"), "condition": {"type": "term", "values": "x"}},
        related("lead", "shoe", {"type": "match_all"}),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(sandbox: Sandbox, query: Any) -> None:
    status, reply = refused(sandbox, "POST", "data/search/", {"query": of_type("lead", query)})
    assert (status, list(reply["field-errors"])) == (400, ["query"])


def test_results_are_sorted_as_wished_and_counted(sandbox: Sandbox) -> None:
    for name in ("First", "Second", "Third"):
        create_lead(sandbox, name=name)
    sort = [{"direction": "desc", "field": regular("lead", "date_created")}]
    found = search(
        sandbox, of_type("lead"), _fields={"lead": ["name"]}, sort=sort, results_limit=2, include_counts=True
    )
    assert [row["name"] for row in found["data"]] == ["Third", "Second"]
    assert found["count"] == {"limited": 2, "total": 4}


def test_a_cursor_goes_on_where_the_page_ended_for_thirty_seconds(sandbox: Sandbox) -> None:
    for number in range(4):
        create_lead(sandbox, name=f"Lead {number}")
    sort = [{"direction": "asc", "field": regular("lead", "name")}]
    body = {"query": of_type("lead"), "_fields": {"lead": ["name"]}, "sort": sort, "_limit": 2}
    pages, cursor = [], None
    while True:
        page = call(sandbox, "POST", "data/search/", {**body, "cursor": cursor})
        pages.append([row["name"] for row in page["data"]])
        if not page["cursor"]:
            break
        cursor = page["cursor"]
    assert pages == [["Handmade Ltd", "Lead 0"], ["Lead 1", "Lead 2"], ["Lead 3"]]
    sandbox.advance(31)
    expired = {"errors": [], "field-errors": {"cursor": "Expired cursor"}}
    assert refused(sandbox, "POST", "data/search/", {**body, "cursor": cursor}) == (400, expired)


def test_two_hundred_is_the_largest_page(sandbox: Sandbox) -> None:
    status, reply = refused(sandbox, "POST", "data/search/", {"query": of_type("lead"), "_limit": 201})
    assert (status, reply["field-errors"]) == (400, {"_limit": "Input should be less than or equal to 200"})


def test_search_sees_the_world_as_it_was_a_while_ago(sandbox: Sandbox) -> None:
    sandbox.setting("close", index_lag_s=30)
    sandbox.advance(60)
    lead = create_lead(sandbox)
    assert (names(sandbox), call(sandbox, "GET", f"lead/{lead['id']}/")["name"]) == (["Handmade Ltd"], "Widgets")
    sandbox.advance(31)
    call(sandbox, "PUT", f"lead/{lead['id']}/", {"name": "Renamed"})
    assert names(sandbox) == ["Handmade Ltd", "Widgets"]
    call(sandbox, "DELETE", f"lead/{lead['id']}/")
    sandbox.advance(31)
    assert names(sandbox) == ["Handmade Ltd"]


# ---- activities, tasks, opportunities


def test_a_note_keeps_both_its_forms(sandbox: Sandbox) -> None:
    html = "<body><p>Signed up with score <strong>82</strong></p></body>"
    note = call(sandbox, "POST", "activity/note/", {"lead_id": handmade(sandbox)["id"], "note_html": html, "note": "x"})
    assert (note["_type"], note["note_html"], note["note"]) == ("Note", html, "Signed up with score 82")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("activity/note/", {"note": "x"}, "lead_id"),
        ("activity/note/", {"lead_id": "L", "note_html": "<p>x</p>"}, "note_html"),
        ("task/", {"text": "Call"}, "lead_id"),
        ("task/", {"lead_id": "L", "date": "tomorrow"}, "date"),
        ("task/", {"lead_id": "L", "_type": "dream"}, "_type"),
        ("task/", {"lead_id": "L", "assigned_to": "user_x"}, "assigned_to"),
        ("opportunity/", {"lead_id": "L", "confidence": 101}, "confidence"),
        ("opportunity/", {"lead_id": "L", "value": 9.5}, "value"),
        ("opportunity/", {"lead_id": "L", "value_period": "weekly"}, "value_period"),
    ],
)
def test_a_wrong_activity_names_the_field(sandbox: Sandbox, path: str, body: dict[str, Any], field: str) -> None:
    lead = {"lead_id": handmade(sandbox)["id"]} if "lead_id" in body else {}
    status, reply = refused(sandbox, "POST", path, {**body, **lead})
    assert (status, list(reply["field-errors"])) == (400, [field])


def test_tasks_are_listed_by_lead_and_completed(sandbox: Sandbox) -> None:
    lead_id = handmade(sandbox)["id"]
    task = call(sandbox, "POST", "task/", {"_type": "lead", "lead_id": lead_id, "text": "Call", "date": "2026-11-25"})
    path = f"task/?lead_id={lead_id}&is_complete=false"
    before = call(sandbox, "GET", path)["data"]
    call(sandbox, "PUT", f"task/{task['id']}/", {"is_complete": True})
    assert (before, call(sandbox, "GET", path)["data"]) == ([task], [])


def test_an_opportunity_reckons_its_value(sandbox: Sandbox) -> None:
    body = {"lead_id": handmade(sandbox)["id"], "value": 9900, "value_period": "monthly", "confidence": 20}
    opportunity = call(sandbox, "POST", "opportunity/", body)
    assert (opportunity["status_label"], opportunity["value_formatted"]) == ("Active", "$99.00")
    assert (opportunity["expected_value"], opportunity["annualized_value"]) == (1980, 118_800)
    assert handmade(sandbox)["opportunities"] == [opportunity]


# ---- rates


def test_search_is_the_scarce_call(sandbox: Sandbox) -> None:
    sandbox.setting("close", rate_limit=True)
    replies = [send(sandbox, "POST", "data/search/", {"query": of_type("lead")}) for _ in range(17)]
    assert [reply.status_code for reply in replies] == [200] * 16 + [429]
    assert re.fullmatch(r"limit=16, remaining=0, reset=\d\.\d+", replies[-1].headers["RateLimit"])
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 8
    assert send(sandbox, "GET", "me/").status_code == 200
    sandbox.advance(8)
    assert send(sandbox, "POST", "data/search/", {"query": of_type("lead")}).status_code == 200


def test_the_rate_header_can_be_missing(sandbox: Sandbox) -> None:
    with_header = "RateLimit" in send(sandbox, "GET", "me/").headers
    sandbox.setting("close", rate_limit_header=False)
    assert (with_header, "RateLimit" in send(sandbox, "GET", "me/").headers) == (True, False)


# ---- webhooks


def test_a_subscriber_is_told_and_can_check_the_signature(sandbox: Sandbox) -> None:
    lead = create_lead(sandbox)
    with listening() as app:
        wish = {"url": app.url, "events": [{"object_type": "lead", "action": "updated"}]}
        made = send(sandbox, "POST", "webhook/", wish)
        call(sandbox, "PUT", f"lead/{lead['id']}/", {"description": "new"})
        call(sandbox, "POST", "task/", {"lead_id": lead["id"], "text": "Call"})
        ((headers, body),) = app.wait_for(1)
    event = json.loads(body)["event"]
    assert (made.status_code, event["object_type"], event["action"]) == (201, "lead", "updated")
    assert (event["changed_fields"], event["previous_data"]) == (["description"], {"description": ""})
    signed = headers["close-sig-timestamp"].encode() + body
    key = bytes.fromhex(made.json()["signature_key"])
    assert headers["close-sig-hash"] == hmac.new(key, signed, hashlib.sha256).hexdigest()


def test_the_signature_key_is_shown_once(sandbox: Sandbox) -> None:
    wish = {"url": "https://app.example/hook", "events": [{"object_type": "lead", "action": "created"}]}
    made = call(sandbox, "POST", "webhook/", wish)
    shown = call(sandbox, "GET", f"webhook/{made['id']}/")
    assert (len(made["signature_key"]), "signature_key" in shown) == (64, False)
    assert {**shown, "signature_key": made["signature_key"]} == made


def test_a_deleted_subscription_hears_nothing(sandbox: Sandbox) -> None:
    with listening() as app:
        wish = {"url": app.url, "events": [{"object_type": "lead", "action": "created"}]}
        deaf, kept = (call(sandbox, "POST", "webhook/", wish)["id"] for _ in range(2))
        call(sandbox, "DELETE", f"webhook/{deaf}/")
        create_lead(sandbox)
        heard = [json.loads(body)["subscription_id"] for _, body in app.wait_for(1)]
    assert heard == [kept]


# ---- against the vendor's specification


@pytest.fixture(scope="module")
def spec() -> Any:
    if not SPECS:
        pytest.skip("VENDOR_SPECS names no folder with Close's specification")
    import yaml  # here, since only this test needs it

    return yaml.load(Path(SPECS, "close.openapi.yml").read_text(), Loader=yaml.CSafeLoader)


def test_lists_of_full_objects_follow_the_specification(sandbox: Sandbox, spec: Any) -> None:
    lead = create_lead(sandbox, contacts=[{**person("tom@acme.test"), "phones": [{"phone": "+441134960000"}]}])
    for path in ("opportunity/", "task/", "activity/note/"):
        call(sandbox, "POST", path, {"lead_id": lead["id"]})
    for path in ("lead/", "contact/", "opportunity/", "activity/note/", "activity/email/"):
        reply = call(sandbox, "GET", path)
        schema = spec["paths"][f"/{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(reply, {**schema, "components": spec["components"]})
        assert reply["data"]
