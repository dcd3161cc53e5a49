"""The pretend Close finds by an index of words what looking at everything would find."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.vendors.close.index import Index
from sandbox.vendors.close.query import Matcher, candidates

TEXTS = st.sampled_from(["Ada", "ada@dev.test", "DEV", "dev.test", "https://dev.test/x", "rocket", "a-b", "!", ""])
LEADS = st.lists(
    st.fixed_dictionaries({"name": TEXTS, "url": TEXTS, "emails": st.lists(TEXTS, max_size=2)}), min_size=1, max_size=4
)


def condition(kind: str, field: str, mode: str, value: str) -> dict[str, Any]:
    return {
        "type": "field_condition",
        "field": {"type": "regular_field", "object_type": kind, "field_name": field},
        "condition": {"type": "text", "mode": mode, "value": value},
    }


def related(kind: str, other: str, query: dict[str, Any]) -> dict[str, Any]:
    pair = {"this_object_type": kind, "related_object_type": other}
    return {"type": "has_related", **pair, "related_query": query}


MODES = st.sampled_from(["exact_value", "phrase", "full_words", "beginning_of_words"])
LEAVES = st.one_of(
    st.builds(
        lambda field, mode, value: condition("lead", field, mode, value), st.sampled_from(["name", "url"]), MODES, TEXTS
    ),
    st.builds(
        lambda mode, value: related(
            "lead", "contact", related("contact", "contact_email", condition("contact_email", "email", mode, value))
        ),
        MODES,
        TEXTS,
    ),
    st.just({"type": "match_all"}),
    st.builds(lambda value: {"type": "text", "value": value}, TEXTS),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda kind, queries, negate: {"type": kind, "queries": queries, **({"negate": True} if negate else {})},
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
        st.booleans(),
    ),
    max_leaves=6,
)


@given(LEADS, QUERIES)
@settings(max_examples=400, deadline=None)
def test_nothing_is_passed_over(leads: list[dict[str, Any]], query: dict[str, Any]) -> None:
    index = Index()
    for number, lead in enumerate(leads):
        contacts = [{"id": f"cont_{number}", "emails": [{"email": email} for email in lead["emails"]]}]
        index.write(f"lead_{number}", {"id": f"lead_{number}", **lead, "contacts": contacts}, 0.0)
    matcher = Matcher(lambda lead_id: None, "user_1")

    def found(ids: set[str] | None) -> list[str]:
        return [one["id"] for one in index.documents(1.0, ids) if matcher.matches(query, one)]

    assert found(candidates(query, index.with_words)) == found(None)
