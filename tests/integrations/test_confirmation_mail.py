"""The confirmation mail goes out once, over a real SMTP connection, and only while it is wanted."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from django.utils import timezone

from integrations.confirmation_mail import ConfirmationMail
from signups.contracts import Ambiguous, Delivered, Later, Misconfigured, Never, Outcome, Skipped
from signups.models import Confirmation, Delivery, Signup
from tests.rows import make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

LINK = "https://signup.test/confirm/abc.def/"


@pytest.fixture(autouse=True)
def _over_smtp(settings: Any) -> None:
    """Django's test runner would keep the mails to itself."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def nora(**values: Any) -> Signup:
    return make_signup("nora@quietcorp.test", **{"name": "Nora Quiet", "verdict": "confirm", **values})


def asked(signup: Signup, **values: Any) -> Delivery:
    """A confirmation of the signup and the mail that is owed for it."""
    row = Confirmation(signup=signup, number=1, **{"expires_at": timezone.now() + timedelta(hours=48), **values})
    Confirmation.objects.bulk_create([row])
    frozen = {"confirm_url": LINK}
    return make_delivery(signup, "confirmation_mail", "confirmation_asked", period="1", frozen=frozen)


def send(delivery: Delivery) -> Outcome:
    return ConfirmationMail().on_confirmation_asked(delivery.signup, delivery)


def test_the_mail_says_who_it_is_for_and_holds_the_link_in_both_bodies(sandbox: Sandbox) -> None:
    delivery = asked(nora())
    outcome = send(delivery)
    (mail,) = sandbox.state("mail")
    assert (mail["from"], mail["to"]) == ("Onboarding <hello@onboarding.test>", ["nora@quietcorp.test"])
    assert mail["subject"] == "Please confirm your e-mail address"
    assert LINK in mail["text"]
    assert f'href="{LINK}"' in mail["html"]
    assert outcome == Delivered(external_id=f"<{delivery.uid}@onboarding.test>", note="Mailed to nora@quietcorp.test.")
    assert mail["message_id"] == f"<{delivery.uid}@onboarding.test>"
    assert "Auto-Submitted: auto-generated" in mail["raw"]


def test_a_repeat_is_the_same_message(sandbox: Sandbox) -> None:
    delivery = asked(nora())
    send(delivery)
    send(delivery)
    assert len({mail["message_id"] for mail in sandbox.state("mail")}) == 1


def test_markup_in_a_name_reaches_nobody(sandbox: Sandbox) -> None:
    send(asked(nora(name='<img src="x"><b>Nora')))
    (mail,) = sandbox.state("mail")
    assert "<b>Nora" not in mail["html"] + mail["text"]


@pytest.mark.parametrize(
    ("signup", "confirmation", "why"),
    [
        ({"verdict": "rejected"}, {}, "The signup has been rejected since."),
        ({}, {"used_at": timezone.now()}, "The address has been confirmed since."),
        ({}, {"expires_at": timezone.now()}, "The link expired before the mail could be sent."),
    ],
)
def test_a_mail_nobody_wants_any_more_is_not_sent(
    sandbox: Sandbox, signup: dict[str, Any], confirmation: dict[str, Any], why: str
) -> None:
    assert send(asked(nora(**signup), **confirmation)) == Skipped(why)
    assert sandbox.state("mail") == []


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"status": 451}, Later),
        ({"status": 552}, Never),
        ({"reset": "before"}, Ambiguous),
        ({"reset": "after"}, Ambiguous),
    ],
)
def test_failures_by_what_they_mean(sandbox: Sandbox, fault: dict[str, Any], failure: type[Exception]) -> None:
    sandbox.fault("smtp", **fault)
    with pytest.raises(failure, match="Mail: "):
        send(asked(nora()))


def test_a_server_that_is_not_there_is_tried_later(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_PORT = listener.getsockname()[1]
    with pytest.raises(Later, match="cannot be reached"):
        send(asked(nora()))


def test_a_login_the_server_does_not_know_is_a_setting_to_correct(sandbox: Sandbox, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "somebody", "wrong"
    with pytest.raises(Misconfigured, match="EMAIL_URL"):
        send(asked(nora()))


def test_a_server_without_encryption_is_a_setting_to_correct(sandbox: Sandbox, settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    with pytest.raises(Misconfigured, match="cannot do what EMAIL_URL asks for"):
        send(asked(nora()))


@pytest.mark.parametrize(("stopped", "is_sent"), [("bounced", False), ("complained", False), ("unsubscribed", True)])
def test_a_mail_they_ask_for_goes_where_mail_still_may(sandbox: Sandbox, stopped: str, is_sent: bool) -> None:
    signup = nora()
    signup.person.mail_stopped = stopped
    outcome = send(asked(signup))
    assert isinstance(outcome, Delivered) is is_sent
    assert len(sandbox.state("mail")) == is_sent
    assert is_sent or "No mail goes to this person" in getattr(outcome, "why", "")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def pyotr() -> Signup:
    return make_signup("пётр@xn--bcher-kva.test", name="Пётр Книжный", verdict="confirm")


def test_an_address_with_letters_of_any_script_is_mailed_as_it_is(sandbox: Sandbox) -> None:
    outcome = send(asked(pyotr()))
    (mail,) = sandbox.state("mail")
    assert mail["to"] == ["пётр@xn--bcher-kva.test"]
    assert "To: пётр@xn--bcher-kva.test" in mail["raw"]
    assert LINK in mail["text"]
    assert f'href="{LINK}"' in mail["html"]
    assert outcome == Delivered(external_id=mail["message_id"], note="Mailed to пётр@xn--bcher-kva.test.")


def test_a_server_that_cannot_take_such_an_address_is_told_from_one_that_is_down(settings: Any) -> None:
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    server.start()
    try:
        with pytest.raises(Never, match=r"no SMTPUTF8.*use a server that does"):
            send(asked(pyotr()))
    finally:
        server.stop()
