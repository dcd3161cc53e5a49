"""Staff overrule: who was rejected is let in, sent on, and told to every vendor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from signups import review
from signups.models import Verdict
from tests.journeys.story import close_contacts, deliver, mails, mixpanel_events, sign_up, slack_messages
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_accepted_anyway_is_sent_on_and_told_to_everybody(sandbox: Sandbox, admin_client: Client) -> None:
    signup = sign_up("x@throwaway.test", "Mister X")
    deliver()
    assert mails(sandbox, signup.email) == []
    review.accept_anyway(signup, User.objects.get(username="admin"), "a customer of ours")
    deliver()
    signup.refresh_from_db()
    assert signup.verdict == Verdict.ACCEPTED
    assert len(slack_messages(sandbox)) == 1
    assert len(close_contacts(sandbox, signup.email)) == 1
    assert len(mixpanel_events(sandbox, signup)) == 1
    (mail,) = [mail for mail in mails(sandbox, signup.email) if mail["subject"] == "Your account is ready"]
    (link,) = {link for link in mail["links"] if "/confirm/" in link}
    visitor = Client()
    page = visitor.post(link[link.index("/confirm/") :])
    assert page.status_code == 303
    assert "/welcome/" in page["Location"]
