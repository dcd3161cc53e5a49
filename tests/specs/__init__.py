"""Holds calls that the sandbox recorded, and its replies, against the vendors' own specifications.

The folder is named by VENDOR_SPECS; without it these checks are skipped. Google Analytics has published none, and
Customer.io's App API is not among the files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.specs import clearbit, slack
from tests.specs.openapi import OpenApi

FOLDER = os.environ.get("VENDOR_SPECS", "")
needed = pytest.mark.skipif(not FOLDER, reason="VENDOR_SPECS names no folder with the vendors' specifications")

Call = dict[str, Any]
"""One entry of ``GET /_received``."""

_OPEN_APIS = {
    # "Experimental", says Close: an inventory. It lacks the search, and most errors.
    "close": OpenApi("close.openapi.yml", prefix="/close/api/v1", unknown=("/data/search/", "/_")),
    "mixpanel": OpenApi(
        "mixpanel-ingestion.openapi.yaml",
        "mixpanel-identity.openapi.yaml",
        prefix="/mixpanel",
        unknown=("/api/2.0/",),
        # Documented as a bare 1 or 0; what verbose=1 and strict=1 change is told in prose alone.
        unknown_reply=lambda call: call["query"].get("verbose") == "1" or call["query"].get("strict") == "1",
    ),
    "customerio": OpenApi(
        "customerio-track-api.openapi.json",
        prefix="/customerio/track",
        elsewhere=("/customerio/app/", "/customerio/_"),
        # Recorded without the scheme that the specification gives the host.
        unknown_reply=lambda call: call["path"].endswith("/accounts/region"),
    ),
    "gravatar": OpenApi("gravatar.openapi.json", prefix="/gravatar/v3"),
    "github": OpenApi("github.openapi.trimmed.json", prefix="/github"),
    # None of these three says that a value may be null, which it is where nothing is known.
    "hunter": OpenApi(
        "hunter-enrichment.openapi.yml",
        prefix="/hunter/v2",
        record_of=lambda reply: without(reply, None),
        not_required=("api_key",),  # which may come in a header as well
        unknown_reply=lambda call: "clearbit_format" in call["query"],
    ),
    "peopledatalabs": OpenApi(
        "peopledatalabs.openapi.trimmed.yml", prefix="/peopledatalabs", record_of=lambda reply: pdl_record(reply)
    ),
    "apollo": OpenApi(
        "apollo.openapi.trimmed.json", prefix="/apollo/api/v1", record_of=lambda reply: without(reply, None)
    ),
}


def without(value: Any, what: Any) -> Any:
    """The same JSON without the members that are `what`."""
    if isinstance(value, dict):
        return {name: without(one, what) for name, one in value.items() if one is not what}
    return [without(one, what) for one in value] if isinstance(value, list) else value


def pdl_record(reply: Any) -> Any:
    """The record in the envelope, in the lower case of the description's lists, whose one of levels is misplaced."""
    record = reply.get("data", reply) if isinstance(reply, dict) else reply
    if not isinstance(record, dict):
        return record
    plain = {name: value for name, value in without(record, None).items() if name != "job_title_levels"}
    return _lower(plain)


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lower(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_lower(one) for one in value]
    return value.lower() if isinstance(value, str) else value


_CHECKS: dict[str, Callable[[str, Call], Iterable[str]]] = {
    "slack": slack.problems,
    "clearbit": clearbit.problems,
    **{vendor: spec.problems for vendor, spec in _OPEN_APIS.items()},
}
VENDORS = tuple(_CHECKS)
"""Those with a specification."""


def problems(vendor: str, calls: Iterable[Call]) -> list[str]:
    """What in these calls, or in the replies to them, is not as the vendor's specification says.

    Replies that are faults made on request are not the vendor's and not looked at. Raises KeyError for a vendor
    without a specification.
    """
    check = _CHECKS[vendor]
    return [
        f"{call['method']} {call['path']}: {problem}"
        for call in calls
        if call["vendor"] == vendor
        for problem in check(FOLDER, call)
    ]
