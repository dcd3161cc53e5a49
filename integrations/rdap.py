"""RDAP: since when a domain is registered, and through whom, as its registry says. https://www.rfc-editor.org/rfc/rfc9083

Which registry to ask stands in `rdap_servers.txt`, which `rdap_servers.py` keeps up to date. No key is needed; most
registries limit the questions of an hour, and many country codes answer none. Off by default: the registry learns which
domain somebody signed up with.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings
from django.utils.dateparse import parse_datetime

from integrations import facts, guarded, rdap_servers
from integrations.guarded import urls
from integrations.http import Door, Reply, retry_after_s
from signups.contracts import Deadline, Examiner, Finding, Later, Never

YOUNG = timedelta(days=30)
HOLDS_FOR = timedelta(days=7)
UNKNOWN_HOLDS_FOR = timedelta(days=1)
MOST_REDIRECTS = 2  # RFC 7480 section 5.2 has clients follow them; a registry that moved needs one
_REDIRECTS = (301, 302, 303, 307, 308)
_ACCEPT = "application/rdap+json, application/json"
_REST_S = (60.0, 3600.0)  # how long a registry is left alone after 429, at least and at most

_resting_until: dict[str, float] = {}  # host → monotonic clock
os.register_at_fork(after_in_child=_resting_until.clear)


class DomainAge(Examiner):
    slug = "domain_age"
    name = "Domain age (RDAP)"

    def missing_settings(self) -> list[str]:
        return [] if settings.RDAP["is_on"] else ["VETTING_DOMAIN_AGE"]

    def examine(self, domain: str, deadline: Deadline) -> Finding:
        url = server(domain)
        if not url:
            sentence = f"The registry of .{domain.rpartition('.')[2]} answers no questions about {domain}."
            return Finding("unknown", "no_rdap", sentence, holds_for=UNKNOWN_HOLDS_FOR)
        reply = self._ask(urljoin(url, f"domain/{quote(domain, safe='')}"), deadline)
        host = urlsplit(url).hostname
        if reply.status == 404:
            sentence = f"The registry knows nothing of {domain}."
            return Finding("unknown", "rdap_not_found", sentence, {"server": host}, UNKNOWN_HOLDS_FOR)
        return read(domain, reply.json, datetime.now(UTC), server=host or "")

    def _ask(self, url: str, deadline: Deadline) -> Reply:
        """The registry's last word: 200 or 404. Raises a ServiceError."""
        chosen = urlsplit(url).netloc
        for _ in range(1 + MOST_REDIRECTS):
            host = urlsplit(url).netloc
            if time.monotonic() < _resting_until.get(host, 0):
                raise Later(self.name, f"{host} asked to be left alone for a while")
            reply = self._call(url, deadline) if host == chosen else self._call_guarded(url, deadline)
            if reply.status == 429:
                shortest, longest = _REST_S
                wait_s = min(max(retry_after_s(reply.headers) or 0.0, shortest), longest)
                _resting_until[host] = time.monotonic() + wait_s
                raise Later(self.name, f"{host} has been asked too often", status=429, retry_after_s=wait_s)
            if reply.status not in _REDIRECTS:
                return reply
            url = _elsewhere(url, reply.headers.get("location", ""))
            if not url:
                raise Later(self.name, f"{host} points to a place that is not to be asked", status=reply.status)
        raise Later(self.name, f"more than {MOST_REDIRECTS} redirects")

    def _call(self, url: str, deadline: Deadline) -> Reply:
        """Ask the server that the list or the operator names."""
        parts = urlsplit(url)
        door = Door(self.name, f"{parts.scheme}://{parts.netloc}", url_setting="RDAP_SERVERS")
        accept = (404, 429, *_REDIRECTS)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return door.call("GET", path, headers={"Accept": _ACCEPT}, is_safe=True, deadline=deadline, accept=accept)

    def _call_guarded(self, url: str, deadline: Deadline) -> Reply:
        """Ask a server that another one names: only at a public address, whatever its name stands for."""
        page = guarded.visit(urls.read(url), deadline, guarded.Wish(_ACCEPT))
        if page.status not in (200, 404, 429, *_REDIRECTS):
            failure = Later if page.status >= 500 else Never
            raise failure(self.name, f"{urlsplit(url).netloc} answered {page.status}", status=page.status)
        return Reply(self.name, page.status, page.headers, page.body.decode("utf-8", "replace"))


