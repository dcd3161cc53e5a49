"""How far one word is from another, in slips of the fingers: what an error costs, and which it was.

A slip that fingers often make (two neighbours swapped, a letter doubled or left out, the key beside) is cheap; any
other letter is dear. Which words are compared, and what follows, is for the caller to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from operator import eq

_ROWS = (
    ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm"),  # QWERTY
    ("1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"),  # QWERTZ
    ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"),  # AZERTY
)
# Letters that are written for another where the sound or the look is the same.
_ALIKE = ("0o", "1l", "il", "1i", "ck", "ei", "ae", "ou", "ao", "vw", "sz", "iy", "mn", "5s", "3e")

_RUN = re.compile(r"(.)\1+")

SWAPPED, DOUBLED, MISSING, BESIDE, EXTRA, OTHER = "swapped", "doubled", "missing", "beside", "extra", "other"
COSTS = {SWAPPED: 0.5, DOUBLED: 0.5, MISSING: 0.6, BESIDE: 0.6, EXTRA: 0.8, OTHER: 1.0}


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip: what was done, and at which letter of what was meant (0: the first)."""

    kind: str
    at: int

    @property
    def cost(self) -> float:
        return COSTS[self.kind]


def one_slip(typed: str, meant: str) -> Slip | None:
    """The one slip that makes `typed` of `meant`; None where they are the same, or further apart."""
    start, most = 0, min(len(typed), len(meant))
    while start < most and typed[start] == meant[start]:
        start += 1
    wrong, right = typed[start:], meant[start:]
    if len(wrong) == len(right):
        if not wrong:
            return None
        if wrong[1:] == right[1:]:
            return Slip(BESIDE if wrong[0] in beside(right[0]) else OTHER, start)
        if wrong[:2] == right[1::-1] and wrong[2:] == right[2:] and len(wrong) > 1:
            return Slip(SWAPPED, start)
        return None
    if wrong == right[1:]:
        return Slip(MISSING, start)
    if wrong[1:] == right:
        return Slip(_extra(wrong[0], meant, start), start)
    return None


def cost(typed: str, meant: str, most: float) -> float:
    """What it costs to make `typed` of `meant`, slip by slip; more than `most` where it is dearer than that."""
    before: list[float] = []
    row = [index * COSTS[MISSING] for index in range(len(meant) + 1)]
    for i, letter in enumerate(typed, 1):
        two_before, before, row = before, row, [row[0] + COSTS[EXTRA]]
        for j, right in enumerate(meant, 1):
            extra = COSTS[_extra(letter, meant, j)]
            best = min(before[j] + extra, row[j - 1] + COSTS[MISSING], before[j - 1] + _wrong(letter, right))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == right and letter != right:
                best = min(best, two_before[j - 2] + COSTS[SWAPPED])
            row.append(best)
        if min(row) > most:
            return most + 1
    return row[-1]


def squeezed(word: str) -> str:
    """The word with each run of one letter as one: "yahhooo" and "yahoo" are both "yaho"."""
    if not any(map(eq, word, word[1:])):
        return word
    return _RUN.sub(r"\1", word)


@cache
def beside(letter: str) -> frozenset[str]:
    """The keys around one on the three keyboards, and letters taken for it."""
    around = set()
    for rows in _ROWS:
        for above, row in enumerate(rows):
            if letter in row:
                at = row.index(letter)
                around |= set(row[max(0, at - 1) : at + 2])
                for other in rows[max(0, above - 1) : above + 2]:
                    around |= set(other[max(0, at - 1) : at + 2])
    return frozenset(around | {other for pair in _ALIKE if letter in pair for other in pair}) - {letter}


def _wrong(letter: str, right: str) -> float:
    if letter == right:
        return 0.0
    return COSTS[BESIDE if letter in beside(right) else OTHER]


def _extra(letter: str, meant: str, at: int) -> str:
    """Doubled where the letter stands beside the place already."""
    return DOUBLED if letter in meant[max(0, at - 1) : at + 1] else EXTRA
