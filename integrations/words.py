"""What other vendors call things, in Clearbit's words: seniority, role, industry and size, by small tables.

Levels and departments are those of People Data Labs and Apollo (2026-08), industries LinkedIn's, which both use. A word
that stands in no table is handed on as it is: `facts.read` logs it where the attribute is an enum. Where Clearbit has
no word for it ("senior", "design"), nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NOTHING = ""  # known, and without a word of Clearbit's

SENIORITIES: Mapping[str, str] = {
    **dict.fromkeys(("cxo", "c_suite", "owner", "founder", "partner", "vp"), "executive"),
    **dict.fromkeys(("director", "head"), "director"),
    "manager": "manager",
    **dict.fromkeys(("senior", "entry", "training", "intern", "unpaid"), NOTHING),
}
_HIGHEST_FIRST = tuple(SENIORITIES)

ROLES: Mapping[str, str] = {
    "accounting": "finance",
    "administrative": "operations",
    "business_development": "sales",
    "consulting": "consulting",
    "customer_service": "customer_service",
    "data_science": "engineering",
    "education": "education",
    "engineering": "engineering",
    "engineering_technical": "engineering",
    "entrepreneurship": "founder",
    "finance": "finance",
    "health": "health_professional",
    "human_resources": "human_resources",
    "information_technology": "information_technology",
    "legal": "legal",
    "manufacturing": "operations",
    "marketing": "marketing",
    "media": "communications",
    "media_and_commmunication": "communications",  # Apollo's spelling
    "media_and_communication": "communications",
    "medical_health": "health_professional",
    "operations": "operations",
    "product": "product",
    "product_management": "product",
    "public_relations": "public_relations",
    "real_estate": "real_estate",
    "recruiting": "recruiting",
    "research": "research",
    "sales": "sales",
    "support": "customer_service",
    **dict.fromkeys(("arts_and_design", "c_suite", "design", "trades"), NOTHING),
}

# A range of LinkedIn's → the one of Clearbit's that most of it lies in.
EMPLOYEES_RANGES: Mapping[str, str] = {
    "1-10": "1-10",
    "11-50": "11-50",
    "51-200": "51-250",
    "201-500": "251-1K",
    "501-1000": "251-1K",
    "1001-5000": "1K-5K",
    "5001-10000": "5K-10K",
    "10001+": "10K-50K",
}
_MOST_EMPLOYEES = (
    (10, "1-10"),
    (50, "11-50"),
    (250, "51-250"),
    (1_000, "251-1K"),
    (5_000, "1K-5K"),
    (10_000, "5K-10K"),
    (50_000, "10K-50K"),
    (100_000, "50K-100K"),
)

COMPANY_TYPES: Mapping[str, str] = {"educational": "education", "non_profit": "nonprofit"}

# Sector → industry → LinkedIn's industries. What is missing here keeps LinkedIn's word and has no sector.
_SECTORS: Mapping[str, Mapping[str, str]] = {
    "Information Technology": {
        "Internet Software & Services": "internet|information services|online media",
        "Software": "computer software|computer games|e-learning",
        "IT Services": (
            "information technology and services|information technology & services|computer & network security"
            "|computer networking|outsourcing/offshoring"
        ),
        "Technology Hardware, Storage & Peripherals": "computer hardware",
        "Semiconductors & Semiconductor Equipment": "semiconductors|nanotechnology",
    },
    "Financials": {
        "Banks": "banking",
        "Capital Markets": (
            "capital markets|investment banking|investment management|venture capital & private equity"
        ),
        "Diversified Financial Services": "financial services",
        "Insurance": "insurance",
    },
    "Health Care": {
        "Biotechnology": "biotechnology",
        "Health Care Equipment & Supplies": "medical devices",
        "Health Care Providers & Services": (
            "hospital & health care|medical practice|mental health care|alternative medicine"
            "|health, wellness and fitness|health, wellness & fitness|veterinary"
        ),
        "Pharmaceuticals": "pharmaceuticals",
    },
    "Industrials": {
        "Aerospace & Defense": "aviation & aerospace|defense & space|military",
        "Air Freight & Logistics": "package/freight delivery|logistics and supply chain|logistics & supply chain",
        "Airlines": "airlines/aviation",
        "Building Products": "building materials|glass, ceramics, & concrete|glass, ceramics & concrete",
        "Commercial Services & Supplies": "printing|facilities services|security and investigations|events services",
        "Construction & Engineering": "construction|civil engineering|architecture & planning",
        "Electrical Equipment": "electrical/electronic manufacturing|industrial automation",
        "Machinery": "machinery|mechanical or industrial engineering|shipbuilding|railroad manufacture",
        "Marine": "maritime",
        "Professional Services": (
            "management consulting|staffing and recruiting|staffing & recruiting|human resources|accounting"
            "|legal services|law practice|research|market research|professional training & coaching"
        ),
        "Road & Rail": "transportation/trucking/railroad|warehousing",
        "Trading Companies & Distributors": "wholesale|import and export|business supplies and equipment",
    },
    "Consumer Discretionary": {
        "Automobiles": "automotive",
        "Education Services": "higher education|education management|primary/secondary education",
        "Hotels, Restaurants & Leisure": (
            "hospitality|restaurants|leisure, travel, & tourism|leisure, travel & tourism|gambling & casinos|sports"
            "|recreational facilities and services"
        ),
        "Household Durables": "consumer electronics|furniture",
        "Leisure Products": "sporting goods",
        "Media": (
            "marketing and advertising|marketing & advertising|broadcast media|media production|newspapers|publishing"
            "|entertainment|motion pictures and film|motion pictures & film|music|public relations and communications"
        ),
        "Specialty Retail": "retail",
        "Textiles, Apparel & Luxury Goods": "apparel & fashion|textiles|luxury goods & jewelry",
    },
    "Consumer Staples": {
        "Beverages": "wine and spirits|wine & spirits",
        "Food & Staples Retailing": "supermarkets",
        "Food Products": "food & beverages|food production|dairy|farming|fishery|ranching",
        "Personal Products": "cosmetics|consumer goods",
        "Charity": "non-profit organization management|philanthropy|fund-raising|civic & social organization",
        "Tobacco": "tobacco",
    },
    "Materials": {
        "Chemicals": "chemicals|plastics",
        "Containers & Packaging": "packaging and containers",
        "Metals & Mining": "mining & metals",
        "Paper & Forest Products": "paper & forest products",
    },
    "Energy": {"Oil, Gas & Consumable Fuels": "oil & energy"},
    "Utilities": {"Utilities": "utilities", "Renewable Electricity": "renewables & environment"},
    "Real Estate": {"Real Estate": "real estate|commercial real estate"},
    "Telecommunication Services": {"Diversified Telecommunication Services": "telecommunications|wireless"},
}
INDUSTRIES: Mapping[str, tuple[str, str]] = {
    name: (sector, industry)
    for sector, industries in _SECTORS.items()
    for industry, names in industries.items()
    for name in names.split("|")
}


def seniority(levels: Any) -> Any:
    """Clearbit's seniority for a level, or for the highest of several."""
    named = [_name(level) for level in _several(levels)]
    known = sorted((level for level in named if level in SENIORITIES), key=_HIGHEST_FIRST.index)
    return SENIORITIES[known[0]] if known else next(iter(named), None)


