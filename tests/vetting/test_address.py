from typing import Any

import pytest

from signups import vetting
from signups.vetting import address


def test_the_key_is_the_same_however_the_address_is_typed() -> None:
    typed = ["Ada@Dev.test", " ada@dev.test\n", "\ufeffADA@DEV.TEST", "ada@ｄｅｖ.test"]
    assert {vetting.parse(email).key for email in typed} == {"ada@dev.test"}


def test_the_local_part_is_kept_as_typed() -> None:
    address = vetting.parse(" Ada.B+news@DEV.test ")
    assert (address.email, address.local, address.domain) == ("Ada.B+news@dev.test", "Ada.B+news", "dev.test")


def test_an_international_domain_is_kept_in_ascii() -> None:
    assert vetting.parse("urs@Bücher.test") == vetting.parse("urs@xn--bcher-kva.test")
    assert vetting.parse("urs@bücher.test").email == "urs@xn--bcher-kva.test"


def test_letters_of_any_script_may_stand_before_the_at() -> None:
    decomposed = vetting.parse("Zoe\u0308@bücher.test")
    assert (decomposed.email, decomposed.key) == ("Zoë@xn--bcher-kva.test", "zoë@xn--bcher-kva.test")
    assert decomposed.needs_smtputf8
    assert not vetting.parse("zoe@bücher.test").needs_smtputf8


def test_names_of_tests_are_never_valid_on_the_public_internet_and_nothing_is_trimmed() -> None:
    assert address.is_valid("ada@dev.example.com")
    assert [address.is_valid(text) for text in ("ada@dev.test", " ada@example.com", "ada@example.com\n", "")] == [
        False,
    ] * 4


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("  ", "Please enter an e-mail address"),
        ("ada", "has an @ in the middle"),
        ("ada@dev.test\r\nBcc: eve@evil.test", "invisible character"),
        ("ada@dev.test\0", "invisible character"),
        ("ada\u202e@dev.test", "invisible character"),
        ("Ada <ada@dev.test>", "the address alone"),
        ("mailto:ada@dev.test", "the address alone"),
        ("ada@dev.test, tom@acme.test", "one address"),
        ("ada b@dev.test", "no spaces"),
        ("ada@localhost", "a full domain"),
        ("ada@test", "a full domain"),
        ("ada@printer.local", "reserved for private use"),
        ("ada@[127.0.0.1]", "typing errors"),
        ("ada..b@dev.test", "two periods in a row"),
        ("ada@-dev.test", "typing errors"),
        ("a" * 65 + "@dev.test", "longer than 64 bytes"),
        ("ф" * 33 + "@dev.test", "longer than 64 bytes"),
        ("ada@dev.c0m", "no .c0m"),
        ("ada@dev.c", "no .c"),
        ("\ud800@dev.test", "typing errors"),
        ("a" * 300 + "@dev.test", "longer than 254 characters"),
    ],
)
def test_what_is_no_address_is_refused_with_the_remedy(typed: str, remedy: str) -> None:
    with pytest.raises(vetting.InvalidAddress, match=remedy):
        vetting.parse(typed)


def test_the_pretend_internets_names_are_refused_outside_the_sandbox(settings: Any) -> None:
    settings.SANDBOX = False
    with pytest.raises(vetting.InvalidAddress, match="private use"):
        vetting.parse("ada@dev.test")


def test_ten_megabytes_are_refused_at_once() -> None:
    with pytest.raises(vetting.InvalidAddress, match="longer than 254"):
        vetting.parse("é" * 10_000_000)
