"""Learning fingerprints: which servers serve throw-away domains, by lists, staff's word and what became of signups.

A domain counts once, for the strongest voice about it: staff (a label, an entry on their lists), then the disposable
list, then what its signups did. Its servers are what DNS named when somebody signed up, or when it was asked for the
purpose. Nothing here runs while somebody signs up: tasks, the daily job and `manage.py learn_fingerprints` call it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Q
from django.utils import timezone

from signups.models import API_CALLS, Check, Fingerprint, LearnedDomain, ListEntry, Mail, Signup, UsageRecord, Verdict
from signups.transactions import write_transaction
from signups.vetting import kind
from signups.vetting.fingerprints import Kind, Servers

if TYPE_CHECKING:
    from signups.jobs.running import Run

Label, Source = LearnedDomain.Label, LearnedDomain.Source
_Link = LearnedDomain.fingerprints.through
AT_ONCE = 500  # domains of one transaction
LOOKED_BACK = timedelta(days=90)
# Many people have addresses there: what one of them did says nothing of the domain.
EVERYBODYS = frozenset({"free_mail", "internet_provider", "education", "government", "relay", "unknown"})
# Whose word holds; among equals the last.
_RANKS = {Source.STAFF: 3, Source.LIST: 2, Source.OUTCOME: 1}


@dataclass(frozen=True)
class Lesson:
    """What a registered domain is, who says so, and its servers by kind; none where they are not known (kept then)."""

    domain: str
    label: LearnedDomain.Label
    source: LearnedDomain.Source
    servers: Servers = field(default_factory=dict)


def learn(lessons: Iterable[Lesson]) -> int:
    """Take lessons in, in one transaction; returns how many changed anything. A weaker voice moves no label."""
    by_domain = {lesson.domain: lesson for lesson in lessons}
    if not by_domain:
        return 0
    with write_transaction():
        blank = [LearnedDomain(domain=domain) for domain in sorted(by_domain)]
        LearnedDomain.objects.bulk_create(blank, ignore_conflicts=True)
        known = {row.domain: row for row in _locked(by_domain)}
        keys = _keys(lesson.servers for lesson in by_domain.values())
        before = _links(known.values())
        changes = _Changes()
        for domain, row in known.items():
            changes.teach(row, by_domain[domain], keys, before.get(row.pk, set()))
        changes.save()
        LearnedDomain.objects.filter(pk__in=[row.pk for row in known.values()]).update(learned_at=timezone.now())
    return len(changes.rows)


def forget(domains: Iterable[str]) -> int:
    """Nobody says any more what these domains are: they no longer count. Returns how many were known."""
    with write_transaction():
        rows = _locked(domains)
        links = _links(rows)
        counts: Counter[tuple[int, str]] = Counter()
        for row in rows:
            counts.subtract((key, row.label) for key in sorted(links.get(row.pk, ())))
        _lock_fingerprints(pk__in={key for key, _ in counts})
        _count(counts)
        LearnedDomain.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def relearn(domains: Iterable[str]) -> int:
    """Learn anew what this installation knows of these registered domains; returns how many changed."""
    wanted = sorted({domain for domain in domains if domain})
    said = _said_of(wanted)
    servers = _servers_seen(list(said))
    silent = set(wanted) - set(said)
    lapsed = LearnedDomain.objects.filter(domain__in=silent).exclude(source=Source.LIST, label=Label.OTHER)
    forgotten = forget(lapsed.values_list("domain", flat=True)) if silent else 0
    lessons = [Lesson(domain, *voice, servers.get(domain, {})) for domain, voice in said.items()]
    return forgotten + _overrule(lessons)


def step(run: Run) -> bool:
    """The daily job: some hundred of the signups of the last quarter, whose domains are looked at anew."""
    since = datetime.combine(run.day, time.min, tzinfo=UTC) - LOOKED_BACK
    recent = Signup.objects.filter(pk__gt=run.cursor, created_at__gte=since).exclude(email_domain="")
    rows = list(recent.order_by("pk").values_list("pk", "email_domain")[:AT_ONCE])
    if not rows:
        return False
    with run.chunk(rows[-1][0]) as counts:
        counts.read = len(rows)
        counts.changed = relearn(domain for _, domain in rows)
    return len(rows) == AT_ONCE


# -- What is said of a domain ------------------------------------------------------------------------------------------


def _said_of(domains: Sequence[str]) -> dict[str, tuple[LearnedDomain.Label, LearnedDomain.Source]]:
    """The strongest voice about each domain; none about those that are everybody's. Four queries."""
    kinds = {domain: kind.of(domain).code for domain in domains}
    one_owner = [domain for domain in domains if kinds[domain] not in EVERYBODYS]
    said = {domain: (label, Source.OUTCOME) for domain, label in _outcomes(one_owner).items()}
    said |= {domain: (Label.DISPOSABLE, Source.LIST) for domain in one_owner if kinds[domain] == "disposable"}
    labels = {Signup.Label.SPAM: Label.DISPOSABLE, Signup.Label.GENUINE: Label.OTHER}
    labelled = Signup.objects.filter(email_domain__in=one_owner).exclude(label="").order_by("labelled_at")
    for domain, label in labelled.values_list("email_domain", "label"):
        said[domain] = (labels[Signup.Label(label)], Source.STAFF)
    entries = {ListEntry.Kind.ALLOW: Label.OTHER, ListEntry.Kind.DENY: Label.DISPOSABLE}
    listed = ListEntry.objects.in_force().filter(value__in=one_owner, kind__in=entries).order_by("-kind")
    for value, entry in listed.values_list("value", "kind"):  # deny before allow, which beats it
        said[value] = (entries[ListEntry.Kind(entry)], Source.STAFF)
    return said


