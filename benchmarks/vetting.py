"""What vetting costs, and how often it is right, beside email-validator in one run: `python -m benchmarks.vetting`.

- offline: addresses a second through syntax, kind, look of the name, local part, look-alikes and typo suggestion, every
  address with a domain of its own (email-validator: its syntax alone);
- lists: milliseconds and memory of a process that looks its first address up;
- warm: CPU of one signup's checks when name server and database need not be asked anew;
- cold: the same with a name server that takes 50 ms a question, in round trips;
- hanging: how far after its budget the answer comes when the name server is silent;
- file: `manage.py vet --file`, its peak memory as a ratio to that of a tenth of the lines (1.0 is flat), and the most
  questions the name server held at once.

`--accuracy FOLDER` measures label files instead: see `benchmarks.accuracy`. With `--zones` the sandbox's name server
answers for them, else DNS_NAMESERVERS or the system's. Small ones of our own are in `benchmarks/labels`, and for
`--zones` in `benchmarks/labels/dns`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DELAY_MS = 50
FILE_DELAY_MS = 200  # as a resolver takes for domains it has not in mind
BUDGET_MS = 400
_SYLLABLES = ("ba", "ko", "ri", "ten", "mar", "lu", "so", "vin", "pel", "dra", "gen", "tor", "ha", "ne", "quo", "sil")
_ENDINGS = ("com", "com", "com", "io", "de", "co.uk", "fr", "net", "org", "com.br")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accuracy", type=Path, metavar="FOLDER", help="measure the label files in FOLDER")
    parser.add_argument("--zones", action="store_true", help="with --accuracy: ask the sandbox's name server")
    parser.add_argument("--addresses", type=int, default=100_000, help="lines of the file (default: 100,000)")
    parser.add_argument("--only", choices=[*MEASURES], help="one of the measurements")
    parser.add_argument("--step", choices=[*STEPS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        prepare_django()
        print(json.dumps(STEPS[options.step]()))
    elif options.accuracy:
        os.environ.update(SANDBOX="1" if options.zones else "0", ENV_FILE="", DEBUG="1")
        with sandbox_zones() if options.zones else nothing():
            tell_accuracy(options.accuracy)
    else:
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update(SANDBOX="1", ENV_FILE="", DEBUG="0")
            os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/benchmark.sqlite3")
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
            for name, measure in MEASURES.items():
                if options.only in (None, name):
                    measure(Path(folder), options.addresses)


# -- What is measured --------------------------------------------------------------------------------------------------


def offline(folder: Path, number: int) -> None:
    said = step("offline")
    text = f"{said['ours']:,.0f} addresses a second; email-validator's syntax alone {said['peer']:,.0f}"
    tell("offline", text, said["ours"] / said["peer"])


def lists(folder: Path, number: int) -> None:
    said = step("lists")
    own = f"a second process {said['private_mb']:.1f} MB of its own"
    tell("lists", f"first address {said['ms']:.0f} ms, {said['mb']:.1f} MB; {own}")


def warm(folder: Path, number: int) -> None:
    with name_server() as port:
        said = step("warm", DNS_NAMESERVERS=f"127.0.0.1:{port}")
    text = f"{said['ours']:.2f} ms of CPU a signup; email-validator, its answers kept, {said['peer']:.2f} ms"
    tell("warm", text, said["ours"] / said["peer"])


def cold(folder: Path, number: int) -> None:
    with name_server("--delay-ms", str(DELAY_MS)) as port:
        said = step("cold", DNS_NAMESERVERS=f"127.0.0.1:{port}")
    ours, peer = said["ours"] / DELAY_MS, said["peer"] / DELAY_MS
    text = f"{ours:.2f} round trips; email-validator {peer:.2f}, which asks for no mail server's address"
    tell("cold", text, ours / peer)


def hanging(folder: Path, number: int) -> None:
    with name_server("--silent") as port:
        said = step("hanging", DNS_NAMESERVERS=f"127.0.0.1:{port}", VETTING_BUDGET_MS=str(BUDGET_MS))
    ours, peer = said["ours"] - BUDGET_MS, said["peer"] - BUDGET_MS
    tell("hanging", f"{ours:+.1f} ms after a budget of {BUDGET_MS} ms; email-validator {peer:+.1f} ms")


def file(folder: Path, number: int) -> None:
    peaks: list[float] = []
    for lines in (number // 10, number):
        path = folder / "addresses.txt"
        path.write_text("".join(f"{address}\n" for address in addresses(lines, seed=lines)))
        with name_server("--delay-ms", str(FILE_DELAY_MS)) as port:
            started = time.monotonic()
            command = ("manage.py", "vet", "--json", "--file", str(path))
            peaks.append(peak_mb(*command, DNS_NAMESERVERS=f"127.0.0.1:{port}"))
            a_second = lines / (time.monotonic() - started)
    most_held = HELD[-1]["most_held"]
    with name_server("--delay-ms", str(FILE_DELAY_MS)) as port:
        peer = step("peer_file", DNS_NAMESERVERS=f"127.0.0.1:{port}")["a_second"]
    text = f"{number:,} addresses, {a_second:,.0f} a second; email-validator, one after the other, {peer:,.0f}"
    tell("file", text, a_second / peer)
    tell("", f"peak memory {peaks[1]:.0f} MB, a tenth of the lines {peaks[0]:.0f} MB", peaks[1] / peaks[0])
    tell("", f"the name server, {FILE_DELAY_MS} ms a question, held {most_held:,} questions at once")


MEASURES: dict[str, Callable[[Path, int], None]] = {
    "offline": offline, "lists": lists, "warm": warm, "cold": cold, "hanging": hanging, "file": file,
}  # fmt: skip
HELD: list[dict[str, int]] = []


def tell(name: str, text: str, ratio: float | None = None) -> None:
    print(f"{name:<9}{text}" + ("" if ratio is None else f"  (ratio {ratio:.2f})"), flush=True)


# -- Steps, each in a process of its own -------------------------------------------------------------------------------


def step_offline() -> dict[str, float]:
    import email_validator

    from signups import vetting
    from signups.vetting import examining, suggestion

    def ours(some: list[str]) -> None:
        for text in some:
            address = vetting.parse(text)
            examining.offline(address, "Somebody Else")
            suggestion.suggest(address)

    def peer(some: list[str]) -> None:
        for text in some:
            email_validator.validate_email(text, check_deliverability=False)

    ours(list(addresses(100, seed=0)))
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for turn in range(5):
        some = list(addresses(5_000, seed=turn + 1))
        for name, run in (("ours", ours), ("peer", peer)):
            started = time.process_time()
            run(some)
            times[name].append(len(some) / (time.process_time() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def step_lists() -> dict[str, float]:
    from signups import vetting
    from signups.vetting import examining

    address = vetting.parse("ada@example.com")
    before, started = memory_mb(), time.perf_counter()
    examining.offline(address)
    ms = (time.perf_counter() - started) * 1000
    own = memory_mb() - before
    reader, writer = os.pipe()
    if os.fork() == 0:
        before = memory_mb("Private_Clean", "Private_Dirty")
        for one in addresses(2_000, seed=3):
            examining.offline(vetting.parse(one))
        os.write(writer, str(memory_mb("Private_Clean", "Private_Dirty") - before).encode())
        os._exit(0)
    return {"ms": ms, "mb": own, "private_mb": float(os.read(reader, 100))}


def step_warm() -> dict[str, float]:
    import email_validator

    from benchmarks.accuracy import peer_resolver
    from signups import vetting
    from signups.contracts import Deadline

    resolver: Any = peer_resolver()
    resolver.cache = __import__("dns.resolver").resolver.LRUCache()
    some = list(addresses(20, seed=5))

    def ours() -> None:
        for text in some:
            vetting.start(vetting.parse(text), Deadline(1500), name="Somebody Else", ip="8.8.4.4").finish()

    def peer() -> None:
        for text in some:
            email_validator.validate_email(text, dns_resolver=resolver)

    return {name: per_call(run, len(some), time.process_time) * 1000 for name, run in (("ours", ours), ("peer", peer))}


def step_cold() -> dict[str, float]:
    return _waits(1500)


def step_hanging() -> dict[str, float]:
    return _waits(BUDGET_MS)


def _waits(budget_ms: int) -> dict[str, float]:
    """Milliseconds until the answer about a domain never asked about, the median of some."""
    import email_validator

    from benchmarks.accuracy import peer_resolver
    from signups import vetting
    from signups.contracts import Deadline

    resolver: Any = peer_resolver()
    resolver.lifetime = budget_ms / 1000

    def ours(text: str) -> None:
        vetting.start(vetting.parse(text), Deadline(budget_ms), name="Somebody Else", ip="8.8.4.4").finish()

    def peer(text: str) -> None:
        email_validator.validate_email(text, dns_resolver=resolver)

    ours("ada@first.example.com")
    found: dict[str, float] = {}
    for name, run in (("ours", ours), ("peer", peer)):
        times = []
        for text in addresses(9, seed=7):
            started = time.perf_counter()
            run(text)
            times.append((time.perf_counter() - started) * 1000)
        found[name] = statistics.median(times)
    return found


def step_peer_file() -> dict[str, float]:
    import email_validator

    from benchmarks.accuracy import peer_resolver

    resolver: Any = peer_resolver()
    started, some = time.perf_counter(), list(addresses(30, seed=9))
    for text in some:
        email_validator.validate_email(text, dns_resolver=resolver)
    return {"a_second": len(some) / (time.perf_counter() - started)}


STEPS: dict[str, Callable[[], dict[str, float]]] = {
    "offline": step_offline, "lists": step_lists, "warm": step_warm, "cold": step_cold, "hanging": step_hanging,
    "peer_file": step_peer_file,
}  # fmt: skip


# -- Means -------------------------------------------------------------------------------------------------------------


def addresses(number: int, seed: int) -> Iterator[str]:
    """Plausible addresses, every one with a domain of its own."""
    pick = random.Random(seed)
    for index in range(number):
        name = ".".join("".join(pick.choices(_SYLLABLES, k=2)) for _ in range(2))
        domain = "".join(pick.choices(_SYLLABLES, k=4))
        yield f"{name}@{domain}{seed}x{index}.{pick.choice(_ENDINGS)}"


def per_call(run: Callable[[], None], calls: int, clock: Callable[[], float]) -> float:
    """Seconds a call, the median of several rounds after one that warms everything."""
    run()
    times = []
    for _ in range(7):
        started = clock()
        run()
        times.append((clock() - started) / calls)
    return statistics.median(times)


def memory_mb(*fields: str) -> float:
    """This process's memory: its Rss, or the sum of the fields of /proc/self/smaps_rollup."""
    text = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(kb) for name, kb in re.findall(r"(\w+): +(\d+) kB", text) if name in (fields or ("Rss",))) / 1024


