"""Names in plain Latin letters, as people write them into their addresses: "müller" as "mueller" and as "muller".

Cyrillic and Greek as passports have them, roughly; the letters of other scripts are left out, as nobody could tell how
their owner spells them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_ALWAYS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n",
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "i",
    "і": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ѕ": "dz",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "ё": "yo", "х": "h", "й": "y", "ц": "c"}


def plain(text: str) -> str:
    """Lower case, without accents: "Zoë Müller" as "zoe muller"."""
    lowered = text.lower()
    return lowered if lowered.isascii() else _spelt(lowered)


def spellings(text: str) -> tuple[str, ...]:
    """The ways to write a name: `plain`, and with umlauts as two letters where there are any."""
    lowered = text.lower()
    if lowered.isascii():
        return (lowered,)
    composed = unicodedata.normalize("NFC", lowered)
    longer = "".join(_TWO_LETTERS.get(character, character) for character in composed)
    return tuple(dict.fromkeys((_spelt(composed), _spelt(longer))))


@lru_cache(maxsize=10_000)
def _spelt(lowered: str) -> str:
    letters = unicodedata.normalize("NFD", lowered)
    spelt = "".join(_ALWAYS.get(letter, letter) for letter in letters if not unicodedata.combining(letter))
    return "".join(letter for letter in spelt if letter.isascii())
