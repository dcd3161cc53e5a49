"""A call of Slack's Web API against its method pages (arguments, errors) and its old description (replies)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.specs.openapi import errors, load

# Answers that any method may give, listed under some or none.
_ANYWHERE = frozenset(
    ("invalid_arguments", "unknown_method", "ratelimited", "internal_error", "invalid_auth", "not_authed")
)
# The description ended in 2021: what replies have got since, and blocks, which it calls now a list and now an object.
_NOT_COMPARED = frozenset(("metadata", "app_id", "edited", "blocks", "warning", "response_metadata"))


def problems(folder: str, call: dict[str, Any]) -> Iterator[str]:
    name = call["path"].removeprefix("/slack/api/")
    if name == call["path"] or call["status"] == 429:
        return  # hooks, clicks of pretend people, rate limits: not described
    method = _methods(folder).get(name)
    if method is None:
        yield "is not documented"
        return
    given = _arguments(call)
    yield from (f"the argument {each} is not documented" for each in given.keys() - method["args"].keys() - {"token"})
    needed = {each for each, rules in method["args"].items() if rules.get("required")} - {"token"}
    yield from (f"the argument {each} is missing" for each in needed - given.keys())
    if call["fault"] is None:
        yield from _reply_problems(folder, name, method, call["reply"])


@lru_cache(maxsize=1)
def _methods(folder: str) -> dict[str, Any]:
    methods: dict[str, Any] = json.loads(Path(folder, "slack-methods-2026-08.json").read_text())["methods"]
    return methods


def _arguments(call: dict[str, Any]) -> dict[str, Any]:
    body = call["body"]
    return {**call["query"], **(body if isinstance(body, dict) else dict(parse_qsl(body or "")))}


def _reply_problems(folder: str, name: str, method: dict[str, Any], reply: Any) -> Iterator[str]:
    if not isinstance(reply, dict) or not isinstance(reply.get("ok"), bool):
        yield "the reply has no ok"
    elif not reply["ok"]:
        if reply.get("error") not in {*method["errors"], *_ANYWHERE}:
            yield f"the error {reply.get('error')!r} is not documented"
    else:
        document = load(str(Path(folder, "slack_web_openapi_v2.trimmed.json")))
        compared = {key: value for key, value in _as_of_2021(reply).items() if value != []}
        for operation in document["paths"].get(f"/{name}", {}).values():
            schema = operation["responses"]["200"]["schema"]
            # It knows no empty list: a channel without messages is not compared in them.
            wanted = [each for each in schema["required"] if reply.get(each) != []]
            yield from (f"reply{error}" for error in errors(document, {**schema, "required": wanted}, compared))


def _as_of_2021(reply: Any) -> Any:
    if isinstance(reply, list):
        return [_as_of_2021(each) for each in reply]
    if isinstance(reply, dict):
        return {name: _as_of_2021(value) for name, value in reply.items() if name not in _NOT_COMPARED}
    return reply
