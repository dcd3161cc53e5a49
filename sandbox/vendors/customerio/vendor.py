"""The vendor: its knobs, its two APIs over one workspace, and what it shows."""

from __future__ import annotations

from typing import Any, ClassVar

from aiohttp import web

from sandbox.core import Vendor
from sandbox.vendors.customerio.app import AppApi
from sandbox.vendors.customerio.campaigns import CAMPAIGNS
from sandbox.vendors.customerio.people import TOPICS
from sandbox.vendors.customerio.track import TrackApi
from sandbox.vendors.customerio.workspace import Workspace


class CustomerIO(Vendor):
    """One workspace, whose Track and App hosts are path prefixes here."""

    slug = "customerio"
    name = "Customer.io"
    settings: ClassVar[dict[str, Any]] = {
        "campaigns": True,  # False: events start none, and nobody is mailed
        "apply_delay_s": 0.0,  # between 200 and the change it promised
        "is_wrong_region": False,  # the workspace lives in the EU: the Track API redirects there
        "rate_limit": False,  # hold the App API to its limits
        "bounces": [],  # addresses, lower case, whose mails come back
        "people_react": False,  # they open, click, leave and complain by themselves
        "webhook_url": "",  # who is told what became of messages
        "webhook_retry_s": 1.0,
        "webhook_hold_s": 3600.0,
    }

    workspace: Workspace

    def restore(self) -> None:
        super().restore()
        if self.world.tells_app:
            self.options |= {"webhook_url": f"{self.world.app_url}/hooks/customerio", "people_react": True}

    def reset(self) -> None:
        if "workspace" in self.__dict__:
            self.workspace.stop()
        self.workspace = Workspace(self.world, self.options)

    def tick(self) -> None:
        self.workspace.tick()

    def calls_waiting(self) -> int:
        return len(self.workspace.webhooks.backlog)

    def is_held(self) -> bool:
        return self.workspace.webhooks.is_held

    def routes(self) -> list[web.RouteDef]:
        return [*TrackApi(self).routes(), *AppApi(self).routes()]

    def snapshot(self) -> dict[str, Any]:
        """Customers, objects, topics, campaigns and deliveries, each a list of plain objects."""
        space = self.workspace
        return {
            "customers": [customer.as_dict() for customer in space.people.all()],
            "anonymous_events": [event.as_dict() for event in space.people.anonymous_events],
            "objects": [
                {"object_type_id": kind, "object_id": key, **known} for (kind, key), known in space.objects.items()
            ],
            "topics": list(TOPICS),
            "campaigns": [{"id": each.id, "name": each.name, "event": each.event} for each in CAMPAIGNS],
            "deliveries": [message.as_dict() for message in space.outbox.messages.values()],
            "skipped": space.automations.skipped,
            "dropped": space.people.dropped,
            "webhook_backlog": len(space.webhooks.backlog),
        }
