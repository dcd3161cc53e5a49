"""A call against an OpenAPI description, 3.0 or 3.1: path, query, body, status and reply."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

# Not documented call by call, and the same everywhere: sent elsewhere, refused, too many.
_TAKEN_STATUSES = frozenset((301, 400, 401, 402, 403, 405, 415, 429))


class OpenApi:
    """``prefix``: where the sandbox has the vendor's host. Calls whose path below it starts with one of ``unknown``,
    or as a whole with one of ``elsewhere``, are not in the description; nor are replies where ``unknown_reply``.
    """

    def __init__(
        self,
        *files: str,
        prefix: str,
        unknown: tuple[str, ...] = (),
        elsewhere: tuple[str, ...] = (),
        unknown_reply: Callable[[dict[str, Any]], bool] = lambda call: False,
        record_of: Callable[[Any], Any] = lambda reply: reply,
        not_required: tuple[str, ...] = (),
    ) -> None:
        self._files = files
        self._prefix = prefix
        self._unknown = tuple(prefix + each for each in unknown) + elsewhere
        self._unknown_reply = unknown_reply
        self._record_of = record_of
        self._not_required = not_required

    def problems(self, folder: str, call: dict[str, Any]) -> list[str]:
        if call["path"].startswith(self._unknown):
            return []
        path = call["path"].removeprefix(self._prefix)
        found = [
            (document, operation)
            for document in map(load, (str(Path(folder, file)) for file in self._files))
            for operation in _operations(document, call["method"].lower(), path)
        ]
        if not found:
            return ["is not documented"]
        # One address may stand for several operations, told apart by their bodies: the one that fits best counts.
        return min((list(self._compare(*each, call)) for each in found), key=len)

    def _compare(self, document: Any, operation: dict[str, Any], call: dict[str, Any]) -> Iterator[str]:
        yield from _query_problems(document, operation, call["query"], self._not_required)
        yield from _body_problems(document, operation, call)
        if call["fault"] is None and not self._unknown_reply(call):
            yield from _reply_problems(document, operation, call["status"], self._record_of(call["reply"]))


def _operations(document: Any, method: str, path: str) -> Iterator[dict[str, Any]]:
    for template, item in document["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template.partition("#")[0]))
        if method in item and re.fullmatch(pattern, path):
            shared = item.get("parameters", [])
            yield {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}


def _query_problems(
    document: Any, operation: dict[str, Any], query: dict[str, Any], not_required: tuple[str, ...]
) -> Iterator[str]:
    known = [resolved(document, each) for each in operation["parameters"]]
    known = [each for each in known if each["in"] == "query"]
    yield from (f"the parameter {name} is not documented" for name in query.keys() - {each["name"] for each in known})
    for parameter in known:
        name, schema = parameter["name"], parameter.get("schema", {})
        if name in query:
            values = query[name] if isinstance(query[name], list) else [query[name]]
            lists = [value.split(",") for value in values if isinstance(value, str)]  # OpenAPI's "form", not exploded
            if all(errors(document, schema, value) for value in (*map(_parsed, values), *values, *lists)):
                yield f"the parameter {name} cannot be {query[name]!r}"
        elif parameter.get("required") and name not in not_required:
            yield f"the parameter {name} is missing"


def _parsed(text: str) -> Any:
    """The number or truth value in a query; the text itself where it is neither."""
    return json.loads(text) if re.fullmatch(r"-?\d{1,15}|true|false", text) else text


def _body_problems(document: Any, operation: dict[str, Any], call: dict[str, Any]) -> Iterator[str]:
    body = resolved(document, operation.get("requestBody", {}))
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    if call["body"] is None:
        if body.get("required"):
            yield "the body is missing"
    elif not body and call["body"] != {}:
        yield "a body is not documented"
    elif schema is not None:
        yield from (f"body{error}" for error in errors(document, schema, call["body"]))


def _reply_problems(document: Any, operation: dict[str, Any], status: int, reply: Any) -> Iterator[str]:
    responses = operation["responses"]
    documented = responses.get(str(status), responses.get("default"))
    if documented is None:
        if status not in _TAKEN_STATUSES and status < 500:
            yield f"the status {status} is not documented"
        return
    for content in resolved(document, documented).get("content", {}).values():
        if "schema" in content:
            yield from (f"reply{error}" for error in errors(document, content["schema"], reply))


# ---- documents and schemas


@lru_cache(maxsize=16)
def load(path: str) -> Any:
    """The document, with what 3.0 calls nullable as JSON Schema says it."""
    text = Path(path).read_text()
    if path.endswith(".json"):
        return _with_null(json.loads(text))
    import yaml  # here, since without VENDOR_SPECS nobody needs it

    return _with_null(yaml.load(text, Loader=yaml.CSafeLoader))


def _with_null(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_null(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _with_null(value) for name, value in node.items() if name != "nullable" or value is not True}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


def resolved(document: Any, node: dict[str, Any]) -> dict[str, Any]:
    """What a reference inside the document stands for."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def errors(document: Any, schema: dict[str, Any], value: Any) -> list[str]:
    """Where in the value what is wrong, as " at $.items[0].id: …"."""
    is_new = str(document.get("openapi", "")).startswith("3.1")
    kind: type[Validator] = jsonschema.Draft202012Validator if is_new else jsonschema.Draft4Validator
    parts = {name: document[name] for name in ("components", "definitions") if name in document}
    found = kind({**schema, **parts}).iter_errors(value)
    return [f" at {error.json_path}: {error.message[:200]}" for each in found for error in _innermost(each)]


def _innermost(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    """The errors that help: of several alternatives, what is wrong with the one that fits best."""
    alternatives: dict[Any, list[jsonschema.ValidationError]] = defaultdict(list)
    for each in error.context or ():
        alternatives[each.schema_path[0]].extend(_innermost(each))
    return min(alternatives.values(), key=len) if alternatives else [error]
