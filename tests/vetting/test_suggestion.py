import pytest
from publicsuffixlist import PublicSuffixList

from signups.vetting import parse
from signups.vetting.suggestion import _ENDINGS, is_one_slip, suggest


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ted@gmial.com", "ted@gmail.com"),
        ("Ted.T@gmal.com", "Ted.T@gmail.com"),
        ("ted@gmaill.com", "ted@gmail.com"),
        ("ted@mgail.com", "ted@gmail.com"),
        ("ted@gmail.co", "ted@gmail.com"),
        ("ted@gmail.con", "ted@gmail.com"),
        ("ted@gmial.con", "ted@gmail.com"),
        ("ted@hotnail.com", "ted@hotmail.com"),
        ("ted@yahooo.com", "ted@yahoo.com"),
        ("ted@outlok.com", "ted@outlook.com"),
        ("ted@iclould.com", "ted@icloud.com"),
        ("ted@acme.con", "ted@acme.com"),
    ],
)
def test_a_slip_of_the_finger_is_noticed(typed: str, meant: str) -> None:
    assert suggest(parse(typed)) == meant


@pytest.mark.parametrize(
    "email",
    [
        "ted@gmail.com",
        "ted@ymail.com",  # a provider of its own
        "ted@mail.com",
        "ted@email.com",
        "ted@hotmail.co",
        "ted@qmail.com",
        "ted@dev.test",
        "ted@acme.com",
        "ted@email.acme.com",
        "ted@apl.com",  # a shipping company, not AOL
        "ted@line.com",
        "ted@acme.co",
        "ted@acme.cm",
    ],
)
def test_other_domains_are_let_be(email: str) -> None:
    assert suggest(parse(email)) == ""


@pytest.mark.parametrize(
    ("typed", "meant", "is_slip"),
    [
        ("ab", "ab", False),
        ("ab", "ba", True),
        ("abc", "ac", True),
        ("ac", "abc", True),
        ("abc", "adc", True),
        ("abcd", "badc", False),
        ("aab", "ab", True),
        ("abc", "cba", False),
        ("abcd", "ad", False),
    ],
)
def test_one_slip_is_one_letter_or_two_neighbours(typed: str, meant: str, is_slip: bool) -> None:
    assert is_one_slip(typed, meant) is is_slip


def test_the_endings_taken_for_slips_are_no_top_level_domains() -> None:
    suffixes = PublicSuffixList(accept_unknown=False)
    assert [ending for ending in _ENDINGS if suffixes.publicsuffix(f"acme.{ending}")] == []
