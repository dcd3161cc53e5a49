"""Whom a backend means by an id or an address."""

from __future__ import annotations

from typing import Any

import pytest

from signups import customers
from signups.models import Verdict
from tests.rows import make_signup

pytestmark = pytest.mark.django_db


def test_a_customer_is_found_by_any_of_three_names() -> None:
    ada = make_signup("ada@dev.test", external_id="cus_1")
    names = [str(ada.uid), ada.uid.hex.upper(), "cus_1", "Ada@Dev.test", " ada@dev.test "]
    assert customers.find(names) == dict.fromkeys(names, ada)


def test_a_name_that_is_nobodys_is_left_out() -> None:
    make_signup("ada@dev.test")
    assert customers.find(["", "0", "cus_2", "bob@dev.test", "00000000-0000-0000-0000-000000000000"]) == {}


def test_of_several_signups_the_accepted_one_counts_and_then_the_newest() -> None:
    make_signup("ada@dev.test", external_id="cus_1")
    newer = make_signup("ada@dev.test", external_id="cus_1")
    make_signup("ada@dev.test", external_id="cus_1", verdict=Verdict.CONFIRM)
    assert customers.find(["ada@dev.test", "cus_1"]) == {"ada@dev.test": newer, "cus_1": newer}


def test_a_rejected_signup_is_nobodys_customer() -> None:
    mister_x = make_signup("x@throwaway.test", verdict=Verdict.REJECTED)
    assert customers.find([str(mister_x.uid), "x@throwaway.test"]) == {}


def test_ten_thousand_names_take_a_handful_of_queries(django_assert_num_queries: Any) -> None:
    ada = make_signup("ada@dev.test")
    names = [f"cus_{number}" for number in range(9_999)]
    with django_assert_num_queries(3):  # two halves by the product's own id, one by address
        assert customers.find([*names, "ada@dev.test"]) == {"ada@dev.test": ada}
