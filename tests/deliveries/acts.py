"""What tests of the engine do: owe somebody a delivery, let time pass, look at the queue."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

from signups import contracts, deliveries
from signups.models import Attempt, Delivery, IntegrationState
from tests.rows import make_signup


def owe(email: str = "ada@dev.test", slug: str = "desk", **values: Any) -> Delivery:
    """The row by which a desk is to hear of a new signup; `values` are the signup's."""
    signup = make_signup(email, **values)
    deliveries.plan_for(signup)
    return Delivery.objects.get(signup=signup, integration=slug)


def owe_many(number: int) -> list[Delivery]:
    return [owe(f"p{n}@dev.test") for n in range(number)]


def pass_time(**time: float) -> None:
    """Let so much time pass for all rows, claims, leases and breakers, as `timedelta` takes it."""
    ago = timedelta(**time)
    Delivery.objects.filter(due_at__isnull=False).update(due_at=F("due_at") - ago)
    columns = ("open_until", "lease_until", "woken_at")
    IntegrationState.objects.update(**{name: F(name) - ago for name in columns})


def due_in_s(delivery: Delivery) -> float:
    """Seconds until there is something to do."""
    delivery.refresh_from_db()
    assert delivery.due_at is not None
    return (delivery.due_at - timezone.now()).total_seconds()


def results(delivery: Delivery) -> list[str]:
    """What came of each try."""
    return list(Attempt.objects.filter(delivery=delivery).values_list("result", flat=True))


def state(slug: str = "desk") -> IntegrationState:
    return IntegrationState.objects.get(slug=slug)


def open_for_s(slug: str = "desk") -> float:
    """How long the breaker stays open, in seconds; 0: it is closed."""
    row = IntegrationState.objects.filter(slug=slug, open_until__gt=Now()).first()
    return (row.open_until - timezone.now()).total_seconds() if row is not None and row.open_until else 0.0


def attempt(delivery: Delivery) -> Attempt:
    """The last try."""
    last = delivery.attempts.last()
    assert last is not None
    return last


def integration(slug: str = "desk") -> contracts.Integration:
    return contracts.integration(slug)


def queued() -> list[tuple[Any, ...]]:
    """Takes all tasks from the queue: (function, *arguments)."""
    tasks: list[tuple[Any, ...]] = []
    broker = get_broker()
    while broker.queue_size():
        for key, package in broker.dequeue() or []:
            task: dict[str, Any] = SignedPackage.loads(package)
            tasks.append((task["func"], *task["args"]))
            broker.acknowledge(key)
    return tasks


def staff() -> AbstractBaseUser:
    return get_user_model().objects.get_or_create(username="sue")[0]


def child_environment() -> dict[str, str]:
    """For a process of its own: these settings, on the database of the tests."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        host = f"{database['HOST']}:{database['PORT'] or 5432}"
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{database['NAME']}"
    ports = {f"SANDBOX_{name.upper()}_PORT": str(port) for name, port in settings.SANDBOX_PORTS.items()}
    return {**os.environ, **ports, "DJANGO_SETTINGS_MODULE": "onboarding.settings", "DATABASE_URL": url}
