"""How much of the same came before: signups by one mailbox, browser, IP address, network or domain of late.

Many of the same are a weak sign. Teams sign up together, and offices, universities and mobile carriers put many people
behind one address: so the limits are wide, and what is beyond them is *risky*, never *bad*. The counts are bounded
(`counting`), read from indexes, and taken of all signups, rejected ones too. Whether the person is told: never.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from signups.domains.registered import registrable
from signups.models import Signup
from signups.vetting import canonical, counting
from signups.vetting.address import Address
from signups.vetting.counting import MOST_COUNTED, counted
from signups.vetting.networks import is_shared, network_of
from signups.vetting.result import CheckResult

HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)


@dataclass(frozen=True)
class Limit:
    """More than `most` earlier signups with the same `field` within `window` (None: ever) are many.

    `most_ipv6` is the limit where the visitor came by IPv6.
    """

    name: str
    field: str
    window: timedelta | None
    most: int
    code: str
    most_ipv6: int | None = None


# The strongest first; the first one that is passed gives the check its code.
LIMITS = (
    # One mailbox, one account: tags and dots are how one person looks like several.
    Limit("address", "canonical_key", None, 0, "repeated_address"),
    # Somebody tries a private and a work address, and makes a typing error in one.
    Limit("device_24h", "device_id", DAY, 2, "busy_device"),
    Limit("device_30d", "device_id", MONTH, 5, "busy_device"),
    # A team of six in an hour, a class of twenty in a day; beyond that they confirm their addresses.
    Limit("ip_1h", "ip", HOUR, 5, "busy_ip"),
    Limit("ip_24h", "ip", DAY, 20, "busy_ip"),
    # A /24 is up to 256 customers or one hoster's racks. A /64 is one household or office, as an IPv4 address is.
    Limit("network_1h", "ip_network", HOUR, 20, "busy_network", most_ipv6=5),
    Limit("network_24h", "ip_network", DAY, 60, "busy_network", most_ipv6=20),
    # A company's training day; a domain bought to receive whatever is sent to it, otherwise.
    Limit("domain_1h", "email_domain", HOUR, 10, "busy_domain"),
    Limit("domain_24h", "email_domain", DAY, 25, "busy_domain"),
)
# Kinds of address (`kind`) whose domain many strangers share: how many come from there says nothing.
SHARED_DOMAINS = frozenset(
    ("free_mail", "internet_provider", "education", "government", "relay", "forwarder", "free_hosting")
)

_SENTENCES = {
    "address": "This mailbox has signed up before.",
    "device_24h": "This browser has sent {n} other signups within a day.",
    "device_30d": "This browser has sent {n} other signups within 30 days.",
    "ip_1h": "{n} other signups came from this IP address within an hour.",
    "ip_24h": "{n} other signups came from this IP address within a day.",
    "network_1h": "{n} other signups came from this network within an hour.",
    "network_24h": "{n} other signups came from this network within a day.",
    "domain_1h": "{n} other signups came with addresses at this domain within an hour.",
    "domain_24h": "{n} other signups came with addresses at this domain within a day.",
}


def keys(address: Address, ip: str | None) -> dict[str, str]:
    """A signup's fields by which the next ones like it are found."""
    return {
        "canonical_key": canonical.key(address)[:320],
        "email_domain": registrable(address.domain),
        "ip_network": network_of(ip),
    }


def check(address: Address, *, ip: str | None, device_id: str, kind: str) -> CheckResult:
    """Count what came before. One query, and one more for somebody who came before.

    `ip` is the visitor's (None: not known, not counted), `device_id` the browser's ("" likewise), `kind` the code of
    the check of that name. Evidence: each count that is not 0, up to `MOST_COUNTED`; "over", the counts beyond their
    limits; and of an earlier signup of the same mailbox "repeat_of" (its id), "repeat_verdict" and "repeat_label".
    """
    started = time.monotonic()
    same = _same(address, ip, device_id, kind)
    now = timezone.now()
    counts = counted(
        {
            limit.name: counting.same(
                Signup, limit.field, same[limit.field], now - limit.window if limit.window else None
            )
            for limit in LIMITS
            if limit.field in same
        }
    )
    over = [limit for limit in LIMITS if counts.get(limit.name, 0) > _most(limit, same)]
    evidence: dict[str, Any] = {name: number for name, number in counts.items() if number}
    if over:
        evidence["over"] = [limit.name for limit in over]
    if counts["address"]:
        evidence |= _earlier(same["canonical_key"])
    ms = round((time.monotonic() - started) * 1000)
    if not over:
        return CheckResult("velocity", "good", "usual", "No more signups of this kind than usual.", evidence, ms)
    sentence = " ".join(_sentence(limit, counts[limit.name]) for limit in over if _is_widest(limit, over))
    return CheckResult("velocity", "risky", over[0].code, sentence, evidence, ms)


def _same(address: Address, ip: str | None, device_id: str, kind: str) -> dict[str, str]:
    """The fields to count by, with this signup's values."""
    same = keys(address, ip)
    if not same["ip_network"] or ip is None or is_shared(ip):
        del same["ip_network"]
    else:
        same["ip"] = ip
    if device_id:
        same["device_id"] = device_id
    if kind in SHARED_DOMAINS or not same["email_domain"]:
        del same["email_domain"]
    return same


def _most(limit: Limit, same: dict[str, str]) -> int:
    is_ipv6 = ":" in same.get("ip_network", "")
    return limit.most if limit.most_ipv6 is None or not is_ipv6 else limit.most_ipv6


def _earlier(canonical_key: str) -> dict[str, Any]:
    """The latest signup of the same mailbox, for staff to see what became of it."""
    latest = Signup.objects.filter(canonical_key=canonical_key).order_by("-created_at")
    row = latest.values("pk", "verdict", "label").first()
    return {"repeat_of": row["pk"], "repeat_verdict": row["verdict"], "repeat_label": row["label"]} if row else {}


def _is_widest(limit: Limit, over: list[Limit]) -> bool:
    """One sentence for each thing that is counted, that of the longest window."""
    return [one for one in over if one.field == limit.field][-1] is limit


def _sentence(limit: Limit, number: int) -> str:
    many = f"{number} or more" if number == MOST_COUNTED else str(number)
    return _SENTENCES[limit.name].format(n=many)
