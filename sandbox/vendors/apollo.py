"""Apollo: people by address or its hash, companies by domain. Nobody found is ``null`` with 200.

https://docs.apollo.io/reference. A wrong key is answered in plain text. A hit costs a credit, also the second time.
"""

from __future__ import annotations

import uuid
from collections import deque
from typing import Any, ClassVar

from aiohttp import web

from sandbox.cast import Company, Person, Place
from sandbox.core import Vendor, World, bearer_token
from sandbox.credentials import APOLLO_API_KEY
from sandbox.knowledge import APOLLO
from sandbox.windows import Standing, Window

Record = dict[str, Any]

PER_HOUR = 600
LOG_SIZE = 1_000
_FUNCTIONS = {"ceo": "entrepreneurship", "information_technology": "information_technology"}
_SENIORITIES = {"executive": "vp", "director": "head", "manager": "manager", None: "senior"}
_INDUSTRIES = {
    "Air Freight & Logistics": "logistics & supply chain", "Banks": "banking",
    "Internet Software & Services": "information technology & services", "Household Durables": "furniture",
    "Industrial Conglomerates": "machinery",
}  # fmt: skip


class Apollo(Vendor):
    slug = "apollo"
    name = "Apollo"
    settings: ClassVar[dict[str, Any]] = {
        "rate_limit": False,  # hold callers to 600 calls an hour
        "is_accessible": True,  # whether the key may call these endpoints; else 403
        "credits": 1_000,
    }

    def reset(self) -> None:
        self.lookups: deque[Record] = deque(maxlen=LOG_SIZE)
        self.windows = {"person": Window(3600), "company": Window(3600)}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/people/match", self._person),
            web.get("/api/v1/organizations/enrich", self._company),
        ]

    def snapshot(self) -> dict[str, Any]:
        return {**APOLLO.as_state(), "credits": self.options["credits"], "lookups": list(self.lookups)}

    async def _person(self, request: web.Request) -> web.Response:
        key = request.query.get("hashed_email") or request.query.get("email", "")
        response = self._refused(request, "person", "people/match")
        if response is None:
            person = self._person_at(key)
            number = 10**15 + uuid.uuid5(uuid.NAMESPACE_URL, f"{key}:{len(self.lookups)}").int % 10**15
            self.options["credits"] -= 1 if person else 0
            response = web.json_response({"request_id": number, "person": person})
        return self._logged(response, "person", key)

    async def _company(self, request: web.Request) -> web.Response:
        key = request.query.get("domain", "")
        response = self._refused(request, "company", "organizations/enrich")
        if response is None and not key:
            response = web.json_response({"error": "Required parameter 'domain' missing"}, status=422)
        if response is None:
            company = APOLLO.company(self.world.cast, key)
            self.options["credits"] -= 1 if company else 0
            response = web.json_response({"organization": organization(company) if company else None})
        return self._logged(response, "company", key)

    def _refused(self, request: web.Request, what: str, path: str) -> web.Response | None:
        if (request.headers.get("x-api-key") or bearer_token(request)) != APOLLO_API_KEY:
            message = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
            return web.Response(status=401, text=message)
        if not self.options["is_accessible"]:
            message = f"This API key is not authorized to access api/v1/{path}."
            return web.json_response({"error": message, "error_code": "API_INACCESSIBLE"}, status=403)
        standing = self.windows[what].count(PER_HOUR, self.world.now(), is_enforced=self.options["rate_limit"])
        if standing.is_over:
            message = f"The maximum number of api calls allowed for api/v1/{path} is {PER_HOUR} times per hour."
            headers = {"retry-after": str(max(1, round(standing.reset_at - self.world.now()))), **_usage(standing)}
            return web.json_response({"message": message}, status=429, headers=headers)
        if self.options["credits"] <= 0:
            return web.json_response({"error": "You have insufficient credits."}, status=422)
        return None

    def _person_at(self, key: str) -> Record | None:
        cast = self.world.cast
        person = APOLLO.person(cast, key) if "@" in key else APOLLO.person_by_hash(cast, key)
        employer = APOLLO.company(cast, person.clearbit.company or "") if person and person.clearbit else None
        if person and person.clearbit and person.clearbit.company and employer is None:
            employer = cast.company(person.clearbit.company)
        return person_record(person, employer, self.world) if person else None

    def _logged(self, response: web.Response, what: str, key: str) -> web.Response:
        self.lookups.append({"at": self.world.now(), "what": what, "key": key, "status": response.status})
        return response


