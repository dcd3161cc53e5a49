"""Who comes to the demo, when, how, and how much of the product they use then: the story's data.

Their verdicts are not told here: what becomes of somebody is for the product to say. Who nobody knows gets a link, and
`confirms_after_h` says whether it is pressed. The crowd around them is `crowd`'s.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HN = "https://news.ycombinator.com/item?id=8863"
GITHUB = "https://github.com/startup-test/client"
SEARCH = "https://www.google.com/"
TRIAL_CALLS = 5_000

QUICKSTART, PEOPLE_API, COMPANIES_API = "/docs/quickstart", "/docs/api/people", "/docs/api/companies"
HOOKS, PRICING, HOME, CUSTOMERS, SECURITY = "/docs/webhooks", "/pricing", "/", "/customers", "/security"


@dataclass(frozen=True)
class Visit:
    """An anonymous visit, so many days before the signup."""

    days_before: float
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Calls:
    """API calls a day: `first` on day `begins` after signing up, then more or fewer every day, for `days` or ever."""

    begins: int
    first: int
    growth: float = 1.0
    days: int | None = None
    error_share: float = 0.01

    def on(self, age_days: int, chance: random.Random) -> int:
        """The calls of that day of theirs, the same whenever asked with the same chance."""
        number = age_days - self.begins
        if number < 0 or (self.days is not None and number >= self.days):
            return 0
        return max(1, round(self.first * self.growth**number * chance.uniform(0.85, 1.15)))


@dataclass(frozen=True)
class Guest:
    """`shares_with`: whose browser they use. `day` and `hour` count from the beginning of the story, in UTC."""

    email: str
    name: str
    day: int
    hour: float
    visits: tuple[Visit, ...] = ()
    referrer: str = ""
    utm: dict[str, str] = field(default_factory=dict)
    newsletter: bool = False
    by_api: bool = False
    confirms_after_h: float | None = None
    calls: Calls | None = None
    favourite: str = "/v1/people"
    shares_with: str = ""


DOCS = (Visit(2.1, (HOME, PRICING)), Visit(1.2, (QUICKSTART, PEOPLE_API)), Visit(0.05, (QUICKSTART, HOOKS)))
GLANCE = (Visit(0.04, (HOME, PRICING, CUSTOMERS)),)
NEWSLETTER = {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "november"}
ADS = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "enrichment-api"}

CAST = (
    Guest("grace@rocket.test", "Grace Okafor", 1, 9.2, GLANCE, SEARCH, ADS, calls=Calls(2, 40, 1.04),
          favourite="/v1/companies"),
    Guest("x@mailinator.com", "Mister X", 1, 13.4),
    # Reads for days, calls more every day, reaches the trial's end and upgrades
    Guest("ada@dev.test", "Ada Byrne", 2, 10.1, DOCS, HN, newsletter=True, calls=Calls(0, 60, 1.18, error_share=0.02)),
    Guest("tom@acme.test", "Tom Reyes", 3, 15.5, GLANCE, SEARCH, ADS, calls=Calls(1, 90, 1.02)),
    Guest("nora@quietcorp.test", "Nora Quiet", 4, 8.3, (Visit(1.0, (HOME, PRICING)),), newsletter=True,
          confirms_after_h=5.2, calls=Calls(9, 25, 1.08)),  # calls after she was helped
    Guest("uma@acme.test", "Uma Lindt", 5, 16.2, calls=Calls(0, 55), favourite="/v1/companies",
          shares_with="tom@acme.test"),
    Guest("cleo@bigmail.test", "Cleo Park", 5, 19.4, GLANCE, newsletter=True, calls=Calls(1, 12, days=4)),
    Guest("pia@slowdata.test", "Pia Keller", 6, 9.7, GLANCE, SEARCH, confirms_after_h=2.5),
    Guest("hal@gone.test", "Hal Greene", 6, 11.1, newsletter=True),
    Guest("rita@bigmail.test", "Rita Moreau", 7, 10.4, GLANCE),
    Guest("leo@solo.test", "Leo Brandt", 7, 14.6, DOCS, GITHUB, calls=Calls(0, 190, error_share=0.03)),
    Guest("ted@gmial.com", "Ted Typo", 7, 17.0),
    Guest("sam@bigmail.test", "Sam Carter", 8, 15.9, GLANCE, calls=Calls(2, 8)),
    Guest("ned@bigmail.test", "Ned Plain", 8, 18.2),
    Guest("kit@acme.test", "Kit Marlow", 9, 16.4, confirms_after_h=20.0),
    Guest("eve@evil.test", "Eve <script>alert(1)</script> Mallory", 9, 20.3, referrer="https://evil.test/?a=1&b=<2>"),
    Guest("mara@bank.test", "Mara Stone", 10, 14.8, (Visit(3.0, (HOME, SECURITY, PRICING)), *GLANCE), by_api=True,
          calls=Calls(3, 150, 1.01), favourite="/v1/companies"),
    Guest("info@nomail.test", "Front Desk", 10, 15.0),
    Guest("yuki@uni.test", "Yuki Mori", 11, 2.1, DOCS, calls=Calls(0, 30, days=3)),
    Guest("bob@nowhere.test", "Bob Nowhere", 11, 12.0),
    Guest("dana@charity.test", "Dana Obi", 12, 10.5, GLANCE, utm=NEWSLETTER, newsletter=True),
    Guest("otto@handmade.test", "Otto Haas", 13, 9.3, GLANCE, calls=Calls(4, 15)),
    Guest("lee@servfail.test", "Lee Fail", 13, 11.7, confirms_after_h=3.0),
    Guest("urs@xn--bcher-kva.test", "Urs Bücher", 14, 8.8, GLANCE, SEARCH, calls=Calls(5, 20)),
    Guest("ivy@implicit.test", "Ivy Lane", 15, 13.1, confirms_after_h=44.0),
    Guest("x@throwaway.test", "Mister X", 16, 12.9),
    Guest("kim@silent.test", "Kim Silent", 17, 10.0, confirms_after_h=1.0, calls=Calls(1, 18)),
)  # fmt: skip
