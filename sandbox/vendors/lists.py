"""A list server as GitHub's raw files are one: https://raw.githubusercontent.com/OWNER/REPOSITORY/BRANCH/PATH.

It publishes what was known when the product's own lists were made, and what was found since in the pretend world. A
path it does not hold answers 404 as GitHub does.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from aiohttp import web

from sandbox.core import Vendor

_SHIPPED = Path(__file__).parents[2] / "signups" / "vetting" / "data"
_FOUND_SINCE = ("freshly-thrown.test", "tempbox-of-today.test")
_RUMOURED_SINCE = ("rumoured.test", "said-to-be-temp.test")
_CAREFUL = "disposable-email-domains/disposable-email-domains/main"


class Lists(Vendor):
    slug = "lists"
    name = "List server"
    settings: ClassVar[dict[str, Any]] = {"files": {}}
    """``files``: path to text; more files, or others in place of those there are."""

    def reset(self) -> None:
        self.fetched: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{path:.+}", self._file)]

    def snapshot(self) -> dict[str, Any]:
        return {"files": sorted({**_files(), **self.options["files"]}), "fetched": self.fetched}

    async def _file(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.fetched.append(path)
        text = {**_files(), **self.options["files"]}.get(path)
        if text is None:
            return web.Response(status=404, text="404: Not Found")
        return web.Response(text=text)


@cache
def _files() -> dict[str, str]:
    careful = _names((_SHIPPED / "disposable.txt").read_text(encoding="utf-8"))
    rumoured = _names(gzip.decompress((_SHIPPED / "suspected.txt.gz").read_bytes()).decode())
    return {
        f"{_CAREFUL}/disposable_email_blocklist.conf": _lines([*careful, *_FOUND_SINCE]),
        f"{_CAREFUL}/allowlist.conf": "bigmail.test\n",
        "7c/fakefilter/main/txt/data.txt": "# seen at disposable services\n\nrumoured.test\n",
        "FGRibreau/mailchecker/master/list.txt": _lines([*rumoured, *_RUMOURED_SINCE, "bigmail.test"]),
        "ivolo/disposable-email-domains/master/index.json": json.dumps([*rumoured, *_RUMOURED_SINCE]),
        "tompec/disposable-email-domains/main/index.json": json.dumps(["named-only-once.test", "bigmail.test"]),
        "wesbos/burner-email-providers/master/emails.txt": _lines(["said-to-be-temp.test"]),
    }


def _names(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _lines(names: list[str]) -> str:
    return "\n".join(names) + "\n"
