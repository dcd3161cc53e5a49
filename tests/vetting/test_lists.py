from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from signups.models import ListEntry
from signups.vetting import parse
from signups.vetting.lists import check

pytestmark = pytest.mark.django_db


def entry(kind: str, value: str, **fields: object) -> ListEntry:
    return ListEntry.objects.create(kind=kind, value=value, **{"reason": "because", **fields})


def test_an_address_on_no_list_is_good() -> None:
    entry("deny", "acme.test")
    assert (check(parse("ada@dev.test")).outcome, check(parse("ada@dev.test")).code) == ("good", "not_listed")


@pytest.mark.parametrize("value", ["Tom@Acme.test", "acme.test", "@acme.test", "test"])
def test_the_address_its_domain_and_all_above_may_be_listed(value: str) -> None:
    entry("deny", value)
    assert (check(parse("tom@acme.test")).outcome, check(parse("tom@acme.test")).code) == ("bad", "deny_list")


def test_a_sub_domain_lies_below_what_is_listed_and_a_longer_name_does_not() -> None:
    entry("deny", "acme.test")
    assert check(parse("tom@eu.acme.test")).code == "deny_list"
    assert check(parse("tom@notacme.test")).code == "not_listed"


def test_one_address_of_a_domain_does_not_list_the_others() -> None:
    entry("deny", "tom@acme.test")
    assert check(parse("uma@acme.test")).code == "not_listed"


def test_allow_beats_deny_and_deny_beats_hold() -> None:
    entry("hold", "tom@acme.test")
    assert check(parse("tom@acme.test")).code == "hold_list"
    entry("deny", "acme.test")
    assert check(parse("tom@acme.test")).code == "deny_list"
    entry("allow", "acme.test")
    assert check(parse("tom@acme.test")).code == "allow_list"


def test_an_international_domain_may_be_listed_as_it_is_written() -> None:
    entry("deny", "bücher.test")
    assert check(parse("urs@xn--bcher-kva.test")).code == "deny_list"


def test_an_expired_entry_is_passed_over() -> None:
    entry("deny", "acme.test", expires_at=timezone.now() - timedelta(seconds=1))
    entry("hold", "acme.test", expires_at=timezone.now() + timedelta(hours=1))
    assert check(parse("tom@acme.test")).code == "hold_list"


def test_the_evidence_names_entry_author_and_reason() -> None:
    entry("deny", "acme.test", author=User.objects.create(username="kim"), reason="chargebacks")
    result = check(parse("tom@acme.test"))
    assert result.evidence == {"entry": "acme.test", "reason": "chargebacks", "author": "kim", "expires": None}
    assert result.sentence == "acme.test is on the deny list."


def test_the_lists_cost_one_query(django_assert_num_queries: Any) -> None:
    entry("deny", "acme.test", author=User.objects.create(username="kim"))
    with django_assert_num_queries(1):
        check(parse("tom@eu.acme.test"))
