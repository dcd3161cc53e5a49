"""Staff say where somebody works: yes, no, and neither after all. Their answer is a fact about the person, and a label.

A yes moves the person and their signups to the company, made where we have none; a no to where somebody is takes them
to the next that is sure enough. Undoing goes by the candidates that are on record, and where none is sure enough back
to the company before. Locks: signups, person, company.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Q
from django.utils import timezone

from signups import profiles
from signups.companies import telling
from signups.enrichment import STAFF, belonging
from signups.enrichment.belonging import DECIDED as DECIDED
from signups.enrichment.clues import CONFIDENCE
from signups.enrichment.employer import ATTACH
from signups.models import Company, CompanyMatch, Person, Signup
from signups.transactions import write_transaction

State = CompanyMatch.State

_FACT, _FROM = "employment.domain", "workplace"
_BEFORE = "They were put to this company before there were candidates."
BUCKETS = ((0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0))


def confirm(match: CompanyMatch, user: AbstractBaseUser) -> bool:
    """They work there: the person and their signups move. False where that was said already.

    Somebody works at one company: a yes to another one before turns into a no.
    """
    with write_transaction():
        desk = _Desk.of(match)
        if desk.match.state == State.CONFIRMED:
            return False
        now = timezone.now()
        desk.match.company_before = desk.person.company
        for other in desk.matches:
            if other.state == State.CONFIRMED:
                _say(other, State.DENIED, user.pk, now)
        _say(desk.match, State.CONFIRMED, user.pk, now)
        desk.settle(user)
    return True


def deny(match: CompanyMatch, user: AbstractBaseUser) -> bool:
    """They do not work there, and are never put there again. False where that was said already."""
    with write_transaction():
        desk = _Desk.of(match)
        if desk.match.state == State.DENIED:
            return False
        desk.match.company_before = before = desk.person.company
        _say(desk.match, State.DENIED, user.pk, timezone.now())
        desk.settle(otherwise=before)
    return True


def undo(match: CompanyMatch) -> bool:
    """Take staff's word back: what the evidence says holds again, and where it says nothing what stood before.

    A yes before, which this one turned into a no, is one again. False where nobody had said anything.
    """
    with write_transaction():
        desk = _Desk.of(match)
        if (was := State(desk.match.state)) not in DECIDED:
            return False
        user, at, before = desk.match.decided_by, desk.match.decided_at, desk.match.company_before
        desk.match.state, desk.match.company_before = State.WEAK, None
        desk.match.decided_by, desk.match.decided_at = None, None
        desk.match.save()
        earlier = [one for one in desk.matches if one.state == State.DENIED and one.decided_at == at]
        if was == State.CONFIRMED and earlier and user is not None:
            _say(earlier[0], State.CONFIRMED, user.pk, timezone.now())
        stays = desk.person.company if was == State.DENIED else None
        desk.settle(user, otherwise=stays or before)
    return True


@dataclass(frozen=True)
class Precision:
    """How often guesses of a confidence from `low` to `high` were right, as far as staff have said."""

    low: float
    high: float
    asked: int
    right: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.right / self.asked) if self.asked else None


def precision() -> list[Precision]:
    """How good the guesses are, by their confidence. One query."""
    counts = {}
    for number, (low, high) in enumerate(BUCKETS):
        within = Q(confidence__gte=low, confidence__lt=high if high < 1 else 2)
        counts[f"asked{number}"] = Count("pk", filter=within)
        counts[f"right{number}"] = Count("pk", filter=within & Q(state=State.CONFIRMED))
    found = CompanyMatch.objects.filter(state__in=DECIDED).aggregate(**counts)
    return [Precision(*bucket, found[f"asked{n}"], found[f"right{n}"]) for n, bucket in enumerate(BUCKETS)]


def _say(match: CompanyMatch, state: CompanyMatch.State, user_pk: int, now: datetime) -> None:
    match.state, match.decided_by_id, match.decided_at = state, user_pk, now
    match.save()


@dataclass
class _Desk:
    """One person with all that hangs on where they work, locked."""

    match: CompanyMatch
    matches: list[CompanyMatch]
    person: Person
    signups: list[Signup]

    @classmethod
    def of(cls, match: CompanyMatch) -> _Desk:
        person, signups = telling.held(match.person_id)
        held = person.company_matches.select_related("company_before__merged_into", "decided_by")
        matches = list(held.select_for_update(of=("self",)).order_by("-confidence", "pk"))
        if before := _as_it_was(person, matches):
            matches.append(before)
        return cls(next(one for one in matches if one.pk == match.pk), matches, person, signups)

    def settle(self, user: AbstractBaseUser | None = None, *, otherwise: Company | None = None) -> None:
        """Put the person where they belong after what was just said, and the other candidates into their states.

        `user` said yes: that is a fact about the person from then on, until it is taken back. `otherwise`: the company
        to be at where no candidate is sure enough, unless staff said no to it.
        """
        undecided = [match for match in self.matches if match.state not in DECIDED]
        confirmed = next((match for match in self.matches if match.state == State.CONFIRMED), None)
        best = confirmed or next((match for match in undecided if match.confidence >= ATTACH), None)
        stays = self._allowed(otherwise) if best is None else None
        if stays is not None:
            best = next((match for match in undecided if _is_about(match, stays)), None)
        for match in undecided:
            state = belonging.state_of(match.confidence, is_best=match is best, is_settled=confirmed is not None)
            if match.state != state:
                match.state = state
                match.save()
        company, is_new = None, False
        if (there := stays or best) is not None:  # held, for it may be merged into another at this moment
            company, is_new = belonging.found_or_made(there.domain, there.name or there.domain, {})
        if best is not None and best.company_id != (company.pk if company else None):
            best.company = company
            best.save()
        self._note(company if confirmed is not None else None, user)
        telling.move(self.person, self.signups, company, is_new=is_new)

    def _allowed(self, company: Company | None) -> Company | None:
        """The company, or the one it was merged into; None where staff said no to it."""
        company = company.merged_into or company if company is not None else None
        said_no = [match for match in self.matches if match.state == State.DENIED]
        return None if company is None or any(_is_about(match, company) for match in said_no) else company

    def _note(self, company: Company | None, user: AbstractBaseUser | None) -> None:
        """Keep as staff's word where the person works. What they wrote themselves into the profile is left alone."""
        held = self.person.profile.get(_FACT, {})
        if held.get("provider") == STAFF and held.get("from") != _FROM:
            return
        if company is not None and user is not None:
            profiles.note(self.person, _FACT, profiles.word_of(user, company.domain) | {"from": _FROM})
        elif company is None and held.get("from") == _FROM:
            profiles.note(self.person, _FACT, None)


def _as_it_was(person: Person, matches: list[CompanyMatch]) -> CompanyMatch | None:
    """A match for the company where the person is, which has none from before there were matches: to come back to."""
    company = person.company
    if company is None or any(_is_about(match, company) for match in matches):
        return None
    sure = CONFIDENCE["work_domain"]
    return CompanyMatch.objects.create(
        person=person,
        domain=company.domain,
        name=company.name,
        company=company,
        confidence=sure,
        reasons=[{"code": "before", "sentence": _BEFORE, "confidence": sure}],
        state=State.ATTACHED,
    )


def _is_about(match: CompanyMatch, company: Company) -> bool:
    return match.company_id == company.pk or match.domain == company.domain
