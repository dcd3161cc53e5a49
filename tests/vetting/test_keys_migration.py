"""Signups from before there were keys: migration 0009."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from signups.models import Signup
from tests.rows import make_signup

pytestmark = pytest.mark.django_db
migration: Any = import_module("signups.migrations.0009_keys_of_known_signups")


def test_known_signups_get_their_keys() -> None:
    signup = make_signup("J.Doe+x@googlemail.com", ip="8.8.8.8")
    migration.give_keys(apps, Editor())
    signup.refresh_from_db()
    keys = (signup.canonical_key, signup.email_domain, signup.ip_network)
    assert keys == ("jdoe@gmail.com", "googlemail.com", "8.8.8.0/24")


def test_they_are_taken_in_chunks() -> None:
    for number in range(5):
        make_signup(f"p{number}@dev.test")
    migration.give_keys(apps, Editor(), chunk=2)
    assert not Signup.objects.filter(canonical_key="").exists()


def test_one_whose_address_is_none_any_more_holds_up_nobody() -> None:
    make_signup("not an address")
    signup = make_signup()
    migration.give_keys(apps, Editor())
    signup.refresh_from_db()
    assert signup.canonical_key == "ada@dev.test"


def test_keys_that_are_there_stay() -> None:
    signup = make_signup(canonical_key="mine")
    migration.give_keys(apps, Editor())
    signup.refresh_from_db()
    assert signup.canonical_key == "mine"


class Editor:
    """As much of a schema editor as data need: SQLite's own refuses to work in a test's transaction."""

    connection = connection
    quote_name = staticmethod(connection.ops.quote_name)
