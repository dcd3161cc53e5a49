"""How Hunter refuses, in its own shape of answers and in Clearbit's alike (used by `hunter` and `clearbit`).

https://hunter.io/api-documentation (2026-08). Two statuses mean something else than elsewhere: 403 is the rate limit
(15 calls a second, 500 a minute), 429 the plan's limit.
"""

from __future__ import annotations

import logging

from integrations import facts
from integrations.http import Reply, retry_after_s
from signups.contracts import Answer, Found, Later, Rate, UsedUp

logger = logging.getLogger(__name__)

RATE = Rate(8, 1)  # keeps both limits
STATUSES = frozenset({400, 403, 404, 422, 429, 451})
_RATE_LIMIT_S = 60.0  # where no header says how long


def read(reply: Reply) -> Answer | None:
    """What a refusal means, None where this is none. Raises Later (the rate) or UsedUp (the plan)."""
    match reply.status:
        case 403:
            wait_s = retry_after_s(reply.headers) or _RATE_LIMIT_S
            raise Later(reply.vendor, "asked too often", status=403, retry_after_s=wait_s)
        case 429:
            reset_s = retry_after_s(reply.headers)
            raise UsedUp(reply.vendor, "the plan's calls are used up", status=429, retry_after_s=reset_s)
        case 404:
            return Answer(Found.NOT_FOUND)
        case 400 | 422:
            return Answer(Found.NOT_FOUND, note=f"Cannot look this up ({_error_id(reply) or 'invalid input'}).")
        case 451:
            return Answer(Found.REFUSED, note="The person asked not to be looked up.")
    return None


def _error_id(reply: Reply) -> str:
    """The first id in `{"errors": [{"id": "invalid_email", "code": 400, "details": "…"}]}`, "" for another body."""
    try:
        errors = facts.dig(reply.json, "errors")
    except Later:
        errors = None
    if not isinstance(errors, list):
        logger.info("%s: a refusal of another shape (%s)", reply.vendor, reply.status)
        return ""
    return next((name for error in errors if (name := facts.text(facts.dig(error, "id")))), "")
