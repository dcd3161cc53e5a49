"""A saved signup plans its deliveries, with the arms of running tests, and planning queues a task for each integration;
staff's word on a signup or a domain is learned from. Nothing else.

`update()` and `bulk_create()` send no signals: nothing that changes a verdict uses them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from signups import confirmation, deliveries, experiments
from signups.contracts import Event
from signups.deliveries.queueing import enqueue
from signups.experiments.surfaces import CONFIRMATION, WELCOME_MAIL
from signups.labels import labelled
from signups.models import Confirmation, ListEntry, Signup, Verdict

_JUST_NOW = timedelta(minutes=10)  # later saves of an accepted signup are no reason to test its welcome


@receiver(post_save, sender=Signup)
def plan_deliveries(sender: type[Signup], instance: Signup, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        if instance.is_accepted and instance.accepted_at and timezone.now() - instance.accepted_at < _JUST_NOW:
            experiments.expose(WELCOME_MAIL, instance)
        deliveries.plan_for(instance, is_new=created)


@receiver(post_save, sender=Confirmation)
def plan_confirmation_mail(
    sender: type[Confirmation], instance: Confirmation, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    if created and not raw:
        frozen: dict[str, Any] = {"confirm_url": confirmation.link(instance)}
        if instance.signup.verdict == Verdict.CONFIRM and (
            words := experiments.content(CONFIRMATION, signup=instance.signup)
        ):
            frozen["words"] = words
        deliveries.plan(instance.signup, Event.CONFIRMATION_ASKED, period=str(instance.number), frozen=frozen)


@receiver(labelled)
def learn_from_labels(sender: type[Signup], signups: list[Signup], **kwargs: Any) -> None:
    _learn_after_commit({signup.email_domain for signup in signups})


@receiver([post_save, post_delete], sender=ListEntry)
def learn_from_list(sender: type[ListEntry], instance: ListEntry, raw: bool = False, **kwargs: Any) -> None:
    if not raw and "@" not in instance.value:
        _learn_after_commit({instance.value})


def _learn_after_commit(domains: set[str]) -> None:
    """Have fingerprints learned anew of these domains; should the task be lost, the daily job comes past them."""
    named = sorted(domain for domain in domains if domain)
    if named:
        transaction.on_commit(lambda: enqueue("signups.tasks.learn_fingerprints", named), robust=True)
