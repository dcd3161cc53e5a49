"""The organisation that a page's JSON-LD describes (https://schema.org/Organization) as raw values by attribute.

Of several, the site's own: the one whose `url` is on the site's domain, else one without a URL; never one whose URL is
on another domain, as a page that copies or quotes somebody has. Microdata and RDFa are not read: they need the page's
tree (see `page_source`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from integrations import facts
from signups.domains import registrable

Node = Mapping[str, Any]

MOST_NODES = 2_000
_MOST_ITEMS = 100  # of one list

# Types of schema.org that are organisations, in lower case → Clearbit's type of company, "" where they do not tell.
_TYPES = {
    **dict.fromkeys(
        "organization corporation localbusiness onlinebusiness onlinestore newsmediaorganization airline "
        "professionalservice financialservice bankorcreditunion insuranceagency accountingservice legalservice "
        "attorney store restaurant foodestablishment cafeorcoffeeshop bakery hotel lodgingbusiness travelagency "
        "realestateagent medicalbusiness medicalorganization medicalclinic hospital physician dentist pharmacy "
        "automotivebusiness "
        "homeandconstructionbusiness generalcontractor electrician plumber healthandbeautybusiness beautysalon "
        "sportsactivitylocation exercisegym employmentagency entertainmentbusiness library performinggroup "
        "sportsorganization consortium cooperative researchorganization workersunion "
        "computerstore clothingstore electronicsstore furniturestore florist grocerystore jewelrystore bookstore "
        "selfstorage shoppingcenter animalshelter childcare drycleaningorlaundry internetcafe recyclingcenter "
        "radiostation televisionstation touristinformationcenter".split(),
        "",
    ),
    **dict.fromkeys(
        "educationalorganization collegeoruniversity school highschool middleschool elementaryschool preschool".split(),
        "education",
    ),
    **dict.fromkeys("governmentorganization governmentoffice cityhall".split(), "government"),
    **dict.fromkeys("ngo politicalparty".split(), "nonprofit"),
}
# Where the site's own organisation stands within what else a page describes.
_WITHIN = ("@graph", "publisher", "mainEntity", "about", "isPartOf", "copyrightHolder", "sourceOrganization")
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|"
                       r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>|;)\s*$")  # fmt: skip
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")


def describe(texts: list[str], sites: Collection[str]) -> dict[str, Any]:
    """Raw values by attribute of `facts.COMPANY`, and `sameAs` (URLs); nothing where no organisation of the site is
    described. `texts`: the page's JSON-LD; `sites`: the registered domains that are the site's."""
    nodes, by_id = _nodes(texts)
    own = [(rank, node) for node in nodes if (rank := _rank(node, sites))]
    if not own:
        return {}
    own.sort(key=lambda pair: -pair[0])
    chosen = own[0][1]
    name = _text(chosen.get("name"))
    said: dict[str, Any] = {}
    for _, node in own[:5]:  # plugins of one page describe the same organisation twice
        if node is chosen or _text(node.get("name")) == name:
            said = {**{path: value for path, value in _values(node, by_id, sites).items() if value}, **said}
    return said


def is_on(url: Any, sites: Collection[str]) -> bool:
    """Whether the URL's host is one of these registered domains or lies below one."""
    host = facts.domain(url)
    return host is not None and registrable(host) in sites


def _nodes(texts: list[str]) -> tuple[list[Node], dict[str, Node]]:
    """The organisations in their order, and every node that has an @id and more than that."""
    waiting = [value for text in texts for value in _load(text)]
    organisations: list[Node] = []
    by_id: dict[str, Node] = {}
    for _ in range(MOST_NODES):
        if not waiting:
            break
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting[:0] = value[:_MOST_ITEMS]
        elif isinstance(value, Mapping):
            if _kinds(value) & _TYPES.keys():
                organisations.append(value)
            if isinstance(value.get("@id"), str) and len(value) > 1:
                by_id.setdefault(value["@id"], value)
            waiting.extend(value[name] for name in _WITHIN if isinstance(value.get(name), list | Mapping))
    return organisations, by_id


def _load(text: str) -> Iterator[Any]:
    """The JSON, also where it is wrapped as scripts once were, or has a comma too many; nothing for what is none."""
    bare = _WRAPPING.sub("", _WRAPPING.sub("", text.strip()))
    for attempt in (bare, _LAST_COMMA.sub("", bare)):
        try:
            yield json.loads(attempt, strict=False)
            return
        except (ValueError, RecursionError):
            continue


def _kinds(node: Node) -> set[str]:
    said = node.get("@type")
    kinds = said[:10] if isinstance(said, list) else [said]
    return {re.split(r"[/#:]", kind)[-1].strip().lower() for kind in kinds if isinstance(kind, str)}


def _rank(node: Node, sites: Collection[str]) -> int:
    """How surely this is the site's own: 0 for one that says it is elsewhere, or does not say its name."""
    if not _text(node.get("name")):
        return 0
    url = _text(node.get("url")) or _text(node.get("@id"))
    if facts.domain(url) and "." in str(url):
        return 3 if is_on(url, sites) else 0
    return 1


