"""What came of a fire drill: for each signup, what is owed against what the pretend vendors hold.

What is owed follows from the verdict the signup has in the end; what was done is counted at the vendor by the signup's
own ids and address, never by what our rows say. Google Analytics cannot be asked what it has counted, so an event that
may have been counted is not sent again: such a one may be missing, and is counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import requests
from django.conf import settings

from benchmarks.drill.people import Answer, client_id
from signups.models import Attempt, Delivery, Signup, Verdict

_GA_NOT_REPEATED = "May have been counted"


@dataclass(frozen=True)
class Wrong:
    """One effect that is not there exactly once, and where to look."""

    vendor: str
    uid: str
    email: str
    owed: int
    found: int
    look_at: str

    @property
    def is_lost(self) -> bool:
        return self.found < self.owed

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Findings:
    """All that is wrong, and how much was right: vendor → effects owed."""

    wrong: list[Wrong] = field(default_factory=list)
    owed: Counter[str] = field(default_factory=Counter)
    not_repeated: int = 0

    @property
    def lost(self) -> list[Wrong]:
        return [one for one in self.wrong if one.is_lost]

    @property
    def doubled(self) -> list[Wrong]:
        return [one for one in self.wrong if not one.is_lost]


def compare(sandbox_url: str, answers: Iterable[Answer]) -> Findings:
    """Look at our database and at every vendor."""
    findings = Findings()
    there = _at_vendors(sandbox_url)
    told = {answer.uid: answer for answer in answers}
    seen: Counter[str] = Counter()
    signups = Signup.objects.select_related("person", "company").prefetch_related("deliveries")
    for signup in signups.iterator(chunk_size=2_000):
        seen[signup.email] += 1
        if signup.email.endswith(".test") and str(signup.uid) in told:
            _check(findings, signup, told.pop(str(signup.uid)), there)
        else:
            # Kept, and whoever asked was told of another, or of none.
            findings.wrong.append(_wrong("signups", signup, 0, 1))
    for answer in told.values():
        findings.wrong.append(Wrong("signups", answer.uid, answer.email, 1, 0, "answered, and not in the database"))
    findings.owed["signups"] = sum(seen.values())
    for domain, count in there["lead"].items():
        if count > 1:
            findings.wrong.append(Wrong("close leads", "", domain, 1, count, "one company on several leads"))
    return findings


def _check(findings: Findings, signup: Signup, answer: Answer, there: Mapping[str, Counter[str]]) -> None:
    for vendor, key, owed in _owed(signup, answer):
        found = there[vendor][key]
        findings.owed[vendor] += owed
        if found == owed:
            continue
        if vendor == "ga" and not found and _was_not_repeated(signup):
            findings.not_repeated += 1
            continue
        findings.wrong.append(_wrong(vendor, signup, owed, found))


def _owed(signup: Signup, answer: Answer) -> Iterator[tuple[str, str, int]]:
    """(vendor, what to count by, how many)."""
    uid, is_accepted = str(signup.uid), int(signup.verdict == Verdict.ACCEPTED)
    yield "slack", uid, 1
    yield "slack high value", uid, int(bool(is_accepted and signup.is_high_value))
    yield "mixpanel", uid, 1
    yield "ga", client_id(answer.number), 1
    yield "close", signup.email, is_accepted
    yield "lead", signup.company.domain if is_accepted and signup.company else "", is_accepted
    yield "customerio", uid, is_accepted
    yield "customerio events", uid, is_accepted
    mails = [one for one in signup.deliveries.all() if one.integration == "confirmation_mail"]
    if not mails and not is_accepted:
        yield "mail", "nothing was planned", 1
    for mail in mails:
        yield "mail", str(mail.uid), int(mail.state != Delivery.State.SKIPPED)


def _was_not_repeated(signup: Signup) -> bool:
    rows = (one for one in signup.deliveries.all() if one.integration == "googleanalytics")
    return any(row.outcome.startswith(_GA_NOT_REPEATED) for row in rows)


def _wrong(vendor: str, signup: Signup, owed: int, found: int) -> Wrong:
    return Wrong(vendor, str(signup.uid), signup.email, owed, found, _story(signup, vendor.split()[0]))


def _story(signup: Signup, vendor: str) -> str:
    """The page to look at, and each try of what is owed to this vendor."""
    rows = signup.deliveries.filter(integration__startswith={"ga": "google", "lead": "close"}.get(vendor, vendor[:5]))
    lines = [f"/admin/signups/signup/{signup.pk}/change/"]
    for row in rows:
        tries = Attempt.objects.filter(delivery=row).order_by("at")
        story = ", ".join(f"{one.at:%H:%M:%S.%f} {one.result} {one.status} {one.reason[:80]}" for one in tries)
        lines.append(f"delivery {row.uid} {row.event} {row.state} attempts {row.attempts_used}: {story}")
    return "; ".join(lines)


# -- What the vendors hold ---------------------------------------------------------------------------------------------


def _at_vendors(url: str) -> dict[str, Counter[str]]:
    """Vendor → key (see `_owed`) → how many."""

    def state(slug: str) -> Any:
        return requests.get(f"{url}/_state/{slug}", timeout=600).json()

    there: dict[str, Counter[str]] = {}
    uid_of = {str(pk): str(uid) for pk, uid in Signup.objects.values_list("pk", "uid")}
    channels = {channel["id"]: channel["messages"] for channel in state("slack")["channels"]}
    for name, channel in (("slack", "channel"), ("slack high value", "high_value_channel")):
        messages = channels[settings.SLACK[channel]]
        payloads = (message.get("metadata", {}).get("event_payload", {}) for message in messages)
        there[name] = Counter(uid_of[payload["signup_id"]] for payload in payloads if "signup_id" in payload)
    there["close"], there["lead"] = _in_close(state("close")["leads"])
    events = (event for event in state("mixpanel")["events"] if event["event"] == "Signed up")
    there["mixpanel"] = Counter(event["distinct_id"] for event in events)
    clients = state("ga")["clients"]
    signed_up = {c["client_id"]: sum(event["name"] == "sign_up" for event in c["events"]) for c in clients}
    there["ga"] = Counter(signed_up)
    customers = state("customerio")["customers"]
    there["customerio"] = Counter(one["id"] for one in customers)
    there["customerio events"] = Counter(
        {one["id"]: sum(event["name"] == "signed_up" for event in one["events"]) for one in customers}
    )
    mails = {mail["message_id"] for mail in state("mail")}  # a repeat bears the same id, and is shown once
    there["mail"] = Counter(message_id.strip("<>").partition("@")[0] for message_id in mails)
    return there


def _in_close(leads: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    """Contacts by address, and leads by the domain of those who stand on them."""
    contacts: Counter[str] = Counter()
    domains: Counter[str] = Counter()
    for lead in leads:
        addresses = [email["email"] for contact in lead["contacts"] for email in contact["emails"]]
        contacts.update(addresses)
        domains.update({address.partition("@")[2] for address in addresses})
    return contacts, domains
