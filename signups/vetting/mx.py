"""Whether mail can reach the domain: its MX records (RFC 5321 section 5.1), implicit MX, null MX (RFC 7505).

Only an answer that proves it makes a domain bad: no such name, no mail server, or none that the internet can reach. A
name server that fails, refuses or stays silent proves nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import dns.name
from django.conf import settings

from signups.contracts import Deadline
from signups.vetting import name_servers
from signups.vetting.name_servers import Unanswered
from signups.vetting.result import CheckResult

logger = logging.getLogger(__name__)

MAX_HOSTS = 8  # mail servers looked at, those with the lowest preference first; a mailer tries no more either
_MARGIN_S = 0.015  # what is left of the deadline for putting the answer together

_SENTENCES = {
    "dns_timeout": "The name servers of {domain} did not answer in time.",
    "dns_servfail": "The name servers of {domain} failed to answer.",
    "dns_refused": "The name servers refused to answer about {domain}.",
    "dns_error": "The name servers could not be asked about {domain}.",
}
# The pretend internet lives in the address blocks reserved for documentation (RFC 5737, RFC 3849) and on loopback.
_SANDBOX_NETWORKS = [
    ip_network(block)
    for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "127.0.0.0/8", "::1/128")
]


@dataclass(frozen=True)
class Mail:
    """How mail reaches a domain, as far as DNS said so in time: what the check says, and the names it rests on.

    `hosts` are the mail servers (those with the lowest preference first), `addresses` theirs, `name_servers` those of
    the registered domain; all in lower case, without a final dot, and empty where unknown.
    """

    check: CheckResult
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asking:
    """The question under way about one domain."""

    domain: str
    deadline: Deadline
    future: Future[CheckResult]

    def finish(self) -> Mail:
        """The answer; waits for it no longer than the deadline."""
        check = self._finish()
        hosts = tuple(record.partition(" ")[2] for record in check.evidence.get("mx", ()))
        return Mail(check, hosts, tuple(check.evidence.get("addresses", ())))

    def _finish(self) -> CheckResult:
        try:
            return self.future.result(timeout=self.deadline.remaining_s())
        except TimeoutError:
            self.future.cancel()
            return _unknown(self.domain, _late(), self.deadline.elapsed_ms())
        except Exception as error:
            logger.exception("The MX check of %s failed", self.domain)
            trouble = Unanswered("dns_error", f"An error of ours, see the log: {type(error).__name__}")
            return _unknown(self.domain, trouble, self.deadline.elapsed_ms())


def start(domain: str, deadline: Deadline) -> Asking:
    """Ask about `domain` (lower case, ASCII); returns at once."""
    return Asking(domain, deadline, name_servers.submit(_check(domain, deadline)))


async def _check(domain: str, deadline: Deadline) -> CheckResult:
    started = time.monotonic()
    search = _Search(domain, deadline)
    try:
        async with asyncio.timeout(max(0.0, deadline.remaining_s() - _MARGIN_S)):
            outcome, code, sentence = await search.run()
    except Unanswered as error:
        return _unknown(domain, error, _ms_since(started), search.evidence)
    except TimeoutError:
        return _unknown(domain, _late(), _ms_since(started), search.evidence)
    return CheckResult("mx", outcome, code, sentence, search.evidence, _ms_since(started))


@dataclass
class _Search:
    """Looks for a mail server, and notes down what it sees."""

    domain: str
    deadline: Deadline
    evidence: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> tuple[str, str, str]:
        """Outcome, code and sentence. Raises Unanswered."""
        records = await name_servers.ask(self.domain, "MX", self.deadline)
        if not records.is_name:
            return "bad", "no_such_domain", f"There is no domain {self.domain}."
        if not records.found:
            return await self._implicit()
        exchanges = sorted((record.preference, _text(record.exchange)) for record in records.found)
        self.evidence["mx"] = [f"{preference} {host or '.'}" for preference, host in exchanges[:MAX_HOSTS]]
        hosts = list(dict.fromkeys(host for _, host in exchanges if host))[:MAX_HOSTS]
        if not hosts:
            return "bad", "null_mx", f"{self.domain} says that it takes no mail."
        return await self._explicit(hosts)

    async def _implicit(self) -> tuple[str, str, str]:
        """No MX records: the domain's own address takes their place."""
        addresses, trouble = await self._addresses(self.domain)
        self.evidence |= {"mx": [], "addresses": addresses}
        if any(_is_reachable(address) for address in addresses):
            sentence = f"{self.domain} names no mail server, but has an address that may take mail."
            return "good", "implicit_mx", sentence
        if trouble is not None:
            raise trouble
        suffix = " that the internet can reach" if addresses else ""
        return "bad", "no_mail_server", f"{self.domain} has no mail server{suffix}."

    async def _explicit(self, hosts: Sequence[str]) -> tuple[str, str, str]:
        """Good as soon as one mail server can be reached; bad only when all are known not to be."""
        asking = [asyncio.ensure_future(self._addresses(host)) for host in hosts]
        seen: list[str] = []
        troubles: list[Unanswered] = []
        try:
            for asked in asyncio.as_completed(asking):
                addresses, trouble = await asked
                if any(_is_reachable(address) for address in addresses):
                    return "good", "mx", f"{self.domain} takes mail at {hosts[0]}."
                seen += addresses
                troubles += [trouble] if trouble else []
        finally:
            for task in asking:
                task.cancel()
        if troubles:
            raise troubles[0]
        self.evidence["addresses"] = seen
        if seen:
            return "bad", "no_mail_server", f"{self.domain} has no mail server that the internet can reach."
        return "bad", "no_mail_server", f"The mail servers that {self.domain} names do not exist."

    async def _addresses(self, host: str) -> tuple[list[str], Unanswered | None]:
        """The addresses in the host's A and AAAA records, and what went wrong in asking for them."""
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761: nobody is to be asked
            return ["127.0.0.1"], None
        questions = (name_servers.ask(host, rdtype, self.deadline) for rdtype in ("A", "AAAA"))
        answers = await asyncio.gather(*questions, return_exceptions=True)
        addresses: list[str] = []
        trouble: Unanswered | None = None
        for answer in answers:
            if isinstance(answer, Unanswered):
                trouble = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                addresses += [record.address for record in answer.found]
        return addresses, trouble


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


def _is_reachable(address: str) -> bool:
    """Whether the internet can reach it (in sandbox mode: the pretend internet)."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if settings.SANDBOX and any(ip in network for network in _SANDBOX_NETWORKS):
        return True
    return ip.is_global and not ip.is_multicast


def _unknown(domain: str, trouble: Unanswered, ms: int, evidence: Mapping[str, Any] | None = None) -> CheckResult:
    sentence = _SENTENCES[trouble.code].format(domain=domain)
    return CheckResult("mx", "unknown", trouble.code, sentence, {**(evidence or {}), "error": trouble.detail}, ms)


def _late() -> Unanswered:
    return Unanswered("dns_timeout", "No answer in time")


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
