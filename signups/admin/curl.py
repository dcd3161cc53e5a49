"""A recorded call as a `curl` command, to be repeated by hand: secrets stand as the variables of the environment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

CUT_AT = 4_000  # as `integrations.http` records
_VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]+)")


def command(exchange: dict[str, Any]) -> str:
    """The command; a body that was cut when it was recorded, or is no text, is left out and said to be."""
    body, variables = exchange.get("request", ""), exchange.get("variables", ())
    lines = [f"curl -X {exchange['method']} {_quoted(exchange['url'], variables)}"]
    if auth := exchange.get("auth"):
        lines.append(f"  -u {_quoted(auth, variables)}")
    headers = sorted(exchange.get("headers", {}).items())
    lines += [f"  -H {_quoted(f'{name}: {value}', variables)}" for name, value in headers]
    is_whole = len(body) < CUT_AT and "\ufffd" not in body
    if body and is_whole:
        lines.append(f"  --data-binary {_quoted(body, variables)}")
    text = " \\\n".join(lines)
    return text if is_whole else f"{text}\n# The body is left out: it was too long, or no text, to be recorded whole."


def _quoted(text: str, variables: Sequence[str]) -> str:
    """For a shell: nothing in it means anything but the variables that hold the vendor's own secrets."""
    parts, at = [], 0
    for found in _VARIABLE.finditer(text):
        if found[1] not in variables:
            continue
        parts += [_single(text[at : found.start()]), f'"${found[1]}"']
        at = found.end()
    parts.append(_single(text[at:]))
    return "".join(parts) or "''"


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'" if text else ""
