"""Every call the product makes while the whole cast signs up, held against the vendors' own specifications."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sandbox import cast
from signups import intake
from signups.models import Signup, UsageRecord, Verdict
from tests import specs
from tests.deliveries.acts import pass_time
from tests.integrations.look_up import switch_on
from tests.journeys.story import api_client, deliver, sign_up
from tests.sandbox_process import Sandbox
from tests.usage.acts import run, use

pytestmark = pytest.mark.django_db(transaction=True)


def the_weeks_after() -> None:
    """Everybody uses the product up to their limit but for one, who goes quiet; then the limits are raised."""
    accepted = list(Signup.objects.filter(verdict=Verdict.ACCEPTED).order_by("pk"))
    quiet, *busy = accepted
    Signup.objects.filter(pk=quiet.pk).update(accepted_at=timezone.now() - timedelta(days=8))
    for signup in busy:
        use(signup, 1_000, limit=1_000, endpoints={"/v1/people": 1_000})
    for job in ("sync", "limits", "quiet"):
        run(job)
    pass_time(days=2)
    deliver()
    UsageRecord.objects.update(limit=5_000)
    run("limits", "2026-12-31")
    deliver()


@specs.needed
def test_what_the_product_says_is_what_the_vendors_specify(sandbox: Sandbox, settings: Any) -> None:
    switch_on(settings)
    client = api_client()
    device = "7f9c2f0e-8a54-4a1c-9d0f-3f0c6a1b2c3d"
    for person in cast.PEOPLE.values():
        visit = {"anonymous_id": device, "ga_client_id": "123456.7654321"} if person.email == "ada@dev.test" else {}
        signup = sign_up(person.email, person.name, client, newsletter=True, **visit)
        if signup.lookups_due_at is not None:
            intake.complete(signup)
            intake.complete(signup)
    deliver()
    the_weeks_after()
    for vendor in specs.VENDORS:
        calls = sandbox.received(vendor)
        assert calls, vendor
        assert specs.problems(vendor, calls) == []
