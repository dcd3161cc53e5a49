"""Each thing that happens, in words: an icon, a tone, a title, and what there is to say about it.

Where a moment stands in the story, and whose it is, `timeline` adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from signups.activity import actions, timeline
from signups.activity.timeline import Kind
from signups.admin import badges
from signups.admin.base import safe_url
from signups.admin.shown import Item, Shown, Step, counted, joined, period
from signups.models import API_CALLS, Check, Note, Signup

_MOST_ITEMS = 8
# What became of a mail, in the order in which it does; the last that holds gives the tone.
_MAIL_STEPS: Final[dict[str, str]] = {
    "sent": "quiet",
    "delivered": "wait",
    "opened": "busy",
    "clicked": "good",
    "converted": "good",
    "dropped": "look",
    "failed": "bad",
    "bounced": "bad",
    "complained": "bad",
    "unsubscribed": "look",
}


# -- Before the verdict ------------------------------------------------------------------------------------------------


def _came(moment: timeline.Moment) -> Shown:
    signup: Signup = moment.rows[0].row
    title = f"Came from {signup.referrer}" if signup.referrer else "Came to the site"
    landed = f"landed on {signup.landing_page}" if signup.landing_page else ""
    campaign = (f"{name.removeprefix('utm_')}: {value}" for name, value in signup.utm.items())
    return Shown(moment.at, "explore", "quiet", title, joined(landed, *campaign))


def _signed_up(moment: timeline.Moment) -> Shown:
    signup: Signup = moment.rows[0].row
    detail = f"{signup.name} <{signup.email}>" + (f" of {signup.company_name}" if signup.company_name else "")
    return Shown(moment.at, "person_add", "busy", f"Signed up through the {signup.get_source_display()}", detail)


def _action(moment: timeline.Moment) -> Shown:
    rows = [row.row for row in moment.rows]
    if moment.kind is Kind.EVENT:
        times = f" × {len(rows)}" if len(rows) > 1 else ""
        return Shown(moment.at, "bolt", "busy", f"{rows[0].name}{times}", _properties(rows[0].properties))
    pages = Counter(_page_name(action) for action in rows)
    links = {_page_name(action): safe_url(str(action.property("url") or "")) for action in rows}
    items = tuple(Item(name, times, links[name]) for name, times in pages.most_common(_MOST_ITEMS))
    more = len(pages) - len(items)
    if moment.kind is Kind.DOCS:
        title = f"Read {counted(len(rows), 'page')} of the docs"
        return Shown(moment.at, "menu_book", "wait", title, items=items, more=more)
    return Shown(moment.at, "web", "quiet", f"Viewed {counted(len(rows), 'page')}", items=items, more=more)


def _page_name(action: Any) -> str:
    host, path = actions.place(action)
    return path if path not in ("", "/") else (host + path or str(action.property("title") or action.name))


def _properties(properties: Any) -> str:
    """The first few plain ones."""
    if not isinstance(properties, dict):
        return ""
    plain = [
        (name, value) for name, value in properties.items() if isinstance(value, str | int | float) and value != ""
    ]
    return joined(*(f"{name}: {str(value)[:80]}" for name, value in plain[:4]))


def _lookup(moment: timeline.Moment) -> Shown:
    lookup = moment.rows[0].row
    title = f"{badges.provider_name(lookup.provider)} about {lookup.key}: {lookup.get_outcome_display()}"
    tone = badges.LOOKUP_TONES.get(lookup.outcome, "quiet")
    return Shown(moment.at, "travel_explore", tone, title, joined(f"{lookup.ms} ms", lookup.note))


def _checks(moment: timeline.Moment) -> Shown:
    checks: list[Check] = moment.rows[0].row
    outcomes = [check.outcome for check in checks]
    counted = ", ".join(f"{outcomes.count(o)} {o}" for o in Check.Outcome.values if o in outcomes)
    worst = next((o for o in ("bad", "unknown") if o in outcomes), "good")
    signup = moment.rows[0].signup
    title = f"{len(checks)} checks in {signup.decided_ms if signup is not None else 0} ms: {counted}"
    detail = " ".join(check.sentence for check in checks if check.outcome != Check.Outcome.GOOD)
    return Shown(moment.at, "checklist", badges.CHECK_TONES.get(worst, "quiet"), title, detail)


def _score(moment: timeline.Moment) -> Shown:
    score = moment.rows[0].row
    icon, tone, change = "trending_up", "quiet", ""
    if score.was is not None:
        change = f" (was {score.was})"
        icon, tone = ("trending_down", "look") if score.total < score.was else ("trending_up", "good")
    return Shown(moment.at, icon, tone, f"Scored {score.total}{change}", "High value" if score.is_high_value else "")


_LABELLED: Final = {Signup.Label.SPAM: "Marked as spam", Signup.Label.GENUINE: "Marked as genuine"}


def _verdict(moment: timeline.Moment) -> Shown:
    change = moment.rows[0].row
    by = change.user.get_username() if change.user is not None else change.get_by_display()
    if change.label:
        title = _LABELLED.get(change.label, "Label taken off")
        return Shown(moment.at, "label", badges.LABEL_TONES.get(change.label, "quiet"), title, change.note, by)
    tone = badges.VERDICT_TONES.get(change.verdict, "quiet")
    return Shown(moment.at, "gavel", tone, f"Verdict: {change.get_verdict_display()}", change.note, by)


# -- After it ----------------------------------------------------------------------------------------------------------


def _asked(moment: timeline.Moment) -> Shown:
    one = moment.rows[0].row
    title = "Asked to confirm the address" + (f" (mail {one.number})" if one.number > 1 else "")
    return Shown(moment.at, "mail", "wait", title, f"The link expires {one.expires_at:%d %b, %H:%M} UTC")


def _used(moment: timeline.Moment) -> Shown:
    one = moment.rows[0].row
    detail = f"from {one.used_ip}" if one.used_ip else ""
    return Shown(moment.at, "mark_email_read", "good", "Confirmed the address by the link", detail)


def _plan(moment: timeline.Moment) -> Shown:
    deliveries = sorted((row.row for row in moment.rows), key=lambda delivery: delivery.pk)
    names = " · ".join(badges.integration_name(delivery.integration) for delivery in deliveries)
    return Shown(moment.at, "outbox", "quiet", f"To be told: {badges.event_words(deliveries[0].event)}", names)


def _attempt(moment: timeline.Moment) -> Shown:
    attempt = moment.rows[0].row
    delivery = attempt.delivery
    name = badges.integration_name(delivery.integration)
    title = f"{name}, {badges.event_words(delivery.event)}: {badges.RESULT_WORDS.get(attempt.result, attempt.result)}"
    status = f"HTTP {attempt.status}" if attempt.status else ""
    detail = joined(attempt.reason, status, f"{attempt.ms} ms")
    tone = badges.RESULT_TONES.get(attempt.result, "bad")
    is_done = attempt.result == "delivered"
    url = safe_url(delivery.external_url) if is_done else ""
    icon = "send" if is_done else "outgoing_mail"
    if moment.kind is Kind.SLACK:
        icon = "forum"
    return Shown(moment.at, icon, tone, title, detail, url=url, url_text=f"Open in {name}")


def _mail(moment: timeline.Moment) -> Shown:
    mail = moment.rows[0].row
    campaign = mail.campaign.name if mail.campaign is not None else ""
    steps = [Step(name, tone, at) for name, tone in _MAIL_STEPS.items() if (at := mail.moment(name)) is not None]
    tone = steps[-1].tone if steps else "quiet"
    icon = {"bad": "unsubscribe", "good": "ads_click"}.get(tone, "mail")
    title = mail.subject or campaign or "A mail"
    return Shown(
        moment.at,
        icon,
        tone,
        title,
        joined(campaign if campaign != title else "", mail.why),
        steps=tuple(steps),
        url=safe_url(mail.clicked_url),
        url_text=mail.clicked_url,
    )


def _usage(moment: timeline.Moment) -> Shown:
    usage = moment.rows[0].row
    what = "API call" if usage.metric == API_CALLS else usage.metric.replace("_", " ")
    errors = f"{counted(usage.errors, 'error')}" if usage.errors else ""
    limit = f"limit {usage.limit:,}" if usage.limit else ""
    called = usage.endpoints.items() if isinstance(usage.endpoints, dict) else ()
    endpoints = sorted(called, key=lambda one: (-one[1], one[0]))
    items = tuple(Item(name, times) for name, times in endpoints[:_MOST_ITEMS])
    title = counted(usage.count, what) if usage.metric == API_CALLS else f"{usage.count:,} {what}"
    tone = "look" if usage.errors * 10 > usage.count else "good" if usage.count else "quiet"
    return Shown(
        moment.at,
        "api",
        tone,
        title,
        joined(errors, limit),
        items=items,
        more=len(endpoints) - len(items),
        is_whole_day=True,
    )


def _limit(moment: timeline.Moment) -> Shown:
    reached = moment.rows[0].row
    title = f"Reached {reached.threshold} % of what the plan allows"
    detail = joined(f"{reached.count:,} of {reached.limit:,} API calls", period(reached.period))
    return Shown(moment.at, "speed", "bad" if reached.threshold >= 100 else "look", title, detail)


def _resolved(moment: timeline.Moment) -> Shown:
    reached = moment.rows[0].row
    title = f"No longer at {reached.threshold} % of what the plan allows"
    return Shown(moment.at, "speed", "good", title, period(reached.period))


def _exposure(moment: timeline.Moment) -> Shown:
    seen = moment.rows[0].row
    arm = next((arm.name for arm in seen.experiment.arms.all() if arm.key == seen.arm), seen.arm)
    how = "chosen by staff" if seen.is_forced else "kept from an earlier phase" if seen.is_carried else ""
    return Shown(moment.at, "science", "busy", f"Saw “{arm}” of the A/B test “{seen.experiment.name}”", how)


def _note(moment: timeline.Moment) -> Shown:
    note = moment.rows[0].row
    by = note.author.get_username() if note.author is not None else "somebody who has left"
    if note.kind == Note.Kind.OPENED:
        return Shown(moment.at, "touch_app", "wait", "Opened from Slack", note.text, by)
    return Shown(moment.at, "sticky_note_2", "look", "Note", by=by, text=note.text)


def _joined_id(moment: timeline.Moment) -> Shown:
    link = moment.rows[0].row
    if link.ended_at is not None and link.ended_at <= link.at:
        return Shown(
            moment.at, "link_off", "look", "A visitor was not joined", joined(link.anonymous_id, link.ended_why)
        )
    detail = joined(link.anonymous_id, link.get_reason_display())
    return Shown(moment.at, "link", "quiet", "Joined a visitor", detail)


def _detached(moment: timeline.Moment) -> Shown:
    link = moment.rows[0].row
    by = link.ended_by.get_username() if link.ended_by is not None else ""
    return Shown(moment.at, "link_off", "look", "Detached a visitor", joined(link.anonymous_id, link.ended_why), by)


WORDS: Final[dict[str, Callable[[timeline.Moment], Shown]]] = {
    "came": _came,
    "signed_up": _signed_up,
    "action": _action,
    "lookup": _lookup,
    "checks": _checks,
    "score": _score,
    "verdict": _verdict,
    "joined": _joined_id,
    "exposure": _exposure,
    "confirmation_asked": _asked,
    "confirmation_used": _used,
    "plan": _plan,
    "attempt": _attempt,
    "mail": _mail,
    "usage": _usage,
    "limit_reached": _limit,
    "limit_resolved": _resolved,
    "note": _note,
    "detached": _detached,
}
