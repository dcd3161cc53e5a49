"""Clearbit's webhooks: what came of a look-up that was answered 202 (used by `clearbit.Clearbit`).

The call says where to send it and by which id it will be known. The id is a signed token that holds what was asked
for, so nothing need be stored until the answer comes. Signed with the API key: `X-Request-Signature: sha1=HMAC-SHA1`
of the raw body under the key without its `sk_` or `pk_`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.urls import reverse

from signups.contracts import NotTheVendor, Subject
from signups.storable import storable

logger = logging.getLogger(__name__)

SIGNATURE = "X-Request-Signature"
ID_HOLDS_FOR = timedelta(days=7)
_SALT = "integrations.clearbit_webhooks"


@dataclass(frozen=True)
class Told:
    """What a webhook says of one of our questions: 200 with the record, or another status for none."""

    subject: Subject
    key: str
    status: int
    record: Any


def parameters(subject: Subject, key: str) -> dict[str, str]:
    """What a look-up adds so that its answer may come later; nothing where no call from outside would reach us."""
    if not (settings.SANDBOX or _is_reachable(settings.BASE_URL)):
        return {}
    url = settings.BASE_URL + reverse("signups:hook_provider", args=["clearbit"])
    return {"webhook_url": url, "webhook_id": signing.dumps([subject, key], salt=_SALT)}


def check_signature(key: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises NotTheVendor unless `body` is what was signed with our key."""
    given = headers.get(SIGNATURE, "")
    if not given:
        raise NotTheVendor(f"{SIGNATURE} is missing: only answers of Clearbit's come here.")
    secret = key.removeprefix("sk_").removeprefix("pk_").encode()
    wanted = f"sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}"
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotTheVendor(f"{SIGNATURE} does not fit: CLEARBIT_API_KEY must be the key that the look-up used.")


def read(body: bytes) -> Told | None:
    """What a signed body says, None where it is no answer to a question of ours: `{"id", "type", "status", "body"}`."""
    try:
        said = storable(json.loads(body))
    except (ValueError, RecursionError):
        said = None
    question = _question(said.get("id")) if isinstance(said, Mapping) else None
    if question is None:
        logger.info("Clearbit: a webhook about no look-up of ours")
        return None
    subject, key = question
    if said.get("type") not in (subject, "person_company") or said.get("status") not in (200, 404):
        logger.info("Clearbit: a webhook of another shape")
        return None
    record = said.get("body")
    if said["type"] == "person_company":
        record = record.get(subject) if isinstance(record, Mapping) else None
    return Told(subject, key, said["status"], record)


def _question(token: Any) -> tuple[Subject, str] | None:
    """What we asked for, out of the id that we gave; None for an id that is not ours, or old."""
    if not isinstance(token, str):
        return None
    try:
        subject, key = signing.loads(token, salt=_SALT, max_age=ID_HOLDS_FOR)
        return Subject(subject), key
    except (signing.BadSignature, ValueError):
        return None


def _is_reachable(base_url: str) -> bool:
    """Whether somebody on the internet could call this address."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".test"))
