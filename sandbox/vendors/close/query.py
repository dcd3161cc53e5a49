"""What a query of Close's advanced filtering means: nodes, related objects, conditions.

Source: developer.close.com/resources/advanced-filtering. The keys of ``number_range`` and ``reference`` are from
memory. A node or condition this sandbox does not know is refused, never ignored.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.vendors.close.api import CloseError, Record, field_errors
from sandbox.vendors.close.custom_fields import CustomFields

_WORD = re.compile(r"\w+")
_PARTS = {"contact_email": "emails", "contact_phone": "phones", "contact_url": "urls", "address": "addresses"}
_RELATED = {
    ("lead", "contact"): "contacts",
    ("lead", "opportunity"): "opportunities",
    ("lead", "task"): "tasks",
    ("lead", "address"): _PARTS["address"],
    ("contact", "contact_email"): _PARTS["contact_email"],
    ("contact", "contact_phone"): _PARTS["contact_phone"],
    ("contact", "contact_url"): _PARTS["contact_url"],
}
"""Which list inside an object of the first type holds those of the second."""
_WHOLE_WORDS = ("exact_value", "full_words", "phrase")
_PREFIXES = {"lead": "lead", "cont": "contact", "oppo": "opportunity", "task": "task"}


def object_type_of(document: Record) -> str:
    return _PREFIXES[str(document["id"]).partition("_")[0]]


def values_of(field: Any, document: Record) -> list[Any]:
    """The values a document has in a field: none, one, or those of a list."""
    if not isinstance(field, dict):
        raise _bad("Expected an object as field.")
    if field.get("type") == "custom_field":
        value = document.get(f"custom.{field.get('custom_field_id')}")
    elif field.get("type") == "regular_field":
        value = document.get(str(field.get("field_name")))
    else:
        raise _bad(f"Unknown field type {field.get('type')!r}.")
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]


def words(text: str) -> list[str]:
    """Lower-case words; punctuation separates, so an e-mail address is several."""
    return _WORD.findall(text.lower())


def has_words(text: str, wanted: str) -> bool:
    return set(words(wanted)) <= set(words(text))


def _bad(problem: str) -> CloseError:
    return field_errors({"query": problem})


def check(node: Any, fields: CustomFields) -> None:
    """Refuse a query that makes no sense, whatever there is to be found. Raises CloseError."""
    if not isinstance(node, dict):
        raise _bad("Expected an object as query.")
    match node.get("type"):
        case "and" | "or":
            for inner in _queries(node):
                check(inner, fields)
        case "field_condition":
            if not isinstance(field := node.get("field"), dict):
                raise _bad("A field_condition needs an object as field.")
            if field.get("type") == "custom_field" and fields.definition(str(field.get("custom_field_id"))) is None:
                raise _bad(f"Unknown custom field {field.get('custom_field_id')!r}.")
            meets(node.get("condition"), values_of(field, {}), "")
        case "has_related":
            pair = str(node.get("this_object_type")), str(node.get("related_object_type"))
            if pair not in _RELATED and pair != ("contact", "lead"):
                raise _bad(f"A {pair[0]} has no related {pair[1]!r}.")
            check(node.get("related_query"), fields)
        case "match_all" | "object_type" | "id" | "text":
            pass
        case unknown:
            raise _bad(f"Unknown query type {unknown!r}.")


def candidates(node: Any, with_words: Callable[[str], set[str] | None]) -> set[str] | None:
    """The ids of the documents that a query, which was checked, can match at most; None where no word of it says so.

    ``with_words``: the documents that have every word of a text somewhere.
    """
    if node.get("negate"):
        return None
    match node["type"]:
        case "and":
            found = [ids for inner in _queries(node) if (ids := candidates(inner, with_words)) is not None]
            return set.intersection(*found) if found else None
        case "or":
            sets = [candidates(inner, with_words) for inner in _queries(node)]
            return None if None in sets else set().union(*(ids for ids in sets if ids is not None))
        case "field_condition":
            condition = node["condition"]
            is_by_words = condition["type"] == "text" and condition["mode"] in _WHOLE_WORDS
            if is_by_words and node["field"].get("field_name") != "html_url":  # which is made when it is shown
                return with_words(condition["value"])
        case "has_related" if (node.get("this_object_type"), node.get("related_object_type")) in _RELATED:
            return candidates(node.get("related_query"), with_words)  # which a document holds itself
    return None


class Matcher:
    """Decides whether a document satisfies a query that was checked. ``lead_of`` finds a lead by its id."""

    def __init__(self, lead_of: Callable[[str], Record | None], user_id: str) -> None:
        self._lead_of = lead_of
        self._user_id = user_id

    def matches(self, node: Any, document: Record, object_type: str = "") -> bool:
        """``object_type`` is given for parts without an id of their own, such as an e-mail address."""
        result = self._matches(node, document, object_type or object_type_of(document))
        return result is not bool(node.get("negate"))

    def _matches(self, node: Record, document: Record, object_type: str) -> bool:
        match node.get("type"):
            case "and":
                return all(self.matches(inner, document, object_type) for inner in _queries(node))
            case "or":
                return any(self.matches(inner, document, object_type) for inner in _queries(node))
            case "match_all":
                return True
            case "object_type":
                return node.get("object_type") == object_type
            case "id":
                return node.get("value") == document.get("id")
            case "text":
                return has_words(" ".join(strings(document)), str(node.get("value", "")))
            case "field_condition":
                return self._meets(node, document, object_type)
        return self._has_related(node, document, object_type)

    def _meets(self, node: Record, document: Record, object_type: str) -> bool:
        field = node["field"]
        if field.get("type") == "regular_field" and field.get("object_type") != object_type:
            return False
        return meets(node.get("condition"), values_of(field, document), self._user_id)

    def _has_related(self, node: Record, document: Record, object_type: str) -> bool:
        if node.get("this_object_type") != object_type:
            return False
        related_type = str(node.get("related_object_type"))
        related = self._related(document, object_type, related_type)
        return any(self.matches(node.get("related_query"), other, related_type) for other in related)

    def _related(self, document: Record, object_type: str, related_type: str) -> list[Record]:
        if (object_type, related_type) == ("contact", "lead"):
            lead = self._lead_of(document["lead_id"])
            return [lead] if lead else []
        return list(document[_RELATED[object_type, related_type]])


def _queries(node: Record) -> list[Any]:
    if not isinstance(queries := node.get("queries"), list):
        raise _bad(f"{node['type']} needs a list of queries.")
    return queries


def strings(value: Any) -> Iterator[str]:
    """Every string inside a value."""
    return (inner for inner in scalars(value) if isinstance(inner, str))


def scalars(value: Any) -> Iterator[Any]:
    """Everything inside a value that is neither an object nor a list, nor nothing."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    elif value is not None:
        yield value


