"""The front page: whom to sign up, and a card a vendor with what came last."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages import lookups
from sandbox.pages.site import Record, held, render

Row = TypeVar("Row")

MOST_LINES = 4
"""Of a card."""
TO_BEGIN_WITH = (
    "ada@dev.test",
    "grace@rocket.test",
    "tom@acme.test",
    "nora@quietcorp.test",
    "sam@bigmail.test",
    "x@throwaway.test",
)


async def show(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return render(
        request,
        "overview.html",
        beginners=[world.cast.PEOPLE[email] for email in TO_BEGIN_WITH],
        cast_size=len(world.cast.PEOPLE),
        slack=_slack(held(request, "slack")),
        close=_close(held(request, "close")),
        mixpanel=_mixpanel(held(request, "mixpanel")),
        ga=_ga(held(request, "ga")),
        customerio=_customerio(held(request, "customerio")),
        lookups=_lookups(request),
        switches=list(lookups.KEYS.values()),
        sites=_sites(held(request, "sites")),
        latest_mails=[{**mail, "n": n} for n, mail in _newest(list(enumerate(world.inbox, start=1)))],
        latest_calls=_newest(world.received.select()),
    )


def _slack(snapshot: Record) -> Record:
    said = [
        {**message, "channel": channel["name"], "channel_id": channel["id"]}
        for channel in snapshot.get("channels", [])
        for message in channel["messages"]
        if not message.get("deleted")
    ]
    return {"total": len(said), "latest": _newest(sorted(said, key=lambda message: str(message["ts"])))}


def _close(snapshot: Record) -> Record:
    leads = sorted(snapshot.get("leads", []), key=lambda lead: str(lead["date_updated"]))
    contacts = sum(len(lead["contacts"]) for lead in leads)
    return {"total": len(leads), "contacts": contacts, "latest": _newest(leads)}


def _mixpanel(snapshot: Record) -> Record:
    profiles, events = snapshot.get("profiles", {}), snapshot.get("events", [])
    latest = [{**event, "name": profiles.get(event["user"], {}).get("$name")} for event in _newest(events)]
    return {"total": len(events), "people": len(profiles), "latest": latest}


def _ga(snapshot: Record) -> Record:
    clients = snapshot.get("clients", [])
    events = [{**event, "client_id": client["client_id"]} for client in clients for event in client["events"]]
    latest = _newest(sorted(events, key=lambda event: float(event["at"])))
    return {"total": snapshot.get("hits", 0), "clients": len(clients), "latest": latest}


def _customerio(snapshot: Record) -> Record:
    customers, mails = snapshot.get("customers", []), snapshot.get("deliveries", [])
    return {"total": len(customers), "mails": len(mails), "latest": _newest(customers)}


def _lookups(request: web.Request) -> Record:
    asked = [{**each, "vendor": vendor["name"]} for vendor in lookups.vendors(request) for each in vendor["lookups"]]
    return {"total": len(asked), "latest": _newest(sorted(asked, key=lambda lookup: float(lookup["at"])))}


def _sites(snapshot: Record) -> Record:
    visits = snapshot.get("visits", [])
    return {"total": len(visits), "latest": _newest(visits)}


def _newest(rows: list[Row]) -> list[Row]:
    return rows[: -MOST_LINES - 1 : -1]


routes = [web.get("/", show)]
