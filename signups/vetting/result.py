"""What a check answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CheckResult:
    """One check's answer: `outcome` is "good", "bad" or "unknown", `code` says what exactly ("null_mx").

    `sentence` is for people, `evidence` (JSON) for staff who want to see for themselves; `ms` is the time it took.
    """

    name: str
    outcome: str
    code: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    ms: int = 0
