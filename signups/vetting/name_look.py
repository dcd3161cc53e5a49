"""The look of a name: does a domain that nobody has seen before read like those of throw-away mail?

A logistic regression on what can be read off the name: pieces of three and four characters, its length, digits and
hyphens, and the top-level domain, whose price and registry say much. The weights stand in `data/name_look.txt`, which
`signups.vetting.training.name_look` makes of public lists. It is a push towards *confirm* and proves nothing: there are
genuine companies below every top-level domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby, repeat
from pathlib import Path
from typing import Any

from signups.domains.registered import registrable
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

FILE = Path(__file__).with_name("data") / "name_look.txt"
MOST_REASONS = 3
# Kinds of address (`signups.vetting.kind`) whose names are known: what they look like says nothing more.
KNOWN_KINDS = frozenset(
    {"free_mail", "internet_provider", "education", "government", "relay", "disposable", "suspected_disposable"}
)

_LEGACY = frozenset({"com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "arpa"})
_VOWELS = frozenset("aeiouy")
_DIGITS = str.maketrans("123456789", "000000000")


@dataclass(frozen=True)
class Weights:
    """What each feature adds to the log odds (natural logarithm), and the sum from which a name is odd."""

    version: str
    bias: float
    threshold: float
    of: Mapping[str, float]


def check(address: Address, kind: str = "") -> CheckResult:
    """Judge the look of the address's registered domain. `kind` is the code of its `kind` check, if there is one."""
    domain = registrable(address.domain)
    if not domain or kind in KNOWN_KINDS:
        return CheckResult("name_look", "good", "plain", "The domain's name is not looked at.")
    name, suffix = parts(domain)
    weights = load()
    weight_of = weights.of.get
    log_odds = weights.bias + sum(map(weight_of, features(name, suffix) + pieces(name), repeat(0.0)))
    evidence: dict[str, Any] = {
        "log_odds": round(log_odds, 2),
        "threshold": weights.threshold,
        "version": weights.version,
    }
    if log_odds < weights.threshold:
        return CheckResult("name_look", "good", "plain", f"{domain} is a name like any other.", evidence)
    evidence["reasons"] = reasons(name, suffix, weights.of)
    why = ", ".join(evidence["reasons"]) or "all in all"
    return CheckResult("name_look", "risky", "odd", f"{domain} reads like a throw-away domain: {why}.", evidence)


def parts(domain: str) -> tuple[str, str]:
    """A registered domain's name, and what it was handed out below: "acme", "co.uk"."""
    name, _, suffix = domain.partition(".")
    return name, suffix


def features(name: str, suffix: str) -> list[str]:
    """What is seen of a name, less its pieces; each contains a colon, which no piece does."""
    seen = [*_of_any_name(suffix, len(name))]
    if not name.isalpha():
        if digits := sum(map(str.isdigit, name)):
            seen.append("digits:all" if digits == len(name) else f"digits:{min(digits, 3)}")
        if hyphens := name.count("-"):
            seen.append(f"hyphens:{min(hyphens, 2)}")
    if len(name) > 3 and _VOWELS.isdisjoint(name):
        seen.append(f"vowels:{_sort(suffix.rpartition('.')[2])}:0")
    return seen


@lru_cache(maxsize=4096)
def _of_any_name(suffix: str, length: int) -> tuple[str, ...]:
    top = suffix.rpartition(".")[2]
    sort = _sort(top)
    seen = (f"top:{top}", f"sort:{sort}", f"length:{min(length, 20)}", f"length:{sort}:{min(length // 2, 10)}")
    return seen if suffix == top else (*seen, f"suffix:{suffix}")


def _sort(top: str) -> str:
    return "legacy" if top in _LEGACY else "country" if len(top) == 2 else "new"


def pieces(name: str) -> list[str]:
    """Every run of three and four characters of ^name$, as often as it stands there."""
    whole = f"^{name if name.isalpha() else name.translate(_DIGITS)}$"
    length = len(whole)
    return [whole[at : at + 3] for at in range(length - 2)] + [whole[at : at + 4] for at in range(length - 3)]


@cache
def load() -> Weights:
    """The shipped weights; read once a process, when the first name is looked at."""
    return read(FILE)


def read(file: Path) -> Weights:
    """Weights from a file. Raises ValueError where it is none."""
    numbers: dict[str, float] = {}
    version = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# version: "):
            version = line.removeprefix("# version: ")
        if line and not line.startswith("#"):
            feature, _, weight = line.partition("\t")
            numbers[feature] = float(weight)
    try:
        return Weights(version, numbers.pop("bias:"), numbers.pop("threshold:"), numbers)
    except KeyError as error:
        raise ValueError(f"{file} has no line {error}: make it anew with manage.py train_name_look.") from None


# -- In words ----------------------------------------------------------------------------------------------------------


def reasons(name: str, suffix: str, of: Mapping[str, float]) -> list[str]:
    """What adds most, the strongest first."""
    said: dict[str, float] = {}
    for feature in features(name, suffix):
        if words := _in_words(feature, name, suffix):
            said[words] = said.get(words, 0.0) + of.get(feature, 0.0)
    said |= _stretches(f"^{name}$", of)
    strongest = sorted(said.items(), key=lambda item: -item[1])
    return [words for words, weight in strongest[:MOST_REASONS] if weight > 0.2]


def _in_words(feature: str, name: str, suffix: str) -> str:
    """A feature as people would say it; "" for what nobody would call odd."""
    what, _, value = feature.partition(":")
    match what:
        case "top" | "suffix" | "sort":
            return "" if suffix in _LEGACY else f"below .{suffix}"
        case "digits":
            return "only digits" if value == "all" else "digits in the name"
        case "hyphens":
            return "hyphens in the name"
        case "vowels":
            return "no vowels"
    return f"a name of {len(name)} characters"


def _stretches(whole: str, of: Mapping[str, float]) -> dict[str, float]:
    """Stretches of ^name$ whose pieces speak against it, each with what they add."""
    masked = whole.translate(_DIGITS)
    gains = [0.0] * len(whole)
    for at, piece in [(at, masked[at : at + size]) for size in (3, 4) for at in range(len(masked) - size + 1)]:
        if (weight := of.get(piece, 0.0)) > 0:
            for place in range(at, at + len(piece)):
                gains[place] += weight / len(piece)
    found: dict[str, float] = {}
    start = 0
    for is_odd, group in groupby(gains, key=bool):
        stretch = list(group)
        if is_odd:
            found[_quoted(whole[start : start + len(stretch)])] = sum(stretch)
        start += len(stretch)
    return found


def _quoted(stretch: str) -> str:
    bare = stretch.strip("^$")
    if stretch.startswith("^") and stretch.endswith("$"):
        return f"the name “{bare}”"
    if stretch.startswith("^"):
        return f"“{bare}” at its start"
    return f"“{bare}” at its end" if stretch.endswith("$") else f"“{bare}” in the name"