def server(domain: str) -> str:
    """The base URL, with a final slash, of the registry that is asked about a domain; "" where there is none.

    `RDAP_SERVERS` beats the shipped list; in it `*` stands for every top-level domain.
    """
    tld = domain.rpartition(".")[2]
    own = settings.RDAP["servers"]
    url = own.get(tld) or own.get("*") or _servers().get(tld, "")
    return f"{url.rstrip('/')}/" if url else ""


def read(domain: str, body: Any, now: datetime, server: str = "") -> Finding:
    """A registry's domain object (RFC 9083 section 5.3) as a finding."""
    about = facts.dig(body, "ldhName")
    if not isinstance(body, Mapping) or (about and str(about).rstrip(".").lower() != domain):
        return Finding("unknown", "rdap_error", f"The registry did not answer about {domain}.", {"server": server})
    dates = [date for date in _registrations(body) if date <= now + timedelta(days=1)]  # clocks differ
    if not dates:
        sentence = f"The registry does not say since when {domain} is registered."
        return Finding("unknown", "no_date", sentence, {"server": server}, UNKNOWN_HOLDS_FOR)
    registered = max(dates)
    age = max(timedelta(0), now - registered)
    evidence = {
        "registered": registered.date().isoformat(),
        "age_days": age.days,
        "registrar": _registrar(body),
        "server": server,
    }
    if age < YOUNG:  # believed no longer than it is true
        sentence = f"{domain} was registered only {age.days} days ago." if age.days else f"{domain} is brand-new."
        return Finding("risky", "young_domain", sentence, evidence, min(HOLDS_FOR, YOUNG - age))
    sentence = f"{domain} is registered since {registered.date().isoformat()}."
    return Finding("good", "established", sentence, evidence, HOLDS_FOR)


def _registrations(body: Mapping[str, Any]) -> Iterator[datetime]:
    """When the domain was registered, also anew after it had lapsed."""
    events = body.get("events")
    for event in events[:50] if isinstance(events, list) else []:
        if facts.dig(event, "eventAction") not in ("registration", "reregistration"):
            continue
        try:
            date = parse_datetime(str(facts.dig(event, "eventDate")))
        except ValueError:
            continue
        if date is not None:
            yield date if date.tzinfo else date.replace(tzinfo=UTC)


def _registrar(body: Mapping[str, Any]) -> str:
    """The registrar's name in its jCard (RFC 7095), "" where none is given."""
    entities = body.get("entities")
    for entity in entities[:50] if isinstance(entities, list) else []:
        roles, card = facts.dig(entity, "roles"), facts.dig(entity, "vcardArray")
        if not isinstance(roles, list) or "registrar" not in roles or not isinstance(card, list) or len(card) != 2:
            continue
        for line in card[1] if isinstance(card[1], list) else []:
            if isinstance(line, list) and len(line) == 4 and line[0] == "fn" and isinstance(line[3], str):
                return line[3][:200]
    return ""


def _elsewhere(url: str, location: str) -> str:
    """Where a redirect leads, "" where it is not to be followed: to what no certificate vouches for, or off its port.

    Only the servers that an operator wrote into `RDAP_SERVERS` may be asked in plain HTTP, and only on their own host.
    """
    old, new = urlsplit(url), urlsplit(urljoin(url, location)) if location else urlsplit("")
    try:
        if (new.scheme, new.netloc) == (old.scheme, old.netloc):
            return new.geturl()
        is_public = new.scheme == "https" and new.port in (None, 443) and "@" not in new.netloc
    except ValueError:
        return ""
    return new.geturl() if is_public and _is_name(new.hostname or "") else ""


def _is_name(host: str) -> bool:
    """Whether it is a full domain name rather than an address or a name of this network."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".localhost", ".local", ".internal"))
    return False


@cache
def _servers() -> dict[str, str]:
    """Top-level domain → base URL, as shipped."""
    return rdap_servers.read(rdap_servers.FILE.read_text(encoding="utf-8"))
