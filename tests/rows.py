"""Rows as the flow would have saved them, for tests that begin where it ends. No signal is sent: nothing is planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from signups.contracts import Delivered, Outcome
from signups.models import Company, Delivery, Person, Score, ScoreLine, Signup, Verdict
from signups.models.profile import Profile

FOUND_AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def profile(facts: Mapping[str, Any], provider: str = "clearbit") -> Profile:
    """Facts as a stored profile."""
    return {path: {"value": value, "provider": provider, "at": FOUND_AT.isoformat()} for path, value in facts.items()}


def make_company(domain: str = "dev.test", name: str = "Devhouse", **facts: Any) -> Company:
    """The company of a domain. Facts with __ for the dot: `metrics__raised=20_000_000`."""
    values = {"name": name, "profile": profile(_dotted(facts))}
    return Company.objects.get_or_create(domain=domain, defaults=values)[0]


def make_signup(
    email: str = "ada@dev.test",
    name: str = "Ada Byrne",
    *,
    company: Company | None = None,
    facts: Mapping[str, Any] | None = None,
    ledger: Mapping[str, int] | None = None,
    **values: Any,
) -> Signup:
    """A signup, accepted unless `verdict` says otherwise. `ledger`: sentence → points of its score."""
    person, _ = Person.objects.get_or_create(email=email.lower(), defaults={"name": name})
    person.profile = {**person.profile, **profile(facts or {})}
    person.company = company
    person.save()
    verdict = values.setdefault("verdict", Verdict.ACCEPTED)
    values.setdefault("machine_verdict", verdict)
    values.setdefault("score", sum((ledger or {}).values()))
    values.setdefault("reasons", [{"code": "person_known", "sentence": "Known to Clearbit."}])
    if verdict == Verdict.ACCEPTED:
        values.setdefault("accepted_at", timezone.now())
    (signup,) = Signup.objects.bulk_create([Signup(person=person, company=company, email=email, name=name, **values)])
    if ledger:
        score = Score.objects.create(signup=signup, total=signup.score, is_high_value=signup.is_high_value)
        lines = [ScoreLine(score=score, fact="", points=points, sentence=line) for line, points in ledger.items()]
        ScoreLine.objects.bulk_create(lines)
    return signup


def make_delivery(signup: Signup, integration: str, event: str = "signed_up", **values: Any) -> Delivery:
    """A delivery on its way, claimed by nobody. A finished one: `state="delivered"`."""
    now = timezone.now()
    at = datetime.fromtimestamp(values.pop("at_s", now.timestamp()), UTC)
    frozen = {"at": at.isoformat(), "at_ms": round(at.timestamp() * 1000), "verdict": signup.verdict}
    is_open = values.get("state", Delivery.State.PENDING) in (Delivery.State.PENDING, Delivery.State.SENDING)
    values = {"company": signup.company, "due_at": now if is_open else None, **values}
    values["frozen"] = {**frozen, **values.get("frozen", {})}
    row = Delivery(signup=signup, integration=integration, event=event, **values)
    return Delivery.objects.bulk_create([row])[0]


def finish(delivery: Delivery, outcome: Outcome) -> Delivery:
    """Write down how a delivery went, as the engine does."""
    delivery.state, delivery.due_at = Delivery.State.SKIPPED, None
    if isinstance(outcome, Delivered):
        delivery.state = Delivery.State.DELIVERED
        delivery.external_id, delivery.external_url, delivery.made = outcome.external_id, outcome.url, outcome.made
    delivery.save()
    return delivery


def _dotted(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in facts.items()}