def step(name: str, **env: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.vetting", "--step", name]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return said


def peak_mb(*command: str, **env: str) -> float:
    """Run a command, and say how much memory it had at its peak."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return used.ru_maxrss / 1024


@contextmanager
def name_server(*options: str) -> Iterator[int]:
    """A name server on a port of its own; what it counted goes to HELD."""
    command = [sys.executable, "-m", "benchmarks.name_server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.stdin.close()
        HELD.append(json.loads(server.stdout.readline()))


@contextmanager
def sandbox_zones() -> Iterator[None]:
    """The sandbox on ports of its own, whose name server is asked."""
    ports = {f"SANDBOX_{name}_PORT": "0" for name in ("HTTP", "DNS", "SMTP")}
    command = [sys.executable, "-m", "sandbox"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **ports}, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        os.environ["DNS_NAMESERVERS"] = f"127.0.0.1:{json.loads(sandbox.stdout.readline())['dns']}"
        try:
            yield
        finally:
            sandbox.terminate()


@contextmanager
def nothing() -> Iterator[None]:
    yield


def tell_accuracy(folder: Path) -> None:
    prepare_django()
    from benchmarks import accuracy

    try:
        labels = accuracy.read(folder)
    except (OSError, ValueError) as error:
        sys.exit(f"The labels cannot be read: {error}")
    for line in accuracy.report(labels):
        print(line, flush=True)


def prepare_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()


if __name__ == "__main__":
    main()
