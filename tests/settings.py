"""The product's settings in sandbox mode, with a sandbox of this test run's own on free ports and no `.env`."""

import atexit
import os
import socket
from pathlib import Path


def _free_port() -> int:
    """A port that is free for TCP and for UDP (name servers need both)."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


os.environ.update({"SANDBOX": "1", "ENV_FILE": "", "DEBUG": "0"})
for _name in ("HTTP", "DNS", "SMTP"):
    os.environ[f"SANDBOX_{_name}_PORT"] = str(_free_port())
# A database of this run's own: two runs at once in one folder do not meet.
os.environ.setdefault("DATABASE_URL", f"sqlite:///var/test-{os.getpid()}.sqlite3")
_owner = os.environ.setdefault("TEST_RUN", str(os.getpid()))  # inherited by commands that a test starts

from onboarding.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; no password here is worth anything
LOGGING["root"]["level"] = "WARNING"  # noqa: F405

_database = DATABASES["default"]  # noqa: F405
_database["TEST"] = {"NAME": f"test_onboarding_{os.getpid()}"}
if _database["ENGINE"].endswith("sqlite3"):
    # A file, as in production: threads of an in-memory database lock one another's tables out.
    _database["TEST"] = {"NAME": _database["NAME"]}

    @atexit.register
    def _remove_database() -> None:
        if str(os.getpid()) != _owner:  # a process that a test forked or started
            return
        for suffix in ("", "-wal", "-shm"):
            Path(f"{_database['NAME']}{suffix}").unlink(missing_ok=True)
