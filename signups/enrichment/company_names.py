"""Names of companies as people type them, made comparable: "The Açme Co., Ltd." is "acme", as is "ACME GmbH".

Legal forms of many countries are dropped, accents and punctuation folded. What is too short or too generic ("n/a",
"Freelance") is nobody's name and never matches. Which companies there are is the caller's to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from rapidfuzz import fuzz, process

from signups.vetting.latin import plain

ALIKE = 90  # of 100, by rapidfuzz' ratio: one letter of ten may differ
_FUZZY_FROM = 6  # letters; a shorter name that differs is another name
_SHORTEST = 3
_MOST_FOUND = 5

# Written behind the name, as folded below; the longest that fits is dropped, and again what is then the last.
_FORMS = frozenset(
    # English
    "inc|incorporated|corp|corporation|co|company|ltd|limited|llc|l l c|llp|lp|plc|pllc|pbc|cic|pty|pte|pvt|"
    "private limited|"
    # German, Dutch, Nordic
    "gmbh|g gmbh|ggmbh|mbh|ag|kg|kgaa|kg a a|ohg|gbr|ug|ug haftungsbeschrankt|haftungsbeschrankt|e k|ek|e v|ev|eg|se|"
    "bv|b v|nv|n v|vof|cv|bvba|ab|hb|as|a s|asa|aps|is|i s|oy|oyj|oy ab|hf|ehf|ks|"
    # French, Italian, Spanish, Portuguese
    "sa|s a|sas|s a s|sasu|sarl|sa rl|s a r l|eurl|snc|sci|scop|sprl|srl|s r l|srls|spa|s p a|sapa|sl|s l|slu|s l u|"
    "sa de cv|s a de c v|sapi de cv|sab de cv|s de rl de cv|s de rl|ltda|lda|unipessoal lda|eireli|sgps|"
    # Central and eastern Europe
    "sp z oo|sp zoo|sp z o o|sp k|sp j|s ka|sro|s r o|spol s ro|zrt|kft|nyrt|bt|doo|d o o|dd|d d|eood|ood|ead|ad|"
    "uab|sia|ou|oue|ooo|oao|zao|pao|ao|tov|jsc|ojsc|pjsc|cjsc|"
    # Turkish, Arab, Asian
    "anonim sirketi|limited sirketi|ltd sti|sti|san ve tic|fze|fzco|fz llc|fz|dmcc|wll|w l l|sae|"
    "kk|k k|gk|yk|kabushiki kaisha|godo kaisha|sdn bhd|bhd|berhad|tbk|jsc|co op".split("|")
)
# Written before it.
_BEFORE = frozenset("the|ooo|oao|zao|pao|ao|pt|uab|sia|tov|firma|oy|kk".split("|"))
# Joined to it, in scripts without spaces.
_JOINED = re.compile(
    "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|유한회사|"
    r"[((](?:株|有|주)[))]"
)
_FORM_LENGTHS = range(max(form.count(" ") for form in _FORMS) + 1, 0, -1)
_LINKS = frozenset("and und et y og och".split())
_GENERIC = frozenset(
    "a agency am an app at business com company consultant consulting consultancy contractor corp demo dev developer "
    "development digital employed employee empty example firm for free freelance freelancer fulltime global group "
    "hello hobby hobbyist holding home i in independent indie individual international internet it job jobless labs "
    "learning limited looking me media my myself na name no nobody none not nothing null of open org organisation "
    "organization own owner people person personal private product products project projects retired school self "
    "services shop side software solo solutions startup stealth student studio studios systems team tech technologies "
    "technology test testing the to tbd unemployed university unknown various web website work working xxx your".split()
)
_INITIALS = re.compile(r"\b[^\W\d_](?:[./][^\W\d_])+\b\.?")  # "S.A.", "a/s", "o.o."
_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Named:
    """A company by its domain and the name it goes by."""

    domain: str
    name: str


@dataclass(frozen=True)
class Match:
    """A known company with a name like the one asked for; `alike` up to 100, for the same name."""

    company: Named
    alike: float


@dataclass(frozen=True)
class Names:
    """Known companies, to be found by name. `by_label`: by the first label of their domain ("acme" of acme.com)."""

    by_name: dict[str, list[Named]] = field(default_factory=dict)
    by_label: dict[str, list[Named]] = field(default_factory=dict)

    @classmethod
    def of(cls, companies: Iterable[Named]) -> Names:
        names = cls()
        for company in companies:
            if key := comparable(company.name):
                names.by_name.setdefault(key, []).append(company)
            if label := comparable(company.domain.partition(".")[0]):
                names.by_label.setdefault(label, []).append(company)
        return names

    def find(self, text: str) -> list[Match]:
        """Those of this name, else those of a name like it, the most alike first; five at most."""
        key = comparable(text)
        if not key:
            return []
        same = [*self.by_name.get(key, ()), *self.by_label.get(key, ())]
        found = [Match(company, 100) for company in same] or list(self._like(key))
        return list({match.company.domain: match for match in reversed(found)}.values())[::-1][:_MOST_FOUND]

    @cached_property
    def _keys(self) -> list[str]:
        """Those that may be searched for what is like them."""
        return [key for key in self.by_name if len(key) >= _FUZZY_FROM]

    def _like(self, key: str) -> Iterator[Match]:
        if len(key) < _FUZZY_FROM:
            return
        found = process.extract(key, self._keys, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=_MOST_FOUND)
        for name, alike, _ in found:
            if _digits(name) == _digits(key):  # "Studio 54" is not "Studio 55"
                yield from (Match(company, alike) for company in self.by_name[name])


def is_same(one: str, other: str) -> bool:
    """Whether two names are one company's, as far as a name can tell."""
    return bool(key := comparable(one)) and key == comparable(other)


