from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from signups.models import RuleSet, Signup, UsageRecord, Verdict
from signups.verdicts import current, replay
from tests.verdicts.checks import check
from tests.verdicts.rows import make_draft, make_signup

pytestmark = pytest.mark.django_db
ODD = check("name_look", "risky", "odd")


def revet(*arguments: str) -> str:
    out = StringIO()
    call_command("revet", *arguments, stdout=out)
    return out.getvalue()


def revet_json(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in revet(*arguments, "--json").splitlines()]


def test_it_says_who_would_change_by_which_rule_and_what_became_of_them() -> None:
    make_signup("plain@dev.test")
    make_signup("odd@xkq.test", ODD, verdict=Verdict.CONFIRM, label="spam")
    make_draft(odd_name="hold")
    change, sums = revet_json("--since", "1d")
    assert (change["email"], change["from"], change["to"], change["rule"]) == (
        "odd@xkq.test",
        "confirm",
        "held",
        "odd_name",
    )
    assert change["outcomes"] == ["spam", "never confirmed"]
    assert (sums["rules"], sums["signups"], sums["would_change"]) == (2, 2, 1)


def test_it_counts_by_outcome_whether_the_draft_is_better() -> None:
    for number, label in enumerate(("spam", "spam", "genuine", "")):
        make_signup(f"odd{number}@xkq{number}.test", ODD, verdict=Verdict.CONFIRM, label=label)
    make_draft(odd_name="hold")
    assert "Would hold 4 that were asked to confirm: 1 genuine, 2 spam, 1 unlabelled." in revet("--since", "1d")


def test_it_knows_who_used_the_product() -> None:
    signup = make_signup("odd@xkq.test", ODD, verdict=Verdict.CONFIRM, confirmed_at=timezone.now())
    UsageRecord.objects.create(signup=signup, date="2026-11-01", count=3, reported_at=timezone.now())
    make_draft(odd_name="hold")
    assert revet_json("--since", "1d")[0]["outcomes"] == ["unlabelled", "confirmed", "used the API"]


def test_the_published_rules_change_nobody_they_decided_on() -> None:
    make_signup("plain@dev.test")
    make_signup("odd@xkq.test", ODD, verdict=Verdict.CONFIRM)
    assert revet_json("--since", "1d", "--rules", "published")[-1]["would_change"] == 0


def test_only_signups_of_the_time_are_looked_at() -> None:
    old, new = make_signup("old@xkq.test", ODD), make_signup("new@xkp.test", ODD)
    Signup.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert [one.get("signup") for one in revet_json("--since", "30d", "--rules", "1")] == [new.pk, None]
    day = f"{timezone.localtime() - timedelta(days=40):%Y-%m-%d}"
    found = revet_json("--since", day, "--until", day, "--rules", "1")
    assert [one.get("signup") for one in found] == [old.pk, None]


def test_all_are_counted_and_no_more_than_the_limit_listed() -> None:
    for number in range(3):
        make_signup(f"odd@xkq{number}.test", ODD)
    *listed, sums = revet_json("--since", "1d", "--rules", "1", "--limit", "1")
    assert (len(listed), sums["would_change"]) == (1, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "yesterday"), "write a day as 2026-11-01"),
        (("--since", "2026-02-31"), "write a day as 2026-11-01"),
        (("--since", "2026-11-01", "--until", "2026-10-01"), "no day between"),
        (("--since", "1d", "--rules", "mine"), "draft, published or a version"),
        (("--since", "1d", "--rules", "99"), "There are: 1"),
        (("--since", "1d"), "make one in the admin"),
        (("--since", "1d", "--limit", "-1"), "0 or more"),
    ],
)
def test_a_bad_argument_is_one_line_that_names_the_remedy(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said) as raised:
        revet(*arguments)
    assert "\n" not in str(raised.value)


def test_more_signups_cost_no_more_queries(django_assert_num_queries: Any) -> None:
    rules = current.of(RuleSet.objects.get(version=1))
    for number in range(30):
        make_signup(f"odd@xkq{number}.test", ODD)
    with django_assert_num_queries(4):
        replayed = list(replay.replay(Signup.objects.all(), rules))
    assert len(replayed) == 30


def test_profile_facts_are_seen_by_a_draft_that_asks_for_them() -> None:
    make_signup("ada@dev.test", facts={"location": "Mars"})
    draft = make_draft()
    conditions = [{"fact": "person.location", "test": "contains", "value": "mars"}]
    draft.rules.create(order=99, name="from_mars", action="hold", sentence="From Mars.", conditions=conditions)
    assert revet_json("--since", "1d")[0]["rule"] == "from_mars"
