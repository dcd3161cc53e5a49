"""Kills a cluster that outlives its supervisor: `python cluster_guard.py GROUP SECONDS`, started beside each cluster.

Standard input ends when the supervisor does, however it ends. A line on it says that all is in order, and nothing is
left to do; without one the cluster has been asked to finish (`supervisor._end_with_parent`) and is given so many
seconds: with one of its processes dead or stopped it would wait for that one for ever. Standard library alone, so that
it costs few megabytes.
"""

import contextlib
import os
import signal
import sys
import time


def main() -> None:
    group, patience_s = int(sys.argv[1]), float(sys.argv[2])
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    if sys.stdin.readline():
        return
    time.sleep(patience_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
