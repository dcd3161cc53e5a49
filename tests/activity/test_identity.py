"""Who a visitor was: what is joined, what is refused and why, and what staff undo."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from signups import intake
from signups.activity import actions, identity
from signups.activity.identity import Reason, TakenId
from signups.activity.scope import Scope
from signups.activity.window import Window
from signups.models import Action, IdentityLink, Signup, Verdict
from signups.usage import plans
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

ANA = "3f0c8a52-7c55-4d7e-9a0c-0d8a52b1c001"


def act(name: str, anonymous_id: str = "", user_id: str = "") -> Action:
    values = {"kind": "track", "name": name, "anonymous_id": anonymous_id, "user_id": user_id, "at": timezone.now()}
    return Action.objects.create(source="backend", key=f"{name}-{anonymous_id}-{user_id}", **values)


def join(signup: Signup, anonymous_id: str, reason: Reason = Reason.SIGNED_UP) -> IdentityLink:
    edge = identity.join(signup, anonymous_id, reason)
    assert edge is not None
    return edge


def names(*signups: Signup) -> set[str]:
    return {action.name for action in actions.read(Scope.of(signups), Q(), Window(), 0, actions.MOST).rows}


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("sam")


def test_a_visitor_who_signed_up_is_that_person_from_the_first_visit_on() -> None:
    ada = make_signup("ada@dev.test")
    act("Read the docs", ANA)
    join(ada, ANA)
    assert (identity.owner_of(ANA), names(ada)) == (ada, {"Read the docs"})


def test_joining_twice_is_joining_once() -> None:
    ada = make_signup()
    assert join(ada, ANA) == join(ada, f" {ANA} ", Reason.BACKEND)
    assert IdentityLink.objects.count() == 1


@pytest.mark.parametrize("nobody", ["", "  ", "null", "NULL", "0", "00000000-0000-0000-0000-000000000000", "0" * 32])
def test_an_id_that_means_no_id_joins_nobody(nobody: str) -> None:
    assert identity.join(make_signup(), nobody, Reason.SIGNED_UP) is None
    assert not IdentityLink.objects.exists()


def test_whom_the_backend_named_before_they_signed_up_is_joined_when_they_do(sandbox: Sandbox) -> None:
    act("Invited", ANA, "ada@dev.test")
    receipt = intake.receive(intake.Submission(email="Ada@dev.test", name="Ada Byrne"))
    assert identity.owner_of(ANA) == receipt.signup


def test_whom_the_backend_named_by_its_own_id_is_joined_once_that_is_known() -> None:
    act("Invited", ANA, "customer-7")
    ada = plans.change(make_signup(), {"external_id": "customer-7"})
    assert identity.owner_of(ANA) == ada


def test_two_known_people_are_never_joined() -> None:
    ada, bob = make_signup("ada@dev.test"), make_signup("bob@dev.test", "Bob")
    join(ada, ANA)
    refused = join(bob, ANA)
    assert refused.ended_at is not None
    assert refused.ended_why == "This visitor is ada@dev.test already, and two known people are never joined."
    assert identity.owner_of(ANA) == ada


def test_a_refusal_is_written_down_once() -> None:
    ada, bob = make_signup("ada@dev.test"), make_signup("bob@dev.test", "Bob")
    join(ada, ANA)
    assert join(bob, ANA) == join(bob, ANA)


def test_a_refused_visitor_is_joined_once_nobody_else_has_it(staff: User) -> None:
    ada, bob = make_signup("ada@dev.test"), make_signup("bob@dev.test", "Bob")
    edge = join(ada, ANA)
    join(bob, ANA)
    identity.detach(edge, staff, "a shared computer")
    join(bob, ANA)
    assert identity.owner_of(ANA) == bob


def test_the_sixth_visitor_is_left_to_staff(staff: User) -> None:
    ada = make_signup()
    edges = [join(ada, f"visitor-{number}") for number in range(6)]
    assert [edge.ended_at is None for edge in edges] == [True] * 5 + [False]
    assert "by staff alone" in edges[5].ended_why
    identity.reattach(edges[5], staff)
    assert identity.owner_of("visitor-5") == ada


def test_staff_join_as_many_as_they_like() -> None:
    ada = make_signup()
    edges = [join(ada, f"visitor-{number}", Reason.STAFF) for number in range(7)]
    assert all(edge.ended_at is None for edge in edges)


def test_refusals_do_not_fill_the_table() -> None:
    ada = make_signup()
    identity.join_all([(ada, f"visitor-{number}") for number in range(200)], Reason.BACKEND)
    assert ada.identity_links.count() == identity.MOST_JOINED + identity.MOST_REFUSED


def test_what_staff_detached_stays_apart(staff: User) -> None:
    ada = make_signup()
    act("Read the docs", ANA)
    edge = join(ada, ANA)
    identity.detach(edge, staff, "a shared computer")
    assert join(ada, ANA, Reason.BACKEND).ended_why == "a shared computer"
    assert names(ada) == set()


def test_detaching_is_undone_with_everything_as_before(staff: User) -> None:
    ada = make_signup()
    act("Read the docs", ANA)
    edge = join(ada, ANA)
    identity.detach(edge, staff, "by mistake")
    identity.reattach(edge, staff)
    assert (edge.ended_at, edge.ended_by, edge.ended_why, names(ada)) == (None, None, "", {"Read the docs"})


def test_an_edge_is_not_brought_back_while_the_visitor_is_somebody_elses(staff: User) -> None:
    ada, bob = make_signup("ada@dev.test"), make_signup("bob@dev.test", "Bob")
    edge = join(ada, ANA)
    identity.detach(edge, staff, "a shared computer")
    join(bob, ANA)
    with pytest.raises(TakenId, match=r"Bob <bob@dev\.test>"):
        identity.reattach(edge, staff)


def test_a_rejected_signup_leaves_its_visitor_to_whoever_is_let_in() -> None:
    mister_x, ada = make_signup("x@throwaway.test", verdict=Verdict.REJECTED), make_signup("ada@dev.test")
    first, second = join(mister_x, ANA), join(ada, ANA)
    first.refresh_from_db()
    assert (identity.owner_of(ANA), second.ended_at) == (ada, None)
    assert first.ended_why == "Left to ada@dev.test: this signup was rejected."


def test_a_rejected_signup_takes_nobodys_visitor() -> None:
    ada, mister_x = make_signup("ada@dev.test"), make_signup("x@throwaway.test", verdict=Verdict.REJECTED)
    join(ada, ANA)
    assert join(mister_x, ANA).ended_at is not None


def test_a_customer_is_recognised_by_each_name_the_backend_has_for_them() -> None:
    ada = make_signup("Ada@dev.test", external_id="CUS-1")
    for name in (str(ada.uid), str(ada.uid).upper(), "CUS-1", "ada@dev.test"):
        act(f"as {name}", user_id=name)
    act("somebody else's", user_id="cus_2")
    assert len(names(ada)) == 4


def test_what_names_a_customer_is_theirs_alone_whatever_browser_it_came_from() -> None:
    ada, bob = make_signup("ada@dev.test"), make_signup("bob@dev.test", "Bob")
    join(ada, ANA)
    act("Bob at Ada's computer", ANA, str(bob.uid))
    assert (names(ada), names(bob)) == (set(), {"Bob at Ada's computer"})


def test_a_thousand_joins_take_as_many_queries_as_one(django_assert_max_num_queries: Any) -> None:
    signups = [make_signup(f"p{number}@dev.test") for number in range(100)]
    pairs = [(signup, f"visitor-{signup.pk}") for signup in signups] + [(signups[0], f"more-{n}") for n in range(50)]
    with django_assert_max_num_queries(12):
        edges = identity.join_all(pairs, Reason.BACKEND)
    assert sum(edge.ended_at is None for edge in edges) == 104
