from __future__ import annotations

import threading

import pytest
from django.db import connection

from signups import verdicts
from signups.models import RulePublication, RuleSet
from signups.verdicts import publishing
from tests.verdicts.checks import answers, check
from tests.verdicts.rows import make_draft, make_user

ODD = check("name_look", "risky", "odd")


@pytest.mark.django_db
def test_a_draft_changes_nothing_until_it_is_published() -> None:
    draft = make_draft(odd_name="hold")
    assert verdicts.decide(answers(ODD), is_high_value=False).verdict == "confirm"
    publishing.publish(draft, make_user())
    decision = verdicts.decide(answers(ODD), is_high_value=False)
    assert (decision.verdict, decision.version) == ("held", 2)


@pytest.mark.django_db
def test_one_version_is_published_and_who_published_what_stays_on_record() -> None:
    first, second = RuleSet.objects.get(version=1), make_draft()
    publishing.publish(second, make_user("ann"), "Tried in November")
    publishing.publish(first, make_user("bob"), "Back again")
    assert dict(RuleSet.objects.values_list("version", "state")) == {1: "published", 2: "retired"}
    assert list(RulePublication.objects.values_list("rule_set__version", "by__username", "note")) == [
        (1, "bob", "Back again"),
        (2, "ann", "Tried in November"),
        (1, None, "As shipped."),
    ]


@pytest.mark.django_db
def test_a_version_published_again_decides_again() -> None:
    """Also in a process that has seen another since."""
    first, second = RuleSet.objects.get(version=1), make_draft(odd_name="hold")
    for rule_set, verdict in ((second, "held"), (first, "confirm"), (second, "held")):
        publishing.publish(rule_set, make_user())
        assert verdicts.decide(answers(ODD), is_high_value=False).verdict == verdict


@pytest.mark.django_db
def test_a_draft_that_rejects_for_one_weak_sign_is_not_published() -> None:
    with pytest.raises(publishing.Refused, match=r"“odd_name” would reject .* add “signs.bad is at least 1”"):
        publishing.publish(make_draft(odd_name="reject"), make_user())
    assert RuleSet.objects.get(state="published").version == 1


@pytest.mark.django_db
def test_a_rule_that_is_switched_off_neither_matches_nor_stands_in_the_way() -> None:
    draft = make_draft(odd_name="reject")
    draft.rules.filter(name="odd_name").update(is_enabled=False)
    publishing.publish(draft, make_user())
    assert verdicts.decide(answers(ODD), is_high_value=False).verdict == "accepted"


@pytest.mark.django_db
def test_an_empty_draft_is_not_published() -> None:
    draft = make_draft()
    draft.rules.all().delete()
    with pytest.raises(publishing.Refused, match="no rule that is switched on"):
        publishing.publish(draft, make_user())


@pytest.mark.django_db
def test_the_published_version_is_not_published_twice() -> None:
    with pytest.raises(publishing.Refused, match="published already"):
        publishing.publish(RuleSet.objects.get(version=1), make_user())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_each_gets_through_and_one_version_holds() -> None:
    drafts, user = [make_draft(), make_draft()], make_user()

    def publish(draft: RuleSet) -> None:
        try:
            publishing.publish(draft, user)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(RuleSet.objects.values_list("state", flat=True)) == ["published", "retired", "retired"]