def role(names: Any) -> Any:
    """Clearbit's role for a department, or for the first of several that has one."""
    named = [_name(name).removeprefix("master_") for name in _several(names)]
    return next((ROLES[name] for name in named if ROLES.get(name)), None) or next(
        (name for name in named if name not in ROLES), None
    )


def industry(name: Any) -> tuple[Any, Any]:
    """Clearbit's sector and industry for one of LinkedIn's industries."""
    if not isinstance(name, str):
        return None, name
    return INDUSTRIES.get(" ".join(name.lower().split()), (None, _capitals(name)))


def employees_range(employees: Any, said: Any = None) -> Any:
    """Clearbit's range for a number of employees; where there is none, for a range of LinkedIn's."""
    if isinstance(employees, int) and not isinstance(employees, bool) and employees > 0:
        return next((name for most, name in _MOST_EMPLOYEES if employees <= most), "100K+")
    return EMPLOYEES_RANGES.get(said, said) if isinstance(said, str) else said


def company_type(said: Any) -> Any:
    return COMPANY_TYPES.get(_name(said), said) if isinstance(said, str) else said


def point(said: Any) -> tuple[Any, Any]:
    """Latitude and longitude out of "53.80,-1.55"."""
    latitude, comma, longitude = said.partition(",") if isinstance(said, str) else ("", "", "")
    return (latitude.strip(), longitude.strip()) if comma else (None, None)


def place(*parts: Any) -> str:
    """A place in one line, out of city, state and country."""
    return ", ".join(part for part in parts if isinstance(part, str) and part)


def _several(said: Any) -> list[Any]:
    return said[:50] if isinstance(said, list) else [] if said is None else [said]


def _name(said: Any) -> str:
    return re.sub(r"[^a-z]+", "_", str(said).lower()).strip("_")


def _capitals(name: str) -> str:
    """ "political organization" → "Political Organization"; where somebody wrote capitals already, theirs."""
    return name if name != name.lower() else re.sub(r"(?<![\w'])[a-z]", lambda first: first[0].upper(), name)


def first(*said: Any) -> Any:
    """The first that says anything at all."""
    return next((one for one in said if one), None)
