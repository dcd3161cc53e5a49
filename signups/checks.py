"""System checks: what is switched off for want of a setting, and what is set half."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, Warning, register

from signups import contracts


@register()
def vendors_are_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """I001: a vendor is off, and which variables switch it on."""
    messages: list[CheckMessage] = []
    for vendor in (*contracts.providers(), *contracts.integrations()):
        missing = vendor.missing_settings()
        if missing:
            hint = f"To switch it on, set {', '.join(missing)} (see .env.example)."
            messages.append(Info(f"{vendor.name} is off.", hint=hint, id="signups.I001"))
    return messages


@register()
def links_lead_somewhere(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W001: links in mails would lead to the reader's own machine."""
    if settings.SANDBOX or settings.DEBUG or not settings.BASE_URL.startswith(("http://127.", "http://localhost")):
        return []
    message = f"Links in mails and Slack start with {settings.BASE_URL}, which only works on this machine."
    return [Warning(message, hint="Set BASE_URL to the site's public address.", id="signups.W001")]
