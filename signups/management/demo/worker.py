"""The worker, without its processes: runs what django-q2's schedules and the product put on the queue, one by one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import Broker, get_broker
from django_q.models import Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage


class Worker:
    def __init__(self) -> None:
        self._broker: Broker = get_broker()
        self.tasks = 0

    def begin(self) -> None:
        """As after a migration: an empty queue, and every schedule due anew from now on."""
        self._broker.purge_queue()
        Schedule.objects.update(next_run=timezone.now())

    def look(self) -> None:
        """Queue what the schedules have due now, and do all there is to do."""
        scheduler(self._broker)
        self.work()

    def work(self) -> None:
        """Run the tasks on the queue until it is empty. What a task raises ends the demo."""
        while self._broker.queue_size():
            for key, package in self._broker.dequeue() or ():
                task: Any = SignedPackage.loads(package)
                self._broker.acknowledge(key)
                import_string(task["func"])(*task["args"], **task["kwargs"])
                self.tasks += 1
