"""One delivery's page: what we had, every attempt with request, reply and a `curl` to repeat it, the next try, and what
staff did. Personal data and secrets are masked by role (`private`)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from signups.admin import integration_cards, private, signup_page
from signups.admin.private import Veil
from signups.models import Delivery, Signup


def context(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    """Everything the template needs; the attempts must be prefetched, signup, person and company loaded."""
    signup, veil = delivery.signup, Veil(request, delivery.signup)
    name, email = private.named(signup, is_seen=veil.is_lifted)
    return {
        "one": signup_page.shown(delivery, veil),
        "signup": signup,
        "signup_name": name,
        "signup_email": email,
        "had": [(label, value) for label, value in _had(signup, delivery, veil) if value],
        "frozen": [(fact, veil.value(value)) for fact, value in sorted(delivery.frozen.items())],
        "made": [(fact, veil.value(value)) for fact, value in sorted(delivery.made.items())],
        "history": integration_cards.history_of(delivery),
        "is_masked": not veil.is_lifted,
    }


def _had(signup: Signup, delivery: Delivery, veil: Veil) -> list[tuple[str, str]]:
    """What the vendor's file read: the signup as it is now, beside the facts that were frozen."""
    name, email = private.named(signup, is_seen=veil.is_lifted)
    return [
        ("Name", name),
        ("E-mail", email),
        ("Company", str(signup.company or signup.company_name)),
        ("IP address", (signup.ip or "") if veil.is_lifted else private.MARK * bool(signup.ip)),
        ("Verdict", signup.get_verdict_display()),
        ("Score", str(signup.score)),
        ("Source", signup.get_source_display()),
        ("Signed up", f"{signup.created_at:%-d %b %Y, %H:%M:%S}"),
        ("Request", signup.request_id),
    ]
