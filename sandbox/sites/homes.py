"""A company's home page in one of several habits, out of what the cast knows of it. Pure functions of text.

What a page says is written as careful people write pages: escaped in HTML, and without an end tag in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Protocol


class Place(Protocol):
    @property
    def city(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def country_code(self) -> str: ...


class Company(Protocol):
    """What of the cast's companies is written on their pages."""

    @property
    def domain(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def industry(self) -> str: ...
    @property
    def place(self) -> Place: ...
    @property
    def founded(self) -> int: ...
    @property
    def employees(self) -> int | None: ...
    @property
    def type(self) -> str: ...
    @property
    def ticker(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def legal_name(self) -> str | None: ...
    @property
    def linkedin(self) -> str | None: ...
    @property
    def twitter(self) -> str | None: ...
    @property
    def crunchbase(self) -> str | None: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def tech(self) -> tuple[str, ...]: ...


Habit = Callable[[Company, str], str]
"""A company and the URL of its logo → its home page."""

_SNIPPETS = {
    "segment": '<script>analytics.load("sandbox");var s="https://cdn.segment.com/analytics.js/v1/sandbox";</script>',
    "stripe": '<script src="https://js.stripe.com/v3/" async></script>',
    "google_analytics": '<script async src="https://www.googletagmanager.com/gtag/js?id=G-SANDBOX01"></script>',
    "hubspot": '<script src="//js.hs-scripts.com/123456.js" async defer></script>',
    "intercom": '<script>(function(){var u="https://widget.intercom.io/widget/sandbox";})()</script>',
}
_TYPES = {"education": "CollegeOrUniversity", "nonprofit": "NGO", "public": "Corporation"}


def structured(company: Company, logo: str) -> str:
    """Everything as JSON-LD, as search engines advise."""
    return _page(
        company, _described(company), _json_ld({"@context": "https://schema.org", **organization(company, logo)})
    )


def graph(company: Company, logo: str) -> str:
    """JSON-LD as WordPress plugins write it: one graph whose nodes refer to each other by @id."""
    home = f"https://{company.domain}/"
    own = {**organization(company, logo), "@id": f"{home}#organization", "logo": {"@id": f"{home}#logo"}}
    site = {"@type": "WebSite", "@id": f"{home}#website", "url": home, "publisher": {"@id": f"{home}#organization"}}
    nodes = [
        {"@type": ["WebPage"], "@id": home, "isPartOf": {"@id": f"{home}#website"}, "name": "Home"},
        site,
        own,
        {"@type": "ImageObject", "@id": f"{home}#logo", "url": logo, "caption": company.name},
    ]
    head = (
        '<meta name="generator" content="WordPress 6.8">\n'
        f'<link rel="alternate" type="application/rss+xml" title="{escape(company.name)} &raquo; Feed" href="/feed/">\n'
        '<link rel="stylesheet" href="/wp-content/themes/house/style.css">'
    )
    data = _json_ld({"@context": "https://schema.org", "@graph": nodes})
    return _page(company, f"{_described(company)}\n{head}", data)


def open_graph(company: Company, logo: str) -> str:
    """What is shown where the page is shared, and links in the footer."""
    head = "\n".join(
        f'<meta property="og:{name}" content="{escape(value)}">'
        for name, value in (
            ("site_name", company.name),
            ("title", f"{company.name}: {company.description}"),
            ("description", company.description),
            ("type", "website"),
            ("url", f"https://{company.domain}/"),
            ("image", logo),
        )
    )
    return _page(company, head, _footer(company))


def title_only(company: Company, logo: str) -> str:
    """A page made by hand, with its name in the title."""
    name, what = escape(company.name), escape(company.description)
    body = f"<body><h1>{what}</h1><p>Since {company.founded}.</p></body>"
    return f"<html><head><title>{name} | {what}</title></head>{body}</html>"


def single_page(company: Company, logo: str) -> str:
    """An application of which a visitor without scripts sees nothing."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(company.name)}</title>'
        f'<meta name="application-name" content="{escape(company.name)}">'
        f'<meta name="description" content="{escape(company.description)}">'
        f'<link rel="icon" type="image/png" sizes="192x192" href="{escape(logo)}">'
        '<script src="/_next/static/chunks/main.js" defer></script></head>'
        '<body><div id="__next"></div><noscript>You need to enable JavaScript to run this app.</noscript></body></html>'
    )


def broken(company: Company, logo: str) -> str:
    """Markup as it should not be: nothing closed, quotes missing, tags in places where there are none."""
    name, what = escape(company.name), escape(company.description)
    return (
        f"<HTML LANG=en><TITLE>{name} - {what}</TITLE>"
        f"<META NAME=Description CONTENT='{what}'><META property=og:site_name content=\"{name}\""
        f"><body bgcolor=white><table><tr><td><b><i>{name}</b></i><p class=\"a\"class='b'>{what}<p>"
        f"<a href=mailto:hello@{company.domain}>Write to us<a href=https://www.linkedin.com/{company.linkedin}>LinkedIn"
        '<div><!-- a comment that ends late --><span></p></td><br></br>&copy; &nbsp <unknown attr="'
        f"<script type=application/ld+json>{{'@type': 'Organization', 'name': \"{name}\",}}</script>"
    )


def organization(company: Company, logo: str) -> dict[str, Any]:
    """The company as a node of schema.org."""
    profiles = [
        f"https://www.linkedin.com/{company.linkedin}" if company.linkedin else "",
        f"https://x.com/{company.twitter}" if company.twitter else "",
        f"https://www.crunchbase.com/{company.crunchbase}" if company.crunchbase else "",
    ]
    said = {
        "@type": _TYPES.get(company.type, "Organization"),
        "name": company.name,
        "legalName": company.legal_name,
        "url": f"https://{company.domain}/",
        "logo": logo,
        "description": company.description,
        "foundingDate": str(company.founded),
        "numberOfEmployees": company.employees and {"@type": "QuantitativeValue", "value": company.employees},
        "telephone": company.phone,
        "email": f"hello@{company.domain}",
        "tickerSymbol": company.ticker,
        "keywords": ", ".join(company.tags),
        "address": _address(company.place),
        "sameAs": [profile for profile in profiles if profile],
    }
    return {name: value for name, value in said.items() if value}


def _address(place: Place) -> dict[str, str]:
    return {
        "@type": "PostalAddress",
        "addressLocality": place.city,
        "addressRegion": place.state,
        "addressCountry": place.country_code,
    }


def _described(company: Company) -> str:
    return f'<meta name="description" content="{escape(company.description)}">'


def _json_ld(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def _footer(company: Company) -> str:
    links = [f'<a href="mailto:hello@{company.domain}">Contact</a>']
    if company.phone:
        links.append(f'<a href="tel:{company.phone.replace(" ", "-")}">{escape(company.phone)}</a>')
    if company.linkedin:
        links.append(f'<a href="https://www.linkedin.com/{company.linkedin}/">LinkedIn</a>')
    if company.twitter:
        links.append(f'<a href="https://twitter.com/{company.twitter}">Twitter</a>')
    links.append('<a href="https://twitter.com/intent/tweet?text=Look">Share</a>')
    return f"<footer>{' '.join(links)}</footer>"


def _page(company: Company, head: str, more: str) -> str:
    name, what = escape(company.name), escape(company.description)
    snippets = "\n".join(_SNIPPETS[tech] for tech in company.tech if tech in _SNIPPETS)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{name} – {what}</title>
{head}
{snippets}
</head>
<body>
<header><nav><a href="/">Home</a> <a href="/pricing">Pricing</a> <a href="/docs">Docs</a></nav></header>
<main><h1>{what}</h1><p>{name} is at home in {escape(company.place.city)}, {escape(company.place.country)}.</p></main>
{more}
</body>
</html>
"""