def _usage(standing: Standing) -> dict[str, str]:
    used = standing.limit - standing.remaining
    left = str(standing.remaining)
    return {"x-rate-limit-hourly": str(standing.limit), "x-hourly-usage": str(used), "x-hourly-requests-left": left}


# ---- how it words what it knows


def person_record(person: Person, employer: Company | None, world: World) -> Record:
    known = person.clearbit
    assert known is not None
    name = known.full_name or person.name
    first, _, last = name.partition(" ")
    at = f"{known.title} at {employer.name}" if known.title and employer else known.title
    is_ceo = bool(known.title and "CEO" in known.title)
    avatar = known.avatar if known.avatar is None or "://" in known.avatar else world.avatar_url(known.avatar)
    return {
        "id": _id(person.email),
        "first_name": first,
        "last_name": last,
        "name": name,
        "linkedin_url": f"http://www.linkedin.com/{known.linkedin}" if known.linkedin else None,
        "title": known.title,
        "email_status": "verified",
        "photo_url": avatar,
        "twitter_url": f"https://twitter.com/{known.twitter}" if known.twitter else None,
        "github_url": f"https://github.com/{known.github}" if known.github else None,
        "facebook_url": None,
        "extrapolated_email_confidence": None,
        "headline": at,
        "email": person.email,
        "organization_id": _id(employer.domain) if employer else None,
        "employment_history": [],
        **_place(known.place),
        "organization": organization(employer) if employer else None,
        "departments": [],
        "subdepartments": [],
        "functions": [_FUNCTIONS.get(known.role, known.role)] if known.role else [],
        "seniority": "founder" if is_ceo else _SENIORITIES[known.seniority],
    }


def organization(company: Company) -> Record:
    place = _place(company.place)
    return {
        "id": _id(company.domain),
        "name": company.name,
        "website_url": f"http://www.{company.domain}",
        "linkedin_url": f"http://www.linkedin.com/{company.linkedin}" if company.linkedin else None,
        "twitter_url": f"https://twitter.com/{company.twitter}" if company.twitter else None,
        "facebook_url": None,
        "crunchbase_url": f"https://www.crunchbase.com/{company.crunchbase}" if company.crunchbase else None,
        "primary_phone": {"number": company.phone, "source": "Scraped"} if company.phone else {},
        "phone": None,
        "alexa_ranking": None,
        "founded_year": company.founded,
        "publicly_traded_symbol": company.ticker,
        "publicly_traded_exchange": "nyse" if company.ticker else None,
        "logo_url": None,
        "primary_domain": company.domain,
        "industry": _INDUSTRIES.get(company.industry, company.industry.lower()),
        "keywords": [tag.lower() for tag in company.tags],
        "estimated_num_employees": company.employees,
        "raw_address": ", ".join(str(part) for part in place.values()),
        "street_address": None,
        "postal_code": None,
        **place,
        "short_description": company.description,
        "total_funding": company.raised,
        "annual_revenue": None,
        "technology_names": [name.replace("_", " ").title() for name in company.tech],
        "current_technologies": [
            {"uid": name, "name": name.replace("_", " ").title(), "category": "Other"} for name in company.tech
        ],
    }


def _place(place: Place | None) -> Record:
    if place is None:
        return dict.fromkeys(("city", "state", "country"))
    return {"city": place.city, "state": place.state, "country": place.country}


def _id(key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"apollo:{key}").hex[:24]
