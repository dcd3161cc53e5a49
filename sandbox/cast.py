"""Who lives in the pretend world: people, their companies, and the DNS of their domains. Data, nothing else.

One file, to be read from top to bottom: places, companies, people, other GitHub accounts, zones. All names
end in .test (RFC 6761) apart from the few well-known mail domains at the end. How a provider words what is
known here is that provider's business (``vendors/clearbit``, ``gravatar.py``, ``github``), how a zone
is put on the wire is ``dns.py``'s.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sandbox.neighbours import FIRMS, RESIDENTS, Firm, Resident
from sandbox.sites.hosts import SITE_ZONES
from sandbox.zones import SITUATION_ZONES, Zone

Verdict = Literal["accepted", "confirm", "rejected"]


@dataclass(frozen=True)
class Place:
    city: str
    state: str
    state_code: str
    country: str
    country_code: str
    lat: float
    lng: float
    time_zone: str
    utc_offset: int


LEEDS = Place("Leeds", "England", "ENG", "United Kingdom", "GB", 53.8008, -1.5491, "Europe/London", 0)
LISBON = Place("Lisbon", "Lisboa", "LIS", "Portugal", "PT", 38.7223, -9.1393, "Europe/Lisbon", 0)
OAKLAND = Place("Oakland", "California", "CA", "United States", "US", 37.80, -122.27, "America/Los_Angeles", -8)
CHICAGO = Place("Chicago", "Illinois", "IL", "United States", "US", 41.8781, -87.6298, "America/Chicago", -6)
LAGOS = Place("Lagos", "Lagos", "LA", "Nigeria", "NG", 6.5244, 3.3792, "Africa/Lagos", 1)
KYOTO = Place("Kyoto", "Kyoto", "26", "Japan", "JP", 35.0116, 135.7681, "Asia/Tokyo", 9)
ZURICH = Place("Zürich", "Zürich", "ZH", "Switzerland", "CH", 47.3769, 8.5417, "Europe/Zurich", 1)


@dataclass(frozen=True)
class Company:
    """What Clearbit knows of a company. Money in whole US dollars."""

    domain: str
    name: str
    description: str
    industry: str
    place: Place
    founded: int
    employees: int | None
    raised: int | None = None
    revenue_range: str | None = None
    sector: str = "Information Technology"
    type: str = "private"
    ticker: str | None = None
    tags: tuple[str, ...] = ()
    tech: tuple[str, ...] = ()
    linkedin: str | None = None
    twitter: str | None = None
    crunchbase: str | None = None
    phone: str | None = None
    legal_name: str | None = None
    is_email_provider: bool = False


_COMPANIES = (
    Company(
        "dev.test", "Devhouse", "Builds billing back ends for small web shops.",
        industry="Internet Software & Services", place=LEEDS, founded=2014, employees=40,
        revenue_range="$1M-$10M", tags=("B2B", "SAAS", "Developer Tools"),
        tech=("python", "postgresql", "aws_ec2"), linkedin="company/devhouse", twitter="devhouse",
        phone="+44 113 496 0100", legal_name="Devhouse Software Ltd",
    ),
    Company(
        "rocket.test", "Rocket", "Same-day freight for factories, booked through an API.",
        industry="Air Freight & Logistics", place=OAKLAND, founded=2019, employees=120, raised=20_000_000,
        revenue_range="$10M-$50M", sector="Industrials", tags=("B2B", "Logistics", "Marketplace"),
        tech=("segment", "stripe", "kubernetes"), linkedin="company/rocket-freight",
        twitter="rocketfreight", crunchbase="organization/rocket-freight", phone="+1 510-555-0142",
        legal_name="Rocket Freight, Inc.",
    ),
    Company(
        "acme.test", "Acme", "Anvils, springs and other hardware, delivered anywhere.",
        industry="Industrial Conglomerates", place=CHICAGO, founded=1949, employees=2_300, raised=4_500_000,
        revenue_range="$250M-$500M", sector="Industrials", tags=("B2B", "Manufacturing"),
        tech=("salesforce", "sap", "google_analytics"), linkedin="company/acme-hardware",
        twitter="acmehardware", crunchbase="organization/acme-hardware", phone="+1 312-555-0173",
        legal_name="Acme Hardware Corporation",
    ),
    Company(
        "slowdata.test", "Slowdata", "Weather archives for insurers.", industry="Insurance", place=ZURICH,
        founded=2011, employees=65, raised=1_200_000, revenue_range="$1M-$10M", sector="Financials",
        tags=("B2B", "Data"), linkedin="company/slowdata",
    ),
    Company(
        "evil.test", 'Evil <script>alert("owned")</script> & "Quotes" Ltd',
        'We sell <img src=x onerror="alert(1)"> & <https://evil.test|free money>, <!channel>.',
        industry="Internet Software & Services", place=LISBON, founded=2020, employees=7,
        tags=("<b>B2C</b>",), linkedin="company/evil", phone="+351 21 555 0199",
    ),
    Company(
        "bank.test", "First Harbour Bank", "Retail and merchant banking since 1891.", industry="Banks",
        place=CHICAGO, founded=1891, employees=45_000, revenue_range="$10B+", sector="Financials",
        type="public", ticker="FHBK", tags=("Finance", "Enterprise"), linkedin="company/first-harbour-bank",
        twitter="firstharbour", phone="+1 312-555-0118",
    ),
    Company(
        "uni.test", "Kamo University", "Teaching and research in the natural sciences.",
        industry="Education Services", place=KYOTO, founded=1923, employees=5_200,
        sector="Consumer Discretionary", type="education", tags=("Education",),
    ),
    Company(
        "charity.test", "Wells for All", "Digs and maintains village wells.", industry="Charity",
        place=LAGOS, founded=2006, employees=28, sector="Consumer Staples", type="nonprofit",
        tags=("Nonprofit",), linkedin="company/wells-for-all",
    ),
    Company(
        "handmade.test", "Handmade Workshop", "Tools and fittings made to measure.", industry="Household Durables",
        place=LEEDS, founded=1997, employees=55, sector="Consumer Discretionary", tags=("B2B", "Manufacturing"),
        linkedin="company/handmade-workshop",
    ),
    Company(
        "xn--bcher-kva.test", "Bücher & Söhne", "Rare books by post.", industry="Specialty Retail",
        place=ZURICH, founded=1988, employees=12, sector="Consumer Discretionary",
        tags=("B2C", "E-commerce"),
    ),
    Company(
        "bigmail.test", "Bigmail", "Free mailboxes for everybody.", industry="Internet Software & Services",
        place=OAKLAND, founded=1998, employees=900, tags=("B2C",), is_email_provider=True,
    ),
)  # fmt: skip
COMPANIES = {company.domain: company for company in _COMPANIES}


@dataclass(frozen=True)
class Profile:
    """What Clearbit knows of a person: ``company`` is a domain, ``avatar`` a handle or a full URL."""

    title: str | None = None
    role: str | None = None
    seniority: Literal["executive", "director", "manager"] | None = None
    company: str | None = None
    place: Place | None = None
    bio: str | None = None
    site: str | None = None
    avatar: str | None = None
    linkedin: str | None = None
    twitter: str | None = None
    github: str | None = None
    full_name: str | None = None
    """As Clearbit spells it, where that differs from what the person types."""
    queued_calls: int = 0
    """How many calls are answered 202 before the record is ready."""


@dataclass(frozen=True)
class Gravatar:
    slug: str
    display_name: str
    job_title: str = ""
    company: str = ""
    location: str = ""
    description: str = ""
    accounts: tuple[tuple[str, str], ...] = ()
    """Verified accounts: service type and URL."""


@dataclass(frozen=True)
class GitHub:
    login: str
    id: int
    name: str | None = None
    email: str | None = None
    """The address on the public profile; None when the person keeps it private."""
    company: str | None = None
    blog: str = ""
    location: str | None = None
    bio: str | None = None
    twitter: str | None = None
    followers: int = 0
    public_repos: int = 0
    type: Literal["User", "Organization"] = "User"
    commit_emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """A member of the cast: what to type into the form, what should happen, and who knows what."""

    email: str
    name: str
    verdict: Verdict
    tip: str
    clearbit: Profile | None = None
    gravatar: Gravatar | None = None
    github: GitHub | None = None


_PEOPLE = (
    Person(
        "ada@dev.test", "Ada Byrne", "accepted",
        tip="A developer with GitHub: accepted, the developers' welcome mail.",
        clearbit=Profile(
            "Backend Developer", role="engineering", company="dev.test", place=LEEDS,
            bio="Queues, ledgers, long walks.", site="https://ada.dev.test", avatar="adabyrne",
            linkedin="in/ada-byrne", github="adabyrne",
        ),
        gravatar=Gravatar(
            "adabyrne", "Ada Byrne", job_title="Backend Developer", company="Devhouse",
            location="Leeds, UK", description="Queues, ledgers, long walks.",
            accounts=(("github", "https://github.com/adabyrne"), ("mastodon", "https://social.test/@ada")),
        ),
        github=GitHub(
            "adabyrne", 41001, name="Ada Byrne", email="ada@dev.test", company="@devhouse",
            blog="https://ada.dev.test", location="Leeds", bio="Queues, ledgers, long walks.",
            followers=212, public_repos=37, commit_emails=("ada@dev.test",),
        ),
    ),
    Person(
        "grace@rocket.test", "Grace Okafor", "accepted",
        tip="Founder of a company that raised $20M: accepted, high value, in both Slack channels.",
        clearbit=Profile(
            "Founder & CEO", role="ceo", seniority="executive", company="rocket.test", place=OAKLAND,
            bio="Moving heavy things fast.", site="https://rocket.test", avatar="graceokafor",
            linkedin="in/grace-okafor", twitter="graceokafor",
        ),
    ),
    Person(
        "tom@acme.test", "Tom Reyes", "accepted",
        tip="First of two colleagues: accepted, Acme's lead is made.",
        clearbit=Profile(
            "VP Engineering", role="engineering", seniority="executive", company="acme.test", place=CHICAGO,
            avatar="tomreyes", linkedin="in/tom-reyes",
        ),
    ),
    Person(
        "uma@acme.test", "Uma Lindt", "accepted",
        tip="Second of two colleagues: accepted, joins Tom on the one Acme lead.",
        clearbit=Profile(
            "Head of Data", role="information_technology", seniority="director", company="acme.test",
            place=CHICAGO, twitter="umalindt",
        ),
    ),
    Person(
        "kit@acme.test", "Kit Marlow", "confirm",
        tip="Known company, unknown person: a mail with a link; confirmed, a third contact at Acme.",
    ),
    Person(
        "sam@bigmail.test", "Sam Carter", "accepted",
        tip="A personal address whose owner works at Acme: accepted, attached to Acme's lead.",
        clearbit=Profile(
            "Procurement Analyst", role="operations", company="acme.test", place=CHICAGO,
            linkedin="in/sam-carter-acme",
        ),
    ),
    Person(
        "cleo@bigmail.test", "Cleo Park", "accepted",
        tip="A personal address with an X account and no employer: accepted.",
        clearbit=Profile(place=OAKLAND, bio="Hobby projects.", twitter="cleopark"),
    ),
    Person(
        "nora@quietcorp.test", "Nora Quiet", "confirm",
        tip="Nobody knows her or her company: a mail with a link.",
    ),
    Person(
        "ned@bigmail.test", "Ned Plain", "confirm",
        tip="A personal address nobody knows: a mail with a link.",
    ),
    Person(
        "pia@slowdata.test", "Pia Keller", "confirm",
        tip="Clearbit needs a while (202 twice, then the profile): a mail with a link, the profile follows.",
        clearbit=Profile(
            "Head of Product", role="product", seniority="director", company="slowdata.test", place=ZURICH,
            linkedin="in/pia-keller", queued_calls=2,
        ),
    ),
    Person(
        "hal@gone.test", "Hal Greene", "accepted",
        tip="Only Gravatar knows him: accepted on that alone.",
        gravatar=Gravatar(
            "halgreene", "Hal Greene", job_title="Illustrator", company="", location="Lisbon",
            description="Drawings of old machines.",
            accounts=(("instagram", "https://instagram.com/halgreene"),),
        ),
    ),
    Person(
        "rita@bigmail.test", "Rita Moreau", "accepted",
        tip="A personal address Gravatar alone knows; her mails in Close are signed with a company: staff are asked.",
        gravatar=Gravatar("ritamoreau", "Rita Moreau", job_title="Toolmaker", location="Leeds"),
    ),
    Person(
        "leo@solo.test", "Leo Brandt", "accepted",
        tip="A freelancer only GitHub knows, through his commits: accepted.",
        github=GitHub(
            "leobrandt", 41002, name="Leo Brandt", blog="solo.test", location="Zürich",
            bio="Freelance, mostly Go.", followers=18, public_repos=64, commit_emails=("leo@solo.test",),
        ),
    ),
    Person(
        "eve@evil.test", "Eve Mallory", "accepted",
        tip="Markup in every field and a dead avatar: accepted, all shown as text, Slack message included.",
        clearbit=Profile(
            "<b>Chief</b> Mischief Officer & <!channel>", role="operations", seniority="executive",
            company="evil.test", place=LISBON, bio='"><script>alert(1)</script> *bold* _and_ `code`',
            site="https://evil.test/?a=1&b=<2>", avatar="https://avatars.evil.test/missing.png",
            linkedin="in/eve-mallory", full_name='Eve <img src=x onerror="alert(1)"> Mallory',
        ),
    ),
    Person(
        "mara@bank.test", "Mara Stone", "accepted",
        tip="A director at a bank of 45,000: accepted, high value by size.",
        clearbit=Profile(
            "Director of Platform", role="engineering", seniority="director", company="bank.test",
            place=CHICAGO, linkedin="in/mara-stone", avatar="marastone",
        ),
    ),
    Person(
        "yuki@uni.test", "Yuki Mori", "accepted",
        tip="A researcher at a university: accepted.",
        clearbit=Profile(
            "Postdoctoral Researcher", role="research", company="uni.test", place=KYOTO, twitter="yukimori",
        ),
        gravatar=Gravatar(
            "yukimori", "Yuki Mori", job_title="Postdoctoral Researcher", company="Kamo University",
            location="Kyoto",
        ),
    ),
    Person(
        "dana@charity.test", "Dana Obi", "accepted",
        tip="Runs a small charity: accepted, low score.",
        clearbit=Profile(
            "Executive Director", role="operations", seniority="executive", company="charity.test",
            place=LAGOS, linkedin="in/dana-obi",
        ),
    ),
    Person(
        "otto@handmade.test", "Otto Haas", "accepted",
        tip="His company is a lead that sales typed by hand: accepted, joins it, and changes nothing there.",
        clearbit=Profile(
            "Head of Production", role="operations", seniority="director", company="handmade.test", place=LEEDS,
            linkedin="in/otto-haas",
        ),
    ),
    Person(
        "urs@xn--bcher-kva.test", "Urs Bücher", "accepted",
        tip="An internationalised domain (urs@bücher.test is the same address): accepted.",
        clearbit=Profile(
            "Owner", role="owner", seniority="executive", company="xn--bcher-kva.test", place=ZURICH,
            linkedin="in/urs-buecher",
        ),
    ),
    Person(
        "ivy@implicit.test", "Ivy Lane", "confirm",
        tip="No MX but an address record (implicit MX): a mail with a link.",
    ),
    Person(
        "x@mailinator.com", "Mister X", "rejected",
        tip="A disposable address of the public list: rejected.",
    ),
    Person(
        "x@throwaway.test", "Mister X", "rejected",
        tip="A disposable address of the sandbox's own list: rejected.",
    ),
    Person(
        "info@nomail.test", "Front Desk", "rejected",
        tip="The domain says it takes no mail (null MX): rejected.",
    ),
    Person("bob@nowhere.test", "Bob Nowhere", "rejected", tip="No such domain: rejected."),
    Person(
        "ted@gmial.com", "Ted Typo", "rejected",
        tip="A typo: rejected, and asked whether ted@gmail.com is meant.",
    ),
    Person(
        "lee@servfail.test", "Lee Fail", "confirm",
        tip="SERVFAIL, which proves nothing: a mail with a link.",
    ),
    Person(
        "kim@silent.test", "Kim Silent", "confirm",
        tip="The name server never answers: a mail with a link, in time.",
    ),
)  # fmt: skip
PEOPLE = {person.email: person for person in _PEOPLE}

OTHER_GITHUB_ACCOUNTS = (
    GitHub(
        "notada", 41003, name="Ada B. (another one)", email="not-ada@dev.test",
        blog="https://elsewhere.test", commit_emails=("not-ada@dev.test",),
    ),
    GitHub("devhouse", 41004, name="Devhouse", email="hello@dev.test", location="Leeds", type="Organization"),
)  # fmt: skip
"""A namesake that a word search for ada@dev.test also finds, and an organisation with a public address."""

FREE_MAIL_DOMAINS = ("bigmail.test",)
DISPOSABLE_DOMAINS = ("throwaway.test",)


HOSTED = Zone(mx=("10 mx1.mailhost.test", "20 mx2.mailhost.test"), a=("198.51.100.80",), txt=("v=spf1 mx -all",))

HOUSE_RULES: dict[str, str] = {
    "catchall.test": "takes all",
    "greylist.test": "greylists",
    "strict.test": "refuses strangers",
    "tarpit.test": "tarpits",
    "hang.test": "hangs",
    "full.test": "is full",
    "workspace.test": "like Exchange Online",
}
"""How the mail servers of these domains answer whoever asks for a mailbox."""

# Two throw-away services, each with many domains on its own servers; only throwaway.test is on a list.
DROPMAIL_DOMAINS = tuple(f"{name}.test" for name in (
    "quickdrop", "dropnest", "tenminbox", "mailpuff", "fadebox", "onceonly", "poofmail", "blinkbox", "gonebynoon",
    "dropzone24", "mistmail", "shortstay",
))  # fmt: skip
BURNER_DOMAINS = ("burnfolk.test", "ashbox.test", "emberpost.test", "cinderpost.test")

ZONES: dict[str, Zone] = {
    **dict.fromkeys(DROPMAIL_DOMAINS, Zone(mx=("10 mx.dropmail.test",))),
    "mx.dropmail.test": Zone(a=("198.51.100.61",)),
    **dict.fromkeys(BURNER_DOMAINS, Zone(mx=("5 in1.burnerhost.test", "5 in2.burnerhost.test"))),
    **dict.fromkeys(("in1.burnerhost.test", "in2.burnerhost.test"), Zone(a=("198.51.100.62",))),
    **dict.fromkeys((*HOUSE_RULES, "brandnew.test", "lastmonth.test", "undated.test", "moved.test"), HOSTED),
    "workspace.test": Zone(
        mx=("1 aspmx.l.google.com", "5 alt1.aspmx.l.google.com"),
        txt=(
            "google-site-verification=abc123",
            "stripe-verification=def456",
            'v=spf1 include:_spf.google.com include:servers.mc" "sv.net ~all',  # a record of two strings
        ),
    ),
    "_dmarc.workspace.test": Zone(txt=("v=DMARC1; p=reject; pct=50; rua=mailto:dmarc@workspace.test",)),
    "twospf.test": Zone(mx=("10 mx1.mailhost.test",), txt=("v=spf1 mx -all", "v=spf1 a -all")),
    "ownserver.test": Zone(mx=("10 mail.ownserver.test",)),
    **dict.fromkeys((*COMPANIES, "quietcorp.test", "gone.test", "solo.test"), HOSTED),
    "www.acme.test": Zone(cname="acme.test"),
    "bigmail.test": Zone(mx=("5 mx.bigmail.test",), a=("198.51.100.90",)),
    "throwaway.test": HOSTED,
    "nomail.test": Zone(mx=("0 .",), a=("198.51.100.70",)),
    "implicit.test": Zone(a=("198.51.100.60",)),
    "txtonly.test": Zone(txt=("nobody reads mail here",)),
    "servfail.test": Zone(trouble="servfail"),
    "silent.test": Zone(trouble="silent"),
    **SITUATION_ZONES,
    **SITE_ZONES,
    "manymx.test": Zone(mx=tuple(f"{n} mx{n}.manymx.test" for n in range(10, 99))),  # too many for a UDP packet
    "gmail.com": Zone(mx=("5 gmail-smtp-in.l.google.com", "10 alt1.gmail-smtp-in.l.google.com")),
    "outlook.com": Zone(mx=("5 outlook-com.olc.protection.outlook.com",), a=("198.51.100.102",)),
    "hotmail.com": Zone(mx=("2 hotmail-com.olc.protection.outlook.com",), a=("198.51.100.103",)),
    "yahoo.com": Zone(mx=("1 mta5.am0.yahoodns.net", "1 mta6.am0.yahoodns.net"), a=("198.51.100.104",)),
    "icloud.com": Zone(mx=("10 mx01.mail.icloud.com",), a=("198.51.100.105",)),
    "proton.me": Zone(mx=("5 mail.protonmail.ch",), a=("198.51.100.106",)),
    "mailinator.com": Zone(mx=("1 mail.mailinator.com", "1 mail2.mailinator.com"), a=("198.51.100.107",)),
    "example.com": Zone(mx=("0 .",), a=("198.51.100.108",)),
}  # fmt: skip
"""A name that is not here does not exist (NXDOMAIN): nowhere.test and gmial.com are missing on purpose."""

_MAIL = [zone for name, zone in ZONES.items() if name not in SITUATION_ZONES]
for _host in {pair.split()[1] for _zone in _MAIL for pair in _zone.mx} - {"."}:
    ZONES.setdefault(_host, Zone(a=("198.51.100.25",), aaaa=("2001:db8::25",)))

# A crowd for load tests, so that thousands of different people can sign up: anybody at crowd-<n>.test has an
# MX, and member-<n>@crowd-<n>.test is known, with that company.
_CROWD_DOMAIN = re.compile(r"crowd-(\d{1,9})\.test")
_CROWD_MEMBER = re.compile(r"member-(\d{1,9})@(crowd-\d{1,9}\.test)")


_PLACES = {"LEEDS": LEEDS, "LISBON": LISBON, "OAKLAND": OAKLAND, "CHICAGO": CHICAGO, "LAGOS": LAGOS, "KYOTO": KYOTO,
           "ZURICH": ZURICH}  # fmt: skip


def _firm(firm: Firm) -> Company:
    return Company(
        firm.domain, firm.name, firm.description, industry=firm.industry, place=_PLACES[firm.place],
        founded=firm.founded, employees=firm.employees, raised=firm.raised, tags=("B2B",),
        linkedin=f"company/{firm.domain.split('.')[0]}",
    )  # fmt: skip


def _resident(resident: Resident) -> Person:
    local, domain = resident.email.split("@")
    if not resident.title:
        return Person(resident.email, resident.name, "confirm", "A neighbour nobody knows.")
    linkedin = f"in/{local}-{domain.split('.')[0]}"
    place = _NEIGHBOURING_COMPANIES[domain].place
    profile = Profile(
        resident.title, resident.role, None, domain, place, linkedin=linkedin, github=resident.github
    )  # fmt: skip
    return Person(resident.email, resident.name, "accepted", "A neighbour.", profile)


_NEIGHBOURING_COMPANIES = {firm.domain: _firm(firm) for firm in FIRMS}
_NEIGHBOURS = {resident.email: _resident(resident) for resident in RESIDENTS}


def zone(name: str) -> Zone | None:
    """The zone of a lower-case name without its final dot; None when there is no such name."""
    is_hosted = name in _NEIGHBOURING_COMPANIES or _CROWD_DOMAIN.fullmatch(name)
    wildcard = f"*.{name.partition('.')[2]}"
    return ZONES.get(name) or (HOSTED if is_hosted else ZONES.get(wildcard))


def company(domain: str) -> Company | None:
    if match := _CROWD_DOMAIN.fullmatch(domain):
        return replace(COMPANIES["dev.test"], domain=domain, name=f"Crowd {match[1]}", linkedin=None, twitter=None)
    return COMPANIES.get(domain) or _NEIGHBOURING_COMPANIES.get(domain)


def person(email: str) -> Person | None:
    """The member of the cast at this address (any case), a neighbour, one of the crowd, or None."""
    email = email.strip().lower()
    if match := _CROWD_MEMBER.fullmatch(email):
        profile = Profile("Developer", "engineering", None, match[2], LEEDS, linkedin=f"in/member-{match[1]}")
        return Person(email, f"Member {match[1]}", "accepted", "One of the crowd.", profile)
    return PEOPLE.get(email) or _NEIGHBOURS.get(email)


def is_of_crowd(key: str) -> bool:
    """Whether this is the address or the domain of one of the crowd."""
    return bool(_CROWD_MEMBER.fullmatch(key) or _CROWD_DOMAIN.fullmatch(key))


def github_accounts() -> tuple[GitHub, ...]:
    return (*(person.github for person in PEOPLE.values() if person.github), *OTHER_GITHUB_ACCOUNTS)


def tips() -> list[dict[str, str]]:
    """Who to sign up and what should happen: email, name, verdict and tip of each, in the order of the story."""
    return [{"email": p.email, "name": p.name, "verdict": p.verdict, "tip": p.tip} for p in PEOPLE.values()]


def snapshot() -> dict[str, Any]:
    """The whole cast as JSON-able data, for ``GET /_state/cast``."""
    return {
        "people": [asdict(person) for person in PEOPLE.values()],
        "companies": [asdict(company) for company in COMPANIES.values()],
        "zones": {name: asdict(zone) for name, zone in ZONES.items()},
        "free_mail_domains": list(FREE_MAIL_DOMAINS),
        "disposable_domains": list(DISPOSABLE_DOMAINS),
        "tips": tips(),
        "neighbours": [{"email": one.email, "name": one.name, "verdict": one.verdict} for one in _NEIGHBOURS.values()],
    }
