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
from dataclasses import dataclass, field, replace
from typing import Any

import dns.name

from signups import domains
from signups.contracts import Deadline
from signups.domains import name_servers
from signups.domains.addresses import is_public
from signups.domains.name_servers import Unanswered
from signups.vetting.result import CheckResult

logger = logging.getLogger(__name__)

MAX_HOSTS = 8  # mail servers looked at together, those with the lowest preference first
MOST_HOSTS = 32  # looked at in all; where none of them can be reached and there are more, nothing is proved
MOST_ADDRESSES = 32
_MARGIN_S = 0.015  # what is left of the deadline for putting the answer together

_SENTENCES = {
    "dns_timeout": "The name servers of {domain} did not answer in time.",
    "dns_servfail": "The name servers of {domain} failed to answer.",
    "dns_refused": "The name servers refused to answer about {domain}.",
    "dns_error": "The name servers could not be asked about {domain}.",
}
_AFTER_FIRST_S = 0.03  # how long other addresses are waited for once one can be reached
_THIS_MACHINE = ("localhost", "localhost.localdomain")


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
    future: Future[Mail]

    def finish(self) -> Mail:
        """The answer; waits for it no longer than the deadline."""
        try:
            return self.future.result(timeout=self.deadline.remaining_s())
        except TimeoutError:
            self.future.cancel()
            return Mail(_unknown(self.domain, _late(), self.deadline.elapsed_ms()))
        except Exception as error:
            logger.exception("The MX check of %s failed", self.domain)
            trouble = Unanswered("dns_error", f"An error of ours, see the log: {type(error).__name__}")
            return Mail(_unknown(self.domain, trouble, self.deadline.elapsed_ms()))


def start(domain: str, deadline: Deadline) -> Asking:
    """Ask about `domain` (lower case, ASCII); returns at once."""
    return Asking(domain, deadline, name_servers.submit(_ask(domain, deadline)))


def known(mail: Mail, domain: str, deadline: Deadline) -> Asking:
    """The question that has its answer already."""
    future: Future[Mail] = Future()
    future.set_result(mail)
    return Asking(domain, deadline, future)


async def _ask(domain: str, deadline: Deadline) -> Mail:
    search = _Search(domain, deadline)
    registered = domains.registrable(domain) or domain
    serving = asyncio.ensure_future(name_servers.ask(registered, "NS", deadline))
    serving.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be waiting for it
    try:
        check = await _check(search)
    finally:
        is_told = serving.done() and not serving.cancelled() and not serving.exception()
        serving.cancel()
    of_domain = tuple(sorted(_text(record.target) for record in serving.result().found)) if is_told else ()
    if of_domain:
        check = replace(check, evidence={**check.evidence, "name_servers": list(of_domain[:MAX_HOSTS])})
    addresses = tuple(check.evidence.get("addresses", ()))
    return Mail(check, tuple(search.hosts), addresses, of_domain[:MAX_HOSTS])


async def _check(search: _Search) -> CheckResult:
    started, domain, deadline = time.monotonic(), search.domain, search.deadline
    try:
        async with asyncio.timeout(max(0.0, deadline.remaining_s() - _MARGIN_S)):
            outcome, code, sentence = await search.run()
    except Unanswered as error:
        return _unknown(domain, error, _ms_since(started), search.evidence)
    except TimeoutError:
        return _unknown(domain, _late(), _ms_since(started), search.evidence)
    return CheckResult("mx", outcome, code, sentence, search.evidence, _ms_since(started))


_Told = tuple[list[str], Unanswered | None]  # addresses, and what went wrong in asking for them


