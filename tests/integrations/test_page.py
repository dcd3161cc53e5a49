"""What is read out of home pages of every habit, and of those that are none; and that no page costs time or memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from integrations import facts, page, page_profiles, page_source
from integrations.page_technology import MARKS, tools

HOME = "https://acme.test/"
SITE = {"domain": "acme.test", "url": "https://acme.test"}


def read(html: str | bytes, url: str = HOME, **headers: str) -> page.Reading:
    body = html.encode() if isinstance(html, str) else html
    return page.read(body, {name.replace("_", "-"): value for name, value in headers.items()}, url)


def found(html: str | bytes, url: str = HOME, **headers: str) -> dict[str, Any]:
    """The facts of a page, without those that every page of acme.test has."""
    known = facts.read("website", facts.COMPANY, read(html, url, **headers).said)
    return {path: value for path, value in known.items() if SITE.get(path) != value}


def _escaped(node: Any) -> str:
    return json.dumps(node).replace("<", "\\u003c")  # an end tag would end the script


def data(*nodes: Any) -> str:
    return "".join(f'<script type="application/ld+json">{_escaped(node)}</script>' for node in nodes)


def organization(**said: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "Organization", "name": "Acme", **said}


# -- Habits ------------------------------------------------------------------------------------------------------------


def test_rich_data_is_read_whole() -> None:
    said = organization(
        legalName="Acme Hardware Corporation",
        url=HOME,
        logo={"@type": "ImageObject", "url": "/logo.png"},
        description="Anvils and springs.",
        foundingDate="1949-05-01",
        numberOfEmployees={"@type": "QuantitativeValue", "value": 2300},
        telephone="+1 312 555 0173",
        email="mailto:hello@acme.test",
        contactPoint=[{"@type": "ContactPoint", "telephone": "+1 312 555 0174", "email": "sales@acme.test"}],
        keywords="B2B, Manufacturing",
        address={
            "@type": "PostalAddress",
            "streetAddress": "1 Anvil Way",
            "addressLocality": "Chicago",
            "addressRegion": "IL",
            "postalCode": 60601,
            "addressCountry": {"@type": "Country", "name": "us"},
        },
        geo={"@type": "GeoCoordinates", "latitude": "41.8781", "longitude": -87.6298},
        parentOrganization={"@type": "Organization", "name": "Holding", "url": "https://www.holding.test/about"},
        sameAs=[
            "https://www.linkedin.com/company/acme-hardware/",
            "https://x.com/acmehardware",
            "https://wiki.test/Acme",
        ],
    )
    assert found(data(said)) == {
        "name": "Acme",
        "legalName": "Acme Hardware Corporation",
        "logo": "https://acme.test/logo.png",
        "description": "Anvils and springs.",
        "foundedYear": 1949,
        "metrics.employees": 2300,
        "phone": "+1 312 555 0173",
        "site.phoneNumbers": ["+1 312 555 0173", "+1 312 555 0174"],
        "site.emailAddresses": ["hello@acme.test", "sales@acme.test"],
        "tags": ["B2B", "Manufacturing"],
        "location": "Chicago, IL, us",
        "geo.streetAddress": "1 Anvil Way",
        "geo.city": "Chicago",
        "geo.stateCode": "IL",
        "geo.postalCode": "60601",
        "geo.countryCode": "US",
        "geo.lat": 41.8781,
        "geo.lng": -87.6298,
        "parent.domain": "holding.test",
        "linkedin.handle": "company/acme-hardware",
        "twitter.handle": "acmehardware",
    }


def test_a_graph_whose_nodes_refer_to_each_other_is_put_together() -> None:
    graph = [
        {"@type": "WebSite", "@id": "#site", "url": HOME, "publisher": {"@id": "#us"}},
        {"@type": ["Organization", "Brand"], "@id": "#us", "name": "Acme", "url": HOME, "logo": {"@id": "#logo"}},
        {"@type": "ImageObject", "@id": "#logo", "contentUrl": "https://cdn.test/acme.png"},
    ]
    assert found(data({"@graph": graph})) == {"name": "Acme", "logo": "https://cdn.test/acme.png"}


def test_an_organisation_within_the_site_s_own_node_is_found() -> None:
    site = {"@type": "WebSite", "publisher": {"@type": "http://schema.org/NGO", "name": "Acme", "url": HOME}}
    assert found(data([site])) == {"name": "Acme", "type": "nonprofit"}


def test_open_graph_and_links_say_who_it_is() -> None:
    html = """<html lang="en-GB"><title>Anvils – Acme</title><meta property="og:site_name" content="Acme &amp; Sons">
      <meta property="og:description" content="Anvils."><meta property="og:image" content="/share.png">
      <meta name="twitter:site" content="@acmesons"><h1>Anvils <b>for all</b></h1>
      <a href="mailto:Hello@acme.test?subject=Hi">Write</a> <a href="mailto:jo@elsewhere.test">Jo</a>
      <a href="tel:+1-312-555-0173">Call</a> <a href='https://www.facebook.com/acme.sons/?ref=x'>f</a>
      <a href=https://github.com/acme>code</a> <a href="https://www.crunchbase.com/organization/acme">cb</a>"""
    assert found(html) == {
        "name": "Acme & Sons",
        "description": "Anvils.",
        "logo": "https://acme.test/share.png",
        "site.title": "Anvils – Acme",
        "site.h1": "Anvils for all",
        "site.emailAddresses": ["Hello@acme.test"],
        "site.phoneNumbers": ["+1-312-555-0173"],
        "phone": "+1-312-555-0173",
        "twitter.handle": "acmesons",
        "facebook.handle": "acme.sons",
        "crunchbase.handle": "organization/acme",
    }
    assert (read(html).language, read(html).github) == ("en-GB", "acme")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Acme", "Acme"),
        ("ACME | Anvils and springs", "ACME"),
        ("Anvils and springs - Acme, Inc.", "Acme, Inc"),
        ("Welcome to Acme!", "Acme"),
        ("Anvils and springs", None),
        ("Home", None),
        ("Acmeist Poets | Verse", None),
    ],
)
def test_of_a_title_only_the_part_that_is_like_the_domain_is_a_name(title: str, name: str | None) -> None:
    assert found(f"<title>{title}</title>") == {"site.title": title} | ({"name": name} if name else {})


