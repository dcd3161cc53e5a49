"""What a check answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)  # never changed once made; "frozen" would treble the time it takes, many times an address
class CheckResult:
    """One check's answer; `code` says what exactly ("null_mx").

    `outcome` is "good"; "risky", a weak sign that proves nothing and never rejects alone; "bad", a hard fact; or
    "unknown", where nobody could say.

    `sentence` is for people, `evidence` (JSON) for staff who want to see for themselves; `ms` is the time it took.
    """

    name: str
    outcome: str
    code: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    ms: int = 0
