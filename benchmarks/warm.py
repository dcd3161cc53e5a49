"""Makes everything known that a crowd's signups would ask: `python -m benchmarks.warm COUNT` with a site's environment.

Assesses `member-<n>@crowd-<n>.test` as a signup does, and keeps what was answered and nothing else.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from signups import enrichment, intake, vetting  # noqa: E402
from signups.transactions import write_transaction  # noqa: E402

_BUDGET_MS = 30_000
_AT_ONCE = 8


def warm(number: int) -> None:
    address = vetting.parse(f"member-{number}@crowd-{number}.test")
    assessment = intake.assess(address, budget_ms=_BUDGET_MS)
    with write_transaction():
        enrichment.save(assessment.findings)
    vetting.keep_dns(address, assessment.examination)


if __name__ == "__main__":
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(warm, range(1, int(sys.argv[1]) + 1)))
