"""The weeks after the signup, lived once in fast forward, and looked for at every vendor and in the admin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.test import Client, override_settings

from sandbox import cast
from signups import vetting
from signups.activity import actions, identity
from signups.activity.scope import Scope
from signups.activity.window import Window
from signups.contracts import Event
from signups.management.demo import crowd, life, summary
from signups.management.demo.story import Story
from signups.management.demo.world import World
from signups.models import (
    Action,
    Delivery,
    Exposure,
    IdentityLink,
    JobRun,
    LimitReached,
    Mail,
    Note,
    Person,
    Signup,
    Verdict,
)
from tests import site
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(serialized_rollback=True)

DAYS = 30


@dataclass
class Lived:
    """The thirty days, lived: the story as it knows itself, and what the vendors hold."""

    story: Story
    sandbox: Sandbox

    @cached_property
    def customers(self) -> dict[str, dict[str, Any]]:
        return {one["email"]: one for one in self.sandbox.state("customerio")["customers"]}

    @cached_property
    def mails(self) -> list[dict[str, Any]]:
        """What Customer.io sent."""
        return list(self.sandbox.state("customerio")["deliveries"])

    @cached_property
    def close(self) -> dict[str, Any]:
        return dict(self.sandbox.state("close"))

    @cached_property
    def mixpanel(self) -> dict[str, Any]:
        return dict(self.sandbox.state("mixpanel"))

    def lead(self, email: str) -> dict[str, Any]:
        (lead,) = [lead for lead in self.close["leads"] if email in addresses(lead)]
        return dict(lead)

    def events(self, email: str, name: str) -> list[dict[str, Any]]:
        return [event for event in self.customers[email]["events"] if event["name"] == name]

    def calls(self, emails: list[str], first: date, last: date) -> int:
        days = [(day, count) for email in emails for day, count in self.story.used.get(email, {}).items()]
        return sum(count for day, count in days if first <= day <= last)


@pytest.fixture(scope="module")
def lived(sandbox_process: Sandbox, django_db_setup: None, django_db_blocker: Any) -> Iterator[Lived]:
    """One life for all the tests below, which only look."""
    port = site.free_ports(1)[0]
    its_own = {
        "PORT": port,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }
    with django_db_blocker.unblock(), override_settings(**its_own):
        world = World(sandbox_process.url)
        as_migrated()
        sandbox_process.reset()
        vetting.forget()
        try:
            yield Lived(life.live(world, DAYS, lambda moment: None), sandbox_process)
        finally:
            world.close()
            as_migrated()
            vetting.forget()


def as_migrated() -> None:
    """The database as after the migrations: nothing in it but what they made."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True, reset_sequences=False)
    connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]


def addresses(lead: dict[str, Any]) -> set[str]:
    return {one["email"] for contact in lead["contacts"] for one in contact["emails"]}


def signup_of(email: str) -> Signup:
    return Signup.objects.exclude(verdict=Verdict.REJECTED).get(email=email)


@pytest.fixture
def admin(lived: Lived) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username="demo"))
    return client


# -- The signup --------------------------------------------------------------------------------------------------------


def test_everything_came_out_as_it_was_told(lived: Lived) -> None:
    assert summary.problems(lived.story) == []
    assert "equal to what was reported" in summary.told(lived.story, DAYS, 1)


def test_each_member_of_the_cast_got_the_promised_verdict(lived: Lived) -> None:
    machine = dict(Signup.objects.values_list("person__email", "machine_verdict"))
    assert {email: machine[email] for email in cast.PEOPLE} == {
        person.email: person.verdict for person in cast.PEOPLE.values()
    }


def test_links_are_pressed_hours_later(lived: Lived) -> None:
    waited = {
        email: round((signup_of(email).confirmed_at - signup_of(email).created_at) / timedelta(hours=1))  # type: ignore[operator]
        for email in ("nora@quietcorp.test", "kit@acme.test", "ivy@implicit.test")
    }
    assert waited == {"nora@quietcorp.test": 5, "kit@acme.test": 20, "ivy@implicit.test": 44}
    assert signup_of("ned@bigmail.test").verdict == Verdict.CONFIRM


def test_whom_staff_listed_is_held(lived: Lived) -> None:
    held = Signup.objects.filter(email__endswith="@quarry.test")
    assert {signup.machine_verdict for signup in held} == {Verdict.HELD}


