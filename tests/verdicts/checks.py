"""Checks' answers, for tests of what they mean together."""

from __future__ import annotations

from typing import Any

from signups.verdicts import safety
from signups.vetting import CheckResult

# What the checks say of somebody with nothing against them.
CODES = {
    "syntax": "ok",
    "lists": "not_listed",
    "kind": "company",
    "mx": "mx",
    "fingerprint": "unfamiliar",
    "name_look": "plain",
    "role": "personal",
    "local_part": "ok",
    "lookalike": "none",
    "velocity": "usual",
    "person": "person_known",
}
UNSURE = {"mx": "dns_timeout", "lists": "hold_list", "person": "person_unknown"}


def check(name: str, outcome: str = "good", code: str = "", **evidence: Any) -> CheckResult:
    return CheckResult(name, outcome, code or CODES.get(name, outcome), f"{name} says {outcome}.", evidence)


def answers(*others: CheckResult) -> list[CheckResult]:
    """All checks, good but for these."""
    return list(({name: check(name) for name in CODES} | {other.name: other for other in others}).values())


def weak_signs() -> list[CheckResult]:
    """Every weak sign there is, each as strong as it can be."""
    return [
        check(name, "risky", code, strong=True, repeat_label="spam", repeat_verdict="rejected", odds=1e6)
        for name, codes in {**safety.WEAK, "mailbox": {"no_such_mailbox"}}.items()
        for code in sorted(codes)
    ]