def _values(node: Node, by_id: Mapping[str, Node], sites: Collection[str]) -> dict[str, Any]:
    contacts = [one for one in _several(node.get("contactPoint")) if isinstance(one, Mapping)]
    phones = [_text(one.get("telephone")) for one in (node, *contacts)]
    emails = [(_text(one.get("email")) or "").removeprefix("mailto:") for one in (node, *contacts)]
    ticker = _text(node.get("tickerSymbol"))
    kinds = [_TYPES[kind] for kind in _kinds(node) if _TYPES.get(kind)]
    return {
        "name": _text(node.get("name")),
        "legalName": _text(node.get("legalName")),
        "description": _text(node.get("description")) or _text(node.get("slogan")),
        "foundedYear": _year(node.get("foundingDate")),
        "logo": _picture(node.get("logo"), by_id),
        "phone": phones[0],
        "site.phoneNumbers": [phone for phone in phones if phone],
        "site.emailAddresses": [email for email in emails if email],
        "tags": _tags(node),
        "category.naicsCode": _text(node.get("naics")),
        "ticker": re.split(r"[\s:]+", ticker)[-1] if ticker else None,
        "type": "public" if ticker else next(iter(kinds), None),
        "parent.domain": _elsewhere(_known(node.get("parentOrganization"), by_id), sites),
        "sameAs": [url for one in _several(node.get("sameAs")) if (url := _text(one))],
        **_employees(node.get("numberOfEmployees")),
        **_address(_known(node.get("address"), by_id)),
        **_coordinates(_known(node.get("geo"), by_id)),
    }


def _several(value: Any) -> list[Any]:
    return value[:_MOST_ITEMS] if isinstance(value, list) else [value]


def _known(value: Any, by_id: Mapping[str, Node]) -> Any:
    """The first of several; what a reference refers to."""
    first = next(iter(value), None) if isinstance(value, list) else value
    if isinstance(first, Mapping) and set(first) == {"@id"}:
        return by_id.get(first["@id"]) if isinstance(first["@id"], str) else None
    return first


def _text(value: Any) -> str | None:
    """A text, also as `{"@value": …}`, by its name, or the first of several; numbers as text."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("name", value.get("@id")))
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value.strip() or None if isinstance(value, str) else None


def _year(value: Any) -> str | None:
    found = re.match(r"\d{4}(?!\d)", _text(value) or "")
    return found[0] if found else None


def _picture(value: Any, by_id: Mapping[str, Node]) -> str | None:
    picture = _known(value, by_id)
    if isinstance(picture, Mapping):
        return _text(picture.get("url")) or _text(picture.get("contentUrl"))
    return picture if isinstance(picture, str) else None


def _tags(node: Node) -> list[str]:
    said = [_text(one) for name in ("keywords", "knowsAbout") for one in _several(node.get(name))]
    return [tag.strip() for text in said if text for tag in text.split(",") if tag.strip()][:20]


def _elsewhere(parent: Any, sites: Collection[str]) -> str | None:
    """The domain of the parent organisation, where it has another than the site."""
    host = facts.domain(parent.get("url")) if isinstance(parent, Mapping) else None
    return (registrable(host) or None) if host and not is_on(host, sites) else None


def _employees(value: Any) -> dict[str, Any]:
    """A number, or a range as text or by its ends."""
    if isinstance(value, Mapping):
        least, most = _text(value.get("minValue")), _text(value.get("maxValue"))
        if value.get("value") is None and least and most:
            return {"metrics.employeesRange": f"{least}-{most}"}
        value = value.get("value")
    said = _text(value) or ""
    if re.fullmatch(r"\d[\d,]*(\.0)?", said):
        return {"metrics.employees": said}
    return {"metrics.employeesRange": said} if re.fullmatch(r"\d[\d,]*\s*(\+|[-–]\s*\d[\d,]*)", said) else {}


def _address(value: Any) -> dict[str, Any]:
    """A PostalAddress, or an address in one line."""
    if not isinstance(value, Mapping):
        return {"location": _text(value)}
    street, city = _text(value.get("streetAddress")), _text(value.get("addressLocality"))
    region, country = _text(value.get("addressRegion")), _text(value.get("addressCountry"))
    is_code = bool(country and re.fullmatch(r"[A-Za-z]{2}", country))
    is_short = bool(region and re.fullmatch(r"[A-Z]{2,3}", region))
    return {
        "location": ", ".join(part for part in (city, region, country) if part),
        "geo.streetAddress": street,
        "geo.city": city,
        "geo.stateCode" if is_short else "geo.state": region,
        "geo.postalCode": _text(value.get("postalCode")),
        "geo.countryCode" if is_code else "geo.country": country.upper() if is_code and country else country,
    }


def _coordinates(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {}
    return {"geo.lat": _text(value.get("latitude")), "geo.lng": _text(value.get("longitude"))}
