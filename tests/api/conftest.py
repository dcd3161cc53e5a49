"""The product's own backend, with a key."""

from __future__ import annotations

import pytest
from django.test import Client

from signups.models import ApiKey


def new_key(name: str = "backend") -> tuple[str, ApiKey]:
    """A key as the admin makes it, and its row."""
    key, row = ApiKey.generate(), ApiKey(name=name)
    row.set_key(key)
    row.save()
    return key, row


@pytest.fixture
def backend(db: None) -> Client:
    key, _ = new_key()
    return Client(headers={"Authorization": f"Bearer {key}"})
