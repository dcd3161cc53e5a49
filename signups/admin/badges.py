"""How things look in lists and on pages: one word and one tone for each state, everywhere the same.

A tone is a meaning, not a colour: good, wait, look, bad, busy, quiet. The colours are in `static/admin/onboarding.css`.
Whatever came from outside is escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from signups import contracts
from signups.contracts.registry import name_of
from signups.models import Check, Delivery, Lookup, Signup, Verdict

VERDICT_TONES: Final[dict[str, str]] = {
    Verdict.ACCEPTED: "good",
    Verdict.CONFIRM: "wait",
    Verdict.HELD: "look",
    Verdict.REJECTED: "bad",
}
STATE_TONES: Final[dict[str, str]] = {
    Delivery.State.PENDING: "wait",
    Delivery.State.SENDING: "busy",
    Delivery.State.DELIVERED: "good",
    Delivery.State.SKIPPED: "quiet",
    Delivery.State.FAILED: "bad",
}
CHECK_TONES: Final[dict[str, str]] = {
    Check.Outcome.GOOD: "good",
    Check.Outcome.RISKY: "look",
    Check.Outcome.BAD: "bad",
    Check.Outcome.UNKNOWN: "wait",
}
LABEL_TONES: Final[dict[str, str]] = {Signup.Label.SPAM: "bad", Signup.Label.GENUINE: "good"}
LOOKUP_TONES: Final[dict[str, str]] = {
    Lookup.Outcome.FOUND: "good",
    Lookup.Outcome.NOT_FOUND: "quiet",
    Lookup.Outcome.PENDING: "wait",
    Lookup.Outcome.REFUSED: "look",
    Lookup.Outcome.ERROR: "bad",
    Lookup.Outcome.SKIPPED: "quiet",
}
DEVELOPER_TONES: Final[dict[str, str]] = {
    Signup.Developer.YES: "good",
    Signup.Developer.NO: "quiet",
    Signup.Developer.UNSURE: "look",
}
RESULT_TONES: Final[dict[str, str]] = {"delivered": "good", "skipped": "quiet", "later": "wait", "ambiguous": "look"}
RESULT_WORDS: Final[dict[str, str]] = {
    "later": "not now",
    "never": "refused",
    "ambiguous": "may be done",
    "lapsed": "worker stopped",
    "bug": "our own error",
}
# Who says facts besides the providers.
_OUR_SOURCES: Final[dict[str, str]] = {"staff": "Staff", "form": "The signup form", "derived": "Derived"}
# Of several deliveries to one integration the first of these is shown.
_MOST_PRESSING: Final = ("failed", "sending", "pending", "delivered", "skipped")
_EVENT_WORDS: Final = {"reached_limit": "at the limit"}


def badge(text: str, tone: str, title: str = "") -> SafeString:
    return format_html('<span class="ob-badge ob-{}" title="{}">{}</span>', tone, title, text)


def verdict_badge(signup: Signup) -> SafeString:
    return badge(signup.get_verdict_display(), VERDICT_TONES.get(signup.verdict, "quiet"))


def score_mark(score: int, is_high_value: bool) -> SafeString:
    """The points, and a star where the signup is high value."""
    if not is_high_value:
        return format_html('<span class="ob-score">{}</span>', score)
    star = mark_safe('<span class="ob-star" aria-label="high value">★</span>')
    return format_html('<span class="ob-score" title="High value">{}{}</span>', score, star)


def initials(name: str) -> str:
    """One or two letters that stand for a name."""
    words = re.findall(r"\w+", name)
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def integration_name(slug: str) -> str:
    """The name under which people know an integration; the slug of one that is not configured any more."""
    return name_of(slug)


def provider_name(slug: str) -> str:
    """The name under which people know whoever said a fact."""
    if slug in _OUR_SOURCES:
        return _OUR_SOURCES[slug]
    return next((provider.name for provider in contracts.providers() if provider.slug == slug), slug)


def event_words(event: str) -> str:
    return _EVENT_WORDS.get(event, event.replace("_", " "))


def delivery_dots(deliveries: Iterable[Delivery]) -> SafeString:
    """One small mark for each integration that was or will be told, in story order."""
    by_slug: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_slug.setdefault(delivery.integration, []).append(delivery)
    order = [integration.slug for integration in contracts.integrations()]
    slugs = sorted(by_slug, key=lambda slug: (order.index(slug) if slug in order else len(order), slug))
    marks = format_html_join("", '<span class="ob-dot ob-{}" title="{}">{}</span>', (_dot(by_slug[s]) for s in slugs))
    return format_html('<span class="ob-dots">{}</span>', marks)


def _dot(deliveries: list[Delivery]) -> tuple[str, str, str]:
    shown = min(deliveries, key=lambda delivery: _MOST_PRESSING.index(delivery.state))
    name = integration_name(shown.integration)
    lines = [f"{event_words(d.event)}: {d.get_state_display()}" for d in sorted(deliveries, key=lambda d: d.pk)]
    words = re.findall(r"\w+", name)
    letters = words[0][0] + words[1][0].upper() if len(words) > 1 and len(words[1]) > 2 else words[0][:2]
    return STATE_TONES[shown.state], f"{name} · {' · '.join(lines)}", letters


def when(moment: datetime | None) -> SafeString:
    """How long ago, or in how long, with the exact time to hover over."""
    if moment is None:
        return format_html('<span class="ob-quiet-text">{}</span>', "–")
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', exact.isoformat(), f"{exact:%d %b %Y %H:%M:%S %Z}", ago(moment)
    )


def ago(moment: datetime) -> str:
    """ "just now", "5 min ago", "in 2 h", and the date beyond two weeks."""
    passed = timezone.now() - moment
    if abs(passed) > timedelta(days=14):
        return f"{timezone.localtime(moment):%d %b %Y}"
    text = duration(abs(passed))
    if abs(passed) < timedelta(seconds=5):
        return "just now"
    return f"{text} ago" if passed > timedelta(0) else f"in {text}"


def duration(span: timedelta) -> str:
    """A length of time in its largest fitting unit."""
    seconds = span.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds * 1000:.0f} ms"
