"""Customer.io's people: attributes, topics, events, and the mails the campaigns sent them."""

from __future__ import annotations

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import Record, held, render, wanted


async def show(request: web.Request) -> web.Response:
    snapshot = held(request, "customerio")
    topics = {topic["identifier"]: topic["name"] for topic in snapshot.get("topics", [])}
    places = _places_in_inbox(request.app[WORLD].inbox)
    mails: dict[str, list[Record]] = {}
    for delivery in reversed(snapshot.get("deliveries", [])):
        mail = {**delivery, "place": places.get(delivery["delivery_id"])}
        mails.setdefault(delivery["customer_id"] or delivery["recipient"], []).append(mail)
    customers = [_customer(each, topics, mails) for each in reversed(snapshot.get("customers", []))]
    rows = wanted(request, customers)
    return render(request, "customerio.html", held=snapshot, customers=rows, total=len(customers))


def _customer(customer: Record, topics: dict[str, str], mails: dict[str, list[Record]]) -> Record:
    attributes = customer["attributes"]
    names = (str(attributes.get(part) or "") for part in ("first_name", "last_name"))
    name = " ".join(filter(None, names))
    return {
        **customer,
        "name": name or customer["email"] or customer["id"] or customer["cio_id"],
        "topics": [(topics.get(key, key), is_subscribed) for key, is_subscribed in customer["topics"].items()],
        "events": customer["events"][::-1],
        "mails": mails.get(customer["id"] or "", []) or mails.get(customer["email"] or "", []),
    }


def _places_in_inbox(inbox: list[Record]) -> dict[str, int]:
    """Delivery id → number of its mail in the inbox."""
    return {mail["message_id"].strip("<>").partition("@")[0]: n for n, mail in enumerate(inbox, start=1)}


routes = [web.get("/see/customerio", show)]
