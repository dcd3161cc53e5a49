"""What a version of the rules would have made of past signups: their stored checks and facts, decided on again.

Nobody outside is asked. Signups come in batches: memory stays flat, and what became of them is read with each batch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from signups.models import API_CALLS, Check, Mail, Signup, UsageRecord, Verdict
from signups.verdicts.deciding import decide
from signups.verdicts.record import facts_then
from signups.verdicts.rules import Rules
from signups.vetting import CheckResult

AT_ONCE = 500
# What became of a signup. Staff's word is one of the first three; of the others any may hold.
LABELS = ("genuine", "spam", "unlabelled")
OUTCOMES = ("confirmed", "never confirmed", "used the API", "bounced")


@dataclass(frozen=True)
class Replayed:
    """One signup: the rules' verdict on record, the one they would give now, and what became of it."""

    pk: int
    email: str
    created_at: datetime
    before: str
    after: str
    rule: str  # that decides now, "" for none
    code: str  # of the first reason
    outcomes: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass
class Comparison:
    """How many would change, by (before, after) and by what became of them."""

    total: int = 0
    changed: int = 0
    moves: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rules: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, one: Replayed) -> None:
        self.total += 1
        if one.is_changed:
            self.changed += 1
            self.moves[one.before, one.after].update(("all", *one.outcomes))
            self.rules[one.before, one.after][one.rule or "no rule"] += 1

    def rows(self) -> list[tuple[str, str, Counter[str], list[tuple[str, int]]]]:
        """Each move: before, after, its counts, and the rules that do it; the most frequent first."""
        moves = sorted(self.moves.items(), key=lambda move: (-move[1]["all"], move[0]))
        return [(before, after, counts, self.rules[before, after].most_common(5)) for (before, after), counts in moves]

    def sentences(self) -> list[str]:
        """As in "would reject 12 more: 0 genuine, 9 spam, 3 unlabelled"."""
        return [
            f"{_WORDS[after]} {counts['all']:,} that {_WERE[before]}: "
            + ", ".join(f"{counts[label]:,} {label}" for label in LABELS)
            for before, after, counts, _ in self.rows()
        ]

    def as_json(self) -> dict[str, Any]:
        moves = [
            {"from": before, "to": after, "signups": counts["all"], "rules": dict(rules)}
            | {"outcomes": {name: counts[name] for name in (*LABELS, *OUTCOMES)}}
            for before, after, counts, rules in self.rows()
        ]
        return {"signups": self.total, "would_change": self.changed, "moves": moves}


_WORDS: dict[str, str] = {
    Verdict.ACCEPTED: "Would accept",
    Verdict.CONFIRM: "Would ask to confirm",
    Verdict.HELD: "Would hold",
    Verdict.REJECTED: "Would reject",
}
_WERE: dict[str, str] = {
    Verdict.ACCEPTED: "were accepted",
    Verdict.CONFIRM: "were asked to confirm",
    Verdict.HELD: "were held",
    Verdict.REJECTED: "were rejected",
}


def replay(signups: QuerySet[Signup], rules: Rules) -> Iterator[Replayed]:
    """Decide again on these signups, oldest first. One query, and three for every 500 of them.

    Signups without any check on record are left out: there is nothing to decide by.
    """
    with_profiles = any(path.startswith(("person.", "company.")) for path in rules.others)
    rows = signups.order_by("created_at", "pk").select_related("person", "company")
    if not with_profiles:
        rows = rows.defer("person__profile", "company__profile")
    stream = rows.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(stream, AT_ONCE)):
        yield from _batch(batch, rules, with_profiles)


def _batch(signups: list[Signup], rules: Rules, with_profiles: bool) -> Iterator[Replayed]:
    keys = [signup.pk for signup in signups]
    checks: dict[int, list[CheckResult]] = defaultdict(list)
    columns = ("signup_id", "name", "outcome", "code", "sentence", "evidence")
    for pk, *said in Check.objects.filter(signup__in=keys).order_by("pk").values_list(*columns):
        checks[pk].append(CheckResult(*said))
    users = set(
        UsageRecord.objects.filter(signup__in=keys, metric=API_CALLS, count__gt=0).values_list("signup", flat=True)
    )
    bounces = set(Mail.objects.filter(signup__in=keys, bounced_at__isnull=False).values_list("signup", flat=True))
    for signup in signups:
        if signup.pk not in checks:
            continue
        facts = facts_then(signup.verdict_facts, signup, _profiles(signup) if with_profiles else {})
        is_high_value = bool(signup.verdict_facts.get("is_high_value", signup.is_high_value))
        decision = decide(checks[signup.pk], is_high_value=is_high_value, facts=facts, rules=rules)
        yield Replayed(
            pk=signup.pk,
            email=signup.email,
            created_at=signup.created_at,
            before=str(signup.machine_verdict),
            after=str(decision.verdict),
            rule=decision.rule,
            code=decision.reasons[0]["code"] if decision.reasons else "",
            outcomes=tuple(_outcomes(signup, signup.pk in users, signup.pk in bounces)),
        )


def _profiles(signup: Signup) -> dict[str, Any]:
    facts = {f"person.{path}": said["value"] for path, said in signup.person.profile.items()}
    company = signup.company.profile if signup.company is not None else {}
    return facts | {f"company.{path}": said["value"] for path, said in company.items()}


def _outcomes(signup: Signup, is_user: bool, has_bounced: bool) -> Iterator[str]:
    yield str(signup.label) or "unlabelled"
    if signup.confirmed_at is not None:
        yield "confirmed"
    elif signup.machine_verdict == Verdict.CONFIRM:
        yield "never confirmed"
    if is_user:
        yield "used the API"
    if has_bounced:
        yield "bounced"


def between(since: datetime, until: datetime | None = None) -> QuerySet[Signup]:
    """The signups of a time, `until` not included."""
    later = Q(created_at__lt=until) if until is not None else Q()
    return Signup.objects.filter(later, created_at__gte=since)


def latest(signups: QuerySet[Signup], most: int) -> QuerySet[Signup]:
    """At most so many of them, the latest."""
    first = signups.order_by("-created_at", "-pk").values_list("created_at", flat=True)[most - 1 : most]
    found = list(first)
    return signups.filter(created_at__gte=found[0]) if found else signups


def compare(signups: QuerySet[Signup], rules: Rules) -> Comparison:
    comparison = Comparison()
    for one in replay(signups, rules):
        comparison.add(one)
    return comparison
