"""What stands before the @: letters thrown together, or the name in the form?

Both are weak. Letters are judged by which follow which in names and words of many languages
(`data/local_part.txt`, made by `signups.vetting.training.local_part`); an address that matches the form's name is never
gibberish, however it reads. Short ones, digits alone and other scripts are not judged.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TypeAlias

from signups.vetting import latin
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

FILE = Path(__file__).with_name("data") / "local_part.txt"
STEP = 0.5  # bits
THRESHOLD = -5.5  # bits: random letters are 45 times likelier than a name
FEWEST_LETTERS = 5
# A change from letters to digits or back beyond the first two: "ada1815" has one, "a4f7c9" five.
PENALTY_OF_A_CHANGE = -4.0  # bits
PENALTY_OF_AN_INITIAL = -2.0  # bits: "jdoe" is an initial and a name, as a random word may be by chance
# Kinds of address (`signups.vetting.kind`) whose local parts a machine makes up for people.
KNOWN_KINDS = frozenset({"relay"})

Model: TypeAlias = dict[str, float]  # three letters, "^" where a word begins: bits that speak for a name

_CHANGES = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
_WORDS = re.compile(r"[a-z]+")


def check(address: Address, name: str = "", kind: str = "") -> CheckResult:
    """Judge the local part. `name` is the form's, `kind` the code of the `kind` check; "" where there is none.

    Evidence of gibberish: "bits", below `THRESHOLD`.
    """
    local = address.local.partition("+")[0] or address.local
    if name and matches(local, name):
        return CheckResult("local_part", "good", "name_match", "The address fits the name in the form.")
    if kind not in KNOWN_KINDS and (bits := _bits(latin.plain(local), load())) < THRESHOLD:
        sentence = f"“{local}” reads like letters thrown together."
        return CheckResult("local_part", "risky", "gibberish", sentence, {"bits": bits, "threshold": THRESHOLD})
    return _ORDINARY


_ORDINARY = CheckResult("local_part", "good", "ok", "The part before the @ reads like any other.")


def reads_like_nothing(local: str, model: Model) -> bool:
    """Whether a local part (lower case, ASCII, without a tag) reads like letters thrown together."""
    return _bits(local, model) < THRESHOLD


def _bits(local: str, model: Model) -> float:
    """How much the letters speak for names and words, in bits; 0 where they are too few to say."""
    words = _WORDS.findall(local)
    if sum(map(len, words)) < FEWEST_LETTERS:
        return 0.0
    changes = 0 if local.isalpha() else len(_CHANGES.findall(local))
    bits = PENALTY_OF_A_CHANGE * max(0, changes - 2)
    for word in words:
        whole = _bits_of(f"^^{word}", model)
        bits += whole if whole > THRESHOLD else max(whole, _bits_of(f"^^{word[1:]}", model) + PENALTY_OF_AN_INITIAL)
    return bits


def _bits_of(padded: str, model: Model) -> float:
    return sum([model[padded[at : at + 3]] for at in range(len(padded) - 2)])


def matches(local: str, name: str) -> bool:
    """Whether a local part is made of the name: "jane.doe", "jdoe", "doej", "janed", "jane" and "jd" of Jane Doe."""
    letters = _letters(latin.plain(local))
    if len(letters) < 2:
        return False
    return any(_is_made_of(letters, spelt) for spelt in latin.spellings(name[:100]))


def _letters(text: str) -> str:
    """The letters of what is in plain Latin ones (`latin.plain`)."""
    return text if text.isalpha() else "".join(_WORDS.findall(text))


def _is_made_of(letters: str, name: str) -> bool:
    names = [_letters(one) for one in name.replace("'", "").replace("-", " ").split()]
    names = [one for one in names if one][:5]
    if not names:
        return False
    first, last = names[0], names[-1]
    whole = "".join(names)
    if letters in (whole, first + last, last + first):
        return True
    if len(names) > 1 and letters in ("".join(one[0] for one in names), first[0] + last[0]):
        return True
    return _has_one_and_begins_another(letters, names) or any(len(one) >= 4 and one in letters for one in names)


def _has_one_and_begins_another(letters: str, names: list[str]) -> bool:
    """One of the names whole, and beside it nothing or the beginnings of others: "doej", "jdoe", "janed"."""
    for one in names:
        if len(one) < 2 or one not in letters:
            continue
        rest = letters.replace(one, "", 1)
        if not rest or any(other.startswith(rest) for other in names if other != one):
            return True
    return False


@cache
def load() -> Model:
    """The shipped model."""
    return read(FILE.read_text(encoding="ascii"))


def read(text: str) -> Model:
    model = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            before, _, row = line.partition(" ")
            for at, character in enumerate(row):
                model[before + chr(ord("a") + at)] = (ord(character) - ord("M")) * STEP
    return model