def has_legal_form(name: str) -> bool:
    """Whether a name is written with its legal form ("Acme Ltd", "Acme, Inc."), as a name is: in capitals.

    Forms that are also words or initials ("AS", "SE") count in capitals alone.
    """
    words = name.split()
    if len(words) < 2 or not name[0].isupper() or len(name) > 255:
        return bool(_JOINED.search(name[:255])) and len(name) <= 40
    folded = _words(name)
    bare = _without_forms(folded)
    form = folded[len(bare) :] if folded[: len(bare)] == bare else []
    if not form or not comparable(name):
        return False
    return len("".join(form)) > 3 or _is_form(words[-1])


def _is_form(word: str) -> bool:
    """Whether a short form is written as one: "Ltd", "LLC", "S.A.", "s.r.o.", "AG", but not "as" or "Ad"."""
    letters = _NOT_A_WORD.sub("", word)
    return "." in word.strip(".,") or letters.isupper() or (len(letters) > 2 and letters[0].isupper())


@lru_cache(maxsize=4096)
def comparable(name: str) -> str:
    """The name without its legal form, in letters and digits alone; "" for what is nobody's name."""
    words = _without_forms(_words(name))
    key = "".join(words)
    if len(key) < _SHORTEST or key.isdigit() or all(map(_says_nothing, words)):
        return ""
    return key


def _words(name: str) -> list[str]:
    composed = _JOINED.sub(" ", unicodedata.normalize("NFKC", name[:255]))
    folded = "".join(plain(character) or character for character in composed.lower())
    joined = _INITIALS.sub(lambda initials: _NOT_A_WORD.sub("", initials[0]) + " ", folded.replace("'", ""))
    return [word for word in _NOT_A_WORD.split(joined) if word and word not in _LINKS]


def _without_forms(words: list[str]) -> list[str]:
    """The words without what stands before and behind the name; one at least stays."""
    while len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
    while length := next((n for n in _FORM_LENGTHS if n < len(words) and " ".join(words[-n:]) in _FORMS), 0):
        words = words[:-length]
    return words


def _says_nothing(word: str) -> bool:
    return word in _GENERIC or word in _FORMS or word.isdigit()


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))
