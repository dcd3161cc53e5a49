"""`manage.py enrich`: who is this, and who says so?"""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from signups.models import Lookup, Person, Signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def enrich(*args: str) -> str:
    out = StringIO()
    call_command("enrich", *args, stdout=out)
    return out.getvalue()


def test_a_person_is_printed_with_who_says_what(sandbox: Sandbox) -> None:
    text = enrich("Ada@dev.test")
    assert text.startswith("ada@dev.test\n")
    assert any(line.split()[:2] == ["employment.title", "Backend"] and "Clearbit" in line for line in text.splitlines())
    assert "Who was asked" in text
    assert (Person.objects.count(), Signup.objects.count()) == (0, 0)


def test_the_answers_are_kept_for_the_next_time(sandbox: Sandbox) -> None:
    enrich("rocket.test")
    calls = len(sandbox.received())
    said = json.loads(enrich("rocket.test", "--json"))
    assert said["company"]["metrics.raised"]["value"] == 20_000_000
    assert (said["email"], said["company_domain"], len(sandbox.received())) == (None, "rocket.test", calls)
    enrich("rocket.test", "--again")
    assert len(sandbox.received("clearbit")) == 2


def test_a_personal_address_leads_to_the_employer(sandbox: Sandbox) -> None:
    said = json.loads(enrich("sam@bigmail.test", "--json"))
    assert (said["company_domain"], said["company"]["name"]["value"]) == ("acme.test", "Acme")


@pytest.mark.parametrize(
    ("key", "why"),
    [("no@body@", "no e-mail address"), ("co.uk", "Many owners"), ("a b", "neither"), ("", "neither")],
)
def test_what_is_no_address_and_no_domain_is_refused(key: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        enrich(key)
    assert Lookup.objects.count() == 0


def test_a_wait_of_no_time_is_refused() -> None:
    with pytest.raises(CommandError, match="--seconds"):
        enrich("dev.test", "--seconds", "0")
