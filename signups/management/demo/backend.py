"""The product's backend: signs people up through the API, reports what they use, and sets what their plan allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests
from django.core.management.base import CommandError

_TIMEOUT_S = 60


class Backend:
    def __init__(self, site: str, key: str) -> None:
        self._api = f"{site}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def sign_up(self, **sent: Any) -> str:
        """The verdict."""
        verdict: str = self._call("POST", "signups", sent, 200, 201)["verdict"]
        return verdict

    def set_plan(self, customer: str, plan: str, limit: int, period: str) -> None:
        change = {"plan": plan, "limit": limit, "limit_period": period}
        self._call("PATCH", f"signups/{quote(customer, safe='')}", change, 200)

    def report_usage(self, records: Sequence[dict[str, Any]]) -> None:
        taken = self._call("POST", "usage", {"records": list(records)}, 200)
        if taken["refused"]:
            raise CommandError(f"The site refuses a usage record: {taken['refused'][0]}")

    def report_actions(self, actions: Sequence[dict[str, Any]]) -> None:
        taken = self._call("POST", "actions", {"actions": list(actions)}, 200)
        refused = [item for item in taken["items"] if item["status"] == "refused"]
        if refused:
            raise CommandError(f"The site refuses an action: {refused[0]}")

    def close(self) -> None:
        self._session.close()

    def _call(self, method: str, path: str, body: dict[str, Any], *statuses: int) -> Any:
        reply = self._session.request(method, f"{self._api}/{path}", json=body, timeout=_TIMEOUT_S)
        if reply.status_code not in statuses:
            raise CommandError(f"{method} /api/v1/{path} → {reply.status_code}: {reply.text[:400]}")
        return reply.json()
