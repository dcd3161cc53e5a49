"""Learns from names and words which letters follow which, for `signups.vetting.local_part`, and measures that.

`manage.py train_local_part NAMES` calls it. NAMES has a name or word a line, in any script that `latin` can spell. The
shipped file was made from the first and last names and the words of all locales of Faker 40.63 (MIT licence,
https://github.com/joke2k/faker). Every fifth, chosen by its hash, is kept for the test.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence

from signups.vetting import latin, local_part

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STEP = local_part.STEP  # bits
BELIEF = 4.0  # how many sightings a shorter context weighs


def learn(lines: Iterable[str]) -> tuple[str, list[str]]:
    """The file to ship, and lines that say how well it does on names it has not seen."""
    known = sorted({word for line in lines for word in spelt(line) if len(word) >= 3})
    text = file_of(weights(word for word in known if not is_kept(word)))
    return text, measured([word for word in known if is_kept(word)], local_part.read(text))


def spelt(line: str) -> list[str]:
    """The words of a line, in Latin letters."""
    some = ("".join(letter if letter in LETTERS else " " for letter in one) for one in latin.spellings(line))
    return [word for one in some for word in one.split()]


def is_kept(word: str) -> bool:
    return hashlib.sha256(word.encode()).digest()[0] % 5 == 0


def weights(words: Iterable[str]) -> dict[str, dict[str, float]]:
    """By the two letters before ("^" where a word begins): how many bits each letter speaks for a name."""
    ones: Counter[str] = Counter()
    twos: Counter[str] = Counter()
    threes: Counter[str] = Counter()
    for word in words:
        padded = f"^^{word}"
        for at in range(2, len(padded)):
            ones[padded[at]] += 1
            twos[padded[at - 1 : at + 1]] += 1
            threes[padded[at - 2 : at + 1]] += 1
    result = {}
    for first in f"^{LETTERS}":
        for second in f"^{LETTERS}":
            if second != "^" or first == "^":
                result[first + second] = {
                    letter: math.log2(_share(first + second, letter, ones, twos, threes) * len(LETTERS))
                    for letter in LETTERS
                }
    return result


def _share(before: str, letter: str, ones: Counter[str], twos: Counter[str], threes: Counter[str]) -> float:
    """The probability of a letter, each context leaning on the shorter one."""
    one = (ones[letter] + 1) / (ones.total() + len(LETTERS))
    seen = sum(twos[before[1] + other] for other in LETTERS)
    two = (twos[before[1] + letter] + BELIEF * one) / (seen + BELIEF)
    seen = sum(threes[before + other] for other in LETTERS)
    return (threes[before + letter] + BELIEF * two) / (seen + BELIEF)


def file_of(table: dict[str, dict[str, float]]) -> str:
    """A line for each two letters before, with one character a letter: bits in steps from "M", which is none."""
    head = [
        "# Which letters follow which two in names and words. Made by signups.vetting.training.local_part from the",
        "# names and words in Faker 40.63, MIT licence. After the two letters (^ begins a word), one character for",
        "# each letter from a to z: its code less that of M, in half bits, speaks for a name.",
    ]
    rows = (
        before + " " + "".join(chr(ord("M") + max(-12, min(12, round(row[letter] / STEP)))) for letter in LETTERS)
        for before, row in sorted(table.items())
    )
    return "\n".join([*head, *rows, ""])


def measured(names: Sequence[str], model: local_part.Model) -> list[str]:
    """Shares called gibberish: of names by themselves and in pairs, with and without years, and of random strings."""
    draw = random.Random(4)
    pairs = [(draw.choice(names), draw.choice(names)) for _ in range(20_000)]
    pools = {
        "names": names,
        "first.last": [f"{one}.{other}" for one, other in pairs],
        "firstlast": [one + other for one, other in pairs],
        "flast": [one[0] + other for one, other in pairs],
        "firstlast and a year": [f"{one}{other}{draw.randrange(1950, 2010)}" for one, other in pairs],
        **{
            f"random, {title}, {length}": ["".join(draw.choice(alphabet) for _ in range(length)) for _ in range(20_000)]
            for title, alphabet in (("letters", LETTERS), ("letters and digits", LETTERS + "0123456789"))
            for length in (6, 8, 10, 12, 16)
        },
    }
    return [
        f"{title:<32} {sum(local_part.reads_like_nothing(one, model) for one in pool) / len(pool):7.2%}"
        for title, pool in pools.items()
    ]
