"""People Data Labs: people by address, its hash or a profile, in an envelope; companies by domain, without one.

https://docs.peopledatalabs.com. Values are lower case unless ``titlecase`` is asked for. Only a hit costs a credit.
"""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from aiohttp import web

from sandbox.cast import Company, Person, Place
from sandbox.core import Vendor
from sandbox.credentials import PDL_API_KEY
from sandbox.knowledge import PEOPLE_DATA_LABS
from sandbox.windows import Standing, Window

Record = dict[str, Any]

LOG_SIZE = 1_000
PERSON_LIKELIHOOD, COMPANY_LIKELIHOOD = 8, 9
_SIZES = ((10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"), (1_000, "501-1000"))
_BIG_SIZES = ((5_000, "1001-5000"), (10_000, "5001-10000"))
_LEVELS = {"executive": "vp", "director": "director", "manager": "manager", None: "senior"}
_ROLES = {
    "engineering": "engineering", "ceo": "operations", "owner": "operations", "operations": "operations",
    "information_technology": "engineering", "research": "education", "product": "operations",
}  # fmt: skip
_INDUSTRIES = {
    "Air Freight & Logistics": "logistics and supply chain", "Banks": "banking", "Insurance": "insurance",
    "Building Products": "building materials", "Charity": "non-profit organization management",
    "Education Services": "higher education", "Internet Software & Services": "internet",
    "Industrial Conglomerates": "machinery",
}  # fmt: skip
_TYPES = {"education": "educational"}
_NOT_CASED = ("id", "linkedin_url", "linkedin_username", "github_url", "github_username", "twitter_url",
              "twitter_username", "facebook_url", "website", "job_company_website", "job_title_role",
              "job_title_levels", "type", "size", "job_company_size", "ticker", "profiles", "location_geo",
              "geo")  # fmt: skip


class Refused(Exception):
    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": status, "error": {"type": kind, "message": message}}


class PeopleDataLabs(Vendor):
    slug = "peopledatalabs"
    name = "People Data Labs"
    settings: ClassVar[dict[str, Any]] = {
        "rate_limit": False,  # hold callers to per_minute
        "per_minute": 100,
        "credits": 1_000,  # matches left of the plan; at none: 402
        "is_free_plan": False,  # some values are told to be there, and not told
        "is_flat": False,  # a person without the envelope, as the vendor's own description has it
    }

    def reset(self) -> None:
        self.lookups: deque[Record] = deque(maxlen=LOG_SIZE)
        self.windows = {"person": Window(60), "company": Window(60)}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v5/person/enrich", self._person),
            web.get("/v5/company/enrich", self._company),
            web.get("/{rest:.*}", self._no_route),
        ]

    def snapshot(self) -> dict[str, Any]:
        return {**PEOPLE_DATA_LABS.as_state(), "credits": self.options["credits"], "lookups": list(self.lookups)}

    async def _person(self, request: web.Request) -> web.Response:
        return self._answer(request, "person", request.query.get("email_hash") or request.query.get("email", ""))

    async def _company(self, request: web.Request) -> web.Response:
        return self._answer(request, "company", request.query.get("website", ""))

    async def _no_route(self, request: web.Request) -> web.Response:
        return web.json_response(Refused(404, "not_found", "The requested resource does not exist").body, status=404)

    def _answer(self, request: web.Request, what: str, key: str) -> web.Response:
        limit = int(self.options["per_minute"])
        standing = self.windows[what].count(limit, self.world.now(), is_enforced=self.options["rate_limit"])
        spent = 0
        try:
            self._admit(request, standing)
            if not key:
                raise Refused(400, "invalid_request_error", "Request contained either missing or invalid parameters")
            status, body = 200, self._found(request, what, key)
            self.options["credits"] -= 1
            spent = 1
        except Refused as refusal:
            status, body = refusal.status, refusal.body
        self.lookups.append({"at": self.world.now(), "what": what, "key": key, "status": status})
        return web.json_response(body, status=status, headers=self._headers(standing, what, spent))

    def _admit(self, request: web.Request, standing: Standing) -> None:
        if (request.headers.get("X-Api-Key") or request.query.get("api_key")) != PDL_API_KEY:
            raise Refused(401, "authentication_error", "Request contained a missing or invalid key")
        if standing.is_over:
            raise Refused(429, "rate_limit_error", "An error occurred due to requests hitting the API too quickly")
        if self.options["credits"] <= 0:
            raise Refused(402, "payment_required", "You have reached your account maximum (all matches used)")

    def _found(self, request: web.Request, what: str, key: str) -> Record:
        least = request.query.get("min_likelihood", "2")
        if not least.isdecimal() or int(least) > 10:
            raise Refused(400, "invalid_request_error", "min_likelihood must be between 0 and 10")
        record, likelihood = self._record(what, key)
        if record is None or likelihood < int(least):
            raise Refused(404, "not_found", "No records were found matching your request")
        if request.query.get("titlecase") == "true":
            record = _title_cased(record)
        if self.options["is_free_plan"]:
            hidden = ("location_name", "location_locality", "mobile_phone", "job_title_levels", "employee_count")
            record = {name: True if name in hidden and value else value for name, value in record.items()}
        if what == "company" or self.options["is_flat"]:
            return {"status": 200, "likelihood": likelihood, **record}
        return {"status": 200, "likelihood": likelihood, "data": record}

    def _record(self, what: str, key: str) -> tuple[Record | None, int]:
        cast = self.world.cast
        if what == "company":
            company = PEOPLE_DATA_LABS.company(cast, key)
            return (company_record(company) if company else None), COMPANY_LIKELIHOOD
        person = PEOPLE_DATA_LABS.person(cast, key) if "@" in key else PEOPLE_DATA_LABS.person_by_hash(cast, key)
        employer = cast.company(person.clearbit.company) if person and person.clearbit else None
        return (person_record(person, employer) if person else None), PERSON_LIKELIHOOD

    def _headers(self, standing: Standing, what: str, spent: int) -> dict[str, str]:
        per = {"day": None, "month": None}
        return {
            "x-ratelimit-limit": json.dumps({"minute": standing.limit, **per}),
            "x-ratelimit-remaining": json.dumps({"minute": standing.remaining, **per}),
            "x-ratelimit-reset": datetime.fromtimestamp(standing.reset_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-call-credits-spent": str(spent),
            "x-call-credits-type": "enrich" if what == "person" else "enrich_company",
            "x-totallimit-remaining": str(self.options["credits"]),
        }


# ---- how it words what it knows


def person_record(person: Person, employer: Company | None) -> Record:
    known = person.clearbit
    assert known is not None
    first, _, last = (known.full_name or person.name).lower().partition(" ")
    linkedin = known.linkedin.removeprefix("in/") if known.linkedin else None
    is_ceo = bool(known.title and ("CEO" in known.title or "Chief" in known.title))
    return {
        "id": _id(person.email),
        "full_name": f"{first} {last}".strip(),
        "first_name": first,
        "last_name": last or None,
        "linkedin_url": f"linkedin.com/in/{linkedin}" if linkedin else None,
        "linkedin_username": linkedin,
        "github_url": f"github.com/{known.github}" if known.github else None,
        "github_username": known.github,
        "twitter_url": f"twitter.com/{known.twitter}" if known.twitter else None,
        "twitter_username": known.twitter,
        "facebook_username": None,
        "mobile_phone": None,
        "job_title": known.title.lower() if known.title else None,
        "job_title_role": _ROLES.get(known.role or ""),
        "job_title_levels": (["cxo"] if is_ceo else [_LEVELS[known.seniority]]) if known.title else [],
        "job_company_name": employer.name.lower() if employer else None,
        "job_company_website": employer.domain if employer else None,
        "job_company_size": size(employer.employees) if employer else None,
        **{f"location_{name}": value for name, value in _place(known.place).items()},
    }


def company_record(company: Company) -> Record:
    handle = company.linkedin.removeprefix("company/") if company.linkedin else None
    return {
        "id": _id(company.domain),
        "name": company.name.lower(),
        "website": company.domain,
        "summary": company.description.lower(),
        "founded": company.founded,
        "employee_count": company.employees,
        "size": size(company.employees),
        "industry": _INDUSTRIES.get(company.industry, company.industry.lower()),
        "type": _TYPES.get(company.type, company.type),
        "ticker": company.ticker,
        "tags": [tag.lower() for tag in company.tags],
        "linkedin_url": f"linkedin.com/company/{handle}" if handle else None,
        "twitter_url": f"twitter.com/{company.twitter}" if company.twitter else None,
        "facebook_url": None,
        "profiles": [f"crunchbase.com/{company.crunchbase}"] if company.crunchbase else [],
        "location": _place(company.place),
        "total_funding_raised": company.raised,
        "inferred_revenue": company.revenue_range,
    }


def size(employees: int | None) -> str | None:
    if employees is None:
        return None
    return next((name for most, name in (*_SIZES, *_BIG_SIZES) if employees <= most), "10001+")


def _place(place: Place | None) -> Record:
    if place is None:
        return dict.fromkeys(("name", "locality", "region", "country", "geo"))
    parts = [place.city.lower(), place.state.lower(), place.country.lower()]
    return {
        "name": ", ".join(parts),
        "locality": parts[0],
        "region": parts[1],
        "country": parts[2],
        "geo": f"{place.lat:.2f},{place.lng:.2f}",
    }


def _title_cased(value: Any, name: str = "") -> Any:
    if name in _NOT_CASED:
        return value
    if isinstance(value, dict):
        return {key: _title_cased(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_title_cased(one) for one in value]
    return re.sub(r"(?<![\w'])\w", lambda first: first[0].upper(), value) if isinstance(value, str) else value


def _id(key: str) -> str:
    return f"{uuid5(NAMESPACE_URL, f'pdl:{key}').hex[:22]}_0000"
