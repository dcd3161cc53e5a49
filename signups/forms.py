"""The signup form: what may be typed, and the two simplest traps for bots. What becomes of it is `signups.intake`'s."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError

from signups import vetting

_STAMP_LIFETIME = timedelta(days=1)
_SALT = "signups.form"
PRESS_AGAIN = "Nothing has been sent yet. Please press the button once more."


def no_control_characters(text: str) -> None:
    """A name goes into mails, messages and headers: no line breaks, no terminal codes."""
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text):
        raise ValidationError("Please type this on one line, without special control characters.")


class SignupForm(forms.Form):
    """Name, address, company, consent. `website` is a honeypot that people do not see; `shown` says since when the
    form is on somebody's screen. Who trips over either is asked to press again, with everything still filled in.

    `suggestion` is the address that was probably meant, to be asked about; `asked` the one that has been asked about.
    """

    name = forms.CharField(
        label="Your name",
        max_length=255,
        validators=[no_control_characters],
        error_messages={"required": "Please tell us your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.CharField(
        label="Work e-mail",
        max_length=254,
        error_messages={"required": "Please give the e-mail address you use at work."},
        help_text="Checked while you wait. No password to make up.",
        # No type="email": there browsers refuse letters such as “é” before the @ (HTML, “valid e-mail address”).
        widget=forms.TextInput(
            attrs={"inputmode": "email", "autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    company = forms.CharField(
        label="Company",
        max_length=255,
        required=False,
        validators=[no_control_characters],
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    newsletter = forms.BooleanField(
        label="Send me the newsletter: what is new, about once a month. I can leave it at any time.", required=False
    )
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    asked = forms.CharField(required=False, max_length=254, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **options: Any) -> None:
        initial = {**options.pop("initial", {}), "shown": _stamp()}
        if data and data.get("use"):  # the button "Yes, use it"
            data = {**dict(data.items()), "email": data["use"], "asked": data["use"]}
        super().__init__(data, initial=initial, label_suffix="", **options)
        self.suggestion = ""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        try:
            return vetting.parse(email).email
        except vetting.InvalidAddress as error:
            self.suggestion = vetting.meant_by(email)
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or self.cleaned_data
        age_s = _age_s(self.data.get("shown", ""))
        if not self.errors and (age_s is None or age_s < settings.FORM_MIN_SECONDS or sent.get("website")):
            self.add_error(None, PRESS_AGAIN)
        renewed = {"shown": _stamp()} if age_s is None else {}
        self.data = {**dict(self.data.items()), "website": "", **renewed}
        return sent

    def has_been_asked(self) -> bool:
        """Whether the question has been put whether this address is the one that was meant."""
        return bool(self.cleaned_data["asked"] == self.cleaned_data["email"])

    def ask(self, suggestion: str) -> None:
        """Show the form again with the question whether `suggestion` was meant; once for what was typed."""
        self.suggestion = suggestion
        self.data = {**dict(self.data.items()), "asked": self.cleaned_data["email"]}

    def focus_first_error(self) -> None:
        """Put the cursor where something is to be corrected."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["autofocus"] = True
                return


def _stamp() -> str:
    return signing.dumps(time.time(), salt=_SALT)


def _age_s(stamp: str) -> float | None:
    """Seconds since the form was shown; None where the stamp is not ours or older than a day."""
    try:
        return time.time() - float(signing.loads(stamp, salt=_SALT, max_age=_STAMP_LIFETIME))
    except signing.BadSignature:
        return None
