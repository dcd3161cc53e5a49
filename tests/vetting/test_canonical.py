import pytest

from signups import vetting
from signups.vetting import canonical


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ada.Love.Lace+news@GMail.com", "adalovelace@gmail.com"),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("Ada+x@me.com", "ada@icloud.com"),
        ("a-d.a_x+tag@pm.me", "adax@proton.me"),
        ("ada-shop@yahoo.co.uk", "ada@yahoo.co.uk"),
        ("ada.b+x-y@yandex.com", "ada-b@yandex.ru"),
        ("ada-b@ya.ru", "ada-b@yandex.ru"),
        ("news@ada.fastmail.com", "ada@fastmail.com"),
        ("ada+news@fastmail.com", "ada@fastmail.com"),
        ("ada+news@hotmail.com", "ada@hotmail.com"),
        ("ada.b+news+more@acme.com", "ada.b@acme.com"),
        ("Пётр+x@bücher.de", "пётр@xn--bcher-kva.de"),
    ],
)
def test_addresses_of_one_mailbox_have_one_key(typed: str, key: str) -> None:
    assert canonical.key(vetting.parse(typed)) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada.b@acme.com", "adab@acme.com"),
        ("ada.b@outlook.com", "adab@outlook.com"),
        ("ada@outlook.com", "ada@hotmail.com"),
        ("ada-b@acme.com", "ada@acme.com"),
        ("ada-b@yahoo.co.jp", "ada@yahoo.co.jp"),
        ("ada@fastmail.com", "ada@fastmail.fm"),
        ("ada@a.b.fastmail.com", "ada@b.fastmail.com"),
    ],
)
def test_addresses_that_may_be_two_peoples_have_two_keys(one: str, other: str) -> None:
    assert canonical.key(vetting.parse(one)) != canonical.key(vetting.parse(other))


@pytest.mark.parametrize("typed", ["+x@acme.com", "-x@yahoo.com", "-_-@pm.me", "+@gmail.com", "a.+x@acme.com"])
def test_nothing_but_a_tag_is_still_a_key_and_its_own(typed: str) -> None:
    key = canonical.key(vetting.parse(typed))
    assert key[0] != "@"
    assert canonical.key(vetting.parse(key)) == key