# -- Actions -----------------------------------------------------------------------------------------------------------


def test_every_action_is_at_mixpanel_once(lived: Lived) -> None:
    sent = Counter(event["insert_id"] for event in lived.mixpanel["events"])
    assert {str(action.uid): sent[str(action.uid)] for action in Action.objects.all()} == {
        str(action.uid): 1 for action in Action.objects.all()
    }


def test_what_somebody_did_before_and_after_stands_in_one_view(lived: Lived) -> None:
    (ada,) = [user for user in lived.mixpanel["users"] if user["id"] == str(signup_of("ada@dev.test").uid)]
    assert set(ada["device_ids"]) == {crowd.anonymous_id("ada@dev.test"), crowd.anonymous_id("ada's phone")}
    names = [event["event"] for event in sorted(ada["events"], key=lambda event: event["time"])]
    assert names.index("Page viewed") < names.index("Signed up") < names.index("Logged in")
    assert Counter(names)["Signed up"] == 1


def test_no_device_is_two_people_s(lived: Lived) -> None:
    owners = Counter(device for user in lived.mixpanel["users"] for device in user["device_ids"])
    links = IdentityLink.objects.filter(ended_at=None).exclude(signup__verdict=Verdict.REJECTED)
    joined = links.values_list("anonymous_id", flat=True)
    assert max(owners.values()) == 1
    assert set(joined) <= set(owners)


def did_anything(signup: Signup) -> bool:
    return bool(actions.read(Scope.of([signup]), Q(), Window(), 0, 1).rows)


def test_two_colleagues_at_one_browser_stay_two(lived: Lived) -> None:
    tom, uma = signup_of("tom@acme.test"), signup_of("uma@acme.test")
    refused = IdentityLink.objects.get(signup=uma)
    assert refused.ended_at is not None
    assert "tom@acme.test" in refused.ended_why
    assert identity.owner_of(refused.anonymous_id) == tom
    assert did_anything(tom)
    assert not did_anything(uma)


def test_a_detached_visitor_s_history_is_nobody_s(lived: Lived) -> None:
    otto = signup_of("otto@handmade.test")
    assert Action.objects.filter(anonymous_id=otto.anonymous_id).exists()
    assert not did_anything(otto)


# -- Usage and the daily sync ------------------------------------------------------------------------------------------


def test_every_lead_says_what_its_people_used(lived: Lived) -> None:
    today = JobRun.objects.filter(job="sync").latest("period").started_at.astimezone(UTC).date()
    names = {field["id"]: field["name"] for field in lived.close["custom_fields"]["lead"]}
    compared = 0
    for emails in customers_of(lived):
        lead = lived.lead(emails[0])
        told = {names[key.removeprefix("custom.")]: value for key, value in lead.items() if key.startswith("custom.")}
        days = sorted(day for email in emails for day in lived.story.used[email] if day < today)
        yesterday = today - timedelta(days=1)
        if not days:
            continue
        assert {name: value for name, value in told.items() if name in FIGURES} == {
            "API calls yesterday": lived.calls(emails, yesterday, yesterday),
            "API calls 7 days": lived.calls(emails, today - timedelta(days=7), yesterday),
            "API calls 30 days": lived.calls(emails, today - timedelta(days=30), yesterday),
            "API first call": days[0].isoformat(),
            "API last call": days[-1].isoformat(),
        }, lead["name"]
        compared += 1
    assert compared > 25


FIGURES = ("API calls yesterday", "API calls 7 days", "API calls 30 days", "API first call", "API last call")


def customers_of(lived: Lived) -> list[list[str]]:
    """The addresses behind each lead that has somebody who called: colleagues together, everybody else alone."""
    behind: dict[Any, list[str]] = {}
    for signup in Signup.objects.filter(verdict=Verdict.ACCEPTED).order_by("pk"):
        behind.setdefault(signup.company_id or signup.email, []).append(signup.email)
    return [
        [email for email in emails if email in lived.story.used] for emails in behind.values()
        if any(email in lived.story.used for email in emails)
    ]  # fmt: skip


def test_a_change_is_told_once_and_nothing_else_is(lived: Lived) -> None:
    ids = {f"custom.{field['id']}" for field in lived.close["custom_fields"]["lead"] if field["name"].startswith("API")}
    calls = [call for call in lived.sandbox.received("close", "/lead/") if call["method"] == "PUT"]
    usage = [call for call in calls if isinstance(call["body"], dict) and set(call["body"]) & ids]
    told = Delivery.objects.filter(integration="close", event=Event.USAGE_REPORTED)
    assert len(usage) == told.filter(state=Delivery.State.DELIVERED).count() == told.count()


