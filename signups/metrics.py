"""`/metrics` for Prometheus: queue, outcomes, latency, breakers, vetting, verdicts and look-ups, from the database.

Web and worker are several processes: what must be right is read from the database by a fixed number of queries
(`deliveries.standing`, `tallies`) and kept for two seconds; nothing is counted in memory. Who may read it: whoever
sends `METRICS_TOKEN` as a bearer token; without such a token this machine alone, and not through a proxy, whose
visitors all seem to come from this machine. Names and labels hold nobody's data.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_q.brokers import get_broker
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from signups import tallies
from signups.deliveries import standing
from signups.deliveries.standing import Standing
from signups.models import Heartbeat, ProviderDay, Signup
from signups.tallies import BOUNDS_MS, Tallied, Totals

PATH = "/metrics"
KEPT_FOR_S = 2.0  # shorter than any scrape's interval: a counter never seems to run backwards
_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")
_LOOKUP_RESULTS = ("hits", "misses", "refusals", "pending", "errors")
_lock = threading.Lock()
_kept: tuple[float, bytes] | None = None


def view(request: HttpRequest) -> HttpResponse:
    """200 with the figures; 401 without the token, 403 from elsewhere, 503 where the database does not answer."""
    if request.method not in ("GET", "HEAD"):
        return _text("Only GET.", 405)
    if settings.METRICS_TOKEN:
        if not _has_token(request):
            reply = _text("Send METRICS_TOKEN: Authorization: Bearer …", 401)
            reply["WWW-Authenticate"] = "Bearer"
            return reply
    elif not _is_from_here(request):
        return _text("Only for this machine. Set METRICS_TOKEN to read it from elsewhere.", 403)
    try:
        return HttpResponse(text(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
    except DatabaseFailure:
        return _text("The database does not answer.", 503)


def text() -> bytes:
    """The figures in Prometheus' text format, at most two seconds old."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_FOR_S:
            registry = CollectorRegistry(auto_describe=False)
            registry.register(_Figures())
            _kept = (time.monotonic(), generate_latest(registry))
        return _kept[1]


def forget() -> None:
    """Ask the database anew at the next call."""
    global _kept
    _kept = None


def _has_token(request: HttpRequest) -> bool:
    scheme, _, offered = request.headers.get("Authorization", "").partition(" ")
    token: str = settings.METRICS_TOKEN
    return scheme.lower() == "bearer" and hmac.compare_digest(offered.strip().encode(), token.encode())


def _is_from_here(request: HttpRequest) -> bool:
    """Whether the connection is this machine's own, and what was asked for is this machine: no proxy's request is."""
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
        is_local_host = host == "localhost" or ipaddress.ip_address(host).is_loopback
        return is_local_host and ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _text(words: str, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status, headers=headers)


# -- The figures -------------------------------------------------------------------------------------------------------


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        totals = tallies.totals()
        yield from _integrations(standing.standings())
        yield from _attempts(totals)
        yield from _vetting(totals)
        yield from _lookups()
        yield from _workers()


def _integrations(standings: list[Standing]) -> Iterator[Metric]:
    def gauge(name: str, help: str, values: Iterable[tuple[str, float]]) -> Metric:
        family = GaugeMetricFamily(f"onboarding_{name}", help, labels=["integration"])
        for slug, value in values:
            family.add_metric([slug], value)
        return family

    yield gauge("deliveries_waiting", "Due, or tried and waiting.", ((s.slug, s.waiting) for s in standings))
    yield gauge("deliveries_planned", "Planned for later and not due.", ((s.slug, s.later) for s in standings))
    yield gauge("oldest_waiting_seconds", "How long the oldest has waited.", ((s.slug, s.oldest_s) for s in standings))
    yield gauge("deliveries_dead", "Dead letters nobody has dealt with.", ((s.slug, s.failed) for s in standings))
    yield gauge("integration_on", "Whether its settings are there.", ((s.slug, not s.is_off) for s in standings))
    yield gauge("integration_paused", "Whether staff paused it.", ((s.slug, s.is_paused) for s in standings))
    yield gauge("integration_in_trouble", "Whether it fails.", ((s.slug, s.is_in_trouble) for s in standings))
    yield gauge("breaker_open", "Whether it is left alone for now.", ((s.slug, s.is_open) for s in standings))
    done = ((s.slug, s.last_success.timestamp()) for s in standings if s.last_success is not None)
    yield gauge("last_success_timestamp_seconds", "When something was last delivered.", done)


