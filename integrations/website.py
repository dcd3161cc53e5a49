"""Web site: what a company's home page says of the company. Asks nobody but the company itself, and needs no key.

One page is fetched, through the guarded door and as robots.txt allows; what it says is `page`'s to read. There is
nothing to sign up for and no API: see https://schema.org/Organization and https://ogp.me for what pages say. A page
that cannot be read as a company's own (a parked domain, an error, a closed door) gives no facts.

Missing on purpose: other pages of the site, and what a page only shows once its scripts have run.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from integrations import facts, guarded, page
from integrations.page_kinds import DOMAIN_SELLERS, SHARED
from signups.contracts import Answer, Deadline, Facts, Found, Later, Provider
from signups.domains import public_suffix, registrable

MOST_FETCHES = 4
MOVED_CONFIDENCE = 0.4  # anybody may point a domain at somebody else's home page
_MARKUP = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "")
# What every site has says nothing of its company.
_NO_PROFILE = frozenset({"domain", "url", "tech", "techCategories", "site.h1", "logo"})


class WebSite(Provider):
    slug = "website"
    name = "Web site"
    company_fields = frozenset(
        "name legalName domain domainAliases url site.title site.h1 site.metaDescription site.phoneNumbers "
        "site.emailAddresses category.naicsCode tags description foundedYear location geo.streetAddress geo.city "
        "geo.state geo.stateCode geo.postalCode geo.country geo.countryCode geo.lat geo.lng logo facebook.handle "
        "linkedin.handle twitter.handle crunchbase.handle type ticker phone metrics.employees metrics.employeesRange "
        "tech techCategories parent.domain".split()
    )
    privacy = "Fetches the home page of the company's domain: its web server sees this server's address and the time."
    confidence = 0.6
    is_slow = True
    holds_for: ClassVar[Mapping[Found, timedelta]] = {Found.NOT_FOUND: timedelta(days=7)}

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        """Never raises a ServiceError: a site that fails is no reason to ask no other."""
        return _Visit(domain, deadline).answer()


class _Visit:
    """The fetches of one look-up: the site's usual addresses in turn, until one has a page."""

    def __init__(self, domain: str, deadline: Deadline) -> None:
        self.domain = domain
        self.deadline = deadline
        self.fetches_left = MOST_FETCHES
        self.said_no: list[str] = []  # for good, as sentences
        self.is_missing = False
        self.failed: list[str] = []  # for now

    def answer(self) -> Answer:
        for url in _addresses(self.domain):
            found = self._fetch(url)
            if found is not None:
                return self._judge(found)
            if self.fetches_left <= 0 or self.deadline.remaining_s() <= 0:
                break
        if self.said_no:
            return Answer(Found.NOT_FOUND, note=self.said_no[0])
        if self.failed:
            return Answer(Found.ERROR, note=self.failed[-1], may_change=True)
        return Answer(Found.NOT_FOUND, note=f"There is no web site at {self.domain}.")

    def _fetch(self, url: str) -> guarded.Page | None:
        """The page, None where there is none. A site whose robots.txt does not want us is asked for no more."""
        if self.fetches_left <= 0:
            return None
        self.fetches_left -= 1
        try:
            found = guarded.fetch(url, self.deadline)
        except guarded.Refused as refusal:
            if refusal.code == "robots":
                self.fetches_left = 0
            if refusal.code != "name":
                self.said_no.append(refusal.reason)
            return None
        except Later as failure:
            self._keep(failure)
            return None
        if found.status == 429:
            self.failed.append(f"{_host(found.url)} has been asked too often.")
        elif not 200 <= found.status < 300:
            self.said_no.append(f"The home page answers {found.status}.")
        else:
            return found
        return None

    def _keep(self, failure: Later) -> None:
        """Nobody there is how it will stay, as is a certificate of somebody else; all other failures may pass."""
        if isinstance(failure.__cause__, ConnectionRefusedError):
            return
        if isinstance(failure.__cause__, ssl.SSLCertVerificationError):
            self.said_no.append(f"The certificate of {self.domain} is not valid.")
        else:
            self.failed.append(f"The site failed: {failure.reason}.")

    def _judge(self, found: guarded.Page) -> Answer:
        reading = self._read(found)
        if reading.refresh not in ("", found.url) and not {"name", "description"} & reading.said.keys():
            onward = self._fetch(reading.refresh)  # a redirect by other means
            if onward is None:
                return Answer(Found.NOT_FOUND, note=f"The home page sends visitors on to {_host(reading.refresh)}.")
            found, reading = onward, self._read(onward)
        if why_not := _unfit(found, reading):
            return Answer(Found.NOT_FOUND, note=why_not)
        return self._tell(_host(found.url), reading)

    def _read(self, found: guarded.Page) -> page.Reading:
        return page.read(found.body, found.headers, found.url, registrable(self.domain))

    def _tell(self, host: str, reading: page.Reading) -> Answer:
        known = company_facts(reading.said)
        target, asked = registrable(host) or host, registrable(self.domain) or self.domain
        if target != asked and "name" not in known:
            return Answer(Found.NOT_FOUND, note=f"The home page leads to {target}, which does not say whose it is.")
        if target != asked and public_suffix(target)[1]:  # at a host that many use, which has not become its domain
            return Answer(Found.FOUND, {**known, "domain": asked}, f"At {target}. {_remark(reading)}", MOVED_CONFIDENCE)
        if target != asked:
            known["domainAliases"] = [asked]
            return Answer(Found.FOUND, known, f"Moved to {target}. {_remark(reading)}".strip(), MOVED_CONFIDENCE)
        if not known.keys() - _NO_PROFILE:
            return Answer(Found.NOT_FOUND, note="The home page says nothing about a company.")
        return Answer(Found.FOUND, known, _remark(reading))


def company_facts(said: Mapping[str, object]) -> Facts:
    """A page's raw values as facts."""
    return facts.read("website", facts.COMPANY, said)


def _addresses(domain: str) -> Iterator[str]:
    """Where the home page may be, the likeliest first; "www." only before what somebody registered."""
    hosts = [domain] if registrable(domain) not in ("", domain) else [domain, f"www.{domain}"]
    for scheme in ("https", "http"):
        for host in hosts:
            yield f"{scheme}://{host}/"


def _unfit(found: guarded.Page, reading: page.Reading) -> str:
    """Why the page tells nothing of the company, as a sentence; "" where it may."""
    kind = found.headers.get("content-type", "").partition(";")[0].strip().lower()
    target = registrable(_host(found.url))
    if kind not in _MARKUP:
        return f"The home page is no HTML but {kind[:80]}."
    if target in DOMAIN_SELLERS and len(found.hops) > 1:
        return "The home page is parked."
    if target in SHARED:
        return f"The home page leads to {target}, where many have a page."
    if reading.other:
        return f"The home page {reading.other}."
    if reading.copies:
        return f"The page says that it belongs to {reading.copies}."
    return ""


def _remark(reading: page.Reading) -> str:
    """What is known besides, and has no attribute."""
    parts = [
        f"Language: {reading.language}" if reading.language else "",
        f"GitHub: {reading.github}" if reading.github else "",
        f"Feed: {reading.feeds[0]}" if reading.feeds else "",
    ]
    return facts.text("; ".join(part for part in parts if part), 300) or ""


def _host(url: str) -> str:
    return facts.domain(url) or ""
