"""Developer or not: the strongest evidence decides, and says so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from signups import tasks
from signups.mails import developer, question, titles
from signups.mails.developer import Facts, judge
from signups.models import Delivery, Signup, UsageRecord
from tests.rows import make_delivery, make_signup

YES, NO, UNSURE = Signup.Developer.YES, Signup.Developer.NO, Signup.Developer.UNSURE


def codes(facts: Facts) -> list[tuple[str, str]]:
    return [(piece.code, piece.says) for piece in judge(facts).evidence]


def used(signup: Signup, count: int = 3) -> None:
    UsageRecord.objects.create(signup=signup, date=date(2026, 11, 20), count=count, reported_at=timezone.now())


def kept(signup: Signup) -> Signup:
    return Signup.objects.get(pk=signup.pk)


def test_who_is_unknown_is_unsure() -> None:
    assert judge(Facts()) == developer.Judgement(UNSURE, ())


@pytest.mark.parametrize(
    ("facts", "verdict", "code"),
    [
        (Facts(said=True), YES, "said"),
        (Facts(said=False), NO, "said"),
        (Facts(has_called=True), YES, "api_call"),
        (Facts(github="adabyrne"), YES, "github"),
        (Facts(title="Backend Developer"), YES, "title"),
        (Facts(title="VP Sales"), NO, "title"),
        (Facts(role="engineering"), YES, "role"),
        (Facts(role="human_resources"), NO, "role"),
        (Facts(landing_page="https://x.test/docs/start?a=1"), YES, "landing_page"),
        (Facts(referrer="https://news.ycombinator.com/item?id=1"), YES, "referrer"),
    ],
)
def test_each_rung_alone_decides(facts: Facts, verdict: str, code: str) -> None:
    judgement = judge(facts)
    assert (judgement.verdict, [piece.code for piece in judgement.evidence]) == (verdict, [code])


def test_the_stronger_rung_wins_and_the_weaker_is_still_shown() -> None:
    facts = Facts(said=False, has_called=True, referrer="https://github.com/x")
    assert judge(facts).verdict == NO
    assert codes(facts) == [("said", "no"), ("api_call", "yes"), ("referrer", "yes")]


def test_a_marketing_title_is_no_match_for_a_github_account() -> None:
    assert judge(Facts(github="ada", title="Head of Marketing")).verdict == YES


def test_a_rung_that_says_both_leaves_it_open() -> None:
    assert judge(Facts(title="Sales Engineer", referrer="https://github.com/x")).verdict == UNSURE
    assert judge(Facts(title="Developer Advocate", role="marketing")).verdict == UNSURE


@pytest.mark.parametrize(
    "title",
    "CTO|Senior Software Engineer|Data Scientist|DevOps|Full-Stack Dev|Softwareentwicklerin|Développeuse|"
    "Programador Senior|Ontwikkelaar|Разработчик|シニアエンジニア|Head of Engineering".split("|"),
)
def test_titles_of_people_who_write_code(title: str) -> None:
    assert (bool(titles.word_for(title)), titles.word_against(title)) == (True, "")


@pytest.mark.parametrize(
    "title", "Recruiter|HR Business Partner|Vertriebsleiter|Marketing Manager|CFO|Comptable|営業部長".split("|")
)
def test_titles_of_people_who_do_something_else(title: str) -> None:
    assert (titles.word_for(title), bool(titles.word_against(title))) == ("", True)


@pytest.mark.parametrize(
    "title", ["Founder & CEO", "Chair", "Civil Engineer", "Director", "Threat Hunter", "Octor", ""]
)
def test_titles_that_say_nothing(title: str) -> None:
    assert (titles.word_for(title), titles.word_against(title)) == ("", "")


@pytest.mark.parametrize("url", ["https://docs.x.test/", "http://x.test/en/api/", "x.test/developers", "//api.x.test"])
def test_documentation_is_known_by_its_address(url: str) -> None:
    assert developer.is_docs(url)


@pytest.mark.parametrize("url", ["", "https://x.test/", "https://x.test/blog/2026/docs", "https://[x", "/apis-and-me"])
def test_other_pages_are_not_documentation(url: str) -> None:
    assert not developer.is_docs(url)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://gist.github.com/ada", "github.com"),
        ("https://math.stackexchange.com./q/1", "stackexchange.com"),
        ("https://GitLab.com", "gitlab.com"),
        ("https://notgithub.com/x", ""),
        ("https://github.com.evil.test/", ""),
        ("https://[bad", ""),
    ],
)
def test_a_site_of_developers_is_that_host_or_below_it(url: str, site: str) -> None:
    assert developer.developer_site(url) == site


@pytest.mark.django_db
def test_a_first_call_makes_a_developer_and_news_for_who_was_told_otherwise() -> None:
    signup = make_signup()
    make_delivery(signup, "customerio", state="delivered", frozen={"profile_version": 1})
    used(signup)
    developer.on_first_call([signup.pk])
    assert (kept(signup).developer, kept(signup).profile_version) == (YES, 2)
    assert Delivery.objects.filter(integration="customerio", event="profile_changed", period="2").count() == 1


@pytest.mark.django_db
def test_what_was_known_already_is_no_news_but_joins_the_evidence() -> None:
    signup = make_signup(facts={"github.handle": "adabyrne"})
    developer.update(signup)
    used(signup)
    developer.on_first_call([signup.pk])
    now = kept(signup)
    assert [piece["code"] for piece in now.developer_evidence] == ["api_call", "github"]
    assert now.profile_version == 2  # of the first judgement


@pytest.mark.django_db
def test_a_report_of_no_calls_is_no_first_call() -> None:
    signup = make_signup()
    used(signup, count=0)
    developer.on_first_call([signup.pk])
    assert kept(signup).developer_evidence == []


@pytest.mark.django_db
def test_a_crowd_is_caught_up_with_once() -> None:
    crowd = [make_signup(f"p{number}@dev.test") for number in range(60)]
    for signup in crowd:
        used(signup)
    assert developer.catch_up(within_s=0) is True
    assert developer.catch_up() is False
    assert set(Signup.objects.values_list("developer", flat=True)) == {YES}


@pytest.mark.django_db
def test_usage_of_people_known_to_call_costs_one_query(django_assert_num_queries: Any) -> None:
    signup = make_signup()
    used(signup)
    developer.on_first_call([signup.pk])
    with django_assert_num_queries(1):
        developer.on_first_call([signup.pk])


@pytest.mark.django_db
def test_an_answer_is_kept_as_fact_and_can_be_taken_back() -> None:
    signup = make_signup(facts={"employment.title": "CTO"})
    assert question.answer(signup, False)
    assert (kept(signup).developer, kept(signup).person.said_developer) == (NO, False)
    assert kept(signup).person.said_developer_at is not None
    assert not question.answer(signup, False)
    question.answer(signup, None)
    assert (kept(signup).developer, kept(signup).person.said_developer_at) == (YES, None)


@pytest.mark.django_db
def test_a_crowd_s_first_calls_are_left_to_a_task() -> None:
    crowd = [make_signup(f"p{number}@dev.test") for number in range(21)]
    for signup in crowd:
        used(signup)
    developer.on_first_call([signup.pk for signup in crowd])
    assert set(Signup.objects.values_list("developer", flat=True)) == {UNSURE}
    tasks.judge_developers()
    assert set(Signup.objects.values_list("developer", flat=True)) == {YES}
