"""How a profile is stored: every fact beside who said so and when, and the answers that lost."""

from __future__ import annotations

from typing import Any

from django.db import models

# path → {"value", "provider": slug, "at": ISO 8601, "confidence": 0 … 1, "others": [the claims that lost]}; the paths
# are `contracts.Facts`'. "own" is the winner's own list where everybody's items are taken together.
Profile = dict[str, dict[str, Any]]

# A person with one of these is somebody: a handle on a network, or an employment.
HANDLES = ("github.handle", "linkedin.handle", "twitter.handle", "facebook.handle", "gravatar.handle")
EMPLOYMENT = ("employment.name", "employment.domain", "employment.title")
# Who says what proves nothing: people themselves, and what we made of what others said.
NOBODYS = frozenset({"form", "derived"})


class ProfileField(models.JSONField):
    """A JSON column that holds a `Profile`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs.setdefault("blank", True)
        super().__init__(**kwargs)


def is_known(profile: Profile, *paths: str) -> bool:
    """Whether some provider, or staff, says one of these facts."""
    said = (claim for path in paths if path in profile for claim in (profile[path], *profile[path].get("others", ())))
    return any(claim["provider"] not in NOBODYS for claim in said)