# ---- conditions


def meets(condition: Any, values: list[Any], user_id: str) -> bool:
    """Whether any of the values meets the condition."""
    if not isinstance(condition, dict):
        raise _bad("Expected an object as condition.")
    match condition.get("type"):
        case "exists":
            return bool(values)
        case "text":
            test = _text_test(condition)
        case "term":
            allowed = {str(value) for value in _listed(condition, "values")}
            return any(str(value) in allowed for value in values)
        case "boolean":
            return any(value is condition.get("value") for value in values)
        case "number_range":
            return any(_is_in_range(condition, value) for value in values)
        case "moment_range":
            return any(_is_in_moments(condition, str(value)) for value in values)
        case "reference":
            return any(value in _listed(condition, "object_ids") for value in values)
        case "current_user":
            return user_id in values
        case unknown:
            raise _bad(f"Unknown condition type {unknown!r}.")
    return any(test(str(value)) for value in values)


def _listed(condition: Record, name: str) -> list[Any]:
    if not isinstance(listed := condition.get(name), list):
        raise _bad(f"A {condition['type']} condition needs a list of {name}.")
    return listed


def _text_test(condition: Record) -> Callable[[str], bool]:
    wanted = condition.get("value")
    if not isinstance(wanted, str):
        raise _bad("A text condition needs a value.")
    match condition.get("mode"):
        case "exact_value":
            return lambda text: text.lower() == wanted.lower()
        case "full_words":
            return lambda text: has_words(text, wanted)
        case "phrase":
            return lambda text: f" {' '.join(words(wanted))} " in f" {' '.join(words(text))} "
        case "beginning_of_words":
            return lambda text: all(any(has.startswith(word) for has in words(text)) for word in words(wanted))
        case unknown:
            raise _bad(f"Unknown text mode {unknown!r}.")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def _is_in_range(condition: Record, value: Any) -> bool:
    bounds = {name: condition[name] for name in _COMPARISONS if condition.get(name) is not None}
    if not all(_is_number(bound) for bound in bounds.values()):
        raise _bad("The bounds of a number_range must be numbers.")
    return _is_number(value) and all(_COMPARISONS[name](value, bound) for name, bound in bounds.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_in_moments(condition: Record, value: str) -> bool:
    """``on_or_after`` includes its moment, ``before`` does not."""
    bounds = {name: _bound(condition[name]) for name in ("on_or_after", "before") if condition.get(name) is not None}
    try:
        moment = _utc(value)
    except ValueError:  # not a date at all
        return False
    return bounds.get("on_or_after", moment) <= moment and ("before" not in bounds or moment < bounds["before"])


def _bound(bound: Any) -> datetime:
    """A fixed moment, or the start or end of a day. Days are those of UTC here."""
    try:
        if bound["type"] == "fixed_utc":
            return _utc(bound["value"])
        if bound["type"] == "fixed_local_date":
            day = date.fromisoformat(bound["value"])
            day += timedelta(days=bound.get("which", "start") == "end")
            return datetime.combine(day, time(), UTC)
    except (KeyError, TypeError, ValueError) as error:
        raise _bad("Expected {type, value} as the bound of a moment_range.") from error
    raise _bad(f"Unknown moment type {bound['type']!r}.")


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
