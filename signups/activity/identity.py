"""Who a visitor was: edges between anonymous ids and signups, made by what is known and undone by staff.

Whose an action is, is read through the edges whenever somebody looks: nothing is copied, so nothing needs repair when
an edge comes or goes. An anonymous id has one owner; a signup is given five of them at most, beyond which staff decide;
two known people are never joined. A join that was refused leaves an edge that says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from signups import customers
from signups.models import Action, IdentityLink, Signup, Verdict, is_forbidden_id
from signups.transactions import write_transaction

Reason = IdentityLink.Reason

MOST_JOINED = 5  # anonymous ids of one signup, joined by themselves
MOST_REFUSED = 50  # refusals kept of one signup: a program that makes an id for every request shall not fill the table
_LOOK_AT = 200  # actions of a new customer from before it was one
_ENOUGH = f"This signup has {MOST_JOINED} anonymous ids already: a further one is joined by staff alone."
_MOVED = "Left to another signup of the same person."
_YIELDED = "Left to {}: this signup was rejected."


class TakenId(Exception):
    """The anonymous id belongs to somebody else. The text is a sentence for staff."""


def join(signup: Signup, anonymous_id: str, reason: IdentityLink.Reason) -> IdentityLink | None:
    """Say that this visitor is the signup's person; see `join_all`.

    Returns the edge. One with `ended_at` was refused, now or by staff before, and says why; None where the id is no id.
    """
    edges = join_all([(signup, anonymous_id)], reason)
    return edges[0] if edges else None


def join_all(pairs: Iterable[tuple[Signup, str]], reason: IdentityLink.Reason) -> list[IdentityLink]:
    """Join each signup and anonymous id, in a constant number of queries; returns their edges, old, new and refused.

    An edge that is there stays, and one that staff ended is not made again except by staff. Ids that mean "no id" are
    passed over. Safe to repeat, and for several at once.
    """
    wanted = sorted(_usable(pairs), key=lambda pair: (pair[0].pk, pair[1]))
    if not wanted:
        return []
    with write_transaction():
        return _Joining(wanted, reason).done()


def join_new(signup: Signup, anonymous_id: str) -> None:
    """Say that this visitor is the person of a signup that was inserted in this transaction; as `join` does.

    Mostly the id is nobody's, and inserting the edge says so: two queries.
    """
    for _, visitor in _usable([(signup, anonymous_id)]):
        edge = IdentityLink(signup=signup, anonymous_id=visitor, reason=Reason.SIGNED_UP)
        IdentityLink.objects.bulk_create([edge], ignore_conflicts=True)
        owner = IdentityLink.objects.filter(anonymous_id=visitor, ended_at=None).values_list("signup", flat=True)
        if list(owner) != [signup.pk]:
            join(signup, visitor, Reason.SIGNED_UP)


def join_reported(signup: Signup) -> list[IdentityLink]:
    """Join the visitors whom the backend named together with this customer before it was one."""
    if signup.verdict == Verdict.REJECTED:
        return []
    reported = Action.objects.filter(user_id__in=customers.names_of(signup)).exclude(anonymous_id="")
    visitors = reported.order_by("at").values_list("anonymous_id", flat=True)[:_LOOK_AT]
    return join_all([(signup, visitor) for visitor in dict.fromkeys(visitors)][:MOST_JOINED], Reason.BACKEND)


def detach(link: IdentityLink, user: AbstractBaseUser, why: str) -> None:
    """End an edge: the visitor's actions are nobody's again, and no program joins the two anew."""
    with write_transaction():
        IdentityLink.objects.filter(pk=link.pk, ended_at=None).update(
            ended_at=Now(), ended_by_id=user.pk, ended_why=why.strip()[:300]
        )
    link.refresh_from_db()


def reattach(link: IdentityLink, user: AbstractBaseUser) -> None:
    """Make an ended edge hold again, one that staff ended or one that was refused. Raises TakenId.

    One that was refused becomes staff's own, and does not count among those joined by themselves.
    """
    refused = IdentityLink.objects.filter(pk=link.pk, ended_at__isnull=False, ended_by=None)
    try:
        with write_transaction():
            refused.update(reason=Reason.STAFF)
            IdentityLink.objects.filter(pk=link.pk).update(ended_at=None, ended_by=None, ended_why="")
    except IntegrityError:
        owner = owner_of(link.anonymous_id)
        whose = f"is {owner.name} <{owner.email}>" if owner is not None else "has just been joined to somebody else"
        raise TakenId(f"This visitor {whose}. Detach it there first.") from None
    link.refresh_from_db()


def owner_of(anonymous_id: str) -> Signup | None:
    """Whose visits these were, None where nobody knows."""
    return owners_of([anonymous_id]).get(anonymous_id)


def owners_of(anonymous_ids: Iterable[str]) -> dict[str, Signup]:
    """Those anonymous ids that are somebody's, each with its owner, in one query."""
    links = IdentityLink.objects.filter(anonymous_id__in=set(anonymous_ids), ended_at=None)
    return {link.anonymous_id: link.signup for link in links.select_related("signup__person", "signup__company")}


