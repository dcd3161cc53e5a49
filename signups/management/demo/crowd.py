"""The crowd around the story's people: the sandbox's neighbours, who sign up, and visitors, most of whom do not.

Made from a seed, so that every demo is the same demo.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from signups.management.demo.guests import (
    ADS,
    DOCS,
    GITHUB,
    GLANCE,
    HN,
    NEWSLETTER,
    SEARCH,
    TRIAL_CALLS,
    Calls,
    Guest,
)

SEED = 2015
VISITORS_A_DAY = 24
_FIRST_DAY, _LAST_DAY = 1, 30
_LAST_NEIGHBOUR = 28
_FREE = "Start for free"  # the button of the experiment's other arm
_WON, _WON_BY_FREE = 0.08, 0.16
_SOURCES: tuple[tuple[str, dict[str, str]], ...] = (
    (HN, {}), (GITHUB, {}), (SEARCH, ADS), (SEARCH, {}), ("", {}), ("", NEWSLETTER),
)  # fmt: skip

_DOMAINS = ("tidepool.test", "granary.test", "lantern.test", "foxglove.test", "parcelbee.test", "harbourline.test")
_FIRST_NAMES = (
    "Alba", "Bruno", "Carys", "Dario", "Elin", "Farid", "Gwen", "Hugo", "Ilse", "Jamal", "Katya", "Luca",
    "Maeve", "Nils", "Odette", "Pablo", "Quinn", "Rhea", "Silas", "Thea", "Umar", "Vera", "Wim", "Zoe",
)  # fmt: skip
# A prime number of them, so that no two visitors of the thirty days have the same name.
_LAST_NAMES = (
    "Abbott", "Berg", "Castro", "Dahl", "Ekwueme", "Fontaine", "Gray", "Horvat", "Ivers", "Jansen", "Kovac", "Lund",
    "Mbeki", "Novak", "Oduya", "Petit", "Quist", "Romero", "Sato", "Tanner", "Ueda", "Vargas", "Wolfe", "Xavier",
    "Young", "Zeller", "Ashby", "Birch", "Cole", "Drake", "Hale",
)  # fmt: skip
_BURSTS = {"diego@parcelbee.test": Calls(2, TRIAL_CALLS + 900, days=1)}  # past every threshold at once


@dataclass(frozen=True)
class Visitor:
    """Somebody who looks at the signup page. `pages`: what of the site they read before; `mood`: from 0 to 1, how hard
    they are to win over; as `guest` they sign up if they are."""

    guest: Guest
    pages: tuple[str, ...]
    mood: float

    def is_won_by(self, page: str) -> bool:
        """Whether this signup page makes them sign up."""
        return self.mood < (_WON_BY_FREE if _FREE in page else _WON)


def neighbours(told: Sequence[dict[str, Any]]) -> Iterator[Guest]:
    """The sandbox's neighbours as guests, spread over the story. Who knows code calls; some stop, some never begin."""
    told = random.Random(SEED).sample(list(told), len(told))  # colleagues do not all come in one week
    for number, one in enumerate(told):
        chance = random.Random(f"{SEED} {one['email']}")
        day = _FIRST_DAY + number * (_LAST_NEIGHBOUR - _FIRST_DAY) // max(1, len(told) - 1)
        referrer, utm = chance.choice(_SOURCES)
        habits = (
            Calls(chance.randint(0, 3), chance.randint(20, 90), chance.uniform(0.98, 1.04)),
            Calls(chance.randint(0, 2), chance.randint(10, 60), days=chance.randint(2, 6)),
            Calls(chance.randint(4, 6), chance.randint(5, 30)),
            Calls(chance.randint(9, 11), chance.randint(10, 50), 1.05),  # once somebody helped
            None,
        )
        yield Guest(
            email=one["email"],
            name=one["name"],
            day=day,
            hour=chance.uniform(7, 20),
            visits=chance.choice((DOCS, GLANCE, GLANCE, ())),
            referrer=referrer,
            utm=utm,
            newsletter=chance.random() < 0.5,
            by_api=chance.random() < 0.15,
            confirms_after_h=chance.uniform(0.2, 9) if chance.random() < 0.7 else None,
            calls=_BURSTS.get(one["email"]) or chance.choices(habits, weights=(5, 2, 2, 2, 2))[0],
            favourite=chance.choice(("/v1/people", "/v1/people", "/v1/companies", "/v1/reveal")),
        )


def visitors() -> Iterator[Visitor]:
    """Everybody who comes by, the days through. Nobody knows them; half of them write from a personal address."""
    days = _LAST_DAY - _FIRST_DAY + 1
    for number in range(days * VISITORS_A_DAY):
        chance = random.Random(f"{SEED} visitor {number}")
        first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
        last = _LAST_NAMES[(number + number // len(_FIRST_NAMES)) % len(_LAST_NAMES)]
        domain = chance.choice(_DOMAINS) if chance.random() < 0.5 else "bigmail.test"
        referrer, utm = chance.choice(_SOURCES)
        guest = Guest(
            email=f"{first}.{last}@{domain}".lower(),
            name=f"{first} {last}",
            day=_FIRST_DAY + number // VISITORS_A_DAY,
            hour=chance.uniform(6, 23),
            referrer=referrer,
            utm=utm,
            newsletter=chance.random() < 0.4,
            confirms_after_h=chance.uniform(0.1, 12) if chance.random() < 0.75 else None,
            calls=Calls(chance.randint(0, 4), chance.randint(3, 25)) if chance.random() < 0.4 else None,
        )
        yield Visitor(guest, chance.choice((DOCS[1].pages, GLANCE[0].pages, (), ())), chance.random())


def anonymous_id(whose: str | int) -> str:
    """A browser's id: the same in every demo."""
    return str(uuid.UUID(int=random.Random(f"{SEED} browser {whose}").getrandbits(128), version=4))


def address(whose: str | int) -> str:
    """Where a browser is: one of the addresses for documentation (RFC 5737)."""
    return f"203.0.113.{random.Random(f'{SEED} address {whose}').randint(1, 254)}"
