"""The verdict rules in the admin: a draft is made, edited, compared, published, and a version brought back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from signups import intake
from signups.models import RulePublication, RuleSet, Signup, Verdict, VerdictRule
from tests.admin.rows import make_staff
from tests.sandbox_process import Sandbox
from tests.verdicts.checks import check
from tests.verdicts.rows import make_draft, make_signup

pytestmark = pytest.mark.django_db


def url(name: str, rule_set: RuleSet) -> str:
    return reverse(f"admin:signups_ruleset_{name}", args=[rule_set.pk])


def published() -> RuleSet:
    return RuleSet.objects.get(state="published")


def sent(draft: RuleSet, **changes: dict[str, Any]) -> dict[str, Any]:
    """The edit form of a draft as a browser sends it; `odd_name={"action": "hold"}` changes a rule."""
    data: dict[str, Any] = {"note": draft.note}
    rules = list(draft.rules.all())
    data |= {"rules-TOTAL_FORMS": len(rules), "rules-INITIAL_FORMS": len(rules)}
    for number, rule in enumerate(rules):
        lines = "\r\n".join(_line(one) for one in rule.conditions)
        values = {"id": rule.pk, "rule_set": draft.pk, "order": rule.order, "name": rule.name, "conditions": lines}
        values |= {"action": rule.action, "sentence": rule.sentence, "is_enabled": "on", **changes.get(rule.name, {})}
        data |= {f"rules-{number}-{name}": value for name, value in values.items()}
    return data


def _line(one: dict[str, Any]) -> str:
    from signups.verdicts.rules import Condition

    return str(Condition(**one))


def test_the_page_reads_the_rules_as_sentences(browser: Client) -> None:
    page = browser.get(url("change", published())).content.decode()
    assert "If the kind of address is disposable" in page
    assert "If the servers’ fingerprint is a weak sign and the servers’ fingerprint is strong" in page


def test_editing_the_published_version_makes_a_draft_of_it(browser: Client) -> None:
    reply = browser.post(url("draft", published()))
    draft = RuleSet.objects.get(version=2)
    assert reply.headers["Location"] == url("edit", draft)
    assert (draft.state, draft.author and draft.author.get_username()) == ("draft", "boss")
    assert [r.name for r in draft.rules.all()] == [r.name for r in published().rules.all()]


def test_a_draft_is_edited_and_who_did_it_is_kept(browser: Client) -> None:
    draft = make_draft()
    reply = browser.post(url("edit", draft), sent(draft, odd_name={"action": "hold", "order": 99}))
    assert reply.status_code == 302, reply.content.decode()
    rule = draft.rules.get(name="odd_name")
    assert (rule.action, rule.order, rule.changed_by and rule.changed_by.get_username()) == ("hold", 99, "boss")
    assert list(draft.rules.exclude(changed_by=None)) == [rule]


def test_a_rule_that_rejects_for_one_weak_sign_is_refused_with_the_remedy(browser: Client) -> None:
    draft = make_draft()
    reply = browser.post(url("edit", draft), sent(draft, odd_name={"action": "reject"}))
    assert "one weak sign never rejects alone" in reply.content.decode()
    assert draft.rules.get(name="odd_name").action == "confirm"


def test_a_condition_that_cannot_be_read_is_refused(browser: Client) -> None:
    draft = make_draft()
    reply = browser.post(url("edit", draft), sent(draft, odd_name={"conditions": "name look is odd"}))
    assert "write a fact, then one of" in reply.content.decode()


def test_a_published_version_cannot_be_edited(browser: Client) -> None:
    rule_set = published()
    reply = browser.post(url("edit", rule_set), sent(rule_set, odd_name={"action": "hold"}))
    assert reply.headers["Location"] == url("change", rule_set)
    assert rule_set.rules.get(name="odd_name").action == "confirm"


def test_what_would_change_is_shown_before_the_draft_is_published(browser: Client) -> None:
    make_signup("odd@xkq.test", check("name_look", "risky", "odd"), verdict=Verdict.CONFIRM, label="spam")
    page = browser.get(url("publish", make_draft(odd_name="hold"))).content.decode()
    assert "1 of 1 signups would have been decided on differently" in page
    assert "Would hold 1 that were asked to confirm: 0 genuine, 1 spam, 0 unlabelled" in page


def test_publishing_and_going_back_are_on_record(browser: Client) -> None:
    first, draft = published(), make_draft(odd_name="hold")
    browser.post(url("publish", draft), {"note": "Odd ones look bad"})
    assert published() == draft
    browser.post(url("publish", first), {"note": "They were not"})
    assert published() == first
    said = RulePublication.objects.values_list("rule_set__version", "by__username", "note")[:2]
    assert list(said) == [(1, "boss", "They were not"), (2, "boss", "Odd ones look bad")]
    assert LogEntry.objects.filter(change_message__startswith="Published.").count() == 2


def test_a_draft_that_may_not_be_is_not_published(browser: Client) -> None:
    draft = make_draft(odd_name="reject")
    reply = browser.post(url("publish", draft))
    assert (reply.status_code, published().version) == (422, 1)
    assert "one weak sign never rejects alone" in reply.content.decode()


def test_whoever_may_only_look_publishes_and_edits_nothing(client: Client) -> None:
    client.force_login(make_staff("signups.view_ruleset"))
    draft = make_draft()
    assert client.get(url("change", draft)).status_code == 200
    assert client.get(url("changes", draft)).status_code == 200
    refused = [client.post(url(name, draft)).status_code for name in ("publish", "edit", "draft")]
    assert (refused, published().version) == ([403, 403, 403], 1)


def test_only_drafts_can_be_deleted(browser: Client) -> None:
    draft = make_draft()
    assert browser.post(url("delete", published()), {"post": "yes"}).status_code == 403
    assert browser.post(url("delete", draft), {"post": "yes"}).status_code == 302
    assert list(RuleSet.objects.values_list("version", flat=True)) == [1]


def test_an_address_is_tried_and_nothing_saved(browser: Client, sandbox: Sandbox) -> None:
    tried = browser.post(url("try", published()), {"email": "ada@nosuchdomain-anywhere.test"}).context
    assert (tried["decision"].rule, tried["decision"].verdict, Signup.objects.count()) == ("no_mail", "rejected", 0)


def test_a_try_of_what_is_no_address_says_so(browser: Client) -> None:
    assert browser.post(url("try", published()), {"email": "ada at dev"}).status_code == 422


@pytest.mark.parametrize("number", [1, 30])
def test_the_pages_cost_the_same_whatever_they_show(
    browser: Client, number: int, django_assert_max_num_queries: Any
) -> None:
    draft = make_draft()
    for one in range(number - 1):
        make_draft()
        conditions = [{"fact": "checks.kind", "test": "equals", "value": "parked"}]
        VerdictRule.objects.create(
            rule_set=draft, name=f"more_{one}", conditions=conditions, sentence="More.", order=99
        )
    with django_assert_max_num_queries(14):
        browser.get(url("change", draft))
    with django_assert_max_num_queries(14):
        browser.get(reverse("admin:signups_ruleset_changelist"))


def test_a_signup_says_which_rule_of_which_version_decided(browser: Client, sandbox: Sandbox) -> None:
    signup = intake.receive(intake.Submission("ada@nosuchdomain-anywhere.test", "Ada")).signup
    page = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).content.decode()
    assert "Decided by rule 3, no_mail" in page
    assert "version 1" in page
    assert signup.verdict_facts == {"is_high_value": False}
    assert signup.list_versions["disposable"] in page
