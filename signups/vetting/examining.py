"""All checks of one address, side by side under one deadline."""

from __future__ import annotations

from dataclasses import dataclass

from signups.contracts import Deadline
from signups.vetting import address as syntax
from signups.vetting import disposable, free_mail, lists, mx, name_servers, suggestion
from signups.vetting.address import Address
from signups.vetting.result import CheckResult


@dataclass(frozen=True)
class Examination:
    """What the checks say; `suggestion` is the address that was probably meant, "" where there is none."""

    checks: tuple[CheckResult, ...]
    suggestion: str


@dataclass(frozen=True)
class Examining:
    """An examination under way. `name` is the form's, `device_id` the browser's cookie; "" where not known."""

    address: Address
    asking: mx.Asking
    name: str = ""
    ip: str | None = None
    device_id: str = ""

    def finish(self) -> Examination:
        """Do what needs no waiting, then wait for the rest until the deadline. One query."""
        listed = lists.check(self.address)
        syntax_, *others = offline(self.address, self.name)
        mail = self.asking.finish()
        return Examination((syntax_, listed, *others, mail.check), suggestion.suggest(self.address))


def start(
    address: Address, deadline: Deadline, *, name: str = "", ip: str | None = None, device_id: str = ""
) -> Examining:
    """Start everything that has to wait for others; returns at once."""
    return Examining(address, mx.start(address.domain, deadline), name, ip, device_id)


def offline(address: Address, name: str = "") -> list[CheckResult]:
    """The checks that need neither the database nor the network; syntax first."""
    return [check(address) for check in (syntax.check, disposable.check, free_mail.check)]


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    name_servers.forget()
