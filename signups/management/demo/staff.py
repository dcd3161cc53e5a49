"""Staff: make keys, start the experiment, open people from Slack, take notes, decide, undo a wrong edge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import CommandError

from signups import review
from signups.activity import identity
from signups.experiments import lifecycle
from signups.experiments.surfaces import SURFACES
from signups.management.commands import up
from signups.management.demo.visitors import HOME
from signups.management.demo.world import World
from signups.models import ApiKey, Arm, Campaign, Experiment, IdentityLink, ListEntry, Note, Signup, Verdict
from signups.transactions import write_transaction

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TIMEOUT_S = 60
DRIP_DAYS = [1, 3, 7]


class Staff:
    def __init__(self, site: str) -> None:
        up.make_demo_user()
        self.user: AbstractBaseUser = get_user_model().objects.get(username=up.DEMO_USER)
        self._site = site
        self._session = requests.Session()

    def make_key(self, name: str, kind: ApiKey.Kind) -> str:
        key = ApiKey.generate()
        row = ApiKey(name=name, kind=kind, created_by_id=self.user.pk)
        if kind == ApiKey.Kind.PUBLIC:
            row.origins = HOME
        row.set_key(key)
        row.save()
        return key

    def list_domain(self, domain: str, kind: ListEntry.Kind, reason: str) -> None:
        ListEntry.objects.create(kind=kind, value=domain, reason=reason, author_id=self.user.pk)

    def note(self, email: str, text: str) -> None:
        Note.objects.create(signup=_signup(email), text=text, author_id=self.user.pk)

    def accept(self, email: str, why: str) -> None:
        review.accept_anyway(_signup(email), self.user, why)

    def start_experiment(self, surface: str) -> None:
        """Start the example of that surface."""
        example = dict(SURFACES[surface].example)
        arms = example.pop("arms")
        with write_transaction():
            experiment = Experiment.objects.create(
                **example, surface=surface, metric=SURFACES[surface].metric, author_id=self.user.pk
            )
            Arm.objects.bulk_create(
                Arm(experiment=experiment, key=key, name=name, content=texts, position=position, weight=1 / len(arms))
                for position, (key, name, texts) in enumerate(arms)
            )
        lifecycle.start(experiment)

    def name_campaigns(self, campaigns: Sequence[dict[str, Any]]) -> None:
        """Call the mail tool's campaigns what it calls them, and say when the drip's mails come."""
        for one in campaigns:
            days = DRIP_DAYS if "Getting started" in one["name"] else []
            named = {"name": one["name"], "schedule": days, "is_drip": bool(days)}
            Campaign.objects.update_or_create(source="customerio", key=str(one["id"]), defaults=named)

    def keep_rejected(self, email: str) -> None:
        review.keep_rejected(_signup(email, is_rejected=True), self.user)

    def detach(self, email: str, anonymous_id: str, why: str) -> None:
        link = IdentityLink.objects.filter(signup=_signup(email), anonymous_id=anonymous_id, ended_at=None).first()
        if link is not None:
            identity.detach(link, self.user, why)

    def open_from_slack(self, world: World, email: str) -> None:
        """Press the button of their Slack message that leads to the admin."""
        uid, pk = str(_signup(email).uid), _signup(email).pk
        for url in _links(world.state("slack")):
            if url.startswith(self._site) and (f"/signup/{pk}/" in url or uid in url):
                self._log_in()
                self._session.get(url, timeout=_TIMEOUT_S).raise_for_status()
                return
        raise CommandError(f"Slack has no message that leads to {email}.")

    def close(self) -> None:
        self._session.close()

    def _log_in(self) -> None:
        page = f"{self._site}/admin/login/"
        self._session.cookies.clear()  # the last time may be weeks ago
        token = _TOKEN.findall(self._session.get(page, timeout=_TIMEOUT_S).text)[0]
        typed = {"username": up.DEMO_USER, "password": up.DEMO_PASSWORD, "csrfmiddlewaretoken": token}
        reply = self._session.post(page, typed, headers={"Referer": page}, timeout=_TIMEOUT_S)
        if "sessionid" not in self._session.cookies:
            raise CommandError(f"Staff cannot log in at {page}: {reply.status_code}")


def _signup(email: str, *, is_rejected: bool = False) -> Signup:
    found = Signup.objects.filter(email=email).select_related("person")
    rejected = {"verdict": Verdict.REJECTED}
    return (found.filter(**rejected) if is_rejected else found.exclude(**rejected)).get()


def _links(value: Any) -> Iterator[str]:
    """Every `url` anywhere in Slack's blocks."""
    if isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield value["url"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _links(one)
