"""What each table knows of the story, one source a table and moment: its rows, when they happened, and of what kind.

A source reads a limited number of rows in one query. Their order here is the order of what happens at one instant.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Case, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from signups.activity import actions
from signups.activity.scope import Scope, arrived_at
from signups.activity.source import Happened, Kind, SignupSource, Source
from signups.activity.window import Read, Window
from signups.models import (
    Action,
    Arm,
    Attempt,
    Check,
    Confirmation,
    Delivery,
    Experiment,
    Exposure,
    IdentityLink,
    LimitReached,
    Lookup,
    Mail,
    Note,
    Score,
    Signup,
    UsageRecord,
    VerdictChange,
)

_SLACK = "slack"  # what begins so are the integrations that post there


@dataclass(frozen=True)
class ActionSource(Source):
    """Actions, of which there may be any number: each id that means somebody gives what a page can hold."""

    def read(self, scope: Scope, window: Window, rank: int, kind: Kind | None) -> Read[Happened]:
        condition = actions.condition(kind) if kind is not None else Q()
        found = actions.read(scope, condition, window, rank, self.limit)
        return Read([self.happened(scope, row, rank) for row in found.rows], found.is_cut)


# -- Before the verdict ------------------------------------------------------------------------------------------------


def _with_origin(scope: Scope) -> dict[int, Any]:
    return {pk: s for pk, s in scope.by_pk.items() if s.referrer or s.landing_page or s.utm}


def _action_kind(action: Any) -> Kind:
    return Kind(actions.kind_of(action))


def _action_group(action: Any, signup: Signup | None) -> Hashable:
    is_before = signup is not None and action.at < arrived_at(signup)
    kind = _action_kind(action)
    name = action.name if kind is Kind.EVENT else ""
    return (kind, name, action.at.astimezone(UTC).date(), signup.pk if signup is not None else None, is_before)


def _lookups(scope: Scope, kind: Kind | None) -> QuerySet[Lookup]:
    signups = scope.by_pk.values()
    domains = {signup.company.domain for signup in signups if signup.company is not None}
    people = {signup.person.email for signup in signups}
    asked = Q(subject="person", key__in=people)
    return Lookup.objects.filter(asked | Q(subject="company", key__in=domains) if domains else asked)


def _asked_about(scope: Scope, lookup: Any) -> Signup | None:
    about = (signup for signup in scope.by_pk.values() if lookup.key == signup.person.email)
    return next(about, None) if lookup.subject == "person" else None


def _checks(scope: Scope) -> dict[int, Any]:
    by_signup: dict[int, list[Check]] = {}
    for check in Check.objects.filter(signup__in=scope.by_pk).exclude(name=Check.CLICK).order_by("pk"):
        by_signup.setdefault(check.signup_id, []).append(check)
    return by_signup


def _scores(scope: Scope, kind: Kind | None) -> QuerySet[Score]:
    """Each with the one before; the first is what the verdict rests on, and stands where that does."""
    earlier = Score.objects.filter(signup=OuterRef("signup"), pk__lt=OuterRef("pk")).order_by("-pk")
    scores = Score.objects.filter(signup__in=scope.by_pk).annotate(was=Subquery(earlier.values("total")[:1]))
    return scores.annotate(at=Case(When(was=None, then=F("signup__created_at")), default=F("created_at")))


def _verdicts(scope: Scope, kind: Kind | None) -> QuerySet[VerdictChange]:
    """The rules' own stands before what followed from it."""
    by_rules = When(by=VerdictChange.By.RULES, then=F("signup__created_at"))
    changes = VerdictChange.objects.filter(signup__in=scope.by_pk).select_related("user")
    return changes.annotate(moment=Case(by_rules, default=F("at")))


# -- After it ----------------------------------------------------------------------------------------------------------


def _confirmations(scope: Scope, kind: Kind | None) -> QuerySet[Confirmation]:
    return Confirmation.objects.filter(signup__in=scope.by_pk)


def _used(scope: Scope, kind: Kind | None) -> QuerySet[Confirmation]:
    return _confirmations(scope, kind).filter(used_at__isnull=False)


def _plans(scope: Scope, kind: Kind | None) -> QuerySet[Delivery]:
    plans = Delivery.objects.filter(signup__in=scope.by_pk).only("signup", "integration", "event", "created_at")
    return plans if kind is not None else plans.remarkable()


def _planned_together(delivery: Any, signup: Signup | None) -> Hashable:
    return (delivery.created_at.replace(microsecond=0), delivery.event, delivery.signup_id)


