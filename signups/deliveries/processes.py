"""Which process has a lease, and whether it is gone: then nobody has to wait until the lease lapses.

A process is named by the boot of its machine, its PID namespace (each container has its own) and its number. Whoever
cannot see into that namespace, or runs on something else than Linux, says of nobody that they are gone.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def own_name() -> str:
    """This process's name, up to 80 characters; "" where processes cannot be told apart for sure."""
    space = _space()
    return f"{space} {os.getpid()}" if space else ""


def is_gone(name: str) -> bool:
    """Whether the process of this name was one of this machine or container, and has ended."""
    space, _, number = name.rpartition(" ")
    if not space or space != _space():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's: the number was given again
        return True
    return _is_zombie(int(number))


def _is_zombie(pid: int) -> bool:
    """Killed, and its parent has not taken note yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True


@cache
def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""
