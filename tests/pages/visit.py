"""What a visitor does: open the form, fill it in, press the button, go where it leads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.test import Client

from signups import confirmation
from signups.models import Signup

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    Reply = _MonkeyPatchedWSGIResponse

ROWS = ("signups.Signup", "signups.Person", "signups.Company", "signups.Check", "signups.Delivery", "signups.Lookup")


def sign_up(client: Client, email: str, name: str = "Nora Quiet", **changes: Any) -> Reply:
    """Open the form and send it; the reply to the POST, not followed."""
    shown = client.get("/").context["form"]["shown"].value()
    sent = {"name": name, "email": email, "company": "", "website": "", "shown": shown, **changes}
    return client.post("/signup/", sent)


def signed_up(client: Client, email: str, name: str = "Nora Quiet", **changes: Any) -> tuple[Signup, str]:
    """The newest signup of somebody who just sent the form, and the address of the page they were sent to."""
    reply = sign_up(client, email, name, **changes)
    assert reply.status_code == 303, reply.content.decode()
    return Signup.objects.order_by("-pk")[0], reply["Location"]


def link(signup: Signup) -> str:
    """The path in the latest confirmation mail."""
    latest = signup.confirmations.order_by("-number")[0]
    return re.sub(r"^https?://[^/]+", "", confirmation.link(latest))


def text(response: Reply) -> str:
    """A page's words, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def row_counts() -> dict[str, int]:
    """How many rows there are of everything a signup leaves."""
    from django.apps import apps

    return {name: apps.get_model(name).objects.count() for name in ROWS}