@pytest.mark.parametrize(
    ("domain", "title"),
    [
        ("xn--bcher-kva.test", "Bücher"),
        ("buecher.test", "Bücher GmbH"),
        ("rocket-freight.test", "Rocket Freight"),
        ("smithandsons.test", "Smith & Sons"),
        ("quarry.co.uk", "The Quarry"),
    ],
)
def test_a_name_is_like_a_domain_that_cannot_spell_it(domain: str, title: str) -> None:
    assert page.is_like(title, page.label(domain))


def test_a_name_that_templates_leave_is_no_name() -> None:
    assert found('<meta property="og:site_name" content="My WordPress"><title>Home</title>') == {"site.title": "Home"}


def test_a_page_whose_markup_is_broken_is_read_all_the_same() -> None:
    html = """<META name=Description content='Wells & pumps'><b><i>x</b></i><a href=mailto:hello@acme.test>
      <!-- a comment <title>No</title> --><TITLE
      >Acme</TITLE   ><script type=application/ld+json>{"@type": "Organization", "name": "Acme",}</script><p class="x"""
    assert found(html) == {
        "name": "Acme",
        "description": "Wells & pumps",
        "site.title": "Acme",
        "site.metaDescription": "Wells & pumps",
        "site.emailAddresses": ["hello@acme.test"],
    }


def test_what_stands_in_scripts_comments_and_templates_is_no_page() -> None:
    hidden = '<title>No</title><meta name="description" content="No">'
    html = (
        f"<script>var x = '{hidden}'</script><!--{hidden}--><noscript>{hidden}</noscript><template>{hidden}</template>"
    )
    assert found(html) == {}


def test_data_wrapped_as_scripts_once_were_is_read() -> None:
    html = f'<script type="application/ld+json">\n//<![CDATA[\n{json.dumps(organization())};\n//]]>\n</script>'
    assert found(html) == {"name": "Acme"}


@pytest.mark.parametrize(
    "text", ["", "{", "null", "7", '"Acme"', "[[[]]]", '{"@type": 7, "name": []}', '{"@graph": 1}']
)
def test_data_of_another_shape_says_nothing(text: str) -> None:
    assert found(f'<script type="application/ld+json">{text}</script>') == {}


def test_odd_values_are_left_out_one_by_one() -> None:
    said = organization(logo=7, foundingDate="soon", numberOfEmployees={"value": "many"}, sameAs={"a": 1}, address=[[]])
    assert found(data(said)) == {"name": "Acme"}


