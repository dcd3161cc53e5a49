"""Which facts of a person and of a company there are, and what kind of value each has.

The facts are Clearbit's attributes. How what people type becomes a value is `typed`'s business; what vendors write is
read by the vendors' own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from signups.contracts import Subject

Shape = Literal[
    "text", "long", "number", "whole", "link", "domain", "handle", "choice", "yes_no", "moment", "time_zone", "country",
    "phone", "address", "list",
]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of value. `least` and `most` bound numbers; `of` is the kind of a list's items; `network` a handle's.

    `before`: what may stand before a handle, as LinkedIn's "in/ada" has it, the usual one first.
    """

    shape: Shape
    hint: str
    least: float = 0
    most: float = 10**12
    choices: tuple[str, ...] = ()
    of: Shape = "text"
    network: str = ""
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """Where people and companies have profiles. `name`: the pattern of a handle, without what stands before it.

    `pages`: the network's own, which look like handles in a link.
    """

    title: str
    hosts: tuple[str, ...]
    name: str
    pages: frozenset[str] = frozenset()


NETWORKS: Final[Mapping[str, Network]] = {
    "linkedin": Network("LinkedIn", ("linkedin.com",), r"[\w.&'’-]{1,100}"),
    "github": Network("GitHub", ("github.com",), r"[A-Za-z0-9-]{1,39}"),
    "twitter": Network(
        "X",
        ("x.com", "twitter.com"),
        r"[A-Za-z0-9_]{1,20}",
        frozenset("i home search intent share hashtag settings explore login messages notifications".split()),
    ),
    "gravatar": Network("Gravatar", ("gravatar.com",), r"[\w-]{1,100}"),
    "facebook": Network("Facebook", ("facebook.com", "fb.com"), r"[\w.-]{1,100}"),
    "crunchbase": Network("Crunchbase", ("crunchbase.com",), r"[\w-]{1,100}"),
}
# ISO 3166-1 alpha-2, officially assigned: https://www.iso.org/iso-3166-country-codes.html (2025-01)
COUNTRIES: Final = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA"
    " CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA"
    " GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP"
    " KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS"
    " MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS"
    " RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW"
    " TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split()
)

_TEXT: Final = Kind("text", "A line of text.")
_LONG: Final = Kind("long", "A few sentences.")
_LINK: Final = Kind("link", "A link, such as https://example.com/about.")
_DOMAIN: Final = Kind("domain", "A domain, such as example.com.")
_COUNT: Final = Kind("whole", "A whole number, such as 1,200.")
_MONEY: Final = Kind("whole", "US dollars, such as 20,000,000 or $20M.", most=10**15)
_LIST: Final = Kind("list", "One a line, or with commas between them.")
_LINKS: Final = Kind("list", "Links, one a line.", of="link")
_MOMENT: Final = Kind("moment", "A date, such as 2026-11-24, or with its time, such as 2026-11-24T09:30Z.")
_DOMAINS: Final = Kind("list", "Domains, one a line or with commas between them.", of="domain")
_PHONE: Final = Kind("phone", "A line of text.")
_ADDRESSES: Final = Kind("list", "One a line, or with commas between them.", of="address")
_YES_NO: Final = Kind("yes_no", "Yes or no.", choices=("yes", "no"))


def _choice(names: str) -> Kind:
    return Kind("choice", "One of the list.", choices=tuple(names.split()))


def _handle(network: str, example: str, *before: str) -> Kind:
    hint = f"The name there, such as {example}, or the link of the profile."
    return Kind("handle", hint, network=network, before=before)


