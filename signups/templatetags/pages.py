"""What any page or mail may ask for, error pages without a context included."""

from __future__ import annotations

import re
from email.utils import parseaddr

from django import template
from django.conf import settings

from signups import consent

register = template.Library()

# Letters, with single blanks, hyphens, apostrophes or full stops between or after words: nothing that reads as a link.
_NAME = re.compile(r"[^\W\d_]+(?:(?:[ '’-]|\. )[^\W\d_]+){0,5}")


@register.simple_tag
def site_name() -> str:
    """The sender's name in DEFAULT_FROM_EMAIL, which is what people know the product by."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[0] or "Onboarding"


@register.simple_tag
def contact_address() -> str:
    """Where a person can be written to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


@register.simple_tag
def sandbox_url() -> str:
    """The sandbox's address in sandbox mode, else ""."""
    return f"http://127.0.0.1:{settings.VALUES['SANDBOX_HTTP_PORT']}" if settings.SANDBOX else ""


@register.simple_tag(takes_context=True)
def measurement_id(context: template.Context) -> str:
    """The id to load Google's tag with, "" unless this visitor agreed."""
    request = context.get("request")
    return settings.GA["measurement_id"] if request is not None and consent.is_given(request) else ""


@register.simple_tag(takes_context=True)
def records_visits(context: template.Context) -> bool:
    """Whether the page loads the script that records what its visitor does."""
    request = context.get("request")
    return request is not None and consent.may_record(request)


@register.simple_tag
def asks_for_consent() -> bool:
    """Whether there is analytics to agree to."""
    return consent.is_asked()


@register.filter
def as_greeting(name: str) -> str:
    """`name` where it reads like one, else "": a mail to a stranger's address must not carry a stranger's message."""
    return name if len(name) <= 60 and _NAME.fullmatch(name) else ""
