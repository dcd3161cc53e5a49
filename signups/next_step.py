"""Where somebody goes after the form: a signed, expiring address per verdict, and the first API key of the accepted."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from signups.models import ApiKey, Signup, Verdict

Step = Literal["welcome", "check-mail", "in-review", "sorry"]
_STEP_OF: dict[str, Step] = {
    Verdict.ACCEPTED: "welcome",
    Verdict.CONFIRM: "check-mail",
    Verdict.HELD: "in-review",
    Verdict.REJECTED: "sorry",
}
_LIFETIME: dict[Step, timedelta] = {
    "welcome": timedelta(days=1),  # this page shows a key
    "check-mail": timedelta(days=7),
    "in-review": timedelta(days=7),
    "sorry": timedelta(days=7),
}


def next_url(signup: Signup, is_repeat: bool = False) -> str:
    """The absolute URL of the page this signup goes to now.

    `is_repeat`: an address we know was typed again, perhaps by somebody else: accepted or not, the way on leads through
    its mailbox.
    """
    step = _STEP_OF[signup.verdict]
    if is_repeat and step == "welcome":
        step = "check-mail"
    if step == "welcome" and settings.WELCOME_URL:
        return settings.WELCOME_URL
    token = signing.dumps(signup.uid.hex, salt=f"signups.step.{step}")
    return settings.BASE_URL + reverse(f"signups:{step.replace('-', '_')}", args=[token])


def read_step(token: str, step: Step) -> Signup:
    """The signup a page's address stands for. Raises `signing.BadSignature` (expired too) and `Signup.DoesNotExist`."""
    uid = signing.loads(token, salt=f"signups.step.{step}", max_age=_LIFETIME[step])
    return Signup.objects.select_related("person", "company").get(uid=UUID(hex=uid))


def trial_key(signup: Signup) -> str:
    """The accepted person's first API key, made on first sight: the same one whenever the page is shown again."""
    mac = hmac.digest(settings.SECRET_KEY.encode(), b"signups.trial_key" + signup.uid.bytes, hashlib.sha256)
    key = "ob_trial_" + base64.b32encode(mac[:20]).decode().lower()
    ApiKey.objects.get_or_create(
        signup=signup,
        defaults={
            "name": f"Trial of {signup.email}"[:100],
            "kind": ApiKey.Kind.TRIAL,
            "digest": ApiKey.digest_of(key),
            "prefix": key[:13],
        },
    )
    return key
