"""Signed links that mails carry to people: made where the mail is ordered, read where the link leads.

A link never says whose it is to anybody without our key, and is the same at every try of the same delivery.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone

from signups.models import Signup

QUESTION_LIFETIME = timedelta(days=90)
_QUESTION = "signups.question.developer"


class LinkExpired(Exception):
    """The link was good once."""


def developer_question(signup: Signup, at_s: int) -> dict[str, str]:
    """The two links of the question whether somebody writes code: {"yes": url, "no": url}. `at_s`: when it is asked."""
    token = Signer(salt=_QUESTION).sign_object([signup.uid.hex, at_s])
    return {
        answer: settings.BASE_URL + reverse("signups:answer_developer", args=[token, answer])
        for answer in ("yes", "no")
    }


def read_developer_question(token: str) -> Signup:
    """Whom the question was asked. Raises LinkExpired, and Signup.DoesNotExist for what we never signed."""
    try:
        uid, at_s = Signer(salt=_QUESTION).unsign_object(token)
        asked_at = datetime.fromtimestamp(at_s, UTC)
        signup = Signup.objects.select_related("person", "company").get(uid=UUID(hex=uid))
    except (BadSignature, ValueError, TypeError, OverflowError, OSError):
        raise Signup.DoesNotExist from None
    if asked_at + QUESTION_LIFETIME < timezone.now():
        raise LinkExpired
    return signup