def test_every_job_ran_once_a_day(lived: Lived) -> None:
    runs = JobRun.objects.all()
    assert {run.state for run in runs} == {JobRun.State.DONE}
    by_job = Counter(run.job for run in runs)
    assert min(by_job.values()) >= DAYS
    assert set(Counter((run.job, run.period) for run in runs).values()) == {1}


# -- Quiet customers ---------------------------------------------------------------------------------------------------


def test_whoever_does_not_call_for_a_week_is_helped_once(lived: Lived) -> None:
    told = Delivery.objects.filter(event=Event.WENT_QUIET, state=Delivery.State.DELIVERED).select_related("signup")
    helped = {row.signup.email for row in told}
    assert {"nora@quietcorp.test", "pia@slowdata.test", "dana@charity.test"} <= helped
    events = {email: len(lived.events(email, "went_quiet")) for email in lived.customers}
    assert {email for email, number in events.items() if number} == helped
    assert max(events.values()) == 1
    mails = Counter(mail["recipient"] for mail in lived.mails if mail["campaign"] == "Help to integrate")
    assert set(mails.values()) == {1}


def test_nobody_is_called_quiet_who_had_called(lived: Lived) -> None:
    for row in Delivery.objects.filter(event=Event.WENT_QUIET, state=Delivery.State.DELIVERED):
        first = min(lived.story.used.get(row.signup.email, {date.max: 0}))
        (event,) = lived.events(row.signup.email, "went_quiet")
        assert datetime.fromtimestamp(event["at"], UTC).date() <= first
        assert row.signup.accepted_at is not None
        assert event["at"] - row.signup.accepted_at.timestamp() > 7 * 86_400


def test_one_who_was_helped_begins_to_call(lived: Lived) -> None:
    (event,) = lived.events("nora@quietcorp.test", "went_quiet")
    first = min(lived.story.used["nora@quietcorp.test"])
    assert first >= datetime.fromtimestamp(event["at"], UTC).date()
    assert lived.lead("nora@quietcorp.test")


# -- At the limit ------------------------------------------------------------------------------------------------------


def thresholds(lived: Lived, email: str, name: str = "reached_limit") -> list[int]:
    return [event["data"]["threshold"] for event in lived.events(email, name)]


def test_thresholds_are_prompted_once_and_the_highest_of_two_alone(lived: Lived) -> None:
    assert thresholds(lived, "ada@dev.test") == [80, 100]
    assert thresholds(lived, "leo@solo.test") == [80]
    assert thresholds(lived, "diego@parcelbee.test") == [100]
    recorded = Counter(row.signup.email for row in LimitReached.objects.select_related("signup"))
    assert recorded == {"ada@dev.test": 2, "leo@solo.test": 1, "diego@parcelbee.test": 2}


def test_an_upgrade_resolves_them(lived: Lived) -> None:
    assert sorted(thresholds(lived, "ada@dev.test", "limit_resolved")) == [80, 100]
    assert LimitReached.objects.filter(signup__email="ada@dev.test", resolved_at=None).count() == 0
    tasks = {task["id"]: task["is_complete"] for task in lived.close["tasks"]}
    done = {email: [tasks[task["id"]] for task in lived.lead(email)["tasks"]] for email in PROMPTED}
    assert done == {"ada@dev.test": [True, True], "leo@solo.test": [False], "diego@parcelbee.test": [False]}


PROMPTED = ("ada@dev.test", "leo@solo.test", "diego@parcelbee.test")


def test_sales_are_told_of_those_at_the_limit(lived: Lived) -> None:
    told = Delivery.objects.filter(integration="slack", event=Event.REACHED_LIMIT, state=Delivery.State.DELIVERED)
    assert {row.signup.email for row in told} == {"ada@dev.test", "diego@parcelbee.test"}
    (channel,) = [one for one in lived.sandbox.state("slack")["channels"] if one["id"] == high_value_channel()]
    messages = [str(message) for message in channel["messages"]]
    assert len([text for text in messages if "At the limit: Diego Santana" in text]) == 1
    assert len([text for text in messages if "Resolved: Ada Byrne" in text]) == 1
    assert not [text for text in messages if "Leo Brandt" in text]


