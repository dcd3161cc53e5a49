"""The worker, without its processes: runs what django-q2's schedules and the product put on the queue, one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import Broker, get_broker
from django_q.models import Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage

from signups import waking
from signups.models import Delivery

LOOKS_EVERY = timedelta(hours=6)
_JUST_NOW = timedelta(seconds=10)  # what has been due for longer waits for something else, such as a breaker


class Worker:
    def __init__(self) -> None:
        self._broker: Broker = get_broker()
        self._said: set[datetime] = set()

    def begin(self) -> None:
        """As after a migration: an empty queue, and every schedule due anew from now on."""
        self._broker.purge_queue()
        Schedule.objects.update(next_run=timezone.now())

    def look(self) -> None:
        """Queue what the schedules have due now, the sweep among it, and do it."""
        scheduler(self._broker)
        self.work()

    def wake(self) -> None:
        """Queue what has waited until now, and do it."""
        waking.wake_due()
        self.work()

    def wakes_next_at(self) -> datetime | None:
        """When something that was put off for a while is due, said once; None where nothing is."""
        soon = Delivery.objects.filter(due_at__gt=Now() - _JUST_NOW, due_at__lte=Now() + LOOKS_EVERY)
        due_at: datetime | None = soon.aggregate(first=Min("due_at"))["first"]
        if due_at is None or due_at in self._said:
            return None
        self._said.add(due_at)
        return due_at

    def work(self) -> None:
        """Run the tasks on the queue until it is empty. What a task raises ends the demo."""
        while self._broker.queue_size():
            for key, package in self._broker.dequeue() or ():
                task: Any = SignedPackage.loads(package)
                self._broker.acknowledge(key)
                import_string(task["func"])(*task["args"], **task["kwargs"])
