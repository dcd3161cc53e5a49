"""The website provider, against the sandbox's sites through the guarded door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations import facts, guarded
from integrations.website import MOST_FETCHES, WebSite
from sandbox.cast import COMPANIES
from sandbox.sites.hosts import TRAPS
from signups.contracts import Answer, Deadline, Found, Subject
from signups.domains import name_servers
from tests.integrations.test_page import HOME, data, organization, read
from tests.sandbox_process import Sandbox


@pytest.fixture(autouse=True)
def nothing_remembered(sandbox: Sandbox) -> Iterator[None]:
    guarded.forget()
    name_servers.forget()
    yield
    guarded.forget()


COMPANY_FACTS = {  # what two full pages and a move say together
    "name": "Acme",
    "legalName": "Acme Hardware Corporation",
    "domain": "acme.test",
    "domainAliases": ["moved-away.test"],
    "url": "https://acme.test",
    "site.title": "Acme – anvils",
    "site.h1": "Anvils",
    "site.metaDescription": "Anvils.",
    "site.phoneNumbers": ["+1 312 555 0173"],
    "site.emailAddresses": ["hello@acme.test"],
    "category.naicsCode": "332510",
    "tags": ["B2B"],
    "description": "Anvils and springs.",
    "foundedYear": 1949,
    "location": "Chicago, IL, US",
    "geo.streetAddress": "1 Anvil Way",
    "geo.city": "Chicago",
    "geo.state": "Illinois",
    "geo.stateCode": "IL",
    "geo.postalCode": "60601",
    "geo.country": "Ireland",
    "geo.countryCode": "US",
    "geo.lat": 41.8781,
    "geo.lng": -87.6298,
    "logo": "https://acme.test/logo.png",
    "facebook.handle": "acme",
    "linkedin.handle": "company/acme",
    "twitter.handle": "acme",
    "crunchbase.handle": "organization/acme",
    "type": "public",
    "ticker": "ACM",
    "phone": "+1 312 555 0173",
    "metrics.employees": 2300,
    "metrics.employeesRange": "51-250",
    "tech": ["stripe"],
    "techCategories": ["payment"],
    "parent.domain": "holding.test",
}


def ask(domain: str, budget_ms: int = 6_000) -> Answer:
    return WebSite().find_company(domain, Deadline(budget_ms))


def fetched(sandbox: Sandbox) -> list[str]:
    """The pages that were asked for, robots.txt apart."""
    visits = sandbox.state("sites")["visits"]
    return [visit["host"] + visit["path"] for visit in visits if visit["path"] != "/robots.txt"]


def test_a_company_s_own_page_tells_of_it(sandbox: Sandbox) -> None:
    answer = ask("rocket.test")
    assert (answer.outcome, answer.note) == (Found.FOUND, "Language: en; Feed: http://rocket.test/feed/")
    assert answer.facts == {
        "name": "Rocket",
        "legalName": "Rocket Freight, Inc.",
        "domain": "rocket.test",
        "url": "http://rocket.test",
        "description": "Same-day freight for factories, booked through an API.",
        "site.title": "Rocket – Same-day freight for factories, booked through an API.",
        "site.h1": "Same-day freight for factories, booked through an API.",
        "site.metaDescription": "Same-day freight for factories, booked through an API.",
        "site.phoneNumbers": ["+1 510-555-0142"],
        "site.emailAddresses": ["hello@rocket.test"],
        "foundedYear": 2019,
        "metrics.employees": 120,
        "tags": ["B2B", "Logistics", "Marketplace"],
        "location": "Oakland, California, US",
        "geo.city": "Oakland",
        "geo.state": "California",
        "geo.countryCode": "US",
        "logo": f"{sandbox.url}/avatars/rocket.png",
        "phone": "+1 510-555-0142",
        "linkedin.handle": "company/rocket-freight",
        "twitter.handle": "rocketfreight",
        "crunchbase.handle": "organization/rocket-freight",
        "tech": ["segment", "stripe", "wordpress", "php", "nginx"],
        "techCategories": ["analytics", "payment", "content_management", "programming_language", "web_servers"],
    }


@pytest.mark.parametrize("domain", sorted(COMPANIES))
def test_every_company_of_the_cast_is_found_by_its_name(sandbox: Sandbox, domain: str) -> None:
    answer = ask(domain)
    assert answer.facts["name"] == COMPANIES[domain].name
    assert answer.facts["domain"] == domain


@pytest.mark.parametrize("domain", ["quietcorp.test", "tidepool.test", "crowd-7.test"])
def test_a_company_that_no_other_provider_need_know_is_found(sandbox: Sandbox, domain: str) -> None:
    assert ask(domain).facts["name"] in ("Quietcorp", "Tidepool", "Crowd 7")


def test_two_full_pages_and_a_move_say_all_that_there_is(sandbox: Sandbox) -> None:
    """A page tells employees as a number or as a range, and a country by its code or by its name."""
    corporation = {
        **organization(
            legalName="Acme Hardware Corporation",
            url=HOME,
            logo="/logo.png",
            description="Anvils and springs.",
            foundingDate="1949",
            numberOfEmployees=2300,
            telephone="+1 312 555 0173",
            email="hello@acme.test",
            keywords="B2B",
            naics="332510",
            tickerSymbol="NYSE: ACM",
            address={
                "@type": "PostalAddress",
                "streetAddress": "1 Anvil Way",
                "addressLocality": "Chicago",
                "addressRegion": "IL",
                "postalCode": "60601",
                "addressCountry": "US",
            },
            geo={"@type": "GeoCoordinates", "latitude": 41.8781, "longitude": -87.6298},
            parentOrganization={"@type": "Organization", "name": "Holding", "url": "https://holding.test"},
            sameAs=[
                "https://www.linkedin.com/company/acme",
                "https://x.com/acme",
                "https://www.facebook.com/acme",
                "https://www.crunchbase.com/organization/acme",
            ],
        ),
        "@type": "Corporation",
    }
    other = organization(
        numberOfEmployees={"minValue": 51, "maxValue": 250},
        address={"@type": "PostalAddress", "addressRegion": "Illinois", "addressCountry": "Ireland"},
    )
    head = '<title>Acme – anvils</title><meta name="description" content="Anvils."><h1>Anvils</h1>'
    tool = '<script src="https://js.stripe.com/v3/"></script>'
    said = {**read(data(other)).said, **read(head + tool + data(corporation)).said}
    moved = {"domainAliases": ask("moved-away.test").facts["domainAliases"]}
    assert {**facts.read("website", facts.COMPANY, said), **moved} == COMPANY_FACTS


def test_it_says_no_more_than_it_declares(sandbox: Sandbox) -> None:
    declared = WebSite().fields(Subject.COMPANY)
    assert declared <= facts.COMPANY.keys()
    for domain in ("dev.test", "bank.test", "evil.test", "moved-away.test", "acme.test"):
        assert ask(domain).facts.keys() <= declared


def test_one_page_is_fetched_and_no_more(sandbox: Sandbox) -> None:
    ask("dev.test")
    assert fetched(sandbox) == ["dev.test/"]
    assert {visit["agent"].partition("/")[0] for visit in sandbox.state("sites")["visits"]} == {"Onboarding"}


def test_a_redirect_to_www_is_followed(sandbox: Sandbox) -> None:
    assert ask("acme.test").facts["url"] == "http://www.acme.test"
    assert fetched(sandbox) == ["acme.test/", "www.acme.test/"]


@pytest.mark.parametrize("domain", ["moved-away.test", "refreshed.test"])
def test_a_company_that_has_moved_lives_at_the_other_domain(sandbox: Sandbox, domain: str) -> None:
    answer = ask(domain)
    assert (answer.facts["name"], answer.facts["domain"]) == ("Renamed", "renamed.test")
    assert answer.facts["domainAliases"] == [domain]
    assert (answer.confidence, answer.note) == (0.4, "Moved to renamed.test. Language: en")


@pytest.mark.parametrize(
    ("domain", "note"),
    [
        ("parked.test", "The home page is parked."),
        ("untouched.test", "The home page is a server's default page."),
        ("soon.test", "The home page is not built yet."),
        ("members.test", "The home page asks for a password."),
        ("sealed.test", "The home page answers 403."),
        ("notfound.test", "The home page answers 404."),
        ("papers.test", "The home page is no HTML but application/pdf."),
        ("blank.test", "The home page says nothing about a company."),
        ("copycat.test", "The page says that it belongs to bank.test."),
        ("builder.test", "The home page leads to facebook.com, where many have a page."),
        ("keepout.test", "The robots.txt of keepout.test asks us not to fetch /."),
        ("nowhere.test", "There is no web site at nowhere.test."),
        ("txtonly.test", "There is no web site at txtonly.test."),
        ("to-metadata.test", "169.254.169.254 is at no address of the public internet."),
        ("to-loopback.test", "127.0.0.1 is at no address of the public internet."),
        ("to-file.test", "file:///etc/passwd is no http or https URL."),
        ("to-port.test", "Only ports 80 and 443 are fetched from."),
        ("endless.test", "http://endless.test/ leads to more than 3 redirects."),
    ],
)
def test_what_is_no_company_s_page_gives_no_facts(sandbox: Sandbox, domain: str, note: str) -> None:
    assert ask(domain) == Answer(Found.NOT_FOUND, note=note)


def test_robots_txt_is_the_last_word(sandbox: Sandbox) -> None:
    ask("keepout.test")
    assert fetched(sandbox) == []


@pytest.mark.parametrize("domain", TRAPS)
def test_no_trap_costs_more_than_its_time(sandbox: Sandbox, domain: str) -> None:
    deadline = Deadline(1_500)
    answer = WebSite().find_company(domain, deadline)
    assert answer.outcome in (Found.FOUND, Found.NOT_FOUND, Found.ERROR)
    assert deadline.elapsed_ms() < 5_000
    assert all(not path.startswith("127.") for path in fetched(sandbox))


@pytest.mark.parametrize("domain", ["outage.test", "flood.test"])
def test_a_site_that_fails_for_now_is_no_answer_and_no_error_of_ours(sandbox: Sandbox, domain: str) -> None:
    answer = ask(domain)
    assert (answer.outcome, answer.facts) == (Found.ERROR, {})
    assert answer.note.startswith("The site failed: ")


def test_a_site_that_is_asked_too_often_says_nothing_of_itself(sandbox: Sandbox) -> None:
    sandbox.fault("sites", route="dev.test/", status=429, times=None)
    assert ask("dev.test") == Answer(Found.ERROR, note="dev.test has been asked too often.", may_change=True)


def test_of_a_bomb_the_beginning_is_read(sandbox: Sandbox) -> None:
    assert ask("bomb.test").facts == {
        "name": "Bomb",
        "domain": "bomb.test",
        "url": "http://bomb.test",
        "site.title": "Bomb",
    }


def test_a_name_that_turns_to_this_machine_is_not_followed_there(sandbox: Sandbox) -> None:
    assert ask("rebinding.test").facts["name"] == "Rebinding"
    name_servers.forget()
    assert ask("rebinding.test").note == "rebinding.test is at no address of the public internet."


def test_a_page_in_another_charset_is_read_as_it_is_meant(sandbox: Sandbox) -> None:
    assert ask("xn--bcher-kva.test").facts["name"] == "Bücher & Söhne"
    assert ask("mojibake.test").facts["site.h1"] == "文字化け商会"


def test_no_more_than_four_pages_are_asked_for(sandbox: Sandbox) -> None:
    sandbox.fault("sites", status=503, times=None)
    assert ask("acme.test").outcome is Found.ERROR
    assert len(sandbox.received("sites")) <= MOST_FETCHES


def test_without_time_nothing_is_fetched(sandbox: Sandbox) -> None:
    assert ask("dev.test", budget_ms=0).outcome is Found.ERROR
    assert fetched(sandbox) == []
