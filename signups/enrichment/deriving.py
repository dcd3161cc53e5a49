"""What follows from facts that are known: parts of a name, what a title says of role and rank, a range of employees.

Believed less than anything anybody says, and withdrawn with the fact it follows from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from signups.contracts import Subject

DERIVED = "derived"
CONFIDENCE = 0.5

# Words of a title, in this order, and the role (Clearbit's enum) that they tell. A title's first match counts.
_ROLES: tuple[tuple[str, str], ...] = (
    (r"ceo|chief executive( officer)?", "ceo"),
    (r"(co-?)?founder", "founder"),
    (r"owner|proprietor", "owner"),
    (r"(?<!vice )(?<!vice-)president", "president"),
    (r"engineer(ing)?|developer|programmer|cto|devops|sre|architect|chief technology officer", "engineering"),
    (r"sysadmin|system administrator|it (manager|director|support)|cio|ciso", "information_technology"),
    (r"product (manager|owner|lead|director)|head of product|cpo", "product"),
    (r"sales|account executive|business development|cro", "sales"),
    (r"marketing|growth|seo|cmo|demand generation", "marketing"),
    (r"recruit(er|ing)|talent acquisition", "recruiting"),
    (r"human resources|hr|people operations", "human_resources"),
    (r"support|customer (success|service|care)", "customer_service"),
    (r"finance|financial|accountant|accounting|cfo|controller", "finance"),
    (r"legal|lawyer|attorney|counsel", "legal"),
    (r"operations|coo|logistics", "operations"),
    (r"public relations|pr manager", "public_relations"),
    (r"research(er)?|scientist", "research"),
    (r"professor|teacher|lecturer|student", "education"),
    (r"consultant|consulting|advisor", "consulting"),
    (r"communications", "communications"),
)
_SENIORITIES: tuple[tuple[str, str], ...] = (
    (r"c[etfompri]o|ciso|chief|(co-?)?founder|owner|president|vp|vice[ -]president|svp|evp|partner", "executive"),
    (r"director|head of", "director"),
    (r"manager|lead|supervisor", "manager"),
)
_RANGES = ((10, "1-10"), (50, "11-50"), (250, "51-250"), (1_000, "251-1K"), (5_000, "1K-5K"), (10_000, "5K-10K"),
           (50_000, "10K-50K"), (100_000, "50K-100K"))  # fmt: skip


def derived(subject: Subject, profile: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Claims of provider "derived", by fact; each has the date of the fact that it follows from."""
    facts = _of_person(profile) if subject is Subject.PERSON else _of_company(profile)
    return {
        path: {"value": value, "provider": DERIVED, "at": profile[source].get("at", ""), "confidence": CONFIDENCE}
        for path, value, source in facts
    }


def role(title: str) -> str | None:
    """The role that a job title tells, None where it tells none."""
    return _first(_ROLES, title)


def seniority(title: str) -> str | None:
    return _first(_SENIORITIES, title)


def employees_range(employees: int) -> str:
    """Clearbit's spelling of a range: "11-50", "1K-5K", "100K+"."""
    return next((name for most, name in _RANGES if employees <= most), "100K+")


def _of_person(profile: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any, str]]:
    """Fact, value, and the fact it follows from."""
    title = str(profile.get("employment.title", {}).get("value") or "")
    if found := role(title):
        yield "employment.role", found, "employment.title"
    if found := seniority(title):
        yield "employment.seniority", found, "employment.title"
    parts = str(profile.get("name.fullName", {}).get("value") or "").split()
    if len(parts) == 2:  # of three and more nobody can say where the family name starts
        yield "name.givenName", parts[0], "name.fullName"
        yield "name.familyName", parts[1], "name.fullName"


def _of_company(profile: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any, str]]:
    employees = profile.get("metrics.employees", {}).get("value")
    if isinstance(employees, int) and not isinstance(employees, bool) and employees > 0:
        yield "metrics.employeesRange", employees_range(employees), "metrics.employees"


def _first(table: tuple[tuple[str, str], ...], title: str) -> str | None:
    for pattern, name in table:
        if re.search(rf"(?<!\w)({pattern})(?!\w)", title, re.IGNORECASE):
            return name
    return None