@dataclass
class _Search:
    """Looks for a mail server, and notes down what it sees."""

    domain: str
    deadline: Deadline
    hosts: list[str] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> tuple[str, str, str]:
        """Outcome, code and sentence. Raises Unanswered."""
        records = await name_servers.ask(self.domain, "MX", self.deadline)
        self.evidence["ttl_s"] = records.ttl_s
        if not records.is_name:
            return "bad", "no_such_domain", f"There is no domain {self.domain}."
        if not records.found:
            return await self._implicit()
        exchanges = sorted((record.preference, _text(record.exchange)) for record in records.found)
        self.evidence["mx"] = [f"{preference} {host or '.'}" for preference, host in exchanges[:MAX_HOSTS]]
        hosts = list(dict.fromkeys(host for _, host in exchanges if host))
        self.hosts = hosts[:MAX_HOSTS]
        if not self.hosts:
            return "bad", "null_mx", f"{self.domain} says that it takes no mail."
        if len(exchanges) > 1 and any(not host for _, host in exchanges):
            self.evidence["null_mx_among_others"] = True  # against RFC 7505 section 3; mailers try the others
        return await self._explicit(hosts)

    async def _implicit(self) -> tuple[str, str, str]:
        """No MX records: the domain's own address takes their place."""
        addresses, trouble = await self._addresses(self.domain)
        self.evidence |= {"mx": [], "addresses": addresses}
        if any(is_public(address) for address in addresses):
            sentence = f"{self.domain} names no mail server, but has an address that may take mail."
            return "good", "implicit_mx", sentence
        if trouble is not None:
            raise trouble
        suffix = " that the internet can reach" if addresses else ""
        return "bad", "no_mail_server", f"{self.domain} has no mail server{suffix}."

    async def _explicit(self, hosts: Sequence[str]) -> tuple[str, str, str]:
        """Good when one mail server can be reached; bad only when all are known not to be."""
        answers: list[_Told] = []
        for first in range(0, min(len(hosts), MOST_HOSTS), MAX_HOSTS):
            told, is_reachable = await self._any_reachable(hosts[first : first + MAX_HOSTS])
            answers += told
            self.evidence["addresses"] = _addresses_of(answers)
            if is_reachable:
                return "good", "mx", f"{self.domain} takes mail at {hosts[0]}."
        if (trouble := next((trouble for _, trouble in answers if trouble), None)) is not None:
            raise trouble
        if len(hosts) > MOST_HOSTS:
            raise Unanswered("dns_error", f"None of the first {MOST_HOSTS} mail servers can be reached; there are more")
        if self.evidence["addresses"]:
            return "bad", "no_mail_server", f"{self.domain} has no mail server that the internet can reach."
        if all(_is_literal(host) for host in hosts):
            return "bad", "no_mail_server", f"{self.domain} names an address where a mail server's name belongs."
        return "bad", "no_mail_server", f"The mail servers that {self.domain} names do not exist."

    async def _any_reachable(self, hosts: Sequence[str]) -> tuple[list[_Told], bool]:
        """What is told of these mail servers, and whether one can be reached; then the others are hardly waited for."""
        asking = [asyncio.ensure_future(self._addresses(host)) for host in hosts]
        try:
            for asked in asyncio.as_completed(asking):
                if any(is_public(address) for address in (await asked)[0]):
                    await asyncio.wait(asking, timeout=_AFTER_FIRST_S)
                    return [task.result() for task in asking if task.done() and not task.exception()], True
            return [task.result() for task in asking], False
        finally:
            for task in asking:
                task.cancel()

    async def _addresses(self, host: str) -> _Told:
        """The addresses in the host's A and AAAA records, and what went wrong in asking for them.

        One that can be reached is enough: servers that stay silent about AAAA are common (RFC 4074 section 4.1).
        """
        if host in _THIS_MACHINE or host.endswith(".localhost"):  # RFC 6761: nobody is to be asked
            return ["127.0.0.1"], None
        if _is_literal(host):  # an MX names a host (RFC 5321 section 5.1), even where somebody answers for such a name
            return [], None
        asking = [asyncio.ensure_future(self._of_type(host, rdtype)) for rdtype in ("A", "AAAA")]
        try:
            for asked in asyncio.as_completed(asking):
                if any(is_public(address) for address in (await asked)[0]):
                    await asyncio.wait(asking, timeout=_AFTER_FIRST_S)
                    break
            told = [task.result() for task in asking if task.done() and not task.exception()]
        finally:
            for task in asking:
                task.cancel()
        return [address for found, _ in told for address in found], next((why for _, why in told if why), None)

    async def _of_type(self, host: str, rdtype: str) -> _Told:
        try:
            answer = await name_servers.ask(host, rdtype, self.deadline)
        except Unanswered as trouble:
            return [], trouble
        return [record.address for record in answer.found], None


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


def _is_literal(host: str) -> bool:
    """Whether it is an address, as in "192.0.2.1" or "[2001:db8::1]": no top-level domain is a number."""
    return host.startswith("[") or ":" in host or host.rpartition(".")[2].isdecimal()


def _addresses_of(answers: Sequence[_Told]) -> list[str]:
    return list(dict.fromkeys(address for addresses, _ in answers for address in addresses))[:MOST_ADDRESSES]


def _unknown(domain: str, trouble: Unanswered, ms: int, evidence: Mapping[str, Any] | None = None) -> CheckResult:
    sentence = _SENTENCES[trouble.code].format(domain=domain)
    return CheckResult("mx", "unknown", trouble.code, sentence, {**(evidence or {}), "error": trouble.detail}, ms)


def _late() -> Unanswered:
    return Unanswered("dns_timeout", "No answer in time")


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
