"""The whole cast signs up, and no line of web or worker names any of them; each line about one can be found again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import requests

from sandbox import cast
from tests.site import Site

pytestmark = pytest.mark.django_db


def private_words() -> set[str]:
    """Every address and name of the cast, as they are written."""
    words = {person.email.lower() for person in cast.PEOPLE.values()}
    return words | {person.name.lower() for person in cast.PEOPLE.values()}


def test_no_line_names_anybody_and_a_request_s_id_leads_into_the_worker(tmp_path: Path) -> None:
    with Site.started(tmp_path, LOG_FORMAT="json", PROCESS_PREFIXES="0") as site:
        site.sandbox.fault("close", status=500, times=3)
        for number, person in enumerate(cast.PEOPLE.values()):
            typed = {"name": person.name, "email": person.email, "csrfmiddlewaretoken": "x" * 32}
            headers = {"X-Request-ID": f"cast-{number:04}", "Cookie": "csrftoken=" + "x" * 32}
            requests.post(f"{site.url}/signup/", typed, headers=headers, timeout=30, allow_redirects=False)
        until = time.monotonic() + 60
        while not any('"tried"' in line and '"cast-' in line for line in site.lines) and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(3)
        lines = list(site.lines)
    text = "".join(lines).lower()
    assert not {word for word in private_words() if word in text}
    tried = [json.loads(line[line.index("{") :]) for line in lines if '"tried"' in line]
    assert {one["request_id"][:5] for one in tried} == {"cast-"}
    assert {one["integration"] for one in tried} >= {"slack", "mixpanel"}
