"""Which mails are read for how people sign them: few, incoming, from there; over the sandbox's Close."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.close_signatures import CloseSignatures
from signups.contracts import Deadline, IncomingMail, Later, Misconfigured, Never
from signups.enrichment import signed
from tests.sandbox_process import Sandbox

TEXT = "Yes.\n\n-- \nGrace Hopper\nNavy Research Ltd\nwww.navy.test\n"
SIGNATURES_FACTS = {
    "signatures": [
        {
            "by": "grace@lab.test",
            "name": "Grace Hopper",
            "company": "Navy Research Ltd",
            "domain": "navy.test",
            "at": "2026-11-02T09:00:00+00:00",
        }
    ]
}


def post(sandbox: Sandbox, path: str, **body: Any) -> dict[str, Any]:
    reply = requests.post(f"{sandbox.url}/close/api/v1/{path}", json=body, auth=("api_sandbox_close", ""), timeout=10)
    reply.raise_for_status()
    made: dict[str, Any] = reply.json()
    return made


def correspond(sandbox: Sandbox, address: str, *texts: str, sender: str = "", name: str = "") -> None:
    """A contact at Close with mails that came in, one a day."""
    lead = post(sandbox, "lead/", name=f"Lead of {address}", contacts=[{"name": name, "emails": [{"email": address}]}])
    ids = {"lead_id": lead["id"], "contact_id": lead["contacts"][0]["id"]}
    for day, text in enumerate(texts, 1):
        sent = f"2026-11-{day:02}T09:00:00+00:00"
        log = {"status": "inbox", "sender": sender or address, "date_sent": sent, "body_text": text}
        post(sandbox, "activity/email/", **ids, **log, subject="Hello", to=["rob@onboarding.test"])


def mails(key: str) -> list[IncomingMail]:
    return list(CloseSignatures().find_mails(key, Deadline(5_000)))


def test_a_full_answer(sandbox: Sandbox) -> None:
    correspond(sandbox, "grace@lab.test", "Can we talk?", TEXT, name="Grace Hopper")
    assert signed.answer(mails("lab.test")).facts == SIGNATURES_FACTS


def test_of_nobody_there_one_search_is_all_that_is_asked(sandbox: Sandbox) -> None:
    assert mails("lab.test") == []
    assert len(sandbox.received("close")) == 1


def test_the_latest_two_of_each_who_wrote_from_there_are_read_in_three_calls(sandbox: Sandbox) -> None:
    correspond(sandbox, "grace@lab.test", "one", "two", "three")
    correspond(sandbox, "joan@eu.lab.test", "four", sender="Joan Clarke <Joan@eu.lab.test>")
    correspond(sandbox, "eve@notlab.test", "five")
    assert [(mail.sender, mail.name, mail.text) for mail in mails("lab.test")] == [
        ("grace@lab.test", "", "three"),
        ("grace@lab.test", "", "two"),
        ("joan@eu.lab.test", "Joan Clarke", "four"),
    ]
    calls = [call for call in sandbox.received("close") if call["method"] == "GET" or "search" in call["path"]]
    assert len(calls) == 3
    assert "body_text" not in calls[1]["query"]["_fields"]
    assert calls[2]["query"]["_fields"] == "id,body_text"


def test_a_mail_whose_sender_is_another_is_not_read(sandbox: Sandbox) -> None:
    correspond(sandbox, "grace@lab.test", TEXT, sender="Mallory <mallory@evil.test>")
    assert mails("lab.test") == []


def test_mails_we_sent_are_not_read(sandbox: Sandbox) -> None:
    post(sandbox, "contact/", name="Hanna", emails=[{"email": "tom@acme.test"}])  # brings one of each along
    assert [mail.text for mail in mails("acme.test")] == [
        "We would send about 40,000 calls an hour. Is that a problem? Tom"
    ]


def test_of_a_personal_address_its_own_mails_are_read_alone(sandbox: Sandbox) -> None:
    correspond(sandbox, "grace@bigmail.test", TEXT)
    correspond(sandbox, "joan@bigmail.test", TEXT)
    assert [mail.sender for mail in mails("grace@bigmail.test")] == ["grace@bigmail.test"]


@pytest.mark.parametrize("route", ["data/search/", "activity/email/"])
@pytest.mark.parametrize(("status", "error"), [(429, Later), (503, Later), (401, Misconfigured), (404, Never)])
def test_a_failure_is_said_in_the_engine_s_words(
    sandbox: Sandbox, route: str, status: int, error: type[Exception]
) -> None:
    correspond(sandbox, "grace@lab.test", TEXT)
    sandbox.fault("close", route=route, status=status)
    with pytest.raises(error):
        mails("lab.test")
