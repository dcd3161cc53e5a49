"""Everything on this machine under one process manager: web, worker and, in sandbox mode, the pretend internet."""

from __future__ import annotations

import datetime
import shlex
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import honcho.manager
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager
from honcho.printer import Message

from signups.models import Campaign

HOST = "127.0.0.1"
DEMO_USER, DEMO_PASSWORD = "demo", "demo"
DEMO_CAMPAIGNS: dict[str, tuple[str, list[int]]] = {  # the sandbox's id → name, and the days of its mails
    "1": ("Welcome, developers", []),
    "2": ("Welcome", []),
    "3": ("Getting started", [1, 3, 7]),
    "4": ("Welcome, with the question", []),
    "5": ("Help to integrate", []),
    "6": ("Most of your plan is used", []),
    "7": ("At the limit: upgrade", [0, 3]),
}
READY_WITHIN_S = 60
# Honcho kills what is left this long after the first process ended; the worker needs a while to finish what it sends.
honcho.manager.KILL_WAIT = 25

BANNER = """
  Onboarding is up. Ctrl-C ends everything.

    Sign up       {web}/signup/
    Admin         {web}/admin/{login}
    API docs      {web}/api/docs{sandbox}
"""


class Command(BaseCommand):
    help = "Set up the database and run web, worker and (with SANDBOX=1) the sandbox until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_busy_ports()
        call_command("migrate", interactive=False, verbosity=0)
        if settings.SANDBOX:
            make_demo_user()
            name_demo_campaigns()
        serve()


def serve(*, has_sandbox: bool = False) -> None:
    """Run everything until Ctrl-C; exits where something ends by itself. `has_sandbox`: one runs already."""
    manager = Manager()
    for name, command in processes().items():
        if name != "sandbox" or not has_sandbox:
            manager.add_process(name, shlex.join(command), cwd=str(settings.BASE_DIR))
    threading.Thread(target=announce, args=(manager,), daemon=True).start()
    manager.loop()
    if manager.returncode != 130:  # not Ctrl-C
        sys.exit(manager.returncode)


def processes() -> dict[str, list[str]]:
    """Name → command line of every process there is to run."""
    python = sys.executable
    commands = {
        "web": [python, "-m", "gunicorn", "--config", "onboarding/gunicorn.py", "onboarding.wsgi"],
        "worker": [python, "manage.py", "worker"],
    }
    if settings.SANDBOX:
        http, dns, smtp = (str(port) for port in settings.SANDBOX_PORTS.values())
        ports = ["--http-port", http, "--dns-port", dns, "--smtp-port", smtp]
        app = ["--app-url", f"http://{HOST}:{settings.PORT}", "--tell-app"]
        commands["sandbox"] = [python, "-m", "sandbox", *ports, *app]
    return commands


def refuse_busy_ports(*, has_sandbox: bool = False) -> None:
    """Raises CommandError, one line with the remedy, where a port that will be needed is taken."""
    wanted = [("PORT", settings.PORT, socket.SOCK_STREAM)]
    if settings.SANDBOX and not has_sandbox:
        for name, port in settings.SANDBOX_PORTS.items():
            wanted.append((f"SANDBOX_{name.upper()}_PORT", port, socket.SOCK_STREAM))
        wanted.append(("SANDBOX_DNS_PORT", settings.SANDBOX_PORTS["dns"], socket.SOCK_DGRAM))
    for variable, port, kind in wanted:
        with socket.socket(type=kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                remedy = f"End what uses it, or choose another: make run {variable}={port + 1}"
                raise CommandError(f"Port {port} on {HOST} cannot be used ({error.strerror}). {remedy}") from None


def make_demo_user() -> None:
    """A staff user for trying the product; only ever made in sandbox mode."""
    users = get_user_model()
    if not users.objects.filter(username=DEMO_USER).exists():
        users.objects.create_superuser(DEMO_USER, "demo@onboarding.test", DEMO_PASSWORD)


def name_demo_campaigns() -> None:
    """What staff would say of the sandbox's campaigns, as far as nobody has said anything yet."""
    for key, (name, days) in DEMO_CAMPAIGNS.items():
        named = {"name": name, "schedule": days, "is_drip": len(days) > 1}
        Campaign.objects.get_or_create(source="customerio", key=key, defaults=named)


def announce(manager: Manager) -> None:
    """Print where everything is, once it answers."""
    web = f"http://{HOST}:{settings.PORT}"
    pages = [f"{web}/healthz"]
    if settings.SANDBOX:
        pages.append(f"http://{HOST}:{settings.SANDBOX_PORTS['http']}/")
    until = time.monotonic() + READY_WITHIN_S
    while not all(_answers(page) for page in pages):
        if time.monotonic() > until:
            say(manager, f"Not everything answers after {READY_WITHIN_S} s; see the lines above.")
            return
        time.sleep(0.2)
    sandbox = f"\n    Sandbox       {pages[-1]}" if settings.SANDBOX else ""
    login = f"      (user {DEMO_USER}, password {DEMO_PASSWORD})" if settings.SANDBOX else ""
    say(manager, BANNER.format(web=web, sandbox=sandbox, login=login))


def say(manager: Manager, text: str) -> None:
    now = datetime.datetime.now()  # noqa: DTZ005  honcho's printer shows local time
    for line in text.splitlines():
        manager.events.put(Message(type="line", data=f"{line}\n".encode(), time=now, name="system", colour=None))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310  our own address
            return int(reply.status) == 200
    except (urllib.error.URLError, OSError):
        return False
