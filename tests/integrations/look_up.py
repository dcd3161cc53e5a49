"""Asking a provider as the engine does, and switching on those that the sandbox mode leaves off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from signups.contracts import Answer, Deadline, Exchange, Facts, Found, Provider, recording

KEYS = {"HUNTER": "sandbox-hunter", "PDL": "sandbox-pdl", "APOLLO": "sandbox-apollo"}

# Whatever may stand in a reply: values of any JSON type, nested, with the lengths and characters nobody expects.
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=30)
    | st.sampled_from(["http://[", "//", "@", "51-200", "1,2", "\ud800", "\0", "x" * 5_000, "١٢", "company/", "?a=b"])
)


def bodies(names: list[str]) -> st.SearchStrategy[Any]:
    """JSON whose objects have these names among others, so that what is read there is met."""
    named = st.sampled_from(names) | st.text(max_size=5)
    return st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(named, inner, max_size=8), max_leaves=15
    )


def parts(paths: Iterable[str]) -> list[str]:
    """The names in dotted paths."""
    return sorted({part for path in paths for part in path.split(".")})


def switch_on(settings: Any, **keys: str) -> None:
    for name, key in (KEYS | keys).items():
        setattr(settings, name, getattr(settings, name) | {"api_key": key})


def person(provider: Provider, email: str) -> Answer:
    return provider.find_person(email, Deadline(5_000))


def company(provider: Provider, domain: str) -> Answer:
    return provider.find_company(domain, Deadline(5_000))


def seen(provider: Provider, email: str) -> Exchange:
    """The call that looking somebody up makes."""
    with recording() as exchanges:
        person(provider, email)
    (exchange,) = exchanges
    return exchange


def is_said_of_nobody(answer: Answer) -> bool:
    nothing: Facts = {}
    return (answer.outcome, answer.facts) == (Found.NOT_FOUND, nothing)
