"""Where arms are shown: each place of the product that asks for an arm, and the texts an arm may change there.

A surface belongs to whoever shows it (a page, a mail, an integration); here stand its name, its texts and an example
that staff can start from. An experiment without a surface is one that code asks for by its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SIGNUP_PAGE = "signup_page"
CONFIRMATION = "confirmation"
WELCOME_MAIL = "welcome_mail"
LONGEST_TEXT = 200


@dataclass(frozen=True)
class Surface:
    """`texts`: name → what it is; an arm that leaves one out keeps what the product says anyway.

    `when`: at what moment an arm counts as seen. `example`: an experiment's fields and its arms (key, name, content).
    """

    key: str
    name: str
    when: str
    texts: Mapping[str, str]
    metric: str
    units: tuple[str, ...] = ("visitor", "company")
    example: Mapping[str, Any] = field(default_factory=dict)


SURFACES: dict[str, Surface] = {
    surface.key: surface
    for surface in (
        Surface(
            key=SIGNUP_PAGE,
            name="Signup page",
            when="when the signup page is opened",
            texts={
                "headline": "the large line beside the form",
                "lead": "a sentence above the form",
                "button": "the button's words",
            },
            metric="signed_up",
            units=("visitor",),
            example={
                "key": "signup-wording",
                "name": "What the signup page promises",
                "hypothesis": "Naming what people get for free makes more visitors sign up than naming how fast it is.",
                "baseline": 0.2,
                "effect": 0.05,
                "arms": [
                    ("control", "As it is", {}),
                    (
                        "free",
                        "Free to try",
                        {
                            "headline": "A thousand calls on us.",
                            "lead": "No card, no sales call: a key of your own as soon as we have had a look.",
                            "button": "Start for free",
                        },
                    ),
                ],
            },
        ),
        Surface(
            key=CONFIRMATION,
            name="Confirmation step",
            when="when the confirmation mail is asked for",
            texts={
                "headline": "the title of the page that says to look for the mail",
                "subject": "the mail's subject",
                "button": "the words on the mail's button",
            },
            metric="confirmed",
            example={
                "key": "confirmation-subject",
                "name": "What the confirmation mail asks for",
                "hypothesis": "A subject that names the API key gets more addresses confirmed.",
                "baseline": 0.6,
                "effect": 0.08,
                "arms": [
                    ("control", "As it is", {}),
                    (
                        "key",
                        "Your key",
                        {
                            "headline": "Your key is in your mailbox",
                            "subject": "Your API key is ready to collect",
                            "button": "Collect my API key",
                        },
                    ),
                ],
            },
        ),
        Surface(
            key=WELCOME_MAIL,
            name="Welcome mail",
            when="when the signup is accepted, before Customer.io hears of it",
            texts={},
            metric="first_call",
            example={
                "key": "welcome-mail",
                "name": "A welcome mail with code",
                "hypothesis": "A welcome mail that opens with a call to copy gets more people to their first call.",
                "baseline": 0.3,
                "effect": 0.06,
                "arms": [("control", "The usual mail", {}), ("code", "Code first", {})],
            },
        ),
    )
}


def name_of(key: str) -> str:
    """What people call a surface."""
    surface = SURFACES.get(key)
    return surface.name if surface is not None else "in code, by its key"
