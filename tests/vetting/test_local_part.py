import pytest

from signups import vetting
from signups.vetting import local_part


def check(local: str, name: str = "", kind: str = "") -> str:
    return local_part.check(vetting.parse(f"{local}@acme.test"), name, kind).code


@pytest.mark.parametrize(
    "local",
    [
        "ada.lovelace",
        "krzysztof",
        "schwarzenegger",
        "nguyen.thi.minh",
        "szczepan.brzeczyszczykiewicz",
        "mhmd",
        "jdoe1987",
    ]
    + ["venkatasubramanian", "oluwaseun", "1234567", "support-team", "пётр.щедрин", "bjork.gudmundsdottir", "s1023456"],
)
def test_names_of_many_languages_are_no_gibberish(local: str) -> None:
    assert check(local) == "ok"


@pytest.mark.parametrize("local", ["xkqzvwpt", "qwrtzpsd", "a8f3k2x9q1", "zxcvbnmqw", "j4hx7vq2kk", "bvxkqpl+news"])
def test_letters_thrown_together_are_gibberish_which_is_weak(local: str) -> None:
    result = local_part.check(vetting.parse(f"{local}@acme.test"))
    assert (result.code, result.outcome) == ("gibberish", "risky")
    assert result.evidence["bits"] < local_part.THRESHOLD


@pytest.mark.parametrize(
    ("local", "name"),
    [
        ("jane.doe", "Jane Doe"),
        ("jdoe", "Jane Doe"),
        ("doej", "Jane Doe"),
        ("jane_d", "Jane Doe"),
        ("jd", "Jane Doe"),
        ("doe.jane77+x", "Jane Doe"),
        ("jmueller", "Jörg Müller"),
        ("joerg.muller", "Jörg Müller"),
        ("petr.ivanov", "Пётр Иванов"),
        ("пётр", "Пётр Иванов"),
        ("xqzkv.wpt", "Xqzkv Wpt"),
    ],
)
def test_an_address_made_of_the_name_is_a_good_sign_however_it_reads(local: str, name: str) -> None:
    assert check(local, name) == "name_match"


@pytest.mark.parametrize(
    ("local", "name"), [("tom", "Jane Doe"), ("j", "Jane Doe"), ("adele", "Jo Le"), ("info", "?"), ("ada", "  ")]
)
def test_an_address_of_somebody_else_matches_nobody(local: str, name: str) -> None:
    assert check(local, name) == "ok"


def test_what_a_relay_makes_up_is_not_judged() -> None:
    assert check("dpdcnf87nu", kind="relay") == "ok"
    assert check("dpdcnf87nu") == "gibberish"
