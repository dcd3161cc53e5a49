"""What a visitor's browser tells us: where they came from, who they were before they had a name, their address.

First touch: the referrer, landing page and UTM parameters of the first visit are kept in a signed cookie and go with
the signup, however many pages later it comes. What is stored of it is `signups.intake`'s business.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from signups import devices
from signups.intake import Submission
from signups.models import Signup
from signups.visitors import ID_COOKIE, anonymous_id, visitor_id

__all__ = [
    "ID_COOKIE",
    "Touch",
    "Typed",
    "anonymous_id",
    "first_touch",
    "ga_client_id",
    "ga_session_id",
    "keep_typed",
    "keep_visit",
    "submission",
    "typed",
    "visitor_ip",
]

TOUCH_COOKIE = "first_touch"
TYPED_COOKIE = "typed"

# The parameters Google Analytics knows (https://support.google.com/analytics/answer/10917952, 2025-06).
UTM = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "utm_source_platform",
    "utm_creative_format",
    "utm_marketing_tactic",
)
_TOUCH_LIFETIME = timedelta(days=90)
_ID_LIFETIME = timedelta(days=365)
_TYPED_LIFETIME = timedelta(days=1)
_COOKIE_BYTES = 3800  # browsers throw away cookies of more than 4096


@dataclass(frozen=True)
class Touch:
    """A visit that came from outside."""

    referrer: str = ""
    landing_page: str = ""
    utm: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """What this browser itself sent last, and which signup it led to: the only words about it that pages repeat."""

    signup: str  # its uid
    name: str
    email: str
    company: str
    newsletter: bool


def submission(request: HttpRequest, sent: dict[str, Any]) -> Submission:
    """The cleaned form and what the browser told us, as intake takes it."""
    touch = first_touch(request)
    return Submission(
        email=sent["email"],
        name=sent["name"],
        company_name=sent["company"],
        wants_newsletter=sent["newsletter"],
        source=Signup.Source.FORM,
        referrer=touch.referrer,
        landing_page=touch.landing_page,
        utm=touch.utm,
        anonymous_id=anonymous_id(request),
        ga_client_id=ga_client_id(request),
        ga_session_id=ga_session_id(request),
        ip=visitor_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:500],
        device_id=devices.device_id(request),
    )


def keep_visit(request: HttpRequest, response: HttpResponse) -> None:
    """Give a new visitor an anonymous id, and write down where they came from."""
    if not anonymous_id(request):
        # Readable by scripts: the product's own site may send its actions under the same id.
        _set_cookie(request, response, ID_COOKIE, visitor_id(request), _ID_LIFETIME, is_http_only=False)
    if _read(request, TOUCH_COOKIE, _TOUCH_LIFETIME) is None:
        _set_cookie(request, response, TOUCH_COOKIE, _touch_cookie(_touch(request)), _TOUCH_LIFETIME)


def first_touch(request: HttpRequest) -> Touch:
    """The visitor's first visit as far as we know: the cookie's, else this one."""
    kept = _read(request, TOUCH_COOKIE, _TOUCH_LIFETIME)
    return Touch(**kept) if kept is not None else _touch(request)


def keep_typed(request: HttpRequest, response: HttpResponse, signup: Signup, sent: dict[str, Any]) -> None:
    """Let this browser's next pages repeat what was typed into it."""
    typed = Typed(signup.uid.hex, sent["name"], sent["email"], sent["company"], sent["newsletter"])
    _set_cookie(request, response, TYPED_COOKIE, _sign(TYPED_COOKIE, asdict(typed)), None)


def typed(request: HttpRequest, signup: Signup | None = None) -> Typed | None:
    """What this browser typed last, None where it typed nothing of late or (given `signup`) something else."""
    kept = _read(request, TYPED_COOKIE, _TYPED_LIFETIME)
    if kept is None or (signup is not None and kept["signup"] != signup.uid.hex):
        return None
    return Typed(**kept)


# -- Google Analytics: the ids its own cookies hold -------------------------------------------------------------------


def ga_client_id(request: HttpRequest) -> str:
    """`_ga` is "GA1.<depth>.<random>.<time>"; the last two make the client id."""
    match = re.fullmatch(r"GA\d\.\d+\.(\d{1,20}\.\d{1,20})", request.COOKIES.get("_ga", ""))
    return match[1] if match else ""


def ga_session_id(request: HttpRequest) -> str:
    """`_ga_<stream>` is "GS1.1.<session>.…", since May 2025 "GS2.1.s<session>$…"."""
    stream = settings.GA["measurement_id"].removeprefix("G-")
    match = re.match(r"GS\d\.\d+\.s?(\d{1,20})(?=[.$]|\Z)", request.COOKIES.get(f"_ga_{stream}", ""))
    return match[1] if match else ""


# -- The address -------------------------------------------------------------------------------------------------------


def visitor_ip(request: HttpRequest) -> str | None:
    """The visitor's address. X-Forwarded-For is believed only from a proxy of ours: a loopback or private address."""
    peer = _ip(request.META.get("REMOTE_ADDR", ""))
    if peer is not None and peer.is_private:
        # The last entry is the one our own proxy added; those before it are whatever the client wrote.
        forwarded = _ip(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
        peer = forwarded or peer
    return str(peer) if peer else None


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


# -- Cookies -----------------------------------------------------------------------------------------------------------


def _touch(request: HttpRequest) -> Touch:
    """This visit. A referrer on our own site says nothing; an address in the URL is not for the analytics tools."""
    referrer = request.headers.get("Referer", "")
    if not referrer.startswith(("http://", "https://", "android-app://")) or _host(referrer) == request.get_host():
        referrer = ""
    here = urlsplit(request.build_absolute_uri()) if request.method in ("GET", "HEAD") else None
    landing_page = ""
    if here is not None:
        query = [pair for pair in parse_qsl(here.query) if pair[0] not in ("email", "again")]
        landing_page = urlunsplit(here._replace(query=urlencode(query)))
    utm = {name: value[:300] for name in UTM if (value := request.GET.get(name, "").strip())}
    return Touch(referrer[:2000], landing_page[:2000], utm)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _touch_cookie(touch: Touch) -> str:
    """The cookie's value, its texts cut as far as needed to be kept by browsers."""
    for most in (2000, 600, 200, 50):
        utm = {name: value[:most] for name, value in touch.utm.items()}
        value = _sign(TOUCH_COOKIE, asdict(Touch(touch.referrer[:most], touch.landing_page[:most], utm)))
        if len(value) <= _COOKIE_BYTES:
            return value
    return _sign(TOUCH_COOKIE, asdict(Touch()))


def _sign(cookie: str, value: dict[str, Any]) -> str:
    return signing.dumps(value, salt=f"signups.{cookie}", compress=True)


def _read(request: HttpRequest, cookie: str, lifetime: timedelta) -> dict[str, Any] | None:
    """A signed cookie's content, None where it is missing, too old or not ours."""
    try:
        value: dict[str, Any] = signing.loads(
            request.COOKIES.get(cookie, ""), salt=f"signups.{cookie}", max_age=lifetime
        )
    except signing.BadSignature:
        return None
    return value


def _set_cookie(
    request: HttpRequest,
    response: HttpResponse,
    name: str,
    value: str,
    lifetime: timedelta | None,
    *,
    is_http_only: bool = True,
) -> None:
    response.set_cookie(
        name, value, max_age=lifetime, secure=request.is_secure(), httponly=is_http_only, samesite="Lax"
    )
