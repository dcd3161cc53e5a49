"""Template filters of the admin's own pages.

`signups.admin` is imported when a filter is used: every template library is loaded while unfold itself is imported.
"""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def when(moment: datetime | None) -> SafeString:
    """How long ago, with the exact time to hover over."""
    from signups.admin import badges

    return badges.when(moment)


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, as plain words."""
    from signups.admin import badges

    return badges.ago(moment)


@register.filter
def provider_name(slug: str) -> str:
    """The name under which people know a provider."""
    from signups.admin import badges

    return badges.provider_name(slug)


@register.filter
def thousands(number: int) -> str:
    """With its thousands apart: "10,181"."""
    return f"{number:,}"
