"""`manage.py up`, which `make run` calls: everything starts, says where it is, and ends together."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests import site


def test_everything_starts_says_where_it_is_and_ends(tmp_path: Path) -> None:
    with site.Site.started(tmp_path) as running:
        printed = "".join(running.lines)
        for url in (f"{running.url}/signup/", f"{running.url}/admin/", f"{running.url}/api/docs", running.sandbox.url):
            assert url in printed
        assert "user demo, password demo" in printed
        assert running.get("/signup/").status_code == 200
        assert running.get("/api/docs").status_code == 200
        assert running.get("/admin/login/").status_code == 200
        group = running.process.pid
        assert running.end() == 0
    marker = running.env["DATABASE_URL"]
    left = [pid for pid in _processes() if marker in _environment(pid) and pid != group]
    assert left == []


def test_a_busy_port_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    env = site.environment(tmp_path)
    with socket.create_server(("127.0.0.1", int(env["PORT"]))):
        run = subprocess.run(
            [sys.executable, "manage.py", "up"],
            cwd=site.ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode != 0
    said = run.stderr.strip().splitlines()
    assert len(said) == 1
    assert f"Port {env['PORT']} on 127.0.0.1 cannot be used" in said[0]
    assert f"choose another: make run PORT={int(env['PORT']) + 1}" in said[0]


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""
