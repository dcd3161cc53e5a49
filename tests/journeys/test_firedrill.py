"""The fire drill at a small size: processes killed, the queue emptied, vendors failing, and each effect there once.

How it is done, and the larger ones, are `benchmarks/firedrill.py`'s. A seed that fails here fails there again.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests import site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds its processes in /proc")

_IS_POSTGRES = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
_SEEDS = {"postgres": 2, "redis": 3} if _IS_POSTGRES else {"sqlite": 1, "postgres": 2, "redis": 3}


@pytest.mark.parametrize(("setup", "seed"), _SEEDS.items())
def test_nothing_is_lost_or_doubled_while_everything_is_killed(setup: str, seed: int) -> None:
    if setup != "sqlite" and not _IS_POSTGRES:
        pytest.skip("DATABASE_URL names no PostgreSQL server")
    if setup == "redis" and not settings.QUEUE_URL:
        pytest.skip("QUEUE_URL names no Redis server")
    done = fire_drill("--size", "small", "--setup", setup, "--seed", str(seed), "--within", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"var/firedrill/{setup}-small-{seed}/report.json" in done.stdout


def fire_drill(*arguments: str) -> subprocess.CompletedProcess[str]:
    """On the servers of this test run."""
    env = {**os.environ, "REDIS_URL": settings.QUEUE_URL}
    if _IS_POSTGRES:
        server = settings.DATABASES["default"]
        password = f":{server['PASSWORD']}" if server["PASSWORD"] else ""
        env["POSTGRES_URL"] = (
            f"postgres://{server['USER']}{password}@{server['HOST']}:{server['PORT'] or 5432}/postgres"
        )
    command = [sys.executable, "-m", "benchmarks.firedrill", *arguments]
    return subprocess.run(command, cwd=site.ROOT, env=env, capture_output=True, text=True, timeout=600, check=False)