def _outcomes(domains: Sequence[str]) -> dict[str, LearnedDomain.Label]:
    """What became of the domains' signups: those who were let in, confirmed and called the API are genuine.

    A mail that bounces says something only where the mailbox was there once: else it may have been mistyped.
    """
    ours = Q(signup__email_domain__in=domains)
    vanished = Q(bounced_at__isnull=False, signup__confirmed_at__isnull=False)
    bad = Mail.objects.filter(ours, vanished | Q(complained_at__isnull=False))
    found = dict.fromkeys(bad.values_list("signup__email_domain", flat=True), Label.DISPOSABLE)
    used = UsageRecord.objects.filter(
        ours, metric=API_CALLS, count__gt=0, signup__verdict=Verdict.ACCEPTED, signup__confirmed_at__isnull=False
    )
    return found | dict.fromkeys(used.values_list("signup__email_domain", flat=True).distinct(), Label.OTHER)


def _servers_seen(domains: Sequence[str]) -> dict[str, Servers]:
    """What DNS named when somebody of each domain signed up last. One row a domain, however many signed up."""
    named = Check.objects.filter(
        name="fingerprint", signup__email_domain__in=domains, evidence__has_key="servers"
    ).order_by()
    last = named.values("signup__email_domain").annotate(last=Max("pk")).values("last")
    seen = Check.objects.filter(pk__in=last).values_list("signup__email_domain", "evidence")
    return {domain: evidence["servers"] for domain, evidence in seen if evidence["servers"]}


# -- Counting ----------------------------------------------------------------------------------------------------------


def _overrule(lessons: Sequence[Lesson]) -> int:
    """Learn what is all that this installation knows: a stronger voice of before is gone, and holds no longer.

    Domains that were given as good ones stay so: nobody here has to say it again.
    """
    ranks = {lesson.domain: _RANKS[lesson.source] for lesson in lessons}
    before = LearnedDomain.objects.filter(domain__in=ranks).exclude(source=Source.LIST, label=Label.OTHER)
    stale = [
        domain
        for domain, source in before.values_list("domain", "source")
        if source and _RANKS[Source(source)] > ranks[domain]
    ]
    LearnedDomain.objects.filter(domain__in=stale).update(source=Source.OUTCOME)
    return learn(lessons)


