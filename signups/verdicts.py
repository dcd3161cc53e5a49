"""accept · confirm · hold · reject, from the checks and the lists. Pure: no database, no network.

Staff's lists beat everything. After them a hard fact about the address decides (disposable, no mail server); one weak
sign alone never rejects. Whom somebody knows is let in at once; everybody else proves their address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signups.models import Verdict
from signups.vetting import CheckResult


@dataclass(frozen=True)
class Decision:
    """A verdict with its reasons, each `{"code", "sentence"}`; the first one decided."""

    verdict: Verdict
    reasons: list[dict[str, str]]


def decide(checks: Sequence[CheckResult], *, is_high_value: bool) -> Decision:
    """The verdict on one signup.

    `checks` holds at most one result a name: those of `signups.vetting` and "person" and "company", which say whether
    somebody knows them. A missing check counts as unknown.
    """
    by_name = {check.name: check for check in checks}
    listed, person = by_name.get("lists"), by_name.get("person")
    if listed is not None and listed.code == "allow_list":
        return Decision(Verdict.ACCEPTED, [_reason(listed)])
    hard = [check for check in checks if check.outcome == "bad"]
    if hard:
        return Decision(Verdict.REJECTED, [_reason(check) for check in hard])
    if listed is not None and listed.code == "hold_list":
        return Decision(Verdict.HELD, [_reason(listed)])

    is_known = person is not None and person.outcome == "good"
    if is_high_value and not is_known and _code(by_name, "mx") == "implicit_mx":
        sentence = "The company is valuable, but nobody knows this person and its domain names no mail server."
        return Decision(Verdict.HELD, [{"code": "risky_and_valuable", "sentence": sentence}])
    unsure = [
        check for name in ("syntax", "disposable", "mx") if (check := by_name.get(name)) and check.outcome == "unknown"
    ]
    if is_known and person is not None and not unsure:
        return Decision(Verdict.ACCEPTED, [_reason(person)])
    return Decision(
        Verdict.CONFIRM, [_reason(check) for check in [*unsure, *([] if is_known or not person else [person])]]
    )


def _code(by_name: Mapping[str, CheckResult], name: str) -> str:
    return by_name[name].code if name in by_name else ""


def _reason(check: CheckResult) -> dict[str, str]:
    return {"code": check.code or check.name, "sentence": check.sentence}