def _attempts(totals: Totals) -> Iterator[Metric]:
    results = CounterMetricFamily("onboarding_attempts", "Tries by result.", labels=["integration", "result"])
    by_slug: dict[str, Tallied] = {}
    for (slug, result), count in sorted(totals[tallies.ATTEMPT.slug].items()):
        results.add_metric([slug, result], count.number)
        by_slug[slug] = by_slug.get(slug, Tallied()) + count
    yield results
    times = HistogramMetricFamily("onboarding_attempt_seconds", "How long tries took.", labels=["integration"])
    for slug, count in by_slug.items():
        _add(times, [slug], count)
    yield times


def _vetting(totals: Totals) -> Iterator[Metric]:
    signups = CounterMetricFamily("onboarding_signups", "Signups.", labels=["source"])
    for (_, source), count in sorted(totals[tallies.SIGNUP.slug].items()):
        signups.add_metric([source], count.number)
    yield signups
    decided = HistogramMetricFamily("onboarding_vetting_seconds", "From the form to the verdict.")
    _add(decided, [], tallies.summed(totals[tallies.SIGNUP.slug].values()))
    yield decided
    verdicts = CounterMetricFamily("onboarding_verdicts", "Verdicts, by who decided.", labels=["verdict", "by"])
    for (by, verdict), count in sorted(totals[tallies.VERDICT.slug].items()):
        verdicts.add_metric([verdict, by], count.number)
    yield verdicts
    checks = CounterMetricFamily("onboarding_checks", "Checks by outcome.", labels=["check", "outcome"])
    times = HistogramMetricFamily("onboarding_check_seconds", "How long checks took.", labels=["check"])
    by_name: dict[str, Tallied] = {}
    for (name, outcome), count in sorted(totals[tallies.CHECK.slug].items()):
        checks.add_metric([name, outcome], count.number)
        by_name[name] = by_name.get(name, Tallied()) + count
    for name, count in by_name.items():
        _add(times, [name], count)
    yield checks
    yield times


def _lookups() -> Iterator[Metric]:
    asked = CounterMetricFamily("onboarding_lookups", "Look-ups by what came of them.", labels=["provider", "result"])
    seconds = CounterMetricFamily("onboarding_lookup_seconds", "Time look-ups took in all.", labels=["provider"])
    sums = {name: Sum(name) for name in (*_LOOKUP_RESULTS, "ms")}
    rows: Iterable[Any] = ProviderDay.objects.order_by("provider").values("provider").annotate(**sums)
    for row in rows:
        for name in _LOOKUP_RESULTS:
            asked.add_metric([row["provider"], name], row[name])
        seconds.add_metric([row["provider"]], row["ms"] / 1000)
    yield asked
    yield seconds
    late = Signup.objects.filter(lookups_due_at__isnull=False).count()
    yield GaugeMetricFamily("onboarding_lookups_late", "Signups whose look-ups go on.", value=late)


def _workers() -> Iterator[Metric]:
    beat = Heartbeat.objects.filter(name="canary").values_list("at", flat=True).first()
    if beat is not None:
        age = max(0.0, (timezone.now() - beat).total_seconds())
        yield GaugeMetricFamily("onboarding_worker_heartbeat_age_seconds", "Since a worker was heard of.", value=age)
    try:
        tasks = get_broker().queue_size()
    except Exception:  # whatever a broker raises: the other figures are as good without it
        return
    yield GaugeMetricFamily("onboarding_queue_tasks", "Wake-up calls in the queue.", value=tasks)


def _add(family: HistogramMetricFamily, labels: list[str], count: Tallied) -> None:
    bounds = [(repr(bound / 1000), number) for bound, number in zip(BOUNDS_MS, count.at_most, strict=True)]
    family.add_metric(labels, [*bounds, ("+Inf", count.number)], sum_value=count.ms / 1000)
