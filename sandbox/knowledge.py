"""What the paid vendors beside Clearbit know of the cast: each some of it, and some of it otherwise than Clearbit.

Data, and how to look it up. What is not changed here is as ``cast.py`` has it; how a vendor words it is its own
business (``vendors/hunter.py``, ``vendors/peopledatalabs.py``, ``vendors/apollo.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from sandbox.cast import CHICAGO, LEEDS, OAKLAND, Company, Person, Profile

Changes = dict[str, Any]


@dataclass(frozen=True)
class Knowledge:
    """Address → what is otherwise than at Clearbit, or a whole profile of somebody Clearbit does not know; and so for
    companies. Whoever is in neither is unknown."""

    people: dict[str, Changes | Profile] = field(default_factory=dict)
    companies: dict[str, Changes | Company] = field(default_factory=dict)

    def person(self, cast: ModuleType, email: str) -> Person | None:
        """The person with this vendor's idea of them in the place of Clearbit's."""
        email = email.strip().lower()
        person: Person | None = cast.person(email)
        said = self.people.get(email)
        if person is None or (said is None and not cast.is_of_crowd(email)):
            return None
        if isinstance(said, Profile):
            return replace(person, clearbit=said)
        return replace(person, clearbit=replace(person.clearbit, **(said or {}))) if person.clearbit else None

    def person_by_hash(self, cast: ModuleType, digest: str) -> Person | None:
        """By the MD5 or SHA-256 of the address in lower case."""
        return next((self.person(cast, email) for email in self.people if digest.lower() in hashes(email)), None)

    def company(self, cast: ModuleType, domain: str) -> Company | None:
        domain = domain.strip().lower().removeprefix("www.")
        company: Company | None = cast.company(domain)
        said = self.companies.get(domain)
        if isinstance(said, Company):
            return said
        if company is None or (said is None and not cast.is_of_crowd(domain)):
            return None
        return replace(company, **(said or {}))

    def as_state(self) -> Changes:
        return {"people": list(self.people), "companies": list(self.companies)}


def hashes(email: str) -> Iterator[str]:
    yield hashlib.sha256(email.encode()).hexdigest()
    yield hashlib.md5(email.encode(), usedforsecurity=False).hexdigest()


HUNTER = Knowledge(
    people={
        "ada@dev.test": {"title": "Software Engineer", "bio": None},
        "grace@rocket.test": {},
        "tom@acme.test": {"title": "VP of Engineering", "twitter": "tomreyes"},
        "mara@bank.test": {"site": "https://mara.test"},
        "pia@slowdata.test": {"queued_calls": 0},
        "kit@acme.test": Profile(
            "Office Manager", role="operations", seniority="manager", company="acme.test", place=CHICAGO,
            linkedin="in/kit-marlow",
        ),
    },
    companies={
        "dev.test": {"employees": 44, "tech": ("python", "redis")},
        "rocket.test": {"employees": 118},
        "acme.test": {"employees": 2_150, "phone": "+1 312-555-0170"},
        "bank.test": {},
        "slowdata.test": {"raised": None},
    },
)  # fmt: skip
PEOPLE_DATA_LABS = Knowledge(
    people={
        "ada@dev.test": {"title": "Backend Engineer"},
        "grace@rocket.test": {"title": "Chief Executive Officer", "role": "operations"},
        "uma@acme.test": {"title": "Director of Data"},
        "sam@bigmail.test": {},
        "yuki@uni.test": {"title": "Researcher"},
        "dana@charity.test": {},
        "ned@bigmail.test": Profile(
            "Joiner", role="operations", company="handmade.test", place=LEEDS, linkedin="in/ned-plain"
        ),
    },
    companies={
        "rocket.test": {"employees": 131, "raised": 22_500_000},
        "acme.test": {"founded": 1950},
        "charity.test": {},
        "uni.test": {},
        "quietcorp.test": Company(
            "quietcorp.test", "Quietcorp", "Sound insulation for open-plan offices.", industry="Building Products",
            place=LEEDS, founded=2016, employees=18, sector="Industrials", linkedin="company/quietcorp",
        ),
    },
)  # fmt: skip
APOLLO = Knowledge(
    people={
        "grace@rocket.test": {"title": "Co-Founder & CEO"},
        "tom@acme.test": {},
        "mara@bank.test": {"title": "Director, Platform Engineering"},
        "otto@handmade.test": {},
        "eve@evil.test": {},
    },
    companies={
        "rocket.test": {"employees": 125, "place": OAKLAND},
        "acme.test": {"employees": 2_300, "raised": 4_000_000},
        "bank.test": {"employees": 44_000},
        "evil.test": {},
    },
)
