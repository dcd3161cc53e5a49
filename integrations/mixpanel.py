"""Mixpanel: what people do, the signup that ties the anonymous browsing before it to a person, and their profile.

API: https://api.mixpanel.com (https://docs.mixpanel.com/reference/ingestion-api), in Europe https://api-eu.mixpanel.com.
Everything sent is safe to repeat: `$insert_id` and time of an event never change, `$set` writes the same again.
An action of somebody known carries both its device and the person; one of a visitor the device alone.
"""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from django.conf import settings

from integrations import mixpanel_actions
from integrations.http import Door, Reply
from integrations.rows import at_ms, company_fact, company_name, known, missing, person_name, visitor
from signups.contracts import Delivered, Integration, Later, Never, Refusal, SentAction, TestEvent
from signups.models import Delivery, Signup

MOST_CHARACTERS = 255  # what is longer is cut there anyway


class Mixpanel(Integration):
    """Settings: project token and id, a service account with its secret, and how the project merges ids."""

    slug = "mixpanel"
    name = "Mixpanel"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm", "held"})
    takes_actions: ClassVar[bool] = True
    most_actions: ClassVar[int] = 2_000

    def missing_settings(self) -> list[str]:
        mixpanel = settings.MIXPANEL
        return missing(
            {
                "MIXPANEL_PROJECT_TOKEN": mixpanel["project_token"],
                "MIXPANEL_PROJECT_ID": mixpanel["project_id"],
                "MIXPANEL_SERVICE_ACCOUNT": mixpanel["service_account"],
                "MIXPANEL_SERVICE_SECRET": mixpanel["service_secret"],
            }
        )

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Delivered:
        self._merge_ids(signup)
        return self._tell("Signed up", signup, delivery)

    def on_confirmed(self, signup: Signup, delivery: Delivery) -> Delivered:
        return self._tell("Confirmed", signup, delivery)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Delivered:
        self._set_profile(signup)
        return Delivered(external_id=str(signup.uid), note="Profile brought up to date.")

    def send_test(self, test: TestEvent) -> Delivered:
        """An event of nobody's: it has a name of its own, and makes no profile."""
        properties = {
            "time": int(test.at.timestamp() * 1000),
            "distinct_id": "onboarding-test",
            "$insert_id": test.key,
            "is test": True,
            "note": test.words[:MOST_CHARACTERS],
        }
        self._import([{"event": "Onboarding test", "properties": properties}])
        return Delivered(external_id=test.key, note="The event is called Onboarding test.")

    def send_actions(self, actions: Sequence[SentAction]) -> list[Refusal]:
        """Import them as events. Of a batch with bad events Mixpanel takes the good ones and names the others."""
        events = [mixpanel_actions.event(one, settings.MIXPANEL["id_merge"]) for one in actions]
        reply = self._post(events)
        refused = mixpanel_actions.refusals(reply.json, len(events)) if reply.status == 400 else []
        if reply.status == 400 and not refused:
            raise Never("Mixpanel", f"refused the batch: {_complaint(reply)}", status=400, excerpt=reply.text[:500])
        self._require_imported(reply, len(events) - len(refused))
        return refused

    def _tell(self, name: str, signup: Signup, delivery: Delivery) -> Delivered:
        self._import([event(name, signup, delivery)])
        self._set_profile(signup)
        history = ", anonymous history merged" if device_id(signup) else ""
        return Delivered(external_id=str(signup.uid), note=f"Event and profile written{history}.")

    def _import(self, events: list[dict[str, Any]]) -> None:
        reply = self._post(events)
        if reply.status == 400:
            raise Never("Mixpanel", f"refused the event: {_complaint(reply)}", status=400, excerpt=reply.text[:500])
        self._require_imported(reply, len(events))

    def _post(self, events: list[dict[str, Any]]) -> Reply:
        """`strict=1`: without it bad events are dropped without a word."""
        params = {"strict": "1", "project_id": settings.MIXPANEL["project_id"]}
        if len(events) == 1:  # as it is: staff read in the attempt what was sent
            return _door().call("POST", "/import", params=params, json=events, is_safe=True, accept=(400,))
        body = gzip.compress(json.dumps(events, ensure_ascii=False, allow_nan=False).encode(), compresslevel=5)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return _door().call("POST", "/import", params=params, data=body, headers=headers, is_safe=True, accept=(400,))

    def _require_imported(self, reply: Reply, count: int) -> None:
        said = reply.json
        if not isinstance(said, dict) or said.get("num_records_imported") != count:
            what = "the event" if count == 1 else "the events"
            raise Later("Mixpanel", f"did not say that it took {what}", status=reply.status, excerpt=reply.text[:500])

    def _set_profile(self, signup: Signup) -> None:
        """Create or update the profile. `ip=0` keeps Mixpanel from placing the person where our server stands."""
        body = [
            {"$token": settings.MIXPANEL["project_token"], "$distinct_id": str(signup.uid), "$set": profile(signup)}
        ]
        _check(_door().call("POST", "/engage", params={"ip": "0", "verbose": "1"}, json=body, is_safe=True), "profile")

    def _merge_ids(self, signup: Signup) -> None:
        """In projects of the older kinds, say that the anonymous visitor is this person. A repeat changes nothing.

        In projects with simplified ID merge the signup event itself says so, and these would be ignored.
        """
        if merge := identity_event(signup, settings.MIXPANEL["id_merge"]):
            merge["properties"]["token"] = settings.MIXPANEL["project_token"]
            reply = _door().call("POST", "/track", params={"ip": "0", "verbose": "1"}, json=[merge], is_safe=True)
            _check(reply, "identity")


