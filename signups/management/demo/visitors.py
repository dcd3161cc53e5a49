"""Somebody's browser: it keeps its cookies, reports what is looked at as the script does, and fills in the form."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from django.core.management.base import CommandError
from requests.adapters import HTTPAdapter

HOME = "https://www.startup.test"
READS_FOR = timedelta(seconds=47)  # one page
_FORM_FIELD = re.compile(r'<input[^>]*name="(shown|asked|csrfmiddlewaretoken)"[^>]*value="([^"]*)"')
_TIMEOUT_S = 30
_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Line:
    """How the site is reached: its address, the key its pages have for actions, and connections all browsers share."""

    site: str
    public_key: str
    adapter: HTTPAdapter


class Browser:
    """`anonymous_id`: who the site takes it for; `ip`: where it is."""

    def __init__(self, line: Line, anonymous_id: str, ip: str) -> None:
        self.anonymous_id = anonymous_id
        self._line = line
        self._session = requests.Session()
        self._session.mount("http://", line.adapter)
        self._session.headers.update({"X-Forwarded-For": ip, "User-Agent": _USER_AGENT})
        if is_known_to_google(anonymous_id):
            number = uuid.UUID(anonymous_id).int
            self._session.cookies.set(
                "_ga", f"GA1.1.{number % 10**9}.{number % 10**10}", domain=urlsplit(line.site).hostname
            )
        self.page = ""
        """The last form it was shown."""
        self._session.cookies.set("anonymous_id", anonymous_id, domain=urlsplit(line.site).hostname)

    def read(self, at: datetime, pages: Sequence[str], referrer: str = "") -> None:
        """Look at pages of the product's site, one after the other from `at` on; reported when the visitor leaves."""
        actions = [self._view(at + number * READS_FOR, page, referrer) for number, page in enumerate(pages)]
        reply = self._session.post(
            f"{self._line.site}/api/v1/actions?key={self._line.public_key}",
            data=json.dumps({"actions": actions}),
            headers={"Origin": HOME, "Content-Type": "text/plain"},
            timeout=_TIMEOUT_S,
        )
        _expect(reply, 200)
        refused = [item for item in reply.json()["items"] if item["status"] == "refused"]
        if refused:
            raise CommandError(f"The site refuses an action: {refused[0]}")

    def open_form(self, referrer: str = "", **query: str) -> dict[str, str]:
        """The signup page's hidden fields."""
        url = f"{self._line.site}/signup/" + (f"?{urlencode(query)}" if query else "")
        reply = self._session.get(url, headers={"Referer": referrer} if referrer else {}, timeout=_TIMEOUT_S)
        _expect(reply, 200)
        self.page = reply.text
        return dict(_FORM_FIELD.findall(reply.text))

    def send_form(self, hidden: dict[str, str], **typed: str) -> None:
        """Sign up, and look at the page that leads to. Asked whether another address was meant, they keep theirs."""
        reply = self._post_form(hidden | typed)
        if reply.status_code == 422 and "No, keep mine" in reply.text:
            reply = self._post_form(dict(_FORM_FIELD.findall(reply.text)) | typed)
        _expect(reply, 303)
        _expect(self._session.get(self._line.site + reply.headers["Location"], timeout=_TIMEOUT_S), 200)

    def _post_form(self, data: dict[str, str]) -> requests.Response:
        url = f"{self._line.site}/signup/"
        return self._session.post(url, data=data, headers={"Referer": url}, timeout=_TIMEOUT_S, allow_redirects=False)

    def press(self, url: str) -> None:
        """Follow a link of a mail and press the button on the page."""
        page = self._session.get(url, timeout=_TIMEOUT_S)
        _expect(page, 200)
        hidden = {name: value for name, value in _FORM_FIELD.findall(page.text) if name == "csrfmiddlewaretoken"}
        reply = self._session.post(
            url, data=hidden, headers={"Referer": url}, timeout=_TIMEOUT_S, allow_redirects=False
        )
        _expect(reply, 200, 302, 303)

    def _view(self, at: datetime, page: str, referrer: str) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid5(uuid.UUID(self.anonymous_id), f"{page} {at.isoformat()}")),
            "type": "page",
            "name": page,
            "anonymous_id": self.anonymous_id,
            "timestamp": at.isoformat(),
            "properties": {"url": HOME + page, "path": page, "title": _title(page), "referrer": referrer},
        }


def is_known_to_google(anonymous_id: str) -> bool:
    """Whether this visitor agreed to analytics: every second one did."""
    return uuid.UUID(anonymous_id).int % 2 == 0


def _title(page: str) -> str:
    return page.strip("/").replace("-", " ").replace("/", ": ").capitalize() or "Home"


def _expect(reply: requests.Response, *statuses: int) -> None:
    if reply.status_code not in statuses:
        raise CommandError(f"{reply.request.method} {reply.request.path_url} → {reply.status_code}: {reply.text[:400]}")
