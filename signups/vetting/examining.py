"""All checks of one address, side by side under one deadline."""

from __future__ import annotations

from dataclasses import dataclass

from signups.contracts import Deadline
from signups.vetting import address as syntax
from signups.vetting import disposable, free_mail, lists, mx, name_servers, optional, suggestion
from signups.vetting.address import Address
from signups.vetting.result import CheckResult


@dataclass(frozen=True)
class Examination:
    """What the checks say; `suggestion` is the address that was probably meant, "" where there is none.

    `answers` are those of the optional checks, to be kept (`optional.keep`).
    """

    checks: tuple[CheckResult, ...]
    suggestion: str
    answers: tuple[optional.Answer, ...] = ()


@dataclass(frozen=True)
class Examining:
    """An examination under way. `name` is the form's, `device_id` the browser's cookie; "" where not known."""

    address: Address
    asking: mx.Asking
    name: str = ""
    ip: str | None = None
    device_id: str = ""
    outside: optional.OptionalChecks | None = None

    @property
    def is_done(self) -> bool:
        """Whether everybody outside who was asked has answered."""
        return self.asking.future.done() and (self.outside is None or self.outside.is_done)

    def finish(self) -> Examination:
        """Do what needs no waiting, then wait for the rest until the deadline. One query."""
        listed = lists.check(self.address)
        syntax_, *others = offline(self.address, self.name)
        mail = self.asking.finish()
        answers = tuple(self.outside.finish(mail.hosts)) if self.outside else ()
        checks = (syntax_, listed, *others, mail.check, *(answer.check for answer in answers))
        return Examination(checks, suggestion.suggest(self.address), answers)


def start(
    address: Address,
    deadline: Deadline,
    *,
    name: str = "",
    ip: str | None = None,
    device_id: str = "",
    asks_outside: bool = True,
) -> Examining:
    """Start everything that has to wait for others; returns at once. At most one query.

    `asks_outside`: whether the optional checks that are switched on are made, too.
    """
    asking = mx.start(address.domain, deadline)
    is_company = bool(free_mail.known_company_domain(address))
    outside = optional.start(address, deadline, is_company=is_company) if asks_outside else None
    return Examining(address, asking, name, ip, device_id, outside)


def offline(address: Address, name: str = "") -> list[CheckResult]:
    """The checks that need neither the database nor the network; syntax first."""
    return [check(address) for check in (syntax.check, disposable.check, free_mail.check)]


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    name_servers.forget()
    optional.forget()
