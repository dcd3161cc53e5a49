"""Is this a developer? A ladder of evidence, from their own word down to the page they came from.

The strongest rung that says anything decides; where it says both, nobody knows (*unsure*), and the welcome mail asks
(`question`). Which mail follows from the answer is the mail tool's business: it is told `Signup.developer`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from django.db.models import Exists, OuterRef, QuerySet

from signups.deliveries.queueing import enqueue
from signups.mails import titles
from signups.models import Person, Signup, UsageRecord
from signups.models.usage import API_CALLS
from signups.transactions import write_transaction

Says = Literal["yes", "no"]

DEVELOPER_SITES = frozenset(
    "bitbucket.org codeberg.org codepen.io crates.io dev.to docs.rs github.com github.io gitlab.com hackernoon.com "
    "hn.algolia.com hub.docker.com huggingface.co kaggle.com lobste.rs news.ycombinator.com npmjs.com packagist.org "
    "pkg.go.dev pypi.org readthedocs.io replit.com rubygems.org serverfault.com sourceforge.net sr.ht "
    "stackexchange.com stackoverflow.com superuser.com".split()
)
_DOCS = frozenset("api apis dev developer developers doc docs documentation quickstart reference sdk sdks".split())
_AT_ONCE = 20  # judged where the first call came in; more are left to a task


@dataclass(frozen=True)
class Facts:
    """What the ladder looks at. `said`: their own answer, None where nobody asked."""

    said: bool | None = None
    has_called: bool = False
    github: str = ""
    title: str = ""
    role: str = ""
    landing_page: str = ""
    referrer: str = ""


@dataclass(frozen=True)
class Evidence:
    code: str
    sentence: str
    says: Says

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "sentence": self.sentence, "says": self.says}


@dataclass(frozen=True)
class Judgement:
    """The verdict, and every piece of evidence, the strongest first."""

    verdict: Signup.Developer
    evidence: tuple[Evidence, ...]

    def as_list(self) -> list[dict[str, str]]:
        return [piece.as_dict() for piece in self.evidence]


def judge(facts: Facts) -> Judgement:
    """The strongest rung that says anything decides; where it contradicts itself, nobody knows."""
    rungs = [list(rung(facts)) for rung in _LADDER]
    decisive = next((rung for rung in rungs if rung), [])
    said = {piece.says for piece in decisive}
    verdict = Signup.Developer.UNSURE
    if said == {"yes"}:
        verdict = Signup.Developer.YES
    elif said == {"no"}:
        verdict = Signup.Developer.NO
    return Judgement(verdict, tuple(piece for rung in rungs for piece in rung))


def facts_of(person: Person, sent: Any, *, has_called: bool = False) -> Facts:
    """What is known: `sent` is the signup or what somebody just sent (`landing_page` and `referrer` are read)."""
    return Facts(
        said=person.said_developer,
        has_called=has_called,
        github=str(person.fact("github.handle") or ""),
        title=str(person.fact("employment.title") or ""),
        role=str(person.fact("employment.role") or ""),
        landing_page=sent.landing_page,
        referrer=sent.referrer,
    )


def apply(signup: Signup) -> bool:
    """Judge `signup` and write the result on it, saving nothing; says whether the verdict is another one."""
    judgement = judge(facts_of(signup.person, signup, has_called=_has_called(signup)))
    is_news = signup.developer != judgement.verdict
    signup.developer, signup.developer_evidence = judgement.verdict, judgement.as_list()
    return is_news


def update(signup: Signup) -> bool:
    """Judge a signup again and keep the result; a new verdict is news for whoever knows the profile."""
    with write_transaction():
        kept = Signup.objects.select_for_update(of=("self",)).select_related("person", "company").get(pk=signup.pk)
        before = kept.developer_evidence
        is_news = apply(kept)
        if is_news:
            kept.profile_version += 1
            kept.save()
        elif kept.developer_evidence != before:  # nothing to tell anybody: no signal
            Signup.objects.filter(pk=kept.pk).update(developer_evidence=kept.developer_evidence)
    return is_news


def on_first_call(signup_ids: Iterable[int]) -> None:
    """Usage of these customers was just stored: judge those whose first it was, a crowd of them in a task.

    Cheap where everybody has called before: a query for every thousand. To be called after the commit.
    """
    keys = sorted(set(signup_ids))
    first: list[int] = []
    for start in range(0, len(keys), 1_000):
        first += _uncounted().filter(pk__in=keys[start : start + 1_000]).values_list("pk", flat=True)
    if len(first) <= _AT_ONCE:
        _update_all(first)
    else:
        enqueue("signups.tasks.judge_developers", is_urgent=True)


def catch_up(within_s: float = 60) -> bool:
    """Judge whoever has called without its counting yet; says whether some are left. For a task, and once a day."""
    until, last = time.monotonic() + within_s, 0
    while keys := list(_uncounted().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        if time.monotonic() > until:
            return True
        _update_all(keys)
        last = keys[-1]
    return False


def _uncounted() -> QuerySet[Signup]:
    has_called = Exists(UsageRecord.objects.filter(signup=OuterRef("pk"), metric=API_CALLS, count__gt=0))
    return Signup.objects.filter(has_called).exclude(developer_evidence__icontains='"api_call"')


def _update_all(keys: Sequence[int]) -> None:
    for signup in Signup.objects.filter(pk__in=keys).order_by("pk"):
        update(signup)


def _has_called(signup: Signup) -> bool:
    return UsageRecord.objects.filter(signup=signup, metric=API_CALLS, count__gt=0).exists()


# -- The rungs, from the strongest down --------------------------------------------------------------------------------


def _said(facts: Facts) -> Iterator[Evidence]:
    if facts.said is not None:
        words = "They said they write code." if facts.said else "They said they do not write code."
        yield Evidence("said", words, "yes" if facts.said else "no")


def _called(facts: Facts) -> Iterator[Evidence]:
    if facts.has_called:
        yield Evidence("api_call", "They have called the API.", "yes")


def _github(facts: Facts) -> Iterator[Evidence]:
    if facts.github:
        yield Evidence("github", f"They have a GitHub account, {facts.github[:100]}.", "yes")


def _work(facts: Facts) -> Iterator[Evidence]:
    """Title and role: one rung, for both say what somebody does at work."""
    title = facts.title[:200]
    if word := titles.word_for(title):
        yield Evidence("title", f"Their title is {title} (“{word}”).", "yes")
    if word := titles.word_against(title):
        yield Evidence("title", f"Their title is {title} (“{word}”).", "no")
    if facts.role in titles.ROLES_FOR | titles.ROLES_AGAINST:
        role = facts.role.replace("_", " ")
        yield Evidence("role", f"Their work is {role}.", "yes" if facts.role in titles.ROLES_FOR else "no")


def _landed(facts: Facts) -> Iterator[Evidence]:
    if is_docs(facts.landing_page):
        yield Evidence("landing_page", "They came in through the documentation.", "yes")


def _came_from(facts: Facts) -> Iterator[Evidence]:
    if site := developer_site(facts.referrer):
        yield Evidence("referrer", f"They came from {site}.", "yes")


_LADDER: tuple[Callable[[Facts], Iterator[Evidence]], ...] = (_said, _called, _github, _work, _landed, _came_from)


def is_docs(url: str) -> bool:
    """Whether a page of ours is documentation: by its host (docs.…) or the head of its path (/docs, /en/api)."""
    host, path = _parts(url)
    head = [part for part in path.split("/") if part][:2]
    return host.partition(".")[0] in _DOCS or any(part in _DOCS for part in head)


def developer_site(url: str) -> str:
    """The site of developers that a referrer is, or is below; "" for any other."""
    host, _ = _parts(url)
    labels = host.split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((name for name in names if name in DEVELOPER_SITES), "")


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        return (parts.hostname or "").rstrip("."), parts.path.lower()
    except ValueError:
        return "", ""
