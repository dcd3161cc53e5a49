"""The whole cast signs up, and no line of web or worker names any of them; each line about one can be found again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import requests

from sandbox import cast
from tests.site import Site

_MAKE_KEY = """
from signups.models import ApiKey
row = ApiKey(name="backend")
row.set_key("{key}")
row.save()
"""
KEY = "ob_backend_of_the_journey_of_logs"


def sign_up(site: Site, person: cast.Person, request_id: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "X-Request-ID": request_id}
    body = {"email": person.email, "name": person.name}
    reply = requests.post(f"{site.url}/api/v1/signups", json=body, headers=headers, timeout=60)
    assert reply.status_code == 201, reply.text


def logged(site: Site) -> list[str]:
    """What web and worker wrote, without the names of processes that stand before it."""
    return [line.partition("| ")[2] for line in site.lines if " web" in line[:20] or " worker" in line[:20]]


def test_no_line_names_anybody_and_a_request_s_id_leads_into_the_worker(tmp_path: Path) -> None:
    people = list(cast.PEOPLE.values())
    with Site.started(tmp_path, LOG_FORMAT="json") as site:
        site.manage("shell", "-c", _MAKE_KEY.format(key=KEY))
        site.sandbox.fault("close", status=500, times=5)
        site.sandbox.fault("smtp", status=451, times=2)
        for number, person in enumerate(people):
            sign_up(site, person, f"cast-{number:04}")
        site.wait_for('"result": "delivered"', within_s=60)
        time.sleep(5)  # whatever else there is to be told
        lines = logged(site)
    text = "".join(lines).lower()
    assert not [person for person in people if person.email.lower() in text or person.name.lower() in text]
    said = [json.loads(line) for line in lines if line.startswith("{")]
    tried = [line for line in said if line["message"] == "tried"]
    assert {"slack", "mixpanel", "close"} <= {line["integration"] for line in tried}
    assert {line["request_id"][:5] for line in tried} == {"cast-"}
    assert len([line for line in said if line.get("route") == "/api/v1/signups"]) == len(people)
