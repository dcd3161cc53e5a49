"""What happens in the thirty days: visits, signups, confirmed links, daily reports, and what staff do meanwhile."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from signups.experiments import surfaces
from signups.management.demo import crowd
from signups.management.demo.agenda import Agenda
from signups.management.demo.backend import Backend
from signups.management.demo.clock import Clock
from signups.management.demo.guests import CAST, TRIAL_CALLS, Guest
from signups.management.demo.staff import Staff
from signups.management.demo.visitors import Browser, Line
from signups.management.demo.world import World
from signups.models import ListEntry, Signup, Verdict

_OTHERS = ("/v1/people", "/v1/companies", "/v1/reveal")
_FORM_TAKES = timedelta(seconds=41)


class Story:
    """Enters what will happen into the agenda. `used` keeps what was reported: calls by address and day."""

    def __init__(
        self, agenda: Agenda, clock: Clock, world: World, line: Line, backend: Backend, staff: Staff, start: datetime
    ) -> None:
        self.agenda = agenda
        self.clock = clock
        self.world = world
        self.backend = backend
        self.staff = staff
        self.start = start
        self.used: dict[str, dict[date, int]] = defaultdict(dict)
        self._line = line
        self._browsers: dict[str, Browser] = {}
        self._planned: set[str] = set()
        told = world.state("cast")["neighbours"]
        self.guests = {guest.email: guest for guest in (*CAST, *crowd.neighbours(told))}

    def moment(self, day: float, hour: float = 0) -> datetime:
        """A moment of the story: days from its beginning, and hours of that day in UTC."""
        return self.start + timedelta(days=day, hours=hour)

    def write(self, days: int) -> None:
        """Enter everything that is known beforehand."""
        for guest in self.guests.values():
            self._enter(guest)
        for visitor in crowd.visitors():
            comes = self.moment(visitor.guest.day, visitor.guest.hour)
            self.agenda.at(comes, partial(self._look_in, visitor), is_alone=True)
        for day in range(1, days + 1):
            self.agenda.at(self.moment(day, 0.5), partial(self._report, day - 1))
        self._enter_staff()
        self._enter_turns()

    # -- People ----------------------------------------------------------------------------------------------------

    def _enter(self, guest: Guest) -> None:
        browser = self._browser(guest.shares_with or guest.email)
        comes = self.moment(guest.day, guest.hour)
        for visit in guest.visits:
            at = max(self.start, comes - timedelta(days=visit.days_before))
            self.agenda.at(at, partial(browser.read, at, visit.pages, guest.referrer), is_alone=True)
        if guest.by_api:
            self.agenda.at(comes, partial(self._sign_up_by_api, guest))
        else:
            self.agenda.at(comes, partial(self._open_form, guest, browser), is_alone=True)

    def _open_form(self, guest: Guest, browser: Browser) -> None:
        hidden = browser.open_form(guest.referrer, **guest.utm)
        self.agenda.at(self.clock.now() + _FORM_TAKES, partial(self._send_form, guest, browser, hidden))

    def _send_form(self, guest: Guest, browser: Browser, hidden: dict[str, str]) -> None:
        typed = {"name": guest.name, "email": guest.email} | ({"newsletter": "on"} if guest.newsletter else {})
        browser.send_form(hidden, **typed)
        self._await_link(guest)

    def _sign_up_by_api(self, guest: Guest) -> None:
        self.backend.sign_up(
            email=guest.email,
            name=guest.name,
            newsletter=guest.newsletter,
            referrer=guest.referrer,
            utm=guest.utm,
            anonymous_id=crowd.anonymous_id(guest.email),
            ip=crowd.address(guest.email),
            external_id=f"cus_{random.Random(guest.email).randrange(10**8):08d}",
        )
        self._await_link(guest)

    def _await_link(self, guest: Guest) -> None:
        waits = Signup.objects.filter(email=guest.email, verdict=Verdict.CONFIRM).exists()
        if waits and guest.confirms_after_h is not None:
            at = self.clock.now() + timedelta(hours=guest.confirms_after_h)
            self.agenda.at(at, partial(self._press, guest.email, "/confirm/"))

    def _press(self, email: str, wanted: str) -> None:
        """Press the button behind the last link of that kind that came by mail; nothing where none came."""
        links = [link for mail in self.world.state("mail") if email in mail["to"] for link in mail["links"]]
        if found := [link for link in links if wanted in link]:
            self._browser(email).press(found[-1])

    def _look_in(self, visitor: crowd.Visitor) -> None:
        """Somebody reads a little and opens the form; what it says decides whether they stay."""
        browser = self._browser(visitor.guest.email)
        if visitor.pages:
            browser.read(self.clock.now(), visitor.pages, visitor.guest.referrer)
        hidden = browser.open_form(visitor.guest.referrer, **visitor.guest.utm)
        if visitor.is_won_by(browser.page):
            self.guests[visitor.guest.email] = visitor.guest
            self.agenda.at(self.clock.now() + _FORM_TAKES, partial(self._send_form, visitor.guest, browser, hidden))
        else:
            del self._browsers[visitor.guest.email]

    def _browser(self, whose: str) -> Browser:
        if whose not in self._browsers:
            self._browsers[whose] = Browser(self._line, crowd.anonymous_id(whose), crowd.address(whose))
        return self._browsers[whose]

    # -- The product's backend -------------------------------------------------------------------------------------

    def _report(self, day: int) -> None:
        """A night's work: the newcomers' plan, and what everybody used on that day."""
        accepted = Signup.objects.filter(verdict=Verdict.ACCEPTED, accepted_at__lt=self.moment(day + 1))
        customers = {signup.email: signup for signup in accepted}
        for email in customers.keys() - self._planned:
            self.backend.set_plan(email, "trial", TRIAL_CALLS, "total")
            self._planned.add(email)
        records = [
            record
            for email, signup in sorted(customers.items())
            if (guest := self.guests.get(email)) and (record := self._usage(guest, signup, day))
        ]
        if records:
            self.backend.report_usage(records)

    def _usage(self, guest: Guest, signup: Signup, day: int) -> dict[str, Any] | None:
        chance = random.Random(f"{guest.email} {day}")
        count = guest.calls.on(day - guest.day, chance) if guest.calls is not None else 0
        if not count or guest.calls is None:
            return None
        today = self.moment(day).date()
        self.used[guest.email][today] = count
        second, third = (one for one in _OTHERS if one != guest.favourite)
        endpoints = {second: count // 5, third: count // 12}
        endpoints[guest.favourite] = count - sum(endpoints.values())
        return {
            "customer": signup.external_id or guest.email,
            "date": today.isoformat(),
            "count": count,
            "errors": round(count * guest.calls.error_share),
            "endpoints": {name: number for name, number in endpoints.items() if number},
        }

    def _log_in_elsewhere(self, email: str, other_browser: str) -> None:
        """The backend sees that a known customer uses another browser too."""
        action = {
            "id": f"login-{other_browser}",
            "type": "track",
            "name": "Logged in",
            "anonymous_id": crowd.anonymous_id(other_browser),
            "user_id": email,
            "timestamp": self.clock.now().isoformat(),
            "properties": {"device": "phone"},
        }
        self.backend.report_actions([action])

    # -- Turns of the story ----------------------------------------------------------------------------------------

    def _enter_turns(self) -> None:
        at, phone = self.agenda.at, "ada's phone"
        read = partial(self._browser(phone).read, self.moment(4, 18.5), ("/docs/api/people", "/docs/webhooks"))
        at(self.moment(4, 18.5), read, is_alone=True)
        at(self.moment(5, 7.2), partial(self._log_in_elsewhere, "ada@dev.test", phone))
        at(self.moment(5, 9.0), partial(self._press, "nora@quietcorp.test", "/yes/"))
        at(self.moment(8, 20.0), partial(self._unsubscribe, "cleo@bigmail.test"))
        at(self.moment(21, 12.0), partial(self.backend.set_plan, "ada@dev.test", "growth", 100_000, "month"))

    def _unsubscribe(self, email: str) -> None:
        links = [link for mail in self.world.state("mail") if email in mail["to"] for link in mail["links"]]
        if found := [link for link in links if re.search(r"/track/unsubscribe/", link)]:
            self.world.post(found[-1].removeprefix(self.world.url), {"unsubscribe": True})

    def _enter_staff(self) -> None:
        staff, at = self.staff, self.agenda.at
        campaigns = self.world.state("customerio")["campaigns"]

        def does(day: float, hour: float, what: Callable[..., None], *words: Any) -> None:
            at(self.moment(day, hour), partial(what, *words))

        does(0, 1, staff.name_campaigns, campaigns)
        does(0, 2, staff.start_experiment, surfaces.SIGNUP_PAGE)
        does(3, 8, staff.start_experiment, surfaces.CONFIRMATION)
        does(0, 9, staff.list_domain, "quarry.test", ListEntry.Kind.HOLD, "A competitor: sales look first.")
        does(1, 9.5, staff.open_from_slack, self.world, "grace@rocket.test")
        does(1, 10, staff.note, "grace@rocket.test", "Called her: freight APIs in three countries, wants an offer.")
        does(2, 9, staff.keep_rejected, "x@mailinator.com")
        does(16, 10, staff.detach, "otto@handmade.test", crowd.anonymous_id("otto@handmade.test"),
             "A laptop at our stand, used by many.")  # fmt: skip
        does(20, 15, staff.note, "ada@dev.test", "At the limit of her trial. Asked for the price of 100,000 calls.")
        does(21, 12.2, staff.note, "ada@dev.test", "Took the growth plan.")
        does(29, 9, staff.open_from_slack, self.world, "mara@bank.test")