_PLACE: Final = {
    "location": _TEXT,
    "timeZone": Kind("time_zone", "The name of a time zone, such as Europe/Dublin."),
    "utcOffset": Kind("number", "Hours from UTC, such as -7 or 5.5.", -14, 14),
    "geo.city": _TEXT,
    "geo.state": _TEXT,
    "geo.stateCode": _TEXT,
    "geo.country": _TEXT,
    "geo.countryCode": Kind("country", "Two letters, such as IE."),
    "geo.lat": Kind("number", "Degrees of latitude, from -90 to 90.", -90, 90),
    "geo.lng": Kind("number", "Degrees of longitude, from -180 to 180.", -180, 180),
}
_TWITTER: Final = {
    "twitter.handle": _handle("twitter", "adabyrne"),
    "twitter.id": _TEXT,
    "twitter.bio": _LONG,
    "twitter.followers": _COUNT,
    "twitter.following": _COUNT,
    "twitter.location": _TEXT,
    "twitter.statuses": _COUNT,
    "twitter.favorites": _COUNT,
    "twitter.site": _LINK,
    "twitter.avatar": _LINK,
}
PERSON: Final[Mapping[str, Kind]] = {
    "name.fullName": _TEXT,
    "name.givenName": _TEXT,
    "name.familyName": _TEXT,
    "employment.title": _TEXT,
    "employment.name": _TEXT,
    "employment.domain": _DOMAIN,
    "employment.role": _choice(
        "ceo communications consulting customer_service education engineering finance founder health_professional"
        " human_resources information_technology legal marketing operations owner president product public_relations"
        " real_estate recruiting research sales"
    ),
    "employment.subRole": _TEXT,
    "employment.seniority": _choice("executive director manager"),
    **_PLACE,
    "bio": _LONG,
    "site": _LINK,
    "avatar": _LINK,
    "phone": _PHONE,
    "linkedin.handle": _handle("linkedin", "in/adabyrne", "in", "pub"),
    "github.handle": _handle("github", "adabyrne"),
    "github.id": _TEXT,
    "github.avatar": _LINK,
    "github.company": _TEXT,
    "github.blog": _LINK,
    "github.followers": _COUNT,
    "github.following": _COUNT,
    **_TWITTER,
    "gravatar.handle": _handle("gravatar", "adabyrne"),
    "gravatar.urls": _LINKS,
    "gravatar.avatar": _LINK,
    "gravatar.avatars": _LINKS,
    "facebook.handle": _handle("facebook", "adabyrne"),
    "emailProvider": _YES_NO,
    "fuzzy": _YES_NO,
    "activeAt": _MOMENT,
    "inactiveAt": _MOMENT,
}
COMPANY: Final[Mapping[str, Kind]] = {
    "name": _TEXT,
    "legalName": _TEXT,
    "domain": _DOMAIN,
    "domainAliases": _DOMAINS,
    "url": _LINK,
    "description": _LONG,
    "category.industry": _TEXT,
    "category.industryGroup": _TEXT,
    "category.subIndustry": _TEXT,
    "category.sector": _TEXT,
    "category.gicsCode": _TEXT,
    "category.sicCode": _TEXT,
    "category.sic4Codes": _LIST,
    "category.naicsCode": _TEXT,
    "category.naics6Codes": _LIST,
    "category.naics6Codes2022": _LIST,
    "tags": _LIST,
    "tech": _LIST,
    "techCategories": _LIST,
    "type": _choice("private public education government nonprofit personal"),
    "foundedYear": Kind("whole", "A year, such as 2014.", 800, 2100),
    "metrics.employees": _COUNT,
    "metrics.employeesRange": Kind("text", "From and to, such as 51-250."),
    "metrics.raised": _MONEY,
    "metrics.annualRevenue": _MONEY,
    "metrics.estimatedAnnualRevenue": Kind("text", "From and to, such as $10M-$50M."),
    "metrics.marketCap": _MONEY,
    "metrics.trafficRank": _TEXT,
    "metrics.alexaUsRank": _COUNT,
    "metrics.alexaGlobalRank": _COUNT,
    "metrics.fiscalYearEnd": Kind("text", "The month, as a number: 12 is December."),
    "ticker": _TEXT,
    "identifiers.usEIN": _TEXT,
    **_PLACE,
    "geo.streetAddress": _TEXT,
    "geo.streetNumber": _TEXT,
    "geo.streetName": _TEXT,
    "geo.subPremise": _TEXT,
    "geo.postalCode": _TEXT,
    "phone": _PHONE,
    "site.title": _TEXT,
    "site.h1": _TEXT,
    "site.metaDescription": _LONG,
    "site.phoneNumbers": _LIST,
    "site.emailAddresses": _ADDRESSES,
    "logo": _LINK,
    "linkedin.handle": _handle("linkedin", "company/acme", "company", "school", "showcase"),
    **_TWITTER,
    "facebook.handle": _handle("facebook", "acme"),
    "facebook.likes": _COUNT,
    "crunchbase.handle": _handle("crunchbase", "organization/acme", "organization"),
    "emailProvider": _YES_NO,
    "parent.domain": _DOMAIN,
    "ultimateParent.domain": _DOMAIN,
}
BY_SUBJECT: Final[Mapping[Subject, Mapping[str, Kind]]] = {Subject.PERSON: PERSON, Subject.COMPANY: COMPANY}


def kind(subject: Subject, path: str) -> Kind:
    """The kind of a fact's value; a line of text for one that no list of ours names."""
    return BY_SUBJECT[subject].get(path, _TEXT)
