from typing import Any

import pytest

from signups import vetting
from signups.contracts import Deadline
from signups.models import ListEntry
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def examine(email: str, budget_ms: int = 1500) -> vetting.Examination:
    return vetting.start(vetting.parse(email), Deadline(budget_ms)).finish()


def codes(examination: vetting.Examination) -> dict[str, str]:
    return {check.name: check.code for check in examination.checks}


@pytest.mark.parametrize(
    ("email", "kind", "mx"),
    [
        ("ada@dev.test", "company", "mx"),
        ("ned@bigmail.test", "free_mail", "mx"),
        ("x@mailinator.com", "disposable", "mx"),
        ("bob@nowhere.test", "company", "no_such_domain"),
    ],
)
def test_every_check_answers(sandbox: Sandbox, email: str, kind: str, mx: str) -> None:
    said = codes(examine(email))
    assert (said["syntax"], said["lists"], said["kind"], said["mx"]) == ("ok", "not_listed", kind, mx)


def test_a_typo_comes_with_a_suggestion(sandbox: Sandbox) -> None:
    examination = examine("ted@gmial.com")
    assert (codes(examination)["mx"], examination.suggestion) == ("no_such_domain", "ted@gmail.com")


def test_the_other_checks_answer_though_the_name_server_is_silent(sandbox: Sandbox) -> None:
    ListEntry.objects.create(kind="deny", value="silent.test", reason="because")
    examination = examine("kim@silent.test", budget_ms=250)
    said = codes(examination)
    assert (said["syntax"], said["lists"], said["kind"], said["mx"]) == ("ok", "deny_list", "company", "dns_timeout")


def test_the_name_server_is_asked_before_the_answer_is_wanted(sandbox: Sandbox) -> None:
    examining = vetting.start(vetting.parse("ada@dev.test"), Deadline(1500))
    assert examining.asking.future.result(timeout=1.5).check.code == "mx"
    assert codes(examining.finish())["mx"] == "mx"


def test_an_examination_costs_three_queries(sandbox: Sandbox, django_assert_num_queries: Any) -> None:
    examine("ada@dev.test")  # the lists of domains are asked for news twice a minute
    with django_assert_num_queries(3):
        examine("ada@dev.test")
