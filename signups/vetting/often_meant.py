"""The domains that a mistyped one may have meant, found by one slip of the keys: `often_meant.txt`, and customers'.

A word is found by leaving out one letter of what was typed and one of what was meant (symmetric deletes, as SymSpell
does, https://github.com/wolfgarbe/SymSpell), so that what resembles nothing costs a dozen look-ups and nothing else.
Whether a slip is believed is `signups.vetting.suggestion`'s business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from signups.vetting.slips import squeezed

_FILE = Path(__file__).with_name("often_meant.txt")
BIG = 14  # the first lines: so many people have them that a slip is likelier than somebody else's name


@dataclass(frozen=True, slots=True)
class Meant:
    """A domain that people mean: "yahoo" and "co.uk". `rank` is 0 for the most used one.

    `owns_name`: no other ending makes sense. `is_coined`: not a word, so that any other letter is a slip.
    """

    name: str
    ending: str
    rank: int
    owns_name: bool = False
    is_coined: bool = False
    is_customer: bool = False

    @property
    def domain(self) -> str:
        return f"{self.name}.{self.ending}"

    @property
    def is_big(self) -> bool:
        return self.rank < BIG and not self.is_customer


@dataclass(frozen=True)
class Index:
    """Finds what was meant. `by_name`: all endings of a name, the most used one first."""

    by_name: dict[str, tuple[Meant, ...]] = field(default_factory=dict)

    def near(self, joined: str) -> set[Meant]:
        """Domains whose letters (dots left out) may be one slip or less from `joined`."""
        deletes = self._deletes
        found = set(deletes.get(joined, ()))
        # A letter left out further on leaves the first ones as they are, and few words start like one that is meant.
        for at in range(len(joined) if joined[:3] in self._starts else min(len(joined), 3)):
            if (some := deletes.get(joined[:at] + joined[at + 1 :])) is not None:
                found.update(some)
        return found

    def squeezed(self, name: str) -> tuple[str, ...]:
        """Names that are the same but for doubled letters."""
        return self._squeezed.get(squeezed(name), ())

    def like(self, name: str) -> Iterator[str]:
        """Names that only one provider has, which start alike, are about as long, and have most letters in common."""
        letters = frozenset(name)
        for other, length, others in self._initials.get(name[:1], ()):
            if -3 < length - len(name) < 3 and len(others - letters) < 3:
                yield other

    @cached_property
    def _deletes(self) -> dict[str, tuple[Meant, ...]]:
        found: dict[str, set[Meant]] = defaultdict(set)
        for some in self.by_name.values():
            for meant in some:
                joined = meant.domain.replace(".", "")
                found[joined].add(meant)
                for at in range(len(joined)):
                    found[joined[:at] + joined[at + 1 :]].add(meant)
        return {key: tuple(meant) for key, meant in found.items()}

    @cached_property
    def _starts(self) -> frozenset[str]:
        return frozenset(key[:3] for key in self._deletes)

    @cached_property
    def _squeezed(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name in self.by_name:
            found[squeezed(name)] = (*found.get(squeezed(name), ()), name)
        return found

    @cached_property
    def _initials(self) -> dict[str, tuple[tuple[str, int, frozenset[str]], ...]]:
        found: dict[str, tuple[tuple[str, int, frozenset[str]], ...]] = {}
        for name, some in self.by_name.items():
            if some[0].owns_name or (some[0].is_coined and len(name) > 6):
                found[name[0]] = (*found.get(name[0], ()), (name, len(name), frozenset(name)))
        return found


def index(all_meant: Iterable[Meant]) -> Index:
    by_name: dict[str, tuple[Meant, ...]] = {}
    for meant in all_meant:
        by_name[meant.name] = (*by_name.get(meant.name, ()), meant)
    return Index(by_name)


@cache
def providers() -> Index:
    return index(_read())


def _read() -> Iterator[Meant]:
    lines = [line for line in _FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for rank, line in enumerate(lines):
        name, *endings = line.split()
        owns_name, is_coined = name.endswith("*"), name.endswith(("*", "+"))
        for ending in endings:
            yield Meant(name.rstrip("*+"), ending, rank, owns_name, is_coined)
