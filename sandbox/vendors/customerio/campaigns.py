"""The campaigns of the pretend workspace, set up as the product's documentation tells to: who gets which mails.

Data, nothing else, from the top to the bottom of a customer's first weeks. Who is where in which campaign is
``automations.py``'s business. The texts are the demo's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.vendors.customerio.people import Customer, Event

DAY_S = 86_400


def developer(customer: Customer) -> str:
    """What the product says: "developer", "not" or "unsure"; of a product that says nothing, a guess."""
    said = str(customer.attributes.get("developer") or "")
    if said:
        return said
    is_one = customer.attributes.get("github") or "github.com" in str(customer.attributes.get("referrer"))
    return "developer" if is_one else "not"


def share_of_limit(event: Event) -> float:
    """The percentage of the plan's limit that was reached."""
    try:
        return float(event.data.get("threshold") or 0)
    except (TypeError, ValueError):
        return 0


@dataclass(frozen=True)
class Step:
    """A mail. ``{name}`` stands for an attribute of the customer or a fact of the event, empty where unknown."""

    after_s: int
    subject: str
    text: str


@dataclass(frozen=True)
class Campaign:
    """Started by an event, left on another. With ``topic``: only for those subscribed to it when a mail is due."""

    id: int
    name: str
    event: str
    steps: tuple[Step, ...]
    topic: str | None = None
    ends_on: str = ""
    is_for: Callable[[Customer, Event], bool] = lambda customer, event: True


CAMPAIGNS = (
    Campaign(
        1,
        "Welcome, developers",
        "signed_up",
        (
            Step(
                0,
                "Welcome, {first_name}: your first call in two minutes",
                "Hello {first_name},\n\nyour key is on the page you came to after signing up. Paste the curl line "
                "there into a terminal, and you have made your first call. All others: {app_url}/api/docs\n\n"
                "An answer to this mail reaches a developer of ours.",
            ),
        ),
        is_for=lambda customer, event: developer(customer) == "developer",
    ),
    Campaign(
        2,
        "Welcome",
        "signed_up",
        (
            Step(
                0,
                "Welcome, {first_name}",
                "Hello {first_name},\n\ngood to have you with us. Most begin by looking at what others built; "
                "when you are ready, pass this on to a developer of yours: {app_url}/api/docs\n\nAn answer to this "
                "mail reaches a person.",
            ),
        ),
        is_for=lambda customer, event: developer(customer) == "not",
    ),
    Campaign(
        4,
        "Welcome, with the question",
        "signed_up",
        (
            Step(
                0,
                "Welcome, {first_name}: one question",
                "Hello {first_name},\n\ngood to have you with us. So that our mails are of use to you: do you write "
                "code?\n\nYes: {developer_yes_url}\n\nNo: {developer_no_url}\n\nAn answer to this mail reaches a "
                "person.",
            ),
        ),
        is_for=lambda customer, event: developer(customer) == "unsure",
    ),
    Campaign(
        3,
        "Getting started",
        "signed_up",
        (
            Step(
                1 * DAY_S,
                "Getting started, 1 of 3: one call",
                "Hello {first_name},\n\nstart with one call: {app_url}/api/docs",
            ),
            Step(3 * DAY_S, "Getting started, 2 of 3: real data", "Hello {first_name},\n\nnow with your own data."),
            Step(7 * DAY_S, "Getting started, 3 of 3: go live", "Hello {first_name},\n\na checklist for going live."),
        ),
        topic="topic_1",
    ),
    Campaign(
        5,
        "Help to integrate",
        "went_quiet",
        (
            Step(
                0,
                "Can we help you with the first call, {first_name}?",
                "Hello {first_name},\n\nyou signed up a while ago and have made no call yet. The usual stumbling "
                "blocks, each solved in a minute: {docs_url}\n\nOr answer this mail with what you want to build, and "
                "a developer of ours writes the first call for you.",
            ),
        ),
    ),
    Campaign(
        6,
        "Most of your plan is used",
        "reached_limit",
        (
            Step(
                0,
                "You have used {threshold} % of your plan",
                "Hello {first_name},\n\n{count} of {limit} calls are used. Nothing stops yet; with a larger plan "
                "nothing ever does.",
            ),
        ),
        ends_on="limit_resolved",
        is_for=lambda customer, event: share_of_limit(event) < 100,
    ),
    Campaign(
        7,
        "At the limit: upgrade",
        "reached_limit",
        (
            Step(
                0,
                "Your plan is used up",
                "Hello {first_name},\n\nall {limit} calls of your plan are used. Upgrade, and your next call goes "
                "through.",
            ),
            Step(
                3 * DAY_S,
                "Still at the limit: shall we look at it together?",
                "Hello {first_name},\n\nyour plan has been used up for three days. Answer this mail, and we find the "
                "plan that fits.",
            ),
        ),
        ends_on="limit_resolved",
        is_for=lambda customer, event: share_of_limit(event) >= 100,
    ),
)