@pytest.mark.parametrize(
    ("said", "path", "value"),
    [
        ("11-50", "metrics.employeesRange", "11-50"),
        ({"minValue": 11, "maxValue": 50}, "metrics.employeesRange", "11-50"),
        ("2,300", "metrics.employees", 2300),
    ],
)
def test_employees_are_a_number_or_a_range(said: Any, path: str, value: Any) -> None:
    assert found(data(organization(numberOfEmployees=said))) == {"name": "Acme", path: value}


def test_a_company_with_a_ticker_is_public() -> None:
    said = {**organization(tickerSymbol="NYSE: ACM"), "@type": "Corporation"}
    assert found(data(said)) == {"name": "Acme", "ticker": "ACM", "type": "public"}


def test_markup_in_every_field_stays_text() -> None:
    evil = '<script>alert(1)</script> "&'
    known = found(data(organization(name=evil, description=evil, logo="javascript:alert(1)")))
    assert known == {"name": evil, "description": evil}


# -- Whose page it is --------------------------------------------------------------------------------------------------


def test_data_about_somebody_elsewhere_is_not_believed() -> None:
    bank = organization(name="First Harbour Bank", url="https://bank.test/")
    assert found(data(bank, organization(name="Acme Offers"))) == {"name": "Acme Offers"}
    assert found(data(bank)) == {}


def test_the_site_s_own_data_comes_before_that_which_does_not_say_whose_it_is() -> None:
    assert found(data(organization(name="A customer"), organization(url="http://www.acme.test")))["name"] == "Acme"


def test_the_domain_that_was_asked_for_may_still_be_in_the_data() -> None:
    html = data(organization(name="Acme", url="https://old.test/")).encode()
    assert page.read(html, {}, HOME, "old.test").said["name"] == "Acme"


def test_a_page_that_says_it_belongs_elsewhere_is_a_copy() -> None:
    assert read('<link rel="canonical" href="https://www.bank.test/home">').copies == "bank.test"
    assert read('<link rel="canonical" href="http://www.acme.test/en">').copies == ""


def test_of_many_profiles_the_one_with_the_company_s_name_is_its_own() -> None:
    links = "".join(f'<a href="https://twitter.com/{name}">x</a>' for name in ("somebody", "Acme", "else"))
    assert found(links) == {"twitter.handle": "Acme"}
    assert found(links.replace("Acme", "other")) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://twitter.com/intent/tweet?text=x",
        "https://twitter.com/acme/status/1",
        "https://www.facebook.com/sharer/sharer.php?u=x",
        "https://www.linkedin.com/shareArticle?url=x",
        "https://www.linkedin.com/in/ada",
        "https://github.com/acme/anvil",
        "https://nottwitter.com/acme",
        "https://twitter.com.evil.test/acme",
        "https://[x.com/acme",
    ],
)
def test_a_link_that_is_no_organisation_s_profile_is_none(url: str) -> None:
    assert page_profiles.profile(url) is None


def test_a_site_builder_s_profile_is_not_the_company_s() -> None:
    assert found('<meta name="twitter:site" content="@wix"><a href="https://www.facebook.com/wix">f</a>') == {}


# -- No home page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "other"),
    [
        ("<title>Welcome to nginx!</title>", "is a server's default page"),
        ("<title>Apache2 Ubuntu Default Page: It works</title>", "is a server's default page"),
        ("<title>404 Not Found</title>", "is an error page"),
        ("<title>Just a moment...</title>", "is an error page"),
        ("<title>acme.test is for sale</title>", "is parked"),
        ('<title>acme.test</title><script src="//www.sedoparking.com/x.js"></script>', "is parked"),
        ("<title>acme.test</title><p>Buy this domain!", "is parked"),
        ("<title>Coming soon</title>", "is not built yet"),
        ("<title>Acme</title><p>Diese Webseite befindet sich noch im Aufbau.", "is not built yet"),
        ("<title>Acme</title><form>Log in <input type=password></form>", "asks for a password"),
        ("<title>Domains for sale | Acme</title><p>We help you choose.", ""),
        ("<title>Studio 404 | Design</title>", ""),
        ("<title>500 Ventures</title>", ""),
        (f"<title>Acme</title><p>{'We build things. ' * 120} Buy this domain! <input type=password>", ""),
    ],
)
def test_what_is_nobody_s_home_page_says_so(html: str, other: str) -> None:
    assert read(html).other == other


def test_a_page_may_send_visitors_on() -> None:
    assert read("<meta http-equiv=Refresh content=\"0;URL='/en/'\">").refresh == "https://acme.test/en/"
    assert read('<meta http-equiv="refresh" content="300">').refresh == ""