@dataclass
class _Changes:
    """What a batch of lessons changes, saved in a few statements."""

    rows: list[LearnedDomain] = field(default_factory=list)
    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    added: list[Any] = field(default_factory=list)
    removed: Q = field(default_factory=Q)

    def teach(self, row: LearnedDomain, lesson: Lesson, keys: Mapping[tuple[str, str], int], old: set[int]) -> None:
        """Bring one domain's label, links and counts to what the lesson says."""
        is_overruled = bool(row.source) and _RANKS[Source(row.source)] > _RANKS[lesson.source]
        label, source = (row.label, row.source) if is_overruled else (lesson.label, lesson.source)
        new = {keys[kind, value] for kind, values in lesson.servers.items() for value in values} or old
        new = new | {keys[Kind.ALL, ""]} if new else new
        if (label, source, new) == (row.label, row.source, old):
            return
        self.counts.subtract((key, row.label) for key in old)
        self.counts.update((key, label) for key in new)
        self.added += [_Link(learneddomain_id=row.pk, fingerprint_id=key) for key in sorted(new - old)]
        if gone := old - new:
            self.removed |= Q(learneddomain=row.pk, fingerprint__in=gone)
        row.label, row.source = label, source
        self.rows.append(row)

    def save(self) -> None:
        _count(self.counts)
        if self.removed:
            _Link.objects.filter(self.removed).delete()
        _Link.objects.bulk_create(self.added)
        LearnedDomain.objects.bulk_update(self.rows, ["label", "source"])


def _count(counts: Counter[tuple[int, str]]) -> None:
    """Add to the counts of fingerprints, which are locked; those alike in one statement."""
    added: dict[int, tuple[int, int]] = {}
    for (key, label), number in counts.items():
        disposable, other = added.get(key, (0, 0))
        is_disposable = label == Label.DISPOSABLE
        added[key] = (disposable + number * is_disposable, other + number * (label == Label.OTHER))
    alike: dict[tuple[int, int], list[int]] = {}
    for key in sorted(added):
        if any(added[key]):
            alike.setdefault(added[key], []).append(key)
    for (disposable, other), keys in alike.items():
        Fingerprint.objects.filter(pk__in=keys).update(
            disposable=F("disposable") + disposable, other=F("other") + other
        )


def _locked(domains: Iterable[str]) -> list[LearnedDomain]:
    return list(LearnedDomain.objects.select_for_update().filter(domain__in=list(domains)).order_by("domain"))


def _keys(servers: Iterable[Servers]) -> dict[tuple[str, str], int]:
    """The rows of these fingerprints and of the one that counts all domains, made where there were none; locked."""
    wanted = {(kind, value) for one in servers for kind, values in one.items() for value in values} | {(Kind.ALL, "")}
    rows = [Fingerprint(kind=kind, value=value) for kind, value in sorted(wanted)]
    Fingerprint.objects.bulk_create(rows, ignore_conflicts=True)
    values = {value for _, value in wanted}
    return {(row.kind, row.value): row.pk for row in _lock_fingerprints(value__in=values)}


def _lock_fingerprints(**which: Any) -> list[Fingerprint]:
    """Everybody locks them in one order: of two who count, one waits for the other, and never both."""
    return list(Fingerprint.objects.select_for_update().filter(**which).order_by("pk"))


def _links(rows: Iterable[LearnedDomain]) -> dict[int, set[int]]:
    links = _Link.objects.filter(learneddomain__in=[row.pk for row in rows])
    found: dict[int, set[int]] = {}
    for domain, fingerprint in links.values_list("learneddomain_id", "fingerprint_id"):
        found.setdefault(domain, set()).add(fingerprint)
    return found
