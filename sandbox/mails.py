"""The pretend inbox: mails as people read them, whoever brought them there (``smtp.py``, a vendor's campaign)."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from html import unescape
from typing import Any

from sandbox.core import World

_URL = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def keep(world: World, raw: bytes, sender: str, recipients: list[str]) -> None:
    """Put a mail into the inbox."""
    world.inbox.append(as_dict(raw, sender, recipients, world.now()))
    del world.inbox[: -world.inbox_size]


def as_dict(raw: bytes, sender: str, recipients: list[str], at: float) -> dict[str, Any]:
    """A mail as the inbox shows it: decoded subject and bodies, the links in them in order of appearance."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text, html = _body(message, "plain"), _body(message, "html")
    return {
        "at": at,
        "from": str(message["From"] or sender),
        "to": recipients,
        "subject": str(message["Subject"] or ""),
        "text": text,
        "html": html,
        "links": links(text, html),
        "message_id": str(message["Message-ID"] or ""),
        "raw": raw.decode("utf-8", "replace"),
    }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def links(text: str, html: str) -> list[str]:
    """Every http(s) link of the two bodies, once each."""
    hrefs = (unescape(double or single) for double, single in _HREF.findall(html))
    found = [*(url.rstrip(".,;:!?)") for url in _URL.findall(text)), *(url for url in hrefs if _URL.match(url))]
    return list(dict.fromkeys(found))
