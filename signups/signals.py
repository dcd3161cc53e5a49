"""A saved signup plans its deliveries; a saved delivery is queued. Nothing else.

`update()` and `bulk_create()` send no signals: nothing that changes a verdict uses them.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from signups import confirmation, deliveries
from signups.contracts import Event
from signups.models import Confirmation, Delivery, Signup


@receiver(post_save, sender=Signup)
def plan_deliveries(sender: type[Signup], instance: Signup, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        deliveries.plan_for(instance)


@receiver(post_save, sender=Confirmation)
def plan_confirmation_mail(
    sender: type[Confirmation], instance: Confirmation, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    if created and not raw:
        frozen = {"confirm_url": confirmation.link(instance)}
        deliveries.plan(instance.signup, Event.CONFIRMATION_ASKED, period=str(instance.number), frozen=frozen)


@receiver(post_save, sender=Delivery)
def queue_delivery(sender: type[Delivery], instance: Delivery, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if created and not raw:
        deliveries.wake_after_commit(instance.integration)
