"""What django-q2 runs: fetch, hand over. Each task may be lost or repeated without harm (see `signups.deliveries`)."""

from __future__ import annotations

from signups import completing, deliveries, jobs, profiles, waking
from signups.activity import forwarding
from signups.deliveries import alerting, heartbeats
from signups.deliveries.queueing import enqueue
from signups.mails import developer
from signups.vetting import learning


def drain(slug: str) -> None:
    """Send what is due at one integration."""
    deliveries.drain(slug)
    heartbeats.give()


def forward_actions(slug: str) -> None:
    """Send on to one integration what people did."""
    forwarding.forward(slug)
    heartbeats.give()


def sweep() -> None:
    """Find whatever a crash, a lost message or a full queue left."""
    waking.sweep()
    heartbeats.give()


def tell_staff() -> None:
    """Tell staff how the integrations' states have changed."""
    alerting.tell()
    heartbeats.give()


def run_job(name: str) -> None:
    """Do what is due of one of the daily jobs."""
    jobs.run(name)
    heartbeats.give()


def finish_lookups() -> None:
    """Ask again what was late when people signed up."""
    completing.finish_due()
    heartbeats.give()


def tell_company(company_id: int) -> None:
    """Score the signups of a company anew that staff did not wait for."""
    profiles.tell_put_off(company_id)
    heartbeats.give()


def judge_developers() -> None:
    """Let a crowd's first calls count as evidence that they write code."""
    if developer.catch_up():
        enqueue("signups.tasks.judge_developers", is_urgent=True)
    heartbeats.give()


def learn_fingerprints(domains: list[str]) -> None:
    """Learn anew which servers serve throw-away domains, after staff's word on these."""
    learning.relearn(domains)
    heartbeats.give()


def canary() -> None:
    """Prove that a task went all the way through the queue and a worker."""
    heartbeats.give()