def _attempts(scope: Scope, kind: Kind | None) -> QuerySet[Attempt]:
    attempts = Attempt.objects.filter(delivery__signup__in=scope.by_pk).select_related("delivery")
    attempts = attempts.defer("exchanges", "delivery__frozen", "delivery__made")
    to_slack = Q(delivery__integration__startswith=_SLACK)
    if kind is None:
        return attempts.exclude(Delivery.routine_at("delivery__"))
    return attempts.filter(to_slack if kind is Kind.SLACK else ~to_slack)


def _attempt_kind(attempt: Any) -> Kind:
    return Kind.SLACK if attempt.delivery.integration.startswith(_SLACK) else Kind.DELIVERY


def _mails(scope: Scope, kind: Kind | None) -> QuerySet[Mail]:
    return Mail.objects.filter(signup__in=scope.by_pk).select_related("campaign")


def _usage(scope: Scope, kind: Kind | None) -> QuerySet[UsageRecord]:
    return UsageRecord.objects.filter(signup__in=scope.by_pk)


def _limits(scope: Scope, kind: Kind | None) -> QuerySet[LimitReached]:
    return LimitReached.objects.filter(signup__in=scope.by_pk)


def _resolved(scope: Scope, kind: Kind | None) -> QuerySet[LimitReached]:
    return _limits(scope, kind).filter(resolved_at__isnull=False)


def _exposures(scope: Scope, kind: Kind | None) -> QuerySet[Exposure]:
    """Asked for by experiment, of which there are few, for units are indexed within each."""
    everywhere = Exposure.objects.filter(experiment__in=Experiment.objects.order_by().values("pk"))
    arms = Prefetch("experiment__arms", Arm.objects.only("experiment", "key", "name"))
    return everywhere.filter(unit__in=scope.units).select_related("experiment").prefetch_related(arms)


def _notes(scope: Scope, kind: Kind | None) -> QuerySet[Note]:
    notes = Note.objects.filter(signup__in=scope.by_pk).select_related("author")
    return notes if kind is None else notes.filter(kind="opened" if kind is Kind.SLACK else "note")


def _note_kind(note: Any) -> Kind:
    return Kind.SLACK if note.kind == Note.Kind.OPENED else Kind.NOTE


def _links(scope: Scope, kind: Kind | None) -> QuerySet[IdentityLink]:
    return IdentityLink.objects.filter(signup__in=scope.by_pk)


def _ended(scope: Scope, kind: Kind | None) -> QuerySet[IdentityLink]:
    """Those that held for a while. One that was refused says so where it would have begun."""
    return _links(scope, kind).filter(ended_at__gt=F("at")).select_related("ended_by")


SOURCES: tuple[Source | SignupSource, ...] = (
    SignupSource("came", (Kind.PAGE,), arrived_at, _with_origin),
    SignupSource("signed_up", (Kind.DECISION,), arrived_at),
    ActionSource(
        "action",
        (Kind.PAGE, Kind.DOCS, Kind.EVENT),
        lambda scope, kind: Action.objects.all(),
        limit=actions.MOST,
        kind_of=_action_kind,
        signup_of=actions.owner,
        group_of=_action_group,
    ),
    Source("lookup", (Kind.LOOKUP,), _lookups, "fetched_at", signup_of=_asked_about),
    SignupSource("checks", (Kind.DECISION,), lambda signup: signup.created_at, _checks),
    Source("score", (Kind.SCORE,), _scores),
    Source("verdict", (Kind.DECISION,), _verdicts, "moment"),
    Source("joined", (Kind.IDENTITY,), _links),
    Source("exposure", (Kind.EXPERIMENT,), _exposures, signup_of=lambda scope, row: scope.units.get(row.unit)),
    Source("confirmation_asked", (Kind.DECISION,), _confirmations, "created_at"),
    Source("confirmation_used", (Kind.DECISION,), _used, "used_at"),
    Source("plan", (Kind.DELIVERY,), _plans, "created_at", limit=100, group_of=_planned_together),
    Source(
        "attempt",
        (Kind.DELIVERY, Kind.SLACK),
        _attempts,
        kind_of=_attempt_kind,
        signup_of=lambda scope, row: scope.by_pk.get(row.delivery.signup_id),
    ),
    Source("mail", (Kind.MAIL,), _mails, "first_at"),
    Source("usage", (Kind.API,), _usage, "date", are_days=True),
    Source("limit_reached", (Kind.LIMIT,), _limits, "reached_at"),
    Source("limit_resolved", (Kind.LIMIT,), _resolved, "resolved_at"),
    Source("note", (Kind.NOTE, Kind.SLACK), _notes, kind_of=_note_kind),
    Source("detached", (Kind.IDENTITY,), _ended, "ended_at"),
)
