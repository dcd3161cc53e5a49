"""The clusters of a quality report that look wrong: what each sort means, and where its links lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from signups.admin import facts

_SORTS: Final = (
    (
        "domains",
        "One company, very many domains",
        "A provider’s list of aliases may be wrong, or a host’s domain was taken for its customers’. Open it and see.",
    ),
    (
        "addresses",
        "One person, many addresses",
        "One name on a network at many addresses: somebody who signs up again and again, or a provider that guesses.",
    ),
    ("names", "One name, many companies", "They may be one company with several domains: open them and merge."),
    (
        "mail_providers",
        "Companies that are mail providers",
        "Whoever has a mailbox there works elsewhere. Put the domain on the list of free mail, or correct the name.",
    ),
)
_OF: Final = {"aliases": "aliases", "merged": "merged companies", "addresses": "domains of addresses"}


def shown(clusters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sorts that have any, each with what it means and what was found."""
    return [
        {"title": title, "hint": hint, "number": sort["number"], "shown": [_linked(name, one) for one in sort["shown"]]}
        for name, title, hint in _SORTS
        if (sort := clusters.get(name, {"number": 0, "shown": []}))["number"]
    ]


def _linked(sort: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster with its link and what its count is of."""
    companies = reverse("admin:signups_company_changelist")
    if sort == "addresses":
        people = reverse("admin:signups_person_changelist")
        query = urlencode({"q": f"{one['path']}:{one['label']}"})
        label = facts.PERSON.get(one["path"], one["path"])
        return {**one, "url": f"{people}?{query}", "what": f"addresses of {label}, such as {one['example']}"}
    if sort == "names":
        return {**one, "url": f"{companies}?{urlencode({'q': one['label']})}", "what": "companies"}
    url = reverse("admin:signups_company_change", args=[one["pk"]])
    if sort == "domains":
        what = ", ".join(f"{number:,} {_OF[kind]}" for kind, number in one["of"].items())
        return {**one, "url": url, "what": what, "says_count": True}
    return {**one, "url": url, "what": "people"}
