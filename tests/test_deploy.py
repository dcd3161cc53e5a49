"""What `docs/deploy/` ships: enough in the image, time to finish when stopped, and a health check that is let in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "docs" / "deploy"
DRAIN_S, GRACEFUL_S = 20, 10  # `manage.py worker --drain-timeout`, and gunicorn's graceful_timeout


def test_the_image_holds_all_that_the_product_needs(tmp_path: Path) -> None:
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    environment = {"DATABASE_URL": "sqlite:///var/image.sqlite3", "SECRET_KEY": "k9J2mQ7wX4zR8tB1nV5cY3hL6pD0sF2g" * 2}
    hosts = {"ALLOWED_HOSTS": "signups.example.com", "BASE_URL": "https://signups.example.com"}
    command = [sys.executable, "-c", _SERVE]
    env = {"PATH": os.environ["PATH"], "ENV_FILE": "", **environment, **hosts}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400, check=False)
    assert done.stdout.splitlines()[-1:] == ["200"], done.stderr


def test_what_the_image_copies_is_not_ignored() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == {*copied(), "requirements.txt"}


def test_whoever_is_stopped_has_time_to_finish() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    graces = {name: int(services[name]["stop_grace_period"].rstrip("s")) for name in ("web", "worker")}
    units = {name: (DEPLOY / f"onboarding-{name}.service").read_text() for name in ("web", "worker")}
    limits = {name: int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)[0]) for name, unit in units.items()}
    assert graces == limits
    assert limits["web"] > GRACEFUL_S
    assert limits["worker"] > DRAIN_S
    assert all("\nKillMode=mixed\n" in unit for unit in units.values())


def test_the_health_check_calls_the_site_by_its_name() -> None:
    asked: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host']}{self.path}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.handle_request).start()
        assert ask("/healthz", PORT=str(server.server_port)).returncode == 0
    assert asked == ["signups.example.com/healthz"]


def test_the_health_check_says_no_where_nobody_answers() -> None:
    assert ask("/healthz", PORT="1").returncode == 1


def ask(path: str, **changes: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "ENV_FILE": "", "DEBUG": "1", "ALLOWED_HOSTS": "signups.example.com", **changes}
    command = [sys.executable, "-m", "onboarding.ask", path]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def copied() -> list[str]:
    """What the image's second stage copies from the project."""
    lines = re.findall(r"^COPY (?!--)(.+)$", (DEPLOY / "Dockerfile").read_text(), re.M)
    return sorted({name for line in lines for name in line.split()[:-1]} - {"requirements.txt"})


_SERVE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "onboarding.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
print(Client().get("/signup/", secure=True, headers={"host": "signups.example.com"}).status_code)
"""
