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
from signups.transactions import write_transaction

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


class StepExpired(Exception):
    """The address of a page was good once. Whose it was: `signup`."""

    def __init__(self, signup: Signup) -> None:
        self.signup = signup
        super().__init__("This page has closed.")


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
    return settings.BASE_URL + reverse(f"signups:{step.replace('-', '_')}", args=[_token(signup, step)])


def resend_url(signup: Signup) -> str:
    """Where to post for another mail with a link; relative."""
    return reverse("signups:resend", args=[_token(signup, "check-mail")])


def read_step(token: str, step: Step) -> Signup:
    """The signup a page's address stands for. Raises StepExpired, and Signup.DoesNotExist for what we never signed."""
    salt = f"signups.step.{step}"
    try:
        signup = Signup.objects.select_related("person", "company").get(uid=UUID(hex=signing.loads(token, salt=salt)))
        signing.loads(token, salt=salt, max_age=_LIFETIME[step])
    except signing.SignatureExpired:
        raise StepExpired(signup) from None
    except signing.BadSignature:
        raise Signup.DoesNotExist from None
    return signup


def trial_key(signup: Signup) -> tuple[str, ApiKey]:
    """The accepted person's first API key and its row, made on first sight and the same ever after."""
    mac = hmac.digest(settings.SECRET_KEY.encode(), b"signups.trial_key" + signup.uid.bytes, hashlib.sha256)
    key = "ob_trial_" + base64.b32encode(mac[:20]).decode().lower()
    row = ApiKey.objects.filter(signup=signup).first()
    if row is None:
        names = {"name": f"Trial of {signup.email}"[:100], "kind": ApiKey.Kind.TRIAL}
        named = names | {"digest": ApiKey.digest_of(key), "prefix": key[:13]}
        with write_transaction():
            row, _ = ApiKey.objects.get_or_create(signup=signup, defaults=named)
    if row.digest != ApiKey.digest_of(key):  # made under an earlier SECRET_KEY
        row.digest, row.prefix = ApiKey.digest_of(key), key[:13]
        row.save(update_fields=["digest", "prefix"])
    return key, row


def _token(signup: Signup, step: Step) -> str:
    return signing.dumps(signup.uid.hex, salt=f"signups.step.{step}")
