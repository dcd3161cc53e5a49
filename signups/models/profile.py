"""How a profile is stored: every fact beside who said so and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

# path → {"value": …, "provider": slug, "at": ISO 8601}; the paths are `contracts.Facts`'.
Profile = dict[str, dict[str, Any]]

# A person with one of these is somebody: a handle on a network, or an employment.
HANDLES = ("github.handle", "linkedin.handle", "twitter.handle", "facebook.handle", "gravatar.handle")
EMPLOYMENT = ("employment.name", "employment.domain", "employment.title")


class ProfileField(models.JSONField):
    """A JSON column that holds a `Profile`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs.setdefault("blank", True)
        super().__init__(**kwargs)


def with_facts(profile: Mapping[str, Any], facts: Mapping[str, Any], provider: str, at: datetime) -> Profile:
    """`profile` with the facts that it lacks or that this provider had said before; the others stay as they are."""
    merged = dict(profile)
    for path, value in facts.items():
        if value is None or value == "" or (path in merged and merged[path]["provider"] != provider):
            continue
        merged[path] = {"value": value, "provider": provider, "at": at.isoformat()}
    return merged
