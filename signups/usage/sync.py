"""The daily sync: each customer's figures to whoever listens to *usage reported*, as far as they changed.

The customer is the company, whose signups count together, or whoever signed up without one. It is represented by its
eldest accepted signup of whom the vendor was told; the vendor finds the record by that. What it was told last stands in
our own deliveries, so nothing has to be read there, and a delivery carries the changes and the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from signups import contracts, deliveries
from signups.contracts import Event
from signups.jobs.running import Counts, Run
from signups.models import Delivery, Signup, Verdict
from signups.usage import figures
from signups.usage.figures import Figures

_CHUNK = 100  # on SQLite whoever signs up meanwhile waits for one: some tens of milliseconds
_IN_DOUBT = object()  # equal to no figure

Values = dict[str, Any]


def step(run: Run) -> bool:
    """Plan the next chunk of customers."""
    slugs = [one.slug for one in _listeners()]
    if not slugs:
        run.note("Nobody who takes usage figures is switched on.")
        return False
    customers = list(_customers(slugs).filter(pk__gt=run.cursor).order_by("pk")[:_CHUNK])
    if not customers:
        return False
    now, before = _now(customers, run), _before(customers, slugs)
    with run.chunk(customers[-1].pk) as counts:
        for customer in customers:
            _report(customer, now[customer.pk], before.get(customer.pk, {}), run.period, counts)
    return True


def values(found: Figures) -> Values:
    """What is told of a customer, under names of ours."""
    return {
        "yesterday": found.yesterday,
        "days_7": found.days_7,
        "days_30": found.days_30,
        "percent": found.percent,
        "last_on": found.last_on.isoformat() if found.last_on else None,
        "first_on": found.first_on.isoformat() if found.first_on else None,
        "top_endpoint": found.top_endpoint or None,
    }


def _report(customer: Signup, now: Values, before: Values, period: str, counts: Counts) -> None:
    """Plan what changed. Nothing is said of somebody who has never called and of whom nothing was ever said."""
    counts.read += 1
    changes = {name: value for name, value in now.items() if value != before.get(name)}
    if not changes or (not before and now["first_on"] is None):
        counts.skipped += 1
        return
    counts.changed += 1
    facts = {"values": changes, "whole": now}
    counts.planned += len(deliveries.plan(customer, Event.USAGE_REPORTED, period=period, frozen=facts))


def _listeners() -> list[contracts.Integration]:
    everybody = contracts.integrations()
    return [one for one in everybody if one.listens_to(Event.USAGE_REPORTED) and not one.missing_settings()]


def _customers(slugs: Sequence[str]) -> QuerySet[Signup]:
    """One signup for each customer: of a company's the eldest that a listener was told of."""
    told = Exists(_told(slugs))
    colleagues = Signup.objects.filter(company=OuterRef("company"), verdict=Verdict.ACCEPTED, pk__lt=OuterRef("pk"))
    is_eldest = Q(company=None) | ~Exists(colleagues.filter(told))
    return Signup.objects.filter(told, is_eldest, verdict=Verdict.ACCEPTED).select_related("person", "company")


def _told(slugs: Sequence[str]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        signup=OuterRef("pk"),
        integration__in=slugs,
        event=Event.SIGNED_UP,
        period="",
        state=Delivery.State.DELIVERED,
    )


def _now(customers: Iterable[Signup], run: Run) -> Mapping[int, Values]:
    """The figures of a chunk of customers, as they stand on the run's day."""
    alone = [one for one in customers if one.company_id is None]
    companies = {one.company_id: one.pk for one in customers if one.company_id is not None}
    found = figures.of_signups(alone, run.day)
    found |= {companies[pk]: one for pk, one in figures.of_companies(list(companies), run.day).items()}
    return {pk: values(one) for pk, one in found.items()}


def _before(customers: Sequence[Signup], slugs: Sequence[str]) -> dict[int, Values]:
    """What was last delivered of each customer, but for what a report since then may or may not have told.

    One that waits or failed was not delivered, and yet the vendor may have taken it: all that it says is told again.
    """
    every = Delivery.objects.filter(signup__in=customers, integration__in=slugs, event=Event.USAGE_REPORTED)
    reports = every.order_by()
    delivered = reports.filter(state=Delivery.State.DELIVERED)
    newest = dict(delivered.values_list("signup_id").annotate(newest=Max("pk")))
    told = Delivery.objects.filter(pk__in=newest.values())
    before = {pk: dict(frozen["whole"]) for pk, frozen in told.values_list("signup_id", "frozen")}
    doubtful = reports.exclude(state__in=(Delivery.State.DELIVERED, Delivery.State.SKIPPED))
    for pk, signup_id, frozen in doubtful.values_list("pk", "signup_id", "frozen"):
        if pk > newest.get(signup_id, 0):
            before.setdefault(signup_id, {}).update(dict.fromkeys(frozen["values"], _IN_DOUBT))
    return before
