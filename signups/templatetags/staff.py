"""Template filters of the admin's own pages."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from signups.admin import badges

register = template.Library()


@register.filter
def when(moment: datetime | None) -> SafeString:
    """How long ago, with the exact time to hover over."""
    return badges.when(moment)


@register.filter
def provider_name(slug: str) -> str:
    return badges.provider_name(slug)
