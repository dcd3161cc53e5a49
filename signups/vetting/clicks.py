"""The click on the confirmation link: who made it, and how many others were confirmed from the same place.

One address from one more mailbox costs a farm nothing, so its signups pass every look at the address; that they are all
confirmed by one machine gives it away. A click from another network than the signup's proves nothing: people sign up at
work and read their mail on the train.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from signups.models import Check, Confirmation, Signup
from signups.vetting.counting import MOST_COUNTED, Rows, counted, of
from signups.vetting.networks import is_shared, network_of
from signups.vetting.result import CheckResult

WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """More than `most` other signups confirmed from the same `field` within a day are many."""

    name: str
    field: str
    most: int
    code: str
    sentence: str
    most_ipv6: int | None = None


# The strongest first. People share a browser at home, an address at work, a network in a whole quarter.
LIMITS = (
    Limit("device_24h", "used_device_id", 3, "many_from_device", "This browser confirmed {n} other signups in a day."),
    Limit("ip_24h", "used_ip", 10, "many_from_ip", "{n} other signups were confirmed from this IP address in a day."),
    Limit(
        "network_24h",
        "used_network",
        30,
        "many_from_network",
        "{n} other signups were confirmed from this network in a day.",
        most_ipv6=10,
    ),
)


def check(signup: Signup, *, ip: str | None, device_id: str) -> CheckResult:
    """Look at a click that is about to confirm `signup` (its company loaded). One query.

    Signups of the same known company are not counted: colleagues sit in one office. Evidence: each count that is not 0,
    and where both ends are known "same_network" and "same_device", whether the click came from where the signup did.
    """
    started = time.monotonic()
    network = network_of(ip)
    same: dict[str, Any] = {"used_device_id": device_id}
    if network and ip is not None and not is_shared(ip):
        same |= {"used_ip": ip, "used_network": network}
    counts = counted(
        {limit.name: _others(signup, limit.field, same[limit.field]) for limit in LIMITS if same.get(limit.field)}
    )
    evidence: dict[str, Any] = {name: number for name, number in counts.items() if number}
    if network and signup.ip_network:
        evidence["same_network"] = network == signup.ip_network
    if device_id and signup.device_id:
        evidence["same_device"] = device_id == signup.device_id
    over = [limit for limit in LIMITS if counts.get(limit.name, 0) > _most(limit, network)]
    ms = round((time.monotonic() - started) * 1000)
    if not over:
        return CheckResult(Check.CLICK, "good", "usual", "Confirmed as people do.", evidence, ms)
    number = counts[over[0].name]
    many = f"{number} or more" if number == MOST_COUNTED else str(number)
    return CheckResult(Check.CLICK, "risky", over[0].code, over[0].sentence.format(n=many), evidence, ms)


def _others(signup: Signup, field: str, value: str) -> Rows:
    """Other signups whose address was proved from there within a day; who merely came back by a link is none."""
    since = timezone.now() - WINDOW
    others = Confirmation.objects.filter(**{field: value}, used_at__gt=since, signup__confirmed_at__gt=since)
    others = others.exclude(signup=signup.pk)
    if signup.company is not None and signup.company.profile:
        others = others.exclude(signup__company=signup.company)
    return of(others.values("signup").distinct())


def _most(limit: Limit, network: str) -> int:
    return limit.most if limit.most_ipv6 is None or ":" not in network else limit.most_ipv6
