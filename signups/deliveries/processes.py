"""Which process has a lease, and whether it is gone: then nobody has to wait until the lease lapses.

A process is named by the boot of its machine, its PID namespace (each container has its own), its number, and when it
began, for numbers are given again. Whoever cannot see into that namespace, runs on something else than Linux, or is not
sure says of nobody that they are gone.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_STATE, _STARTED = 0, 19  # fields of /proc/<pid>/stat after the name (proc(5): 3 and 22)


def own_name() -> str:
    """This process's name, up to 80 characters; "" where processes cannot be told apart for sure."""
    space = _space()
    try:
        return f"{space} {os.getpid()} {_stat(os.getpid())[_STARTED]}" if space else ""
    except OSError:
        return ""


def is_gone(name: str) -> bool:
    """Whether the process of this name was one of this machine or container, and has ended."""
    space, _, rest = name.rpartition(" ")
    space, _, number = space.rpartition(" ")
    if not space or space != _space() or not number.isdecimal():
        return False
    try:
        stat = _stat(int(number))
    except (FileNotFoundError, ProcessLookupError):
        return True
    except OSError:
        return False
    return stat[_STATE] == "Z" or stat[_STARTED] != rest  # killed and not reaped yet; or another of the same number


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@cache
def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""
