"""Verdict rules as they are evaluated: conditions over facts, and what they say in words.

A fact has a dotted path: `checks.<name>` is a check's code, `outcomes.<name>` its outcome, `evidence.<name>.<key>` what
it found, `signs.risky` and `signs.bad` how many say so, and besides those the scorecard's facts and `is_high_value`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from signups.models import Verdict, VerdictRule
from signups.scoring.conditions import Test, matches, problem

Action = VerdictRule.Action
VERDICT_OF = {Action.REJECT: Verdict.REJECTED, Action.HOLD: Verdict.HELD, Action.CONFIRM: Verdict.CONFIRM}
SEVERITY = {Action.LOG: 0, Action.CONFIRM: 1, Action.HOLD: 2, Action.REJECT: 3}

# Checks that look at one thing from two sides are one sign between them, however many of them say *risky*.
FAMILIES = {"velocity": "repeats", "confirmation_click": "repeats", "role": "local part", "local_part": "local part"}
# A shared mailbox says who reads the mail, not whether the signup is genuine: it makes no second sign.
NO_SIGN = frozenset({"role"})

_STARTS = ("checks.", "outcomes.", "evidence.", "signs.", "person.", "company.", "signup.")
_WORDS = {
    Test.KNOWN: "is known",
    Test.EQUALS: "is",
    Test.ONE_OF: "is one of",
    Test.AT_LEAST: "is at least",
    Test.LESS_THAN: "is less than",
    Test.CONTAINS: "contains",
}
# How the checks and what they say are called where a rule is read.
_CALLED = {
    "mx": "the DNS answer",
    "kind": "the kind of address",
    "fingerprint": "the servers’ fingerprint",
    "name_look": "the look of the domain’s name",
    "local_part": "the part before the @",
    "role": "the role of the mailbox",
    "lookalike": "the likeness to another domain",
    "velocity": "the count of signups like it",
    "domain_age": "the domain’s age",
}
_OUTCOMES = {
    "risky": "is a weak sign",
    "bad": "is a hard fact against it",
    "unknown": "is not known",
    "good": "is fine",
}
_COUNTED: dict[str, str] = {Test.AT_LEAST: "at least", Test.LESS_THAN: "fewer than", Test.EQUALS: "exactly"}
_LINE = re.compile(
    r"(?P<fact>\S+)\s+(?P<words>is known|is one of|is at least|is less than|is|contains)(?:\s+(?P<value>.+))?"
)


class Said(Protocol):
    """A check's answer: a `CheckResult`, or a stored `Check`."""

    @property
    def name(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Condition:
    fact: str
    test: str
    value: Any = None

    def __str__(self) -> str:
        """As it is typed: "checks.mx is one of null_mx, no_such_domain"; `read_condition` reads it."""
        return f"{self.fact} {_WORDS[Test(self.test)]} {_typed(self.value)}".strip()

    @property
    def in_words(self) -> str:
        """As it is read: "the DNS answer is one of null mx, no such domain", "there are at least 2 weak signs"."""
        start, _, rest = self.fact.partition(".")
        if start == "signs":
            kind = "hard facts" if rest == "bad" else "weak signs"
            return f"there are {_COUNTED.get(self.test, self.test)} {_typed(self.value)} {kind}"
        if self.fact == "is_high_value":
            return "it is high value" if self.value is True else "it is not high value"
        if self.fact == "checks.lists" and self.test == Test.EQUALS:
            return f"the address is on the {_typed(self.value)}".replace("_", " ")
        called = _CALLED.get(self.check, f"the {self.check}")
        key = rest.partition(".")[2]
        if start == "outcomes" and self.test == Test.EQUALS and str(self.value) in _OUTCOMES:
            return f"{called} {_OUTCOMES[str(self.value)]}".replace("_", " ")
        if start == "evidence" and self.test == Test.EQUALS and self.value is True:
            return f"{called} is {key}".replace("_", " ")
        what = {"checks": called, "outcomes": called, "evidence": f"“{key}” of {called}"}.get(start, self.fact)
        return f"{what} {_WORDS[Test(self.test)]} {_typed(self.value)}".strip().replace("_", " ")

    def as_json(self) -> dict[str, Any]:
        return {"fact": self.fact, "test": str(self.test), "value": self.value}

    @property
    def check(self) -> str:
        """The check that this is about, "" for any other fact."""
        start, _, rest = self.fact.partition(".")
        return rest.partition(".")[0] if start in ("checks", "outcomes", "evidence") else ""


@dataclass(frozen=True)
class Rule:
    """One rule, ready to be asked."""

    name: str
    conditions: tuple[Condition, ...]
    action: Action
    sentence: str = ""
    order: int = 0

    def holds(self, facts: Facts) -> bool:
        return bool(self.conditions) and all(
            matches(one.test, one.value, facts.get(one.fact)) for one in self.conditions
        )

    def __str__(self) -> str:
        return f"If {' and '.join(map(str, self.conditions))} → {self.action.label}"


@dataclass(frozen=True)
class Rules:
    """A version of all rules that are switched on, in their order."""

    version: int
    rules: tuple[Rule, ...]

    @cached_property
    def others(self) -> frozenset[str]:
        """The paths of the facts they ask for that no check says."""
        asked = {one.fact for rule in self.rules for one in rule.conditions if not one.check}
        return frozenset(path for path in asked if not path.startswith("signs."))


@dataclass
class Facts:
    """What the rules may ask for, by path. `others`: what no check says ("signup.source": "form")."""

    checks: Sequence[Said]
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name = {check.name: check for check in self.checks}
        self._found: dict[str, Any] = {f"checks.{name}": check.code for name, check in self._by_name.items()}
        self._found |= {f"outcomes.{name}": check.outcome for name, check in self._by_name.items()}
        self._found.setdefault("outcomes.person", "unknown")  # where nobody was asked, nobody knows them
        self._found["signs.risky"] = len(signs(self.checks))
        self._found["signs.bad"] = sum(check.outcome == "bad" for check in self.checks)

    def get(self, path: str) -> Any:
        if path in self._found:
            return self._found[path]
        if not path.startswith("evidence."):
            return self.others.get(path)
        _, name, *keys = path.split(".")
        found: Any = self._by_name[name].evidence if name in self._by_name else None
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    @property
    def may_reject(self) -> bool:
        """Whether there is a hard fact, or at least two signs that do not hang together."""
        return bool(self._found["signs.bad"]) or self._found["signs.risky"] >= 2


def signs(checks: Iterable[Said]) -> set[str]:
    """The independent weak signs among the answers."""
    risky = (check.name for check in checks if check.outcome == "risky" and check.name not in NO_SIGN)
    return {FAMILIES.get(name, name) for name in risky}


def of_row(row: VerdictRule) -> Rule:
    """A row whose conditions are none, written past the forms, is a rule without any: it never holds."""
    try:
        conditions = tuple(_condition(**one) for one in row.conditions)
    except (TypeError, ValueError):
        conditions = ()
    return Rule(row.name, conditions, Action(row.action), row.sentence, row.order)


def _condition(fact: str, test: str, value: Any) -> Condition:
    if not isinstance(fact, str):
        raise TypeError(f"{fact!r} is no fact.")
    return Condition(fact, Test(test), value)


# -- In words ----------------------------------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A condition that says nothing; the text says what would."""


def read_condition(line: str) -> Condition:
    """The condition of a line such as "checks.mx is one of null_mx, no_such_domain". Raises Unreadable."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        words = ", ".join(f"“{one}”" for one in _WORDS.values())
        raise Unreadable(f"“{line}”: write a fact, then one of {words}, then a value, as in checks.kind is disposable.")
    fact, test = found["fact"], next(test for test, words in _WORDS.items() if words == found["words"])
    value = _value(test, found["value"])
    if fact != "is_high_value" and not fact.startswith(_STARTS):
        raise Unreadable(f"“{fact}” is no fact: it is is_high_value, or starts with {', '.join(_STARTS)}.")
    if test == Test.KNOWN and value is not None:
        raise Unreadable(f"“{line}”: nothing stands after “is known”.")
    if wrong := problem(test, value):
        raise Unreadable(f"“{line}”: {wrong}")
    return Condition(fact, str(test), value)


def _value(test: Test, typed: str | None) -> Any:
    if typed is None:
        return None
    if test == Test.ONE_OF and not typed.startswith("["):
        return [_scalar(part.strip()) for part in typed.split(",") if part.strip()]
    return _scalar(typed.strip())


def _scalar(typed: str) -> Any:
    """JSON where it is (a number, true, "quoted", a list), else the text as it stands."""
    try:
        value = json.loads(typed, parse_constant=_no_number)
        # What no database keeps as JSON (1e999, half a surrogate pair, a zero byte) is text that no fact equals.
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # … or is nested deeper than anybody means it
        return typed
    return typed if "\\u0000" in typed else value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number.")


def _typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) and _is_plain(one) for one in value):
        return ", ".join(value)
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether reading it back gives this text."""
    return bool(text) and text == text.strip() and "," not in text and text[0] not in '["' and _scalar(text) == text
