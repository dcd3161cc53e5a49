"""Living the story: moment after moment, the clocks of both worlds set, and the worker's work done after each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from django.test import override_settings
from requests.adapters import HTTPAdapter

from signups import vetting
from signups.management.demo import site
from signups.management.demo.agenda import Agenda
from signups.management.demo.backend import Backend
from signups.management.demo.clock import Clock, travelling
from signups.management.demo.staff import Staff
from signups.management.demo.story import Story
from signups.management.demo.visitors import Line
from signups.management.demo.worker import LOOKS_EVERY, Worker
from signups.management.demo.world import World
from signups.models import ApiKey

Progress = Callable[[datetime], None]
_DNS_TIMEOUT_MS = 300  # the sandbox's name servers answer in a few milliseconds or never; nobody should watch us wait


def beginning(days: int) -> datetime:
    """Midnight, UTC, so many days ago."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


def live(world: World, days: int, progress: Progress) -> Story:
    """Live the first `days` days of the story, which end now, and return it. `progress` hears of each moment."""
    start = beginning(days)
    end = datetime.now(UTC)
    with ExitStack() as stack:
        clock = stack.enter_context(travelling(start))
        world.follow(clock)
        stack.enter_context(override_settings(DNS_TIMEOUT_MS=_DNS_TIMEOUT_MS))
        url = stack.enter_context(site.served())
        world.set("customerio", webhook_url=f"{url}/hooks/customerio", people_react=True)
        worker = Worker()
        worker.begin()
        vetting.forget()  # what name servers said of late was said in another world
        story = _story(stack, world, clock, url, start)
        story.write(days)
        _enter_looks(story.agenda, worker, start, end)
        for moment, act, is_alone in story.agenda.until(end):
            clock.move_to(moment)
            if is_alone:
                act()
                continue
            world.follow(clock)
            act()
            _work(worker, story)
            progress(moment)
        clock.come_home()
        world.follow(clock)
        worker.look()
        _work(worker, story)
    return story


def _work(worker: Worker, story: Story) -> None:
    """What the product has to do now it does, and what the vendors say to it is said now, not in another hour."""
    worker.work()
    story.world.follow(story.clock)
    if due_at := worker.wakes_next_at():
        story.agenda.at(due_at + timedelta(seconds=1), worker.wake)


def _story(stack: ExitStack, world: World, clock: Clock, url: str, start: datetime) -> Story:
    staff = Staff(url)
    stack.callback(staff.close)
    backend = Backend(url, staff.make_key("The product's backend", ApiKey.Kind.BACKEND))
    stack.callback(backend.close)
    adapter = HTTPAdapter()
    stack.callback(adapter.close)
    line = Line(url, staff.make_key("www.startup.test", ApiKey.Kind.PUBLIC), adapter)
    return Story(Agenda(), clock, world, line, backend, staff, start)


def _enter_looks(agenda: Agenda, worker: Worker, start: datetime, end: datetime) -> None:
    """The worker looks at the schedules, which it does every minute in life."""
    moment = start
    while moment <= end:
        agenda.at(moment, worker.look)
        moment += LOOKS_EVERY
