"""Four plain vendors for the benchmarks: each makes one POST for a signup, through the one door out, and no more.

What a real vendor takes on top (several calls, its rate) is the vendor's. They call the sandbox's Google Analytics,
which takes whatever it gets.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings

from integrations.http import Door
from signups.contracts import Delivered, Integration, Outcome
from signups.models import Delivery, Signup


class First(Integration):
    """Settings: none."""

    slug = "first"
    name = "First"
    concurrency: ClassVar[int] = 16

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        body = {"client_id": str(delivery.uid), "events": [{"name": "sign_up", "params": {"method": signup.email}}]}
        door = Door(self.name, settings.GA["api_url"])
        door.call("POST", "/mp/collect", json=body, is_safe=True)
        return Delivered(external_id=str(delivery.uid), note="Taken.")


class Second(First):
    slug = "second"
    name = "Second"


class Third(First):
    slug = "third"
    name = "Third"


class Fourth(First):
    slug = "fourth"
    name = "Fourth"


ALL = tuple(f"benchmarks.vendors.{cls.__name__}" for cls in (First, Second, Third, Fourth))
