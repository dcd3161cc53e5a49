"""Learns the weights of `signups.vetting.name_look` from public lists, and measures them on domains it has not seen.

The test is what happens to a running installation: learn from what was on the disposable list by a day, and be asked
about what was put on it after. Of the legitimate domains every third, chosen by its hash, is kept for the test.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from publicsuffixlist import PSLFILE
from scipy import optimize, sparse

from signups.domains.registered import public_suffix, registrable
from signups.vetting.name_look import features, parts, pieces

FEWEST = 4  # domains in which a feature must be seen
SMALLEST = 0.04  # a weight below this is left out of the file
PENALTY_OF_PIECES, PENALTY = 20.0, 1.0  # L2; there are tens of thousands of pieces, and a few hundred other features
# Whoever is listed today uses this year's top-level domains: recent entries count for more. By year of first listing.
RECENT = ((2026, 3.0), (2024, 1.5))
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_REGISTRY = re.compile(r"// (\S+) : (.+?)(?:,? (?:LLC|Inc|Limited|Ltd|GmbH|B\.V|SAS?|Corporation)\b.*)?$")

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Example:
    """A registered domain; `group` is the file that a legitimate one came from, `weight` how much it counts."""

    domain: str
    is_disposable: bool
    weight: float
    group: str = ""


@dataclass
class Sets:
    """What is learned from, and what it is measured on."""

    train: list[Example] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    legitimate: list[Example] = field(default_factory=list)


@dataclass(frozen=True)
class Model:
    weights: Mapping[str, float]
    bias: float


def domains_in(file: Path) -> set[str]:
    """The registered domains that a file names, whatever its format; companies' own suffixes are left out."""
    text = file.read_bytes().decode("latin-1").lower()
    found = {registrable(name) for name in _DOMAIN.findall(text)}
    return {name for name in found if name and not public_suffix(name)[1]}


def collect(
    listed: Mapping[date, Path],
    legitimate: Mapping[str, Path],
    known: Iterable[Path],
    until: date,
    weights: Mapping[str, float],
) -> Sets:
    """Put the files together. `listed` are states of the disposable list by date; `known` domains are left out."""
    first: dict[str, date] = {}
    for day in sorted(listed):
        for domain in domains_in(listed[day]):
            first.setdefault(domain, day)
    sets = Sets(new=sorted(domain for domain, day in first.items() if day >= until))
    for domain, day in sorted(first.items()):
        if day < until:
            sets.train.append(Example(domain, is_disposable=True, weight=_recency(day)))
    seen = set(first).union(*(domains_in(file) for file in known))
    for group, file in legitimate.items():
        for domain in sorted(domains_in(file) - seen):
            seen.add(domain)
            example = Example(domain, is_disposable=False, weight=weights.get(group, 1.0), group=group)
            (sets.legitimate if _is_kept_for_the_test(domain) else sets.train).append(example)
    return sets


def fit(examples: Sequence[Example], tell: Callable[[str], None] = print) -> Model:
    """Logistic regression with an L2 penalty."""
    registries = registries_by_top()
    seen = [[*_features(example.domain, registries)] for example in examples]
    counts = Counter(feature for found in seen for feature in found)
    column = {feature: n for n, feature in enumerate(f for f, count in sorted(counts.items()) if count >= FEWEST)}
    tell(f"{len(examples):,} domains, {len(column):,} features")
    rows = [[column[feature] for feature in found if feature in column] for found in seen]
    at = np.cumsum([0, *map(len, rows)])
    matrix = sparse.csr_matrix(
        (np.ones(int(at[-1])), np.concatenate(rows).astype(int), at), shape=(len(rows), len(column))
    )
    penalty = np.array([PENALTY if ":" in feature else PENALTY_OF_PIECES for feature in column])
    found = _minimum(matrix, examples, penalty)
    weights = dict(zip(column, map(float, found[:-1]), strict=True))
    return Model(_with_registries(weights, registries), float(found[-1]))


def _minimum(matrix: sparse.csr_matrix, examples: Sequence[Example], penalty: Floats) -> Floats:
    truth = np.array([float(example.is_disposable) for example in examples])
    weight = np.array([example.weight for example in examples])

    def loss(guess: Floats) -> tuple[float, Floats]:
        beta = guess[:-1]
        logits = matrix @ beta + guess[-1]
        error = weight * (1 / (1 + np.exp(-logits)) - truth)
        value = float((weight * (np.logaddexp(0, logits) - truth * logits)).sum() + (penalty * beta**2).sum() / 2)
        return value, np.append(matrix.T @ error + penalty * beta, error.sum())

    start = np.zeros(matrix.shape[1] + 1)
    result: Floats = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return result


def log_odds(model: Model, domain: str) -> float:
    """As the product computes it, to the last digit of the file."""
    name, suffix = parts(domain)
    found = [*features(name, suffix), *pieces(name)]
    return model.bias + sum(model.weights[feature] for feature in found if feature in model.weights)


def shortened(model: Model) -> Model:
    """What the file keeps: weights that matter, two digits after the point."""
    kept = {feature: round(weight, 2) for feature, weight in model.weights.items() if abs(weight) >= SMALLEST}
    return Model(kept, round(model.bias, 2))


# -- Top-level domains -------------------------------------------------------------------------------------------------


def registries_by_top() -> dict[str, str]:
    """Who runs each newer top-level domain, as the comments of the Public Suffix List say.

    A registry sells its names alike: those of one that throw-away services buy at are cheap below all its domains, also
    below one that no list had a name of yet.
    """
    registries: dict[str, str] = {}
    last = ""
    for line in Path(PSLFILE).read_text(encoding="utf-8").split("// ===END ICANN DOMAINS===")[0].splitlines():
        if said := _REGISTRY.match(line):
            last = said[2].lower()
        elif line and not line.startswith("//") and "." not in line and len(line) > 2:
            registries[line.encode("idna").decode()] = last
    return registries


def _features(domain: str, registries: Mapping[str, str]) -> Iterable[str]:
    name, suffix = parts(domain)
    top = suffix.rpartition(".")[2]
    yield from features(name, suffix)
    yield from pieces(name)
    if top in registries:
        yield f"registry:{registries[top]}"


def _with_registries(weights: dict[str, float], registries: Mapping[str, str]) -> dict[str, float]:
    """The weights with each registry's added to its top-level domains': the product knows no registries."""
    by_registry = {
        feature.partition(":")[2]: weights.pop(feature) for feature in [*weights] if feature.startswith("registry:")
    }
    for top, registry in registries.items():
        weights[f"top:{top}"] = weights.get(f"top:{top}", 0.0) + by_registry.get(registry, 0.0)
    return weights


def _recency(day: date) -> float:
    return next((weight for year, weight in RECENT if day.year >= year), 1.0)


def _is_kept_for_the_test(domain: str) -> bool:
    return hashlib.md5(domain.encode(), usedforsecurity=False).digest()[0] % 3 == 0
