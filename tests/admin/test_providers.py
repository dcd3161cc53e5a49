"""What staff see of the providers, and what they set: order, budget, on or off. Done at once, and undone at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups import enrichment
from signups.admin import provider_cards
from signups.enrichment import precedence
from signups.models import Lookup, ProviderDay, ProviderState
from signups.usage.figures import utc_today
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:signups_providerstate_changelist")


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    enrichment.forget()
    yield
    enrichment.forget()


@pytest.fixture(autouse=True)
def _three(settings: Any) -> None:
    names = ("clearbit.Clearbit", "gravatar.Gravatar", "github.GitHub")
    settings.ENRICHMENT_PROVIDERS = [f"integrations.{name}" for name in names]


def text(browser: Client) -> str:
    reply = browser.get(PAGE)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def do(browser: Client, slug: str, what: str, **values: Any) -> Any:
    return browser.post(reverse(f"admin:signups_provider_{what}", args=[slug]), values, follow=True)


def make_day(days_ago: int = 0, **counts: Any) -> None:
    ProviderDay.objects.create(provider="clearbit", day=utc_today() - timedelta(days=days_ago), **counts)


def card(slug: str = "clearbit") -> provider_cards.Card:
    return next(one for one in provider_cards.cards() if one.provider.slug == slug)


# -- What is shown -----------------------------------------------------------------------------------------------------


def test_every_listed_provider_has_a_card_in_its_place(browser: Client) -> None:
    ProviderState.objects.create(slug="github", order=0)
    ProviderState.objects.create(slug="clearbit", order=1)
    ProviderState.objects.create(slug="gravatar", order=2)
    assert [one.provider.slug for one in provider_cards.cards()] == ["github", "clearbit", "gravatar"]
    shown = text(browser)
    assert shown.index('id="github"') < shown.index('id="clearbit"') < shown.index('id="gravatar"')


def test_one_without_its_key_names_the_remedy_and_cannot_be_switched(browser: Client, settings: Any) -> None:
    settings.CLEARBIT = {**settings.CLEARBIT, "api_key": ""}
    settings.ENRICHMENT_PROVIDERS = ["integrations.clearbit.Clearbit"]
    shown = text(browser)
    assert "To switch it on, set CLEARBIT_API_KEY in the environment or .env." in shown
    assert "Switch off" not in shown


def test_one_that_holds_mails_says_what_is_read_of_them(browser: Client, settings: Any) -> None:
    settings.ENRICHMENT_PROVIDERS = ["integrations.close_signatures.CloseSignatures"]
    assert "Signatures: which company people sign their mails with" in text(browser)


def test_today_stands_beside_the_budget() -> None:
    ProviderState.objects.create(slug="clearbit", order=0, daily_calls=100, daily_credits=40)
    make_day(calls=90, hits=40, credits=40)
    calls, credits = card().spent
    assert (calls.text, calls.limit, calls.percent, calls.tone) == ("90 calls", "100", 90, "look")
    assert (credits.text, credits.limit, credits.percent, credits.tone) == ("40 credits", "40", 100, "bad")


def test_a_budget_of_nothing_is_used_up() -> None:
    ProviderState.objects.create(slug="clearbit", order=0, daily_calls=0)
    assert (card().spent[0].percent, card().spent[0].tone) == (100, "bad")


def test_what_our_own_tables_spared_is_told_of_today_and_of_thirty_days() -> None:
    make_day(saved_calls=3, saved_credits=1.5)
    make_day(29, saved_calls=10)
    make_day(30, saved_calls=1_000)
    assert card().saved == [("today", "3 calls, 1.5 credits"), ("30 days", "13 calls, 1.5 credits")]


def test_the_average_is_of_all_calls_of_thirty_days() -> None:
    make_day(calls=1, ms=100)
    make_day(1, calls=3, ms=500)
    assert card().average == "150 ms"


def test_one_that_is_left_alone_says_until_when_and_why(browser: Client) -> None:
    until = timezone.now() + timedelta(minutes=5)
    ProviderState.objects.create(slug="github", order=0, open_until=until, trouble="GitHub: answered 429")
    shown = text(browser)
    assert f"Left alone until {until:%H:%M} UTC" in shown
    assert "GitHub: answered 429" in shown
    assert "Try again now" in shown


def test_the_last_success_is_the_last_answer_hit_or_miss() -> None:
    now = timezone.now()
    for hours, outcome in ((1, "error"), (2, "not_found"), (3, "found")):
        at = now - timedelta(hours=hours)
        values = {"outcome": outcome, "fetched_at": at, "expires_at": at}
        Lookup.objects.create(provider="clearbit", subject="person", key=outcome, **values)
    assert card().last_success == now - timedelta(hours=2)


def test_the_page_needs_as_many_queries_with_thirty_days_as_with_one(browser: Client) -> None:
    make_day()
    browser.get(PAGE)
    few = queries(browser, PAGE)
    for days_ago in range(1, 30):
        make_day(days_ago)
    assert queries(browser, PAGE) == few


# -- What is set -------------------------------------------------------------------------------------------------------


def test_moving_one_up_changes_whom_we_ask_and_believe_first(browser: Client) -> None:
    reply = do(browser, "github", "move", place="2")
    assert precedence.order() == ["clearbit", "github", "gravatar"]
    assert "GitHub is asked and believed in place 2 now; it was in place 3." in reply.content.decode()


def test_undo_of_a_move_is_one_button(browser: Client) -> None:
    reply = do(browser, "github", "move", place="1").content.decode()
    assert f'class="ob-undo" method="post" action="{reverse("admin:signups_provider_move", args=["github"])}"' in reply
    assert '<input type="hidden" name="place" value="3">' in reply
    do(browser, "github", "move", place="3")
    assert precedence.order() == ["clearbit", "gravatar", "github"]


@pytest.mark.parametrize(("typed", "order"), [("0", 0), ("99", 2), ("x", 1), ("", 1), ("-1", 1)])
def test_a_place_that_is_none_is_the_nearest_or_changes_nothing(browser: Client, typed: str, order: int) -> None:
    do(browser, "gravatar", "move", place=typed)
    assert precedence.order().index("gravatar") == order


def test_one_that_is_switched_off_is_asked_no_more(browser: Client) -> None:
    reply = do(browser, "gravatar", "switch", to="off").content.decode()
    assert precedence.order() == ["clearbit", "github"]
    assert '<input type="hidden" name="to" value="on">' in reply
    do(browser, "gravatar", "switch", to="on")
    assert precedence.order() == ["clearbit", "gravatar", "github"]


def test_a_daily_budget_is_set_and_taken_away(browser: Client) -> None:
    do(browser, "clearbit", "budget", daily_calls="1,000", daily_credits="2.5")
    row = ProviderState.objects.get(slug="clearbit")
    assert (row.daily_calls, row.daily_credits) == (1_000, 2.5)
    do(browser, "clearbit", "budget", daily_calls="", daily_credits="")
    row.refresh_from_db()
    assert (row.daily_calls, row.daily_credits) == (None, None)


@pytest.mark.parametrize("typed", ["many", "-1", "1.5", "nan", "1e99"])
def test_a_budget_that_is_no_number_is_refused_and_not_lost(browser: Client, typed: str) -> None:
    reply = do(browser, "clearbit", "budget", daily_calls=typed)
    assert reply.status_code == 422
    assert f'value="{typed}"' in reply.content.decode()
    assert not ProviderState.objects.exclude(daily_calls=None).exists()


def test_try_again_now_ends_the_wait(browser: Client) -> None:
    ProviderState.objects.create(slug="github", order=2, open_until=timezone.now() + timedelta(hours=1), trouble="x")
    do(browser, "github", "try_again")
    assert ProviderState.objects.get(slug="github").open_until is None


def test_one_without_its_key_cannot_be_tried_again_and_the_setting_is_named(browser: Client, settings: Any) -> None:
    settings.CLEARBIT = {**settings.CLEARBIT, "api_key": ""}
    until = timezone.now() + timedelta(hours=1)
    ProviderState.objects.create(slug="clearbit", order=0, open_until=until, trouble="x")
    assert "Try again now" not in text(browser)
    reply = " ".join(do(browser, "clearbit", "try_again").content.decode().split())
    assert "Clearbit cannot be asked: it needs its key. Set CLEARBIT_API_KEY in the environment or .env" in reply
    assert "is asked at the next look-up" not in reply
    assert ProviderState.objects.get(slug="clearbit").open_until == until


def test_one_that_is_switched_off_is_not_said_to_be_asked(browser: Client) -> None:
    until = timezone.now() + timedelta(hours=1)
    ProviderState.objects.create(slug="github", order=0, is_on=False, open_until=until, trouble="x")
    assert "Try again now" not in text(browser)
    assert "GitHub is switched off: switch it on" in do(browser, "github", "try_again").content.decode()


def test_every_change_is_on_record(browser: Client) -> None:
    from django.contrib.admin.models import LogEntry

    do(browser, "github", "move", place="1")
    do(browser, "github", "switch", to="off")
    assert {one.change_message for one in LogEntry.objects.all()} == {"Moved from place 3 to 1", "Switched off"}


def test_nothing_is_changed_by_following_a_link(browser: Client) -> None:
    assert browser.get(reverse("admin:signups_provider_switch", args=["github"])).status_code == 405


def test_a_provider_that_is_not_listed_is_not_found(browser: Client) -> None:
    assert do(browser, "nobody", "switch", to="off").status_code == 404


def test_who_may_only_look_has_no_buttons() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_providerstate"))
    shown = text(client)
    assert "Switch off" not in shown
    assert "Daily budget" not in shown
    assert do(client, "github", "move", place="1").status_code == 403


def test_who_may_not_look_sees_nothing() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_signup"))
    assert client.get(PAGE).status_code == 403


def test_a_budget_that_can_be_read_in_two_ways_is_refused(browser: Client) -> None:
    reply = do(browser, "clearbit", "budget", daily_credits="1,5")
    assert "“1,5” can be read in two ways. Write 1.5 if it is a fraction, 15 if not" in reply.content.decode()
