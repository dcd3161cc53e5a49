"""`/metrics`: what it says, that Prometheus can read it, and who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from signups import metrics
from signups.models import Check, IntegrationState, VerdictChange
from tests.admin.rows import make_delivery
from tests.rows import make_signup

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-sixteen-or-more"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    metrics.forget()
    yield
    metrics.forget()


@pytest.fixture
def here() -> Client:
    """Somebody on this machine."""
    return Client(headers={"Host": "127.0.0.1:8000"})


def read(client: Client) -> Samples:
    reply = client.get("/metrics")
    assert reply.status_code == 200, reply.content
    families = text_string_to_metric_families(reply.content.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"onboarding_{name}", tuple(sorted(labels.items()))]


def test_queue_outcomes_and_breaker_stand_in_it(here: Client) -> None:
    signup = make_signup()
    make_delivery(signup, "close", attempts=3, state="failed")
    make_delivery(signup, "slack", attempts=1)
    IntegrationState.objects.create(slug="close", failures_in_a_row=5, is_paused=True)
    samples = read(here)
    assert of(samples, "deliveries_waiting", integration="slack") == 1
    assert of(samples, "deliveries_dead", integration="close") == 1
    assert of(samples, "attempts_total", integration="close", result="later") == 3
    assert of(samples, "integration_in_trouble", integration="close") == 1
    assert of(samples, "integration_paused", integration="close") == 1


def test_latency_is_a_histogram_whose_buckets_add_up(here: Client) -> None:
    make_delivery(make_signup(), "close", attempts=3)  # of 7 ms each
    samples = read(here)
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in samples.items()
        if name.endswith("attempt_seconds_bucket")
    }
    assert (buckets["0.005"], buckets["0.01"], buckets["10.0"], buckets["+Inf"]) == (0, 3, 3, 3)
    assert of(samples, "attempt_seconds_sum", integration="close") == pytest.approx(0.021)


def test_vetting_times_and_verdicts_stand_in_it(here: Client) -> None:
    signup = make_signup(decided_ms=80)
    VerdictChange.objects.create(signup=signup, verdict="accepted", by=VerdictChange.By.RULES)
    Check.objects.create(signup=signup, name="mx", outcome="good", sentence="Takes mail.", ms=12)
    samples = read(here)
    assert of(samples, "vetting_seconds_sum") == pytest.approx(0.08)
    assert of(samples, "verdicts_total", by="rules", verdict="accepted") == 1
    assert of(samples, "checks_total", check="mx", outcome="good") == 1
    assert of(samples, "signups_total", source="form") == 1


def test_no_sample_names_a_person(here: Client) -> None:
    make_delivery(
        make_signup("zelda@secretive.test", "Zelda Quill"), "close", attempts=2, outcome="zelda@secretive.test"
    )
    text = here.get("/metrics").content.decode().lower()
    assert "attempts_total" in text
    assert not {word for word in ("zelda", "quill", "secretive") if word in text}


def test_it_costs_the_same_few_queries_however_much_there_is(here: Client) -> None:
    make_delivery(make_signup("first@dev.test"), "close", attempts=2)
    with CaptureQueriesContext(connection) as few:
        read(here)
    for number in range(30):
        make_delivery(make_signup(f"p{number}@dev.test"), "close", attempts=2)
    metrics.forget()
    with CaptureQueriesContext(connection) as many:
        read(here)
    assert len(few) == len(many) <= 25


def test_within_two_seconds_the_database_is_asked_once(here: Client) -> None:
    read(here)
    with CaptureQueriesContext(connection) as captured:
        read(here)
    assert len(captured) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "signups.example.com"},
        {"Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"},
        {"Host": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        {"Host": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Host": "127.0.0.1", "Via": "1.1 proxy"},
        {"Host": "127.0.0.1.example.com"},
    ],
)
def test_without_a_token_what_came_through_a_proxy_is_refused(headers: dict[str, str]) -> None:
    assert Client(headers=headers).get("/metrics").status_code == 403


def test_without_a_token_another_machine_is_refused(here: Client) -> None:
    for address in ("192.0.2.7", "::ffff:192.0.2.7", "10.0.0.1", ""):
        assert here.get("/metrics", REMOTE_ADDR=address).status_code == 403
    assert here.get("/metrics", REMOTE_ADDR="::1").status_code == 200


def test_with_a_token_it_alone_counts(here: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    far = {"Host": "signups.example.com", "X-Forwarded-For": "192.0.2.7"}
    assert here.get("/metrics").status_code == 401
    assert here.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert here.get("/metrics", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
    assert Client(headers={**far, "Authorization": f"Bearer {TOKEN}"}).get("/metrics").status_code == 200


def test_it_is_read_and_nothing_else(here: Client) -> None:
    assert here.post("/metrics").status_code == 405


def test_without_a_database_it_says_so(here: Client) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        assert here.get("/metrics").status_code == 503