def event(name: str, signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """One event of `/import`; with `$device_id` it ties what that device did to this person."""
    properties = {
        "time": at_ms(delivery),
        "distinct_id": str(signup.uid),
        "$user_id": str(signup.uid),
        "$device_id": device_id(signup),
        "$insert_id": str(delivery.uid),
        "verdict": signup.verdict,
        "score": signup.score,
        "high value": signup.is_high_value,
        "company": company_name(signup),
        "source": signup.source,
        "referrer": signup.referrer,
        "landing page": signup.landing_page,
        **{name: value for name, value in signup.utm.items() if name.startswith("utm_")},
    }
    return {"event": name, "properties": _cut(known(properties))}


def profile(signup: Signup) -> dict[str, Any]:
    """What `$set` writes of the person."""
    return _cut(
        known(
            {
                "$email": signup.email,
                "$name": person_name(signup),
                "$created": signup.created_at.isoformat(timespec="seconds"),
                "$avatar": signup.person.fact("avatar"),
                "title": signup.person.fact("employment.title"),
                "company": company_name(signup),
                "company domain": signup.company.domain if signup.company is not None else "",
                "employees": company_fact(signup, "metrics.employees"),
                "raised": company_fact(signup, "metrics.raised"),
                "industry": company_fact(signup, "category.industry"),
                "verdict": signup.verdict,
                "score": signup.score,
                "high value": signup.is_high_value,
            }
        )
    )


def device_id(signup: Signup) -> str:
    """The browser's anonymous id, "" where it has none that Mixpanel takes, or somebody else's."""
    return mixpanel_actions.usable_id(visitor(signup))


def identity_event(signup: Signup, id_merge: str) -> dict[str, Any] | None:
    """The event that merges the anonymous id in a project with `original` or `legacy` ID merge, or None."""
    anonymous = device_id(signup)
    if id_merge == "original" and _is_uuid4(anonymous):
        return {"event": "$identify", "properties": {"$identified_id": str(signup.uid), "$anon_id": anonymous}}
    if id_merge == "legacy" and anonymous:
        return {"event": "$create_alias", "properties": {"distinct_id": anonymous, "alias": str(signup.uid)}}
    return None


@cache
def _door_to(url: str, account: str, secret: str, token: str) -> Door:
    return Door(
        "Mixpanel",
        url,
        auth=(account, secret),
        variables={"MIXPANEL_SERVICE_SECRET": secret, "MIXPANEL_PROJECT_TOKEN": token},
        key_setting="MIXPANEL_SERVICE_ACCOUNT, MIXPANEL_SERVICE_SECRET and MIXPANEL_PROJECT_ID",
        url_setting="MIXPANEL_API_URL",
    )


def _door() -> Door:
    mixpanel = settings.MIXPANEL
    return _door_to(
        mixpanel["api_url"], mixpanel["service_account"], mixpanel["service_secret"], mixpanel["project_token"]
    )


def _check(reply: Reply, what: str) -> None:
    """`/engage` and `/track` answer 200 whatever they think of it: 1 or 0, or an object with a status."""
    said = reply.json
    is_fine = said.get("status") in (1, "OK") and not said.get("error") if isinstance(said, dict) else said == 1
    if not is_fine:
        raise Never(
            "Mixpanel", f"refused the {what}: {_complaint(reply)}", status=reply.status, excerpt=reply.text[:500]
        )


def _complaint(reply: Reply) -> str:
    said = reply.json
    if not isinstance(said, dict):
        return "it does not say why"
    for record in said.get("failed_records") or ():
        if isinstance(record, dict) and record.get("message"):
            return str(record["message"])
    return str(said.get("error") or "it does not say why")


def _cut(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value[:MOST_CHARACTERS] if isinstance(value, str) else value for name, value in values.items()}


def _is_uuid4(text: str) -> bool:
    try:
        return uuid.UUID(text).version == 4
    except ValueError:
        return False
