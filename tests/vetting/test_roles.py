from typing import Any

import pytest

from signups import vetting
from signups.vetting import roles


def role(email: str, name: str = "") -> str:
    return roles.check(vetting.parse(email), name).code


@pytest.mark.parametrize(
    "local",
    ["info", "Info+trial", "no-reply", "vertrieb", "büro", "comptabilité", "facturación", "segreteria", "vendas"]
    + ["boekhouding", "księgowość", "customer_service", "sales2"],
)
def test_roles_are_known_in_eight_languages_with_tags_marks_and_accents(local: str) -> None:
    assert role(f"{local}@acme.test") == "role_account"


@pytest.mark.parametrize("local", ["ada", "infante", "salesforce.ada", "marina", "max.vertrieb", "service-team-lead"])
def test_only_a_whole_local_part_is_a_role(local: str) -> None:
    assert role(f"{local}@acme.test") == "personal"


@pytest.mark.parametrize(
    ("local", "name", "code"),
    [
        ("sales", "Claire Sales", "personal"),
        ("post", "Emily Post", "personal"),
        ("sales", "Claire Doe", "role_account"),
        ("sales", "Sales", "role_account"),
        ("sales", "Sales Team", "role_account"),
    ],
)
def test_whoever_is_called_like_a_role_is_a_person(local: str, name: str, code: str) -> None:
    assert role(f"{local}@acme.test", name) == code


def test_a_role_is_a_weak_sign_that_says_what_it_means() -> None:
    check = roles.check(vetting.parse("rechnung@acme.test"))
    assert (check.outcome, check.evidence) == ("risky", {"meaning": "billing", "languages": ["de"]})


def test_no_role_is_a_common_first_name() -> None:
    names: Any = "ada hugo max marina victoria grace hope carla mario angela ana luca pia ines elena sandra".split()
    assert not set(names) & set(roles.listed())
