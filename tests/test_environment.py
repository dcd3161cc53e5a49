"""Settings from the environment: what is refused, what the sandbox fills in, and that the docs say the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs import render_settings
from onboarding.environment import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "SECRET_KEY": "k9J2mQ7wX4zR8tB1nV5cY3hL6pD0sF2gA7eU9iO4qW1xZ5",
    "ALLOWED_HOSTS": "signups.example.com",
    "BASE_URL": "https://signups.example.com",
    "DATABASE_URL": "sqlite:///var/test-environment.sqlite3",
}
GOOD["SECRET_KEY"] += GOOD["SECRET_KEY"][::-1]


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` with nothing else in its environment."""
    env = {"PATH": os.environ["PATH"], "ENV_FILE": "", **environment}
    command_line = [sys.executable, "manage.py", *command]
    return subprocess.run(command_line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_env_example_lists_every_setting() -> None:
    written = (ROOT / ".env.example").read_text()
    assert written == render_settings.env_example(), "run: python docs/render_settings.py"


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert render_settings.with_table(readme) == readme, "run: python docs/render_settings.py"


def test_every_setting_is_listed_once() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": "insecure-" + "x1y2z3" * 10}, "SECRET_KEY must be at least 50 random characters"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"CLOSE_API_KEY": "api_sandbox_close"}, "CLOSE_API_KEY: keys of the sandbox"),
        ({"VETTING_BUDGET_MS": "soon"}, "VETTING_BUDGET_MS must be a int"),
        ({"CLOSE_API_URL": "ftp://close"}, "CLOSE_API_URL must start with http"),
        ({"QUEUE_URL": "amqp://x"}, "QUEUE_URL must be empty or start with redis://"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must be sqlite"),
        ({"CLEARBIT_PARAMS": "clearbit_format"}, "CLEARBIT_PARAMS must be name=value pairs, such as clearbit_format=1"),
        ({"MIXPANEL_ID_MERGE": "perhaps"}, "MIXPANEL_ID_MERGE must be"),
        ({"RDAP_SERVERS": "https://rdap.example.com"}, "RDAP_SERVERS must start with http"),
        ({"RDAP_SERVERS": "com=rdap.example.com"}, "RDAP_SERVERS must start with http"),
        ({"RDAP_SERVERS": "=https://rdap.example.com"}, "RDAP_SERVERS must be tld=URL pairs"),
        ({"SMTP_PROBE_FROM": "Probe <probe@example.com>"}, "SMTP_PROBE_FROM must be an address"),
        ({"SMTP_PROBE_HELO": "mail example"}, "SMTP_PROBE_HELO must be a host name"),
        ({"SMTP_PROBE_VIA": "127.0.0.1"}, "SMTP_PROBE_VIA must be address:port"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(changed: dict[str, str], complaint: str) -> None:
    run = manage("check", **(GOOD | changed))
    assert run.returncode != 0
    assert complaint in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_a_name_server_that_cannot_be_read_is_named() -> None:
    run = manage("check", **GOOD, DNS_NAMESERVERS="dns.example.com")
    assert run.returncode != 0
    assert "not 'dns.example.com'" in run.stderr


def test_production_starts_with_good_settings() -> None:
    run = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert run.returncode == 0, run.stderr


def test_a_vendor_without_keys_is_off_and_says_how_to_switch_it_on() -> None:
    run = manage("check", **GOOD)
    assert "Close is off" in run.stderr + run.stdout
    assert "CLOSE_API_KEY" in run.stderr + run.stdout


def test_optional_checks_are_off_and_say_how_to_switch_them_on() -> None:
    said = manage("check", "--deploy", **GOOD)
    assert "VETTING_DOMAIN_AGE, VETTING_SMTP_PROBE, VETTING_MAIL_SETUP" in said.stderr + said.stdout


def test_a_probe_without_a_sender_is_pointed_out() -> None:
    said = manage("check", **GOOD, VETTING_SMTP_PROBE="1")
    assert "Set SMTP_PROBE_FROM" in said.stderr + said.stdout


def test_the_sandbox_needs_no_other_setting(settings: Any) -> None:
    assert settings.CLOSE["api_url"] == f"http://127.0.0.1:{settings.SANDBOX_PORTS['http']}/close/api/v1"
    assert settings.SLACK["channel"] == "C0SIGNUPS"


def test_what_an_earlier_secret_key_signed_holds_on() -> None:
    sign = "from django.core import signing; print(signing.dumps('a link'))"
    token = manage("shell", "--no-imports", "-c", sign, **GOOD).stdout.strip()
    read = f"from django.core import signing; print(signing.loads({token!r}))"
    changed = {**GOOD, "SECRET_KEY": GOOD["SECRET_KEY"][::-1][1:] + "z", "SECRET_KEY_FALLBACKS": GOOD["SECRET_KEY"]}
    assert manage("shell", "--no-imports", "-c", read, **changed).stdout.strip() == "a link"
