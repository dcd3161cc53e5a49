"""How a vendor fails: one family of errors, whose classes tell the engine what to do next."""

from __future__ import annotations


class ServiceError(Exception):
    """A vendor's failure in plain English: vendor, what happened, HTTP status (0: none) and the start of the reply."""

    def __init__(self, vendor: str, reason: str, *, status: int = 0, excerpt: str = "") -> None:
        self.vendor = vendor
        self.reason = reason
        self.status = status
        self.excerpt = excerpt
        super().__init__(f"{vendor}: {reason}")


class Later(ServiceError):
    """Surely not applied; worth another try. `retry_after_s` is the vendor's own wish; then no attempt is counted."""

    def __init__(
        self, vendor: str, reason: str, *, status: int = 0, excerpt: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(vendor, reason, status=status, excerpt=excerpt)
        self.retry_after_s = retry_after_s


class UsedUp(Later):
    """What our plan allows is used up. `retry_after_s` is when the vendor says that there will be more, if it does."""


class Never(ServiceError):
    """The vendor will always say no to this."""


class Ambiguous(ServiceError):
    """The request may have been applied: no reply, or an error after a request that makes something."""


class Misconfigured(ServiceError):
    """The vendor refuses us, not this request: a wrong key or channel. The reason names the setting to correct."""


class NotTheVendor(Exception):
    """A webhook whose signature is missing, wrong or old. The message names the remedy."""
