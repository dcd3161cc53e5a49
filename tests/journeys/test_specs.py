"""Every call the product makes while the whole cast signs up, held against the vendors' own specifications."""

from __future__ import annotations

import pytest

from sandbox import cast
from signups import intake
from tests import specs
from tests.journeys.story import api_client, deliver, sign_up
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@specs.needed
def test_what_the_product_says_is_what_the_vendors_specify(sandbox: Sandbox) -> None:
    client = api_client()
    device = "7f9c2f0e-8a54-4a1c-9d0f-3f0c6a1b2c3d"
    for person in cast.PEOPLE.values():
        visit = {"anonymous_id": device, "ga_client_id": "123456.7654321"} if person.email == "ada@dev.test" else {}
        signup = sign_up(person.email, person.name, client, newsletter=True, **visit)
        if signup.lookups_due_at is not None:
            intake.complete(signup)
            intake.complete(signup)
    deliver()
    for vendor in specs.VENDORS:
        calls = sandbox.received(vendor)
        assert calls, vendor
        assert specs.problems(vendor, calls) == []
