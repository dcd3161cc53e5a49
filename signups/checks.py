"""System checks: what is switched off for want of a setting, and what is set half."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register

from signups import contracts
from signups.domains import name_servers
from signups.vetting import networks


@register()
def vendors_are_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """I001: a vendor is off, and which variables switch it on."""
    messages: list[CheckMessage] = []
    vendors: list[contracts.Provider | contracts.Integration] = [*contracts.providers(), *contracts.integrations()]
    for vendor in vendors:
        missing = vendor.missing_settings()
        is_off_in_sandbox = settings.SANDBOX and isinstance(vendor, contracts.Provider)  # its first page says how
        if missing and not is_off_in_sandbox:
            hint = f"To switch it on, set {', '.join(missing)} (see .env.example)."
            messages.append(Info(f"{vendor.name} is off.", hint=hint, id="signups.I001"))
    return messages


@register(deploy=True)  # off by default and well so: not worth a line at every command
def optional_checks_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """I002: what else could be asked about a signup, and what that tells whom."""
    off = [name for one in contracts.examiners() for name in one.missing_settings()]
    off += [] if settings.SMTP_PROBE["is_on"] else ["VETTING_SMTP_PROBE"]
    off += [] if settings.MAIL_SETUP_IS_ON else ["VETTING_MAIL_SETUP"]
    if not off:
        return []
    hint = f"To switch them on, set {', '.join(off)}; whom each tells of a signup stands in .env.example."
    return [Info("Some optional checks of signups are off.", hint=hint, id="signups.I002")]


@register()
def probes_have_a_sender(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W002: a probe that has no sender."""
    if not settings.SMTP_PROBE["is_on"] or settings.SMTP_PROBE["sender"]:
        return []
    hint = "Set SMTP_PROBE_FROM to an address of yours that takes mail."
    return [Warning("No mail server is probed, as probes have no sender.", hint=hint, id="signups.W002")]


@register()
def name_servers_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: no domain could be looked up, so nobody would be accepted."""
    messages: list[CheckMessage] = []
    for value in settings.DNS_NAMESERVERS:
        try:
            name_servers.name_server(value)
        except ValueError as error:
            messages.append(Error(str(error), hint="Correct DNS_NAMESERVERS, or leave it empty.", id="signups.E001"))
    return messages


@register()
def shared_networks_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E002: every signup would fail where it looks whether its address is shared."""
    hint = "Write networks such as 8.8.8.0/24 into SHARED_NETWORKS, comma-separated, or leave it empty."
    return [
        Error(f"SHARED_NETWORKS: {problem}.", hint=hint, id="signups.E002")
        for problem in networks.problems(settings.SHARED_NETWORKS)
    ]


@register()
def links_lead_somewhere(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W001: links in mails would lead to the reader's own machine."""
    if settings.SANDBOX or settings.DEBUG or not settings.BASE_URL.startswith(("http://127.", "http://localhost")):
        return []
    message = f"Links in mails and Slack start with {settings.BASE_URL}, which only works on this machine."
    return [Warning(message, hint="Set BASE_URL to the site's public address.", id="signups.W001")]
