"""What one signup's page shows, gathered in a fixed number of queries however long its story is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from signups.activity.scope import Scope
from signups.admin import (
    asked,
    badges,
    company_matches,
    curl,
    fact_editing,
    facts,
    identity,
    labelling,
    mail_stop,
    notes,
    reviewing,
    story,
    usage_card,
)
from signups.admin.base import safe_url
from signups.admin.private import Veil
from signups.models import Attempt, Check, Delivery, Signup, Verdict

_OTHERS = 8
_SCORES = 20
_DELIVERIES = 40  # the latest; the list of deliveries has all
SKIPPABLE = (Delivery.State.PENDING, Delivery.State.FAILED)
TRIABLE = (*SKIPPABLE, Delivery.State.SKIPPED)


@dataclass(frozen=True)
class Button:
    label: str
    icon: str
    tone: str
    url: str


def context(request: HttpRequest, signup: Signup, *, may_change: bool, may_change_deliveries: bool) -> dict[str, Any]:
    """Everything the template needs about `signup` (with its person and company loaded)."""
    checks = list(signup.checks.all())
    scores = list(signup.scores.select_related("scorecard").prefetch_related("lines")[:_SCORES])
    deliveries = list(with_attempts(signup.deliveries.remarkable().order_by("-pk")[: _DELIVERIES + 1]))[::-1]
    are_more, deliveries = len(deliveries) > _DELIVERIES, deliveries[-_DELIVERIES:]
    veil = Veil(request, signup)
    person, company = signup.person, signup.company
    return {
        "signup": signup,
        "verdict_tone": badges.VERDICT_TONES.get(signup.verdict, "quiet"),
        "label": labelling.badge(signup),
        "decided_by": decided_by(signup),
        "is_overruled": signup.verdict != signup.machine_verdict,
        "initials": badges.initials(signup.name or signup.email),
        "picture": facts.picture(person.profile),
        "headline": facts.summary(person.fact("employment.title"), company or signup.company_name),
        "glance": _glance(signup),
        "buttons": _buttons(signup) if may_change else [],
        "label_buttons": _label_buttons(signup) if may_change else [],
        "checks": [(check, badges.CHECK_TONES.get(check.outcome, "quiet"), _evidence(check)) for check in checks],
        "slowest_ms": max((check.ms for check in checks), default=0),
        "score": scores[0] if scores else None,
        "earlier_scores": scores[1:],
        "person_facts": facts.about(person, fact_editing.offered(request, person)),
        "company_facts": facts.about(company, fact_editing.offered(request, company)),
        "asked": asked.of_signup(request, signup),
        "deliveries": [shown(delivery, veil) for delivery in deliveries],
        "are_more_deliveries": are_more,
        "routine_deliveries": signup.deliveries.routine().count(),
        "elsewhere": elsewhere(deliveries),
        "may_change_deliveries": may_change_deliveries,
        **story.context(request, Scope.of([signup]), reverse("admin:signups_signup_timeline", args=[signup.pk])),
        "note_added": notes.just_added(request, signup),
        "visitors": identity.visitors(signup),
        **company_matches.of_person(request, person),
        "mail_stop": mail_stop.banner(request, person),
        "developer_tone": badges.DEVELOPER_TONES.get(signup.developer, "quiet"),
        "usage": usage_card.of_signup(signup, may_change=may_change),
        "others": _others(signup),
        "landing_url": safe_url(signup.landing_page),
        "referrer_url": safe_url(signup.referrer),
    }


def decided_by(signup: Signup) -> dict[str, Any] | None:
    """With which rules and lists the machine decided, None for a signup from before there were versions."""
    if signup.rules_version is None:
        return None
    rules = signup.matched_rules
    return {
        "rule": next((one for one in rules if one["decided"]), None),
        "others": [one for one in rules if not one["decided"]],
        "version": signup.rules_version,
        "page": f"{reverse('admin:signups_ruleset_changelist')}?q={signup.rules_version}",
        "lists": sorted(signup.list_versions.items()),
    }


def with_attempts(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return deliveries.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("at", "pk")))


def shown(delivery: Delivery, veil: Veil) -> dict[str, Any]:
    """A delivery as its card shows it; its attempts must be prefetched."""
    return {
        "row": delivery,
        "name": badges.integration_name(delivery.integration),
        "event": badges.event_words(delivery.event),
        "tone": badges.STATE_TONES.get(delivery.state, "quiet"),
        "url": safe_url(delivery.external_url),
        "outcome": veil.text(delivery.outcome),
        "external_id": veil.text(delivery.external_id),
        "attempts": [_attempt(attempt, veil) for attempt in delivery.attempts.all()],
        "may_try": delivery.state in TRIABLE,
        "may_skip": delivery.state in SKIPPABLE,
    }


def _attempt(attempt: Attempt, veil: Veil) -> dict[str, Any]:
    """A try with what was said over the wire, as this colleague may see it, and as a command that says it again."""
    exchanges = []
    for exchange in attempt.exchanges:
        seen = {**exchange, **{name: veil.text(exchange[name]) for name in ("url", "request", "reply")}}
        exchanges.append({**seen, "curl": curl.command(seen)})
    return {
        "row": attempt,
        "tone": badges.RESULT_TONES.get(attempt.result, "bad"),
        "result": badges.RESULT_WORDS.get(attempt.result, attempt.result),
        "reason": veil.text(attempt.reason),
        "exchanges": exchanges,
    }


def elsewhere(deliveries: Iterable[Delivery]) -> list[tuple[str, str]]:
    """Where the vendors show what they were told: the latest link of each."""
    links = {delivery.integration: safe_url(delivery.external_url) for delivery in deliveries if delivery.external_url}
    return [(badges.integration_name(slug), url) for slug, url in links.items() if url]


def _evidence(check: Check) -> list[tuple[str, str]]:
    """What a check found, in words; what it did not find says nothing."""
    found = check.evidence.items()
    return [(name.replace("_", " "), facts.text(name, value)) for name, value in found if value not in (None, "", [])]


def _glance(signup: Signup) -> list[tuple[str, str]]:
    """The few facts that sales look for first."""
    company, person = signup.company, signup.person
    wanted: list[tuple[str, Any]] = [("Location", person.fact("location"))]
    if company is not None:
        raised = company.fact("metrics.raised")
        employees = company.fact("metrics.employees")
        wanted += [
            ("Company", company.name),
            ("Industry", company.fact("category.industry")),
            ("People", f"{employees:,}" if isinstance(employees, int) else None),
            ("Raised", facts.money(raised) if isinstance(raised, int | float) else None),
        ]
    return [(label, str(value)) for label, value in wanted if value]


def _buttons(signup: Signup) -> list[Button]:
    """What staff may do next, by the verdict that holds."""

    def url(name: str) -> str:
        return reverse(f"admin:signups_signup_{name}", args=[signup.pk])

    accept = Button("Accept anyway", "check_circle", "good", url("accept"))
    reject = Button("Reject", "block", "bad", url("reject"))
    keep = Button("Keep rejected", "task_alt", "plain", url("keep_rejected"))
    match signup.verdict:
        case Verdict.ACCEPTED:
            return [reject]
        case Verdict.REJECTED:
            return [accept] if signup.reviewed_at else [accept, keep]
        case Verdict.HELD:
            return [Button("Accept", "check_circle", "good", url("accept")), reject]
    return [accept, reject]


def _label_buttons(signup: Signup) -> list[Button]:
    """What staff may say it was."""

    def button(one: reviewing.Decision) -> Button:
        icon = "label_off" if one is labelling.NONE else "label"
        return Button(one.title, icon, "plain", reverse(f"admin:signups_signup_{one.slug}", args=[signup.pk]))

    return [button(one) for one in labelling.offered(signup)]


def _others(signup: Signup) -> list[Signup]:
    """Other signups of the same person, of the same mailbox written in another way, and of colleagues."""
    related = Q(person=signup.person)
    if signup.company_id is not None:
        related |= Q(company=signup.company_id)
    if signup.canonical_key:
        related |= Q(canonical_key=signup.canonical_key)
    others = Signup.objects.filter(related).exclude(pk=signup.pk)
    return list(others.order_by("-created_at")[:_OTHERS])
