"""How Clearbit words what the cast tells of a person and a company (API-Version 2019-12-19).

What is not known is there all the same, with null leaves.
"""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.cast import FREE_MAIL_DOMAINS, Company, Person, Place
from sandbox.core import World

Record = dict[str, Any]

INDEXED_AT = "2026-10-01T04:30:00.000Z"
_RANGES = ((10, "1-10"), (50, "11-50"), (250, "51-250"), (1_000, "251-1K"), (5_000, "1K-5K"), (10_000, "5K-10K"))
_BIG_RANGES = ((50_000, "10K-50K"), (100_000, "50K-100K"))
_GEO = ("city", "state", "stateCode", "country", "countryCode", "lat", "lng")
_STREET = ("streetNumber", "streetName", "subPremise", "streetAddress", "postalCode")
_TWITTER = ("handle", "id", "bio", "followers", "following", "location", "site", "avatar")


def person_record(person: Person, world: World) -> Record | None:
    """The Person API's object; None where Clearbit does not know them."""
    profile = person.clearbit
    if profile is None:
        return None
    employer = world.cast.company(profile.company) if profile.company else None
    full_name = profile.full_name or person.name
    given, _, family = full_name.partition(" ")
    return {
        "id": _id("person", person.email),
        "name": {"fullName": full_name, "givenName": given, "familyName": family or None},
        "email": person.email,
        **_where(profile.place),
        "bio": profile.bio,
        "site": profile.site,
        "avatar": _avatar(profile.avatar, world),
        "employment": {
            "domain": profile.company,
            "name": employer.name if employer else None,
            "title": profile.title,
            "role": profile.role,
            "subRole": None,
            "seniority": profile.seniority,
        },
        "facebook": {"handle": None},
        "github": _github(person, world),
        "twitter": {**dict.fromkeys((*_TWITTER, "statuses", "favorites")), "handle": profile.twitter},
        "linkedin": {"handle": profile.linkedin},
        "googleplus": {"handle": None},
        "gravatar": {"handle": None, "urls": [], "avatar": None, "avatars": []},
        "fuzzy": False,
        "emailProvider": person.email.partition("@")[2] in FREE_MAIL_DOMAINS,
        "indexedAt": INDEXED_AT,
        "phone": None,
        "activeAt": None,
        "inactiveAt": None,
    }


def _github(person: Person, world: World) -> Record:
    leaves = ("handle", "id", "avatar", "company", "blog", "followers", "following")
    if person.clearbit is None or person.clearbit.github is None:
        return dict.fromkeys(leaves)
    known: Record = {"handle": person.clearbit.github}
    if person.github and person.github.login == person.clearbit.github:
        account = person.github
        known |= {"id": account.id, "avatar": world.avatar_url(account.login), "company": account.company}
        known["blog"] = account.blog or None  # its followers are left to GitHub
    return {**dict.fromkeys(leaves), **known}


def company_record(company: Company) -> Record:
    """The Company API's object."""
    return {
        "id": _id("company", company.domain),
        "name": company.name,
        "legalName": company.legal_name,
        "domain": company.domain,
        "domainAliases": [],
        "url": f"http://{company.domain}",
        "site": {"phoneNumbers": [company.phone] if company.phone else [], "emailAddresses": []},
        "category": {
            "sector": company.sector,
            "industryGroup": None,
            "industry": company.industry,
            "subIndustry": None,
            "gicsCode": None,
            "sicCode": None,
            "sic4Codes": [],
            "naicsCode": None,
            "naics6Codes": [],
            "naics6Codes2022": [],
        },
        "tags": list(company.tags),
        "description": company.description,
        "foundedYear": company.founded,
        **_where(company.place, *_STREET),
        "logo": None,  # the Logo API ended in December 2025
        "facebook": {"handle": None, "likes": None},
        "linkedin": {"handle": company.linkedin},
        "twitter": {**dict.fromkeys(_TWITTER), "handle": company.twitter},
        "crunchbase": {"handle": company.crunchbase},
        "emailProvider": company.is_email_provider,
        "type": company.type,
        "ticker": company.ticker,
        "identifiers": {"usEIN": None},
        "phone": company.phone,
        "indexedAt": INDEXED_AT,
        "metrics": _metrics(company),
        "tech": list(company.tech),
        "techCategories": [],
        "parent": {"domain": None},
        "ultimateParent": {"domain": None},
    }


def _metrics(company: Company) -> Record:
    return {
        "alexaUsRank": None,
        "alexaGlobalRank": None,
        "trafficRank": None,
        "employees": company.employees,
        "employeesRange": employees_range(company.employees),
        "marketCap": None,
        "raised": company.raised,
        "annualRevenue": None,
        "estimatedAnnualRevenue": company.revenue_range,
        "fiscalYearEnd": None,
    }


def employees_range(employees: int | None) -> str | None:
    if employees is None:
        return None
    return next((name for most, name in (*_RANGES, *_BIG_RANGES) if employees <= most), "100K+")


def _where(place: Place | None, *more_leaves: str) -> Record:
    leaves: Record = dict.fromkeys((*more_leaves, *_GEO))
    if place is None:
        return {"location": None, "timeZone": None, "utcOffset": None, "geo": leaves}
    geo = (place.city, place.state, place.state_code, place.country, place.country_code, place.lat, place.lng)
    return {
        "location": f"{place.city}, {place.state_code}, {place.country_code}",
        "timeZone": place.time_zone,
        "utcOffset": place.utc_offset,
        "geo": {**leaves, **dict(zip(_GEO, geo, strict=True))},
    }


def _avatar(avatar: str | None, world: World) -> str | None:
    return world.avatar_url(avatar) if avatar and "://" not in avatar else avatar


def _id(kind: str, key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"clearbit:{kind}:{key}"))
