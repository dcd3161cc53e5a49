from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def boss(db: None) -> User:
    """Somebody who may do everything."""
    return User.objects.create_superuser("boss", password="x")


@pytest.fixture
def browser(boss: User) -> Client:
    """A browser in which the boss is logged in."""
    client = Client()
    client.force_login(boss)
    return client
