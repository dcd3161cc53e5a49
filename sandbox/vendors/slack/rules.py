"""Small rules for JSON values, and the words Slack uses when one is broken.

A rule is called with a value, its JSON pointer (RFC 6901) and the report it writes to. Which block has which
rules stands in ``blocks.py``. The texts are those of real replies, as collected from public bug reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Rule = Callable[[Any, str, "Report"], None]


@dataclass
class Report:
    """What is wrong with a payload. ``is_image_there`` says whether a picture can be downloaded from a URL."""

    is_image_there: Callable[[str], bool]
    problems: list[str] = field(default_factory=list)

    def add(self, text: str, pointer: str) -> None:
        self.problems.append(f"{text} [json-pointer:{pointer}]")


def anything(value: Any, pointer: str, report: Report) -> None:
    """For values whose inside this sandbox does not know."""


def flag(value: Any, pointer: str, report: Report) -> None:
    if not isinstance(value, bool):
        report.add("must provide a boolean", pointer)


def number(value: Any, pointer: str, report: Report) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        report.add("must provide a number", pointer)


def string(most: int, least: int = 1) -> Rule:
    """A string of ``least`` to ``most`` characters."""

    def rule(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str):
            report.add("must provide a string", pointer)
        elif len(value) < least:
            report.add(f"must be more than {least - 1} characters", pointer)
        elif len(value) > most:
            report.add(f"must be less than {most + 1} characters", pointer)

    return rule


def one_of(*values: str) -> Rule:
    def rule(value: Any, pointer: str, report: Report) -> None:
        if value not in values:
            report.add("must be a valid enum value", pointer)

    return rule


def url(most: int) -> Rule:
    """An absolute URL of at most ``most`` characters; any scheme, as for app deep links."""
    length = string(most)

    def rule(value: Any, pointer: str, report: Report) -> None:
        length(value, pointer, report)
        if isinstance(value, str) and not is_absolute(value):
            report.add("invalid url", pointer)

    return rule


def is_absolute(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # such as an unclosed IPv6 bracket
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))


def image_url(value: Any, pointer: str, report: Report) -> None:
    """Slack downloads every picture while the caller waits, and refuses the message when one is not there."""
    if not isinstance(value, str):
        report.add("must provide a string", pointer)
    elif not report.is_image_there(value):
        report.add("downloading image failed", pointer)


def items(of: Rule, most: int, least: int = 1) -> Rule:
    """An array of ``least`` to ``most`` values that each obey ``of``."""

    def rule(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, list):
            report.add("must provide an array", pointer)
            return
        if len(value) > most:
            report.add(f"no more than {most} items allowed", pointer)
        elif len(value) < least:
            report.add(f"no less than {least} items allowed", pointer)
        for index, item in enumerate(value):
            of(item, f"{pointer}/{index}", report)

    return rule


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def rule(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", pointer)
            return
        for name in required:
            if name not in value:
                report.add(f"missing required field: {name}", pointer)
        for name, inner in value.items():
            if name in known:
                known[name](inner, f"{pointer}/{name}", report)
            else:
                report.add(f"invalid additional property: {name}", pointer)

    return rule


def by_type(shapes: Mapping[str, Rule]) -> Rule:
    """An object whose ``type`` decides which shape it must have."""

    def rule(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", pointer)
        elif "type" not in value:
            report.add("missing required field: type", pointer)
        elif not isinstance(value["type"], str) or value["type"] not in shapes:
            report.add(f"unsupported element: {value['type']}", pointer)
        else:
            shapes[value["type"]](value, pointer, report)

    return rule


def either(*names: str) -> Rule:
    """An object with at least one of these fields."""

    def rule(value: Any, pointer: str, report: Report) -> None:
        if isinstance(value, dict) and not any(name in value for name in names):
            report.add("must define either " + " or ".join(f"`{name}`" for name in names), pointer)

    return rule


def every(*rules: Rule) -> Rule:
    def rule(value: Any, pointer: str, report: Report) -> None:
        for each in rules:
            each(value, pointer, report)

    return rule


def union(inner: Rule) -> Rule:
    """A value Slack matches against several schemas: what is wrong inside is headed by a line for the whole."""

    def rule(value: Any, pointer: str, report: Report) -> None:
        inside = Report(report.is_image_there)
        inner(value, pointer, inside)
        if inside.problems:
            report.add("failed to match all allowed schemas", pointer)
            report.problems += inside.problems

    return rule