def high_value_channel() -> str:
    return str(settings.SLACK["high_value_channel"])


# -- Mails -------------------------------------------------------------------------------------------------------------


def test_what_became_of_every_mail_is_known(lived: Lived) -> None:
    fates = ("sent", "delivered", "bounced", "unsubscribed")
    kept = {mail.key: {fate for fate in fates if mail.moment(fate)} for mail in Mail.objects.all()}
    assert kept == {
        mail["delivery_id"]: {moment["metric"] for moment in mail["history"]} & set(fates) for mail in lived.mails
    }


def test_who_left_bounced_or_complained_gets_no_more(lived: Lived) -> None:
    stopped = {person.email: person for person in Person.objects.exclude(mail_stopped="")}
    assert {
        email: stopped[email].mail_stopped for email in ("cleo@bigmail.test", "yuki@uni.test", "eve@evil.test")
    } == {
        "cleo@bigmail.test": "unsubscribed",
        "yuki@uni.test": "bounced",
        "eve@evil.test": "complained",
    }
    for email, person in stopped.items():
        assert person.mail_stopped_at is not None
        arrived = [
            moment["at"]
            for mail in lived.mails
            for moment in mail["history"]
            if mail["recipient"] == email and moment["metric"] == "delivered"
        ]
        assert max(arrived, default=0) <= person.mail_stopped_at.timestamp() + 1
        assert not signup_of(email).deliveries.filter(
            event=Event.WENT_QUIET, state=Delivery.State.DELIVERED, finished_at__gt=person.mail_stopped_at
        )


def test_the_drip_reaches_those_who_ticked_the_box(lived: Lived) -> None:
    got = Counter(mail["recipient"] for mail in lived.mails if mail["campaign"] == "Getting started")
    assert got["ada@dev.test"] == 3
    assert set(got) <= {signup.email for signup in Signup.objects.filter(wants_newsletter=True)}


def test_an_answer_is_kept_as_fact(lived: Lived) -> None:
    nora = signup_of("nora@quietcorp.test")
    assert nora.person.said_developer is True
    assert nora.developer == "developer"
    assert lived.customers[nora.email]["attributes"]["developer"] == "developer"


# -- A/B tests ---------------------------------------------------------------------------------------------------------


def test_every_visitor_is_exposed_once_and_keeps_the_arm_as_customer(lived: Lived) -> None:
    arms = dict(Exposure.objects.filter(experiment__surface="signup_page").values_list("unit", "arm"))
    assert len(arms) > 600
    told = {email: one["attributes"].get("experiment_signup-wording") for email, one in lived.customers.items()}
    by_form = Signup.objects.filter(verdict=Verdict.ACCEPTED, source=Signup.Source.FORM).exclude(email="uma@acme.test")
    assert {one.email: told[one.email] for one in by_form} == {one.email: arms[one.anonymous_id] for one in by_form}


# -- The admin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("page", "before signing up"),
        ("docs", "/docs/quickstart"),
        ("api", "/v1/people"),
        ("mail", "Getting started"),
        ("slack", "Resolved"),
        ("limit", "80 %"),
        ("experiment", "What the signup page promises"),
        ("note", "Took the growth plan."),
    ],
)
def test_a_person_s_timeline_has_every_kind(lived: Lived, admin: Client, kind: str, words: str) -> None:
    page = f"/admin/signups/signup/{signup_of('ada@dev.test').pk}/change/"
    assert words in text_of(admin, f"{page}?kind={kind}")


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("", "Parcelbee"),
        ("signups/signup/?q=diego", "Diego Santana"),
        ("signups/usagerecord/?q=ada", "ada@dev.test"),
        ("signups/jobrun/", "Quiet customers"),
        ("signups/campaign/", "Getting started"),
        ("signups/experiment/", "What the signup page promises"),
    ],
)
def test_every_page_is_full(lived: Lived, admin: Client, page: str, words: str) -> None:
    assert words in text_of(admin, f"/admin/{page}")


def test_slack_s_button_leaves_a_note(lived: Lived) -> None:
    opened = Note.objects.filter(kind=Note.Kind.OPENED).select_related("signup")
    assert {note.signup.email for note in opened} == {"grace@rocket.test", "mara@bank.test"}


def text_of(client: Client, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200, (url, reply.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))
