"""Whether a fact passes a test: the one vocabulary of score rules and verdict rules."""

from __future__ import annotations

from typing import Any

from signups.models import ScoreRule

Test = ScoreRule.Test


def matches(test: str, value: Any, fact: Any) -> bool:
    """Whether `fact` passes `test` with `value`. An absent fact (None or "") passes none."""
    if fact is None or fact == "":
        return False
    match test:
        case Test.KNOWN:
            return True
        case Test.EQUALS:
            return bool(fact == value)
        case Test.ONE_OF:
            return isinstance(value, list) and fact in value
        case Test.AT_LEAST:
            return is_number(fact) and is_number(value) and bool(fact >= value)
        case Test.LESS_THAN:
            return is_number(fact) and is_number(value) and bool(fact < value)
        case Test.CONTAINS:
            return str(value).casefold() in str(fact).casefold()
    return False


def problem(test: str, value: Any) -> str:
    """Why no fact could pass `test` with `value`, as a sentence with the remedy; "" where some could."""
    if test in (Test.AT_LEAST, Test.LESS_THAN) and not is_number(value):
        return "This test compares numbers: write one, such as 1000000."
    if test == Test.ONE_OF and not (isinstance(value, list) and value):
        return 'This test needs a list, such as ["founder", "ceo"].'
    if test in (Test.EQUALS, Test.CONTAINS) and value in (None, ""):
        return 'This test needs something to compare with; text stands in quotes: "director".'
    return "" if test in Test.values else f"There is no test {test!r}: it is one of {', '.join(Test.values)}."


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