def _usable(pairs: Iterable[tuple[Signup, str]]) -> set[tuple[Signup, str]]:
    stripped = {(signup, anonymous_id.strip()) for signup, anonymous_id in pairs}
    return {pair for pair in stripped if pair[1] and not is_forbidden_id(pair[1])}


class _Joining:
    """One transaction's joins. The signups' rows are locked, in one order, by whoever joins anything to them."""

    def __init__(self, wanted: Sequence[tuple[Signup, str]], reason: IdentityLink.Reason) -> None:
        self.reason = reason
        self.wanted = wanted
        keys = sorted({signup.pk for signup, _ in wanted})
        locked = Signup.objects.select_for_update(of=("self",), no_key=True).select_related("person").order_by("pk")
        self.signups = {signup.pk: signup for signup in locked.filter(pk__in=keys)}
        self.ids = sorted({anonymous_id for _, anonymous_id in wanted})
        edges = list(IdentityLink.objects.filter(signup__in=keys).order_by("pk"))
        self.mine = {(edge.signup_id, edge.anonymous_id): edge for edge in edges}  # of several the youngest
        self.mine |= {(edge.signup_id, edge.anonymous_id): edge for edge in edges if edge.ended_at is None}
        self.joined = Counter(e.signup_id for e in edges if e.ended_at is None and e.reason != Reason.STAFF)
        self.refused = Counter(edge.signup_id for edge in edges if edge.ended_at is not None)
        self.owners = self._owners()
        self.known_refusals: list[IdentityLink] = []
        self.new_refusals: list[IdentityLink] = []

    def done(self) -> list[IdentityLink]:
        new: list[IdentityLink] = []
        edges: list[IdentityLink] = []
        for pair in self.wanted:
            signup, anonymous_id = self.signups.get(pair[0].pk), pair[1]
            if signup is None:  # erased meanwhile
                continue
            known = self.mine.get((signup.pk, anonymous_id))
            if known is not None and self._stays(known):
                edges.append(known)
            elif why := self._why_not(signup, anonymous_id):
                self._refuse(signup, anonymous_id, why)
            else:
                new.append(IdentityLink(signup=signup, anonymous_id=anonymous_id, reason=self.reason))
                self.joined[signup.pk] += self.reason != Reason.STAFF
                self.owners[anonymous_id] = signup
        edges += self._write(new)
        return edges + self.known_refusals + IdentityLink.objects.bulk_create(self.new_refusals)

    def _stays(self, edge: IdentityLink) -> bool:
        return edge.ended_at is None or (edge.ended_by_id is not None and self.reason != Reason.STAFF)

    def _why_not(self, signup: Signup, anonymous_id: str) -> str:
        """Why these two are not joined, "" where they are. An owner that must yield does so here."""
        if self.reason != Reason.STAFF and self.joined[signup.pk] >= MOST_JOINED:
            return _ENOUGH
        owner = self.owners.get(anonymous_id)
        if owner is None:
            return ""
        if signup.verdict == Verdict.REJECTED or (owner.person_id != signup.person_id and not _is_rejected(owner)):
            return _taken(owner)
        why = _MOVED if owner.person_id == signup.person_id else _YIELDED.format(signup.email)
        held = IdentityLink.objects.filter(anonymous_id=anonymous_id, ended_at=None)
        held.update(ended_at=Now(), ended_why=why[:300])
        return ""

    def _refuse(self, signup: Signup, anonymous_id: str, why: str) -> None:
        known = self.mine.get((signup.pk, anonymous_id))
        if known is not None:
            self.known_refusals.append(known)
        elif self.refused[signup.pk] < MOST_REFUSED:
            self.refused[signup.pk] += 1
            edge = IdentityLink(signup=signup, anonymous_id=anonymous_id, reason=self.reason)
            edge.ended_at, edge.ended_why = timezone.now(), why[:300]
            self.new_refusals.append(edge)

    def _write(self, new: list[IdentityLink]) -> list[IdentityLink]:
        """Insert the new edges, in one order; one whose id somebody else took this very moment is refused."""
        if not new:
            return []
        IdentityLink.objects.bulk_create(sorted(new, key=lambda edge: edge.anonymous_id), ignore_conflicts=True)
        held = IdentityLink.objects.filter(anonymous_id__in=[edge.anonymous_id for edge in new], ended_at=None)
        holding = {edge.anonymous_id: edge for edge in held.select_related("signup__person")}
        for edge in new:
            holds = holding.get(edge.anonymous_id)
            if holds is not None and holds.signup_id != edge.signup_id:
                self._refuse(edge.signup, edge.anonymous_id, _taken(holds.signup))
        mine = {edge.signup_id for edge in new}
        return [edge for edge in holding.values() if edge.signup_id in mine]

    def _owners(self) -> dict[str, Signup]:
        links = IdentityLink.objects.filter(anonymous_id__in=self.ids, ended_at=None)
        return {link.anonymous_id: link.signup for link in links.select_related("signup__person")}


def _is_rejected(signup: Signup) -> bool:
    return signup.verdict == Verdict.REJECTED


def _taken(owner: Signup) -> str:
    return f"This visitor is {owner.email} already, and two known people are never joined."
