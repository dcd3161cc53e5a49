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
    """An examination under way."""

    address: Address
    asking: mx.Asking

    def finish(self) -> Examination:
        """Do what needs no waiting, then wait for the rest until the deadline. One query."""
        offline = [check(self.address) for check in (syntax.check, lists.check, disposable.check, free_mail.check)]
        return Examination((*offline, self.asking.finish()), suggestion.suggest(self.address))


def start(address: Address, deadline: Deadline) -> Examining:
    """Start everything that has to wait for others; returns at once."""
    return Examining(address, mx.start(address.domain, deadline))


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    name_servers.forget()
