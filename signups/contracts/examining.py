"""What do outsiders say of a domain? What an optional check implements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from signups.contracts.deadline import Deadline


@dataclass(frozen=True)
class Finding:
    """What an optional check found. `outcome` is "good", "risky" or "unknown"; `code` says what exactly.

    `sentence` is for people, `evidence` (JSON) for staff. The finding is believed for `holds_for` without asking again;
    zero, as for whatever is no answer: asked anew the next time.
    """

    outcome: str
    code: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    holds_for: timedelta = timedelta(0)


class Examiner:
    """Somebody outside who can say something about a company's domain. Off until its setting switches it on.

    An examiner never touches the database and may be called from any thread. What it does not know, and whatever went
    wrong, is an "unknown" finding; a `ServiceError` may fly, and becomes one.
    """

    slug: ClassVar[str]  # also the name of the check
    name: ClassVar[str]

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this examiner is asked."""
        return []

    def examine(self, domain: str, deadline: Deadline) -> Finding:
        """What is known of a registered domain (lower case, ASCII)."""
        raise NotImplementedError
