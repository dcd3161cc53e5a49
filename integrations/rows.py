"""What the vendors' mappings read from our rows, in one spelling for all of them. Reads only; knows no vendor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from signups.models import Delivery, Signup, UsageRecord

_NETWORKS = {  # fact → what people call it, and where its handles lead
    "github.handle": ("GitHub", "https://github.com/"),
    "linkedin.handle": ("LinkedIn", "https://www.linkedin.com/"),  # "in/ada"
    "twitter.handle": ("X", "https://x.com/"),
}


def person_name(signup: Signup) -> str:
    """What to call the person: as they signed up, else as providers know them, else their address."""
    return signup.name or signup.person.name or signup.email


def company_name(signup: Signup) -> str:
    """The company's name, as found or else as typed; "" where none is known."""
    if signup.company is not None and signup.company.name != signup.company.domain:
        return signup.company.name
    typed = signup.company_name or str(signup.person.fact("employment.name") or "")
    return typed or (signup.company.domain if signup.company is not None else "")


def company_fact(signup: Signup, path: str) -> Any:
    """A fact about the signup's company, None where there is no company or the fact is unknown."""
    return signup.company.fact(path) if signup.company is not None else None


def public_profiles(signup: Signup) -> dict[str, str]:
    """The person's known pages, network → URL."""
    handles = {path: str(signup.person.fact(path) or "") for path in _NETWORKS}
    return {
        name: prefix + quote(handles[path], safe="/") for path, (name, prefix) in _NETWORKS.items() if handles[path]
    }


def visitor(signup: Signup) -> str:
    """The anonymous id of the browser they signed up in; "" where it is no id, or not theirs.

    Two people of one browser must not become one elsewhere, nor a visitor whom staff detached theirs again.
    """
    anonymous = signup.anonymous_id.strip()
    is_theirs = anonymous and signup.identity_links.filter(anonymous_id=anonymous, ended_at=None).exists()
    return anonymous if is_theirs else ""


def at_ms(delivery: Delivery) -> int:
    """When the event happened, in epoch milliseconds: the same at every try."""
    return int(delivery.frozen["at_ms"])


def at_s(delivery: Delivery) -> int:
    """When the event happened, in epoch seconds: the same at every try."""
    return at_ms(delivery) // 1000


def at_date(delivery: Delivery) -> date:
    """The day (UTC) on which the event happened: the same at every try."""
    return datetime.fromtimestamp(at_s(delivery), UTC).date()


def limit_words(delivery: Delivery) -> str:
    """ "83 % of the plan: 830 of 1,000 API calls in November 2026", of an event about a limit."""
    facts = delivery.frozen
    period = str(facts["period"])
    if period == "total":
        when = "in all"
    elif len(period) == len("2026-11-24"):
        when = f"on {date.fromisoformat(period):%-d %B %Y}"
    else:
        when = f"in {date.fromisoformat(f'{period}-01'):%B %Y}"
    if facts["limit"] is None:
        return f"{facts['count']:,} API calls {when}, which the plan no longer limits"
    percent = facts["count"] * 100 // facts["limit"] if facts["limit"] else 100
    return f"{percent} % of the plan: {facts['count']:,} of {facts['limit']:,} API calls {when}"


def is_reached(signup: Signup, delivery: Delivery) -> bool:
    """Whether the share of the limit that an event is about is reached at this moment."""
    facts = delivery.frozen
    rows = signup.limits_reached.filter(period=facts["period"], threshold=facts["threshold"], resolved_at=None)
    return rows.exists()


def is_feed_late() -> bool:
    """Whether usage reports came in once, and have stopped."""
    last = UsageRecord.objects.aggregate(last=Max("reported_at"))["last"]
    return last is not None and timezone.now() - last > timedelta(hours=settings.FEED_LATE_AFTER_HOURS)


def admin_url(signup: Signup, via: str = "") -> str:
    """The absolute URL of the signup's page in the admin; `via` says there where the link stood."""
    page = f"{settings.BASE_URL}{reverse('admin:signups_signup_change', args=[signup.pk])}"
    return f"{page}?via={quote(via)}" if via else page


def origin(signup: Signup) -> str:
    """Where the person came from, in a few words: the campaign, else the site that sent them, else how they came in."""
    campaign = [str(signup.utm.get(f"utm_{part}") or "") for part in ("source", "medium", "campaign")]
    return " / ".join(filter(None, campaign)) or host(signup.referrer) or signup.get_source_display()


def host(url: str) -> str:
    """The host of a web address, typed with or without its scheme, and without "www."; "" where it has none."""
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` without those that say nothing: None and the empty string."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def missing(names: Mapping[str, str]) -> list[str]:
    """Of environment variable → value, the variables without a value."""
    return [name for name, value in names.items() if not value]
