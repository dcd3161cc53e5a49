"""What one task says of a person must survive what another, which read them before, writes back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signups import intake
from signups.models import Person
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def test_a_lookup_that_comes_late_writes_nothing_of_what_people_said(sandbox: Sandbox) -> None:
    """Neither a stop of mails nor an answer that came while it was at work is overwritten."""
    signup = make_signup("ada@dev.test")
    with CaptureQueriesContext(connection) as queries:
        intake.complete(signup)
    assert Person.objects.get().has_profile
    written = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "signups_person"')]
    assert len(written) == 1
    assert not [sql for sql in written if "mail_stopped" in sql or "said_developer" in sql]
