"""All checks of one address, side by side under one deadline."""

from __future__ import annotations

from dataclasses import dataclass, replace

from signups.contracts import Deadline
from signups.domains import name_servers
from signups.models import Signup
from signups.vetting import address as syntax
from signups.vetting import (
    dns_findings,
    domain_lists,
    fingerprints,
    kind,
    known_companies,
    lists,
    local_part,
    lookalikes,
    mx,
    name_look,
    optional,
    roles,
    suggestion,
    velocity,
)
from signups.vetting.address import Address
from signups.vetting.kept_answers import Answer
from signups.vetting.result import CheckResult

DNS_AGAIN_MS = 5_000  # a name server that says nothing for that long says nothing, and holds up a worker


@dataclass(frozen=True)
class Examination:
    """What the checks say; `suggestion` is the address that was probably meant, "" where there is none.

    `answers` are those of the optional checks, to be kept (`keep_answers`); `mail` is what DNS said (`keep_dns`).
    """

    checks: tuple[CheckResult, ...]
    suggestion: str
    answers: tuple[Answer, ...] = ()
    mail: mx.Mail | None = None


@dataclass(frozen=True)
class Examining:
    """An examination under way. `name` is the form's, `device_id` the browser's cookie; "" where not known.

    `is_signup`: somebody signs up, so it matters who did before.
    """

    address: Address
    asking: mx.Asking
    name: str = ""
    ip: str | None = None
    device_id: str = ""
    outside: optional.OptionalChecks | None = None
    is_signup: bool = False

    @property
    def is_done(self) -> bool:
        """Whether everybody outside who was asked has answered."""
        return self.asking.future.done() and (self.outside is None or self.outside.is_done)

    def finish(self) -> Examination:
        """Do what needs no waiting, then wait for the rest until the deadline. Three queries."""
        before = [lists.check(self.address), *self._repeats()]
        mail = self.asking.finish()
        syntax_, *others = offline(self.address, self.name, mail)
        answers = tuple(self.outside.finish(mail.hosts)) if self.outside else ()
        fingerprint = fingerprints.check(self.address, mail)
        checks = (syntax_, *before, *others, mail.check, fingerprint, *(answer.check for answer in answers))
        return Examination(checks, suggestion.suggest(self.address, mail, known_companies.current()), answers, mail)

    def _repeats(self) -> list[CheckResult]:
        if not self.is_signup:
            return []
        code = kind.check(self.address).code
        return [velocity.check(self.address, ip=self.ip, device_id=self.device_id, kind=code)]


def start(
    address: Address,
    deadline: Deadline,
    *,
    name: str = "",
    ip: str | None = None,
    device_id: str = "",
    asks_outside: bool = True,
    is_signup: bool = False,
) -> Examining:
    """Start everything that has to wait for others; returns at once. At most two queries, and one more twice a minute.

    `asks_outside`: whether what is kept of DNS is read, and the optional checks that are switched on are made, too;
    `is_signup`: whether earlier signups like this one are counted.
    """
    kept = dns_findings.read(address.domain) if asks_outside else None
    asking = mx.known(kept, address.domain, deadline) if kept else mx.start(address.domain, deadline)
    domain_lists.refresh()
    known_companies.refresh()
    is_company = bool(kind.known_company_domain(address))
    outside = optional.start(address, deadline, is_company=is_company) if asks_outside else None
    return Examining(address, asking, name, ip, device_id, outside, is_signup)


def ask_again(signup: Signup, deadline: Deadline) -> optional.OptionalChecks | None:
    """Start those optional checks again that had no answer for now; None where there are none. At most two queries."""
    wanted = optional.unanswered(signup.checks.all())
    if not wanted:
        return None
    address = syntax.parse(signup.email)
    return optional.start(address, deadline, is_company=bool(kind.known_company_domain(address)), only=wanted)


def ask_dns_again(signup: Signup, deadline: Deadline) -> list[CheckResult]:
    """The checks that rest on DNS, made anew where the name servers did not say; none where they did.

    Waits `DNS_AGAIN_MS` at most. The old answer of `mx` stands in the evidence of the new one. At most three queries.
    """
    old = next((check for check in signup.checks.all() if check.name == "mx"), None)
    if old is None or old.outcome != "unknown":
        return []
    address = syntax.parse(signup.email)
    mail = mx.start(address.domain, Deadline(min(DNS_AGAIN_MS, round(deadline.remaining_s() * 1000)))).finish()
    dns_findings.keep(address.domain, mail)
    before = old.evidence.get("before", {"code": old.code, "error": old.evidence.get("error", "")})
    check = replace(mail.check, evidence={**mail.check.evidence, "before": before})
    if check.outcome == "unknown":
        return [check]
    return [check, kind.check(address, mail), fingerprints.check(address, mail)]


def keep_dns(address: Address, examination: Examination) -> None:
    """Keep what DNS said for the next who ask. One query at most; outside of a transaction."""
    if examination.mail is not None:
        dns_findings.keep(address.domain, examination.mail)


def offline(address: Address, name: str = "", mail: mx.Mail | None = None) -> list[CheckResult]:
    """The checks that need neither the database nor the network; syntax first. `mail`: what DNS said, if it did."""
    known = kind.check(address, mail)
    return [
        syntax.check(address),
        known,
        name_look.check(address, known.code),
        roles.check(address, name),
        local_part.check(address, name, known.code),
        lookalikes.check(address, known_companies.current().customers),
    ]


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    name_servers.forget()
    domain_lists.forget()
    known_companies.forget()
    optional.forget()