def test_feeds_are_told() -> None:
    html = '<base href="/blog/"><link rel="alternate" type="application/rss+xml" href="feed.xml"><link rel=alternate>'
    assert read(html).feeds == ("https://acme.test/blog/feed.xml",)


# -- Charsets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>Bücher</title>".encode(), "text/html"),
        ("<title>Bücher</title>".encode(), "text/html; charset=nonsense"),
        (b"\xef\xbb\xbf" + "<title>Bücher</title>".encode(), "text/html; charset=iso-8859-1"),
        ("<title>Bücher</title>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("<title>Bücher</title>".encode("cp1252"), "text/html"),
        ("<meta charset='windows-1252'><title>Bücher</title>".encode("cp1252"), "text/html"),
        ("<title>Bücher</title>".encode("utf-16"), "text/html"),
        ("<title>Bücher</title>".encode("utf-16-be"), "text/html"),
        ("<title>Bücher</title>".encode("utf-16-le"), "text/html; charset=utf-16le"),
        ("<meta charset=utf-16><title>Bücher</title>".encode(), "text/html"),
    ],
)
def test_a_page_is_read_in_the_charset_it_is_in(body: bytes, content_type: str) -> None:
    assert page_source.read(body, content_type).title == "Bücher"


def test_a_charset_that_is_no_charset_of_pages_is_passed_over() -> None:
    assert page_source.decode(b"<meta charset='unicode_escape'>\\x41") == "<meta charset='unicode_escape'>\\x41"


def test_a_page_that_is_cut_in_the_middle_of_a_character_keeps_its_charset() -> None:
    assert page_source.decode("<title>Bücher – ü".encode()[:-1]) == "<title>Bücher – "


# -- Tools -------------------------------------------------------------------------------------------------------------


def test_tools_are_told_by_their_marks() -> None:
    html = """<meta name=generator content="WordPress 6.8"><script src="//js.hs-scripts.com/1.js"></script>
      <script>s.src = "https://cdn.segment.com/analytics.js/v1/x"</script>"""
    assert found(html, server="nginx/1.24.0", x_powered_by="PHP/8.3") == {
        "tech": ["segment", "hubspot", "wordpress", "php", "nginx"],
        "techCategories": [
            "analytics",
            "marketing_automation",
            "content_management",
            "programming_language",
            "web_servers",
        ],
    }


def test_every_mark_can_be_met_and_says_where_it_is_documented() -> None:
    for mark in MARKS:
        code = page_source.Source(inline=mark.what if mark.where == "code" else "", metas={"generator": mark.what})
        assert mark.tech in tools(code, {mark.where: mark.what})
        assert "." in mark.source


# -- Whoever tries -----------------------------------------------------------------------------------------------------


def as_data(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


HOSTILE = {
    "100,000 elements within each other": "<div>" * 100_000 + "</p>" * 100_000,
    "formatting that is never closed": "".join(f"<b a{n}><p>" for n in range(90_000)),
    "half a million attributes": f"<meta {'a ' * 490_000}>",
    "140,000 different attributes": f"<meta {' '.join(f'a{n}' for n in range(140_000))}>",
    "many elements of many attributes": f"<meta {' '.join(f'a{n}' for n in range(300))}>" * 700,
    "50,000 scripts": "<script></script>" * 50_000,
    "100,000 profiles": "".join(f"<a href=//x.com/a{n}>" for n in range(40_000)),
    "a million lists": as_data("[" + "[]," * 330_000 + "0]"),
    "lists within the limit": as_data("[" + "[]," * 40_000 + "0]"),
    "data 10,000 deep": as_data('{"a":' * 10_000 + "1" + "}" * 10_000),
    "graphs within graphs": as_data('{"@graph":[' * 900 + "0" + "]}" * 900),
    "titles that never end": "<title>" * 140_000,
    "comments that never end": "<!--" * 240_000,
    "a quote that never ends": "<meta content='" + "<meta " * 160_000,
    "angle brackets": "<" * 1_000_000,
    "equals signs": "<meta " + "=" * 990_000,
    "entities": "&amp;" * 200_000,
    "nothing but zeros": "\0" * 1_000_000,
}


@pytest.mark.parametrize("html", [pytest.param(html, id=name) for name, html in HOSTILE.items()])
def test_no_page_costs_memory_or_hides_what_stands_before(html: str) -> None:
    body = f"<title>Acme</title>{html}".encode()[:1_000_000]
    tracemalloc.start()
    try:
        known = found(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert known["name"] == "Acme"
    assert peak < 12_000_000
