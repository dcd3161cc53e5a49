"""One fire drill on one set-up, in a process whose environment names its database and queue (`benchmarks.firedrill`).

This process reads the database as Django does, and does nothing that a deployment would not: what it changes are the
queue, which it empties, and, where it is in a hurry, the times at which things are due, all by the same amount and with
the vendors' clock (`_move_clocks`).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import requests

from benchmarks.drill import schedule
from benchmarks.drill.people import Backend
from benchmarks.drill.services import ROOT, Cluster, Sandbox, Service

if TYPE_CHECKING:
    from benchmarks.firedrill import Size

CLIENTS = 8
_TARGET_WITHIN_S = 30.0
_WORKS_WITHIN_S = 20.0
_SETTLED_S = 4.0  # how long nothing may be owed before we look
_STILL_S = 2.0
_MOVE = timedelta(seconds=140)  # a lapsed claim of Close, the longest that waits


def run(folder: Path, setup: str, size: Size, seed: int, within_s: float) -> None:
    """The whole drill; writes `report.json` into the folder."""
    from benchmarks.firedrill import events_of

    sandbox = Sandbox(folder / "sandbox.log", most_mails=size.signups + 5_000)
    try:
        os.environ |= {f"SANDBOX_{name.upper()}_PORT": str(port) for name, port in sandbox.ports.items()}
        os.environ["PORT"] = str(_free_port())
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        django.setup()
        drill = Drill(folder, size, sandbox)
        report = drill.run(events_of(size, seed), within_s)
    finally:
        sandbox.end()
    report |= {"setup": setup, "folder": str(folder.relative_to(ROOT)), "seed": seed}
    report["row"] |= {"setup": setup, "seed": seed}
    (folder / "report.json").write_text(json.dumps(report, indent=1))


class Drill:
    def __init__(self, folder: Path, size: Size, sandbox: Sandbox) -> None:
        from django.conf import settings

        from signups.models import ApiKey

        self.size = size
        self.sandbox = sandbox
        self.vendors = requests.Session()
        env = dict(os.environ)
        python = sys.executable
        web = [python, "-m", "gunicorn", "--config", "onboarding/gunicorn.py", "onboarding.wsgi"]
        worker = [python, "manage.py", "worker", "--canary-timeout", str(size.canary_s)]
        self.web = Service("web", web, env, folder / "web.log")
        self.worker = Service("worker", worker, env, folder / "worker.log")
        self.cluster = Cluster(self.worker, settings.Q_CLUSTER["workers"])
        self.hit: Counter[str] = Counter()
        self.happened: list[dict[str, Any]] = []
        key = ApiKey.generate()
        row = ApiKey(name="fire drill")
        row.set_key(key)
        row.save()
        url = f"http://127.0.0.1:{os.environ['PORT']}"
        self.backend = Backend(url, key, size.signups, size.rate, CLIENTS, colleagues=size.colleagues, give_up_s=300)
        self.is_over = threading.Event()
        self.started = time.monotonic()

    def run(self, events: list[schedule.Event], within_s: float) -> dict[str, Any]:
        self._setting("close", index_lag_s=3 if self.size.is_hurried else 30)
        self._setting("customerio", campaigns=False)  # their mails would drive ours out of the inbox
        self.web.start()
        self.worker.start()
        _wait_for(f"{self.backend.url.partition('/api')[0]}/healthz")
        self._until_cluster_works(60)
        watcher = threading.Thread(target=self._watch, daemon=True)
        people = threading.Thread(target=self.backend.run)
        started = self.started = time.monotonic()
        watcher.start()
        people.start()
        for event in events:
            self._wait_for_turn(event, people)
            self._do(event, time.monotonic() - started)
        people.join()
        self.vendors.delete(f"{self.sandbox.url}/_faults", timeout=30).raise_for_status()
        troubles = [] if self._until_quiet(within_s) else [f"not quiet after {within_s:.0f} s"]
        quiet = time.monotonic() - _SETTLED_S
        self.is_over.set()
        watcher.join()
        left = self.worker.end() + self.web.end()
        if left:
            troubles.append(f"{len(left)} processes did not end on SIGTERM")
        return self._report(started, quiet, troubles)

    # -- What happens --------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self.is_over.wait(0.2):
            self.cluster.look()

    def _wait_for_turn(self, event: schedule.Event, people: threading.Thread) -> None:
        while len(self.backend.answers) < event.after_signups and people.is_alive():
            time.sleep(0.02)
        if event.after_s:
            people.join()
            time.sleep(max(0.0, self.backend.last_at + event.after_s - time.monotonic()))

    def _do(self, event: schedule.Event, at_s: float) -> None:
        if event.kind == schedule.FAULT:
            self.vendors.post(f"{self.sandbox.url}/_faults", json=event.detail, timeout=30).raise_for_status()
            is_done = True
        elif event.kind == schedule.QUEUE_LOST:
            is_done = _empty_queue()
        else:
            if self.size.is_hurried:
                self._until_cluster_works(_WORKS_WITHIN_S)
            is_done = self._kill(event)
        self.hit[event.kind if is_done else f"{event.kind} (missed)"] += 1
        self.happened.append({**event.as_dict(), "at_s": round(at_s, 1), "is_done": is_done})

    def _kill(self, event: schedule.Event) -> bool:
        until = time.monotonic() + _TARGET_WITHIN_S
        while time.monotonic() < until:
            if self._kill_now(event):
                return True
            time.sleep(0.1)
        return False

    def _kill_now(self, event: schedule.Event) -> bool:
        leaves_orphans: bool = event.detail["leaves_orphans"]
        match event.kind:
            case "web":
                return self.web.kill(leaves_orphans=leaves_orphans)
            case "web_worker":
                return _kill_one(self.web.pids()[1:])
            case "supervisor":
                return self.worker.kill(leaves_orphans=leaves_orphans)
            case "tree":
                return self.worker.kill(leaves_orphans=False)
            case "busy_worker":
                return _kill_one(self.cluster.workers_by_use()[0])
            case "idle_worker":
                return _kill_one(self.cluster.workers_by_use()[1])
            case role:
                return _kill_one(self.cluster.look().get(role, []))

    def _until_cluster_works(self, within_s: float) -> None:
        """Until the present cluster has given a sign of life."""
        from signups.models import Heartbeat

        until = time.monotonic() + within_s
        while time.monotonic() < until:
            process = self.worker.process
            name = f"worker {socket.gethostname()[:30]}:{process.pid if process else 0}"
            if self.cluster.look().get("worker") and Heartbeat.objects.filter(name=name).exists():
                return
            time.sleep(0.2)

    # -- Until nothing is owed -----------------------------------------------------------------------------------------

    def _until_quiet(self, within_s: float) -> bool:
        """Until nothing has been owed for a while; False where that takes too long."""
        until = time.monotonic() + within_s
        still_since, before, quiet_since = time.monotonic(), _owed(), None
        still_s = max(_STILL_S, self.size.longest_s + 1)  # nothing is under way any more, vendors answering at once
        while time.monotonic() < until:
            time.sleep(0.5)
            now, owed = time.monotonic(), _owed()
            quiet_since = None if any(owed[:2]) else quiet_since or now
            if quiet_since is not None and now - quiet_since > _SETTLED_S:
                return True
            if owed != before:
                still_since, before, still_s = now, owed, _STILL_S
            elif self.size.is_hurried and now - still_since > still_s and any(owed[:2]):
                self._until_cluster_works(_WORKS_WITHIN_S)
                self._move_clocks(owed)
                still_since, still_s = time.monotonic(), _STILL_S
        return False

    def _move_clocks(self, owed: tuple[int, int, int]) -> None:
        """End all waits: whatever is due, leased or left alone until later is so much sooner, and the vendors' clock
        has gone on as much."""
        from django.db.models import F

        from signups.models import Delivery, IntegrationState, Signup

        at_s = round(time.monotonic() - self.started, 1)
        self.happened.append({"kind": "clocks moved", "at_s": at_s, "deliveries": owed[0], "lookups": owed[1]})
        self.vendors.post(f"{self.sandbox.url}/_clock", json={"advance_s": _MOVE.total_seconds()}, timeout=30)
        Delivery.objects.filter(due_at__isnull=False).update(due_at=F("due_at") - _MOVE)
        Signup.objects.filter(lookups_due_at__isnull=False).update(lookups_due_at=F("lookups_due_at") - _MOVE)
        for name in ("lease_until", "open_until"):
            IntegrationState.objects.filter(**{f"{name}__isnull": False}).update(**{name: F(name) - _MOVE})

    def _setting(self, vendor: str, **values: Any) -> None:
        body = {"vendor": vendor, **values}
        self.vendors.post(f"{self.sandbox.url}/_settings", json=body, timeout=30).raise_for_status()

    # -- What came of it -----------------------------------------------------------------------------------------------

    def _report(self, started: float, quiet: float, troubles: list[str]) -> dict[str, Any]:
        from benchmarks.drill import effects
        from signups.models import Attempt, Delivery

        answers = self.backend.answers
        findings = effects.compare(self.sandbox.url, answers)
        troubles += [f"signup {n} got no answer: {why}" for n, why in self.backend.unanswered.items()]
        failed = Delivery.objects.filter(state=Delivery.State.FAILED)
        troubles += [f"dead letter {one.uid} {one.integration}: {one.outcome}" for one in failed[:20]]
        deliveries, tries = Delivery.objects.count(), Attempt.objects.count()
        kills = sum(self.hit[kind] for kind in schedule.KILLS)
        row = {
            "signups": len(answers),
            "kills": kills,
            "queue lost": self.hit[schedule.QUEUE_LOST],
            "faults": self.hit[schedule.FAULT],
            "repeated posts": sum(answer.calls - 1 for answer in answers),
            "deliveries": deliveries,
            "tries each": round(tries / max(1, deliveries), 3),
            "deliveries/s": round(deliveries / (quiet - started), 1),
            "quiet after s": round(quiet - self.backend.last_at, 1),
            "lost": len(findings.lost),
            "doubled": len(findings.doubled),
        }
        return {
            "is_right": not findings.wrong and not troubles,
            "row": row,
            "hit": dict(self.hit),
            "starts": {"web": self.web.starts, "worker": self.worker.starts},
            "verdicts": dict(Counter(answer.verdict for answer in answers)),
            "owed": dict(findings.owed),
            "ga": f"{findings.not_repeated} events that Google Analytics may have counted were not repeated",
            "results": dict(Counter(Attempt.objects.values_list("result", flat=True))),
            "wrong": [one.as_dict() for one in findings.wrong],
            "troubles": troubles,
            "events": self.happened,
        }


def _owed() -> tuple[int, int, int]:
    """Unfinished deliveries, look-ups that are late, and the last try (by its key: to count them all takes long)."""
    from signups.models import Attempt, Delivery, Signup

    deliveries = Delivery.objects.filter(due_at__isnull=False).count()
    last = Attempt.objects.order_by("-pk").values_list("pk", flat=True).first()
    return deliveries, Signup.objects.filter(lookups_due_at__isnull=False).count(), last or 0


def _empty_queue() -> bool:
    """FLUSHDB, or delete the ORM broker's rows."""
    from django.conf import settings
    from django_q.models import OrmQ

    if settings.QUEUE_URL:
        import redis

        with redis.Redis.from_url(settings.QUEUE_URL) as client:
            client.flushdb()
    else:
        OrmQ.objects.all().delete()
    return True


def _kill_one(pids: list[int]) -> bool:
    import signal

    for pid in pids[:1]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{url} does not answer")
