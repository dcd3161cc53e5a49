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
from signups.contracts import (
    BatchItem,
    CallRate,
    Delivered,
    Event,
    Integration,
    Later,
    Never,
    Outcome,
    Refusal,
    SentAction,
    ServiceError,
    TestEvent,
)
from signups.models import Delivery, Signup

MOST_CHARACTERS = 255  # what is longer is cut there anyway
NAMES: dict[str, str] = {Event.SIGNED_UP: "Signed up", Event.CONFIRMED: "Confirmed"}  # of our events at Mixpanel


class Mixpanel(Integration):
    """Settings: project token and id, a service account with its secret, and how the project merges ids."""

    slug = "mixpanel"
    name = "Mixpanel"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm", "held"})
    takes_actions: ClassVar[bool] = True
    most_actions: ClassVar[int] = 2_000
    batched: ClassVar[frozenset[Event]] = frozenset({Event.SIGNED_UP, Event.CONFIRMED, Event.PROFILE_CHANGED})
    most_in_batch: ClassVar[int] = 500  # 2,000 are taken; with their profiles they would be much to hold at once

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

    def rates(self) -> Sequence[CallRate]:
        """https://docs.mixpanel.com/reference/ingestion-api: 30,000 events a second."""
        return (CallRate(30_000, at_once=2_000, path="import"),)

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Delivered:
        self._merge_ids([signup])
        return self._tell(signup, delivery)

    def on_confirmed(self, signup: Signup, delivery: Delivery) -> Delivered:
        return self._tell(signup, delivery)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Delivered:
        self._set_profiles([signup])
        return _delivered(signup, delivery)

    def send_batch(self, deliveries: Sequence[Delivery]) -> list[BatchItem]:
        """One import of all events, then the profiles of those whose event was taken. Each call is safe to repeat."""
        self._merge_ids([one.signup for one in deliveries if one.event == Event.SIGNED_UP])
        events = {one.pk: event(NAMES[one.event], one.signup, one) for one in deliveries if one.event in NAMES}
        refused = self._import(list(events.values()))
        why = {key: refused[index] for index, key in enumerate(events) if index in refused}
        self._set_profiles([one.signup for one in deliveries if one.pk not in why])
        items = []
        for one in deliveries:
            result: Outcome | ServiceError = _delivered(one.signup, one)
            if one.pk in why:
                result = Never("Mixpanel", f"refused the event: {why[one.pk]}", status=400)
            items.append(BatchItem(result, known({"event": events.get(one.pk), "$set": profile(one.signup)})))
        return items

    def send_test(self, test: TestEvent) -> Delivered:
        """An event of nobody's: it has a name of its own, and makes no profile."""
        properties = {
            "time": int(test.at.timestamp() * 1000),
            "distinct_id": "onboarding-test",
            "$insert_id": test.key,
            "is test": True,
            "note": test.words[:MOST_CHARACTERS],
        }
        if refused := self._import([{"event": "Onboarding test", "properties": properties}]):
            raise Never("Mixpanel", f"refused the event: {refused[0]}", status=400)
        return Delivered(external_id=test.key, note="The event is called Onboarding test.")

    def send_actions(self, actions: Sequence[SentAction]) -> list[Refusal]:
        """Import them as events. Of a batch with bad events Mixpanel takes the good ones and names the others."""
        refused = self._import([mixpanel_actions.event(one, settings.MIXPANEL["id_merge"]) for one in actions])
        return [Refusal(index, f"Mixpanel refused it: {why}") for index, why in refused.items()]

    def _tell(self, signup: Signup, delivery: Delivery) -> Delivered:
        if refused := self._import([event(NAMES[delivery.event], signup, delivery)]):
            raise Never("Mixpanel", f"refused the event: {refused[0]}", status=400)
        self._set_profiles([signup])
        return _delivered(signup, delivery)

    def _import(self, events: list[dict[str, Any]]) -> dict[int, str]:
        """Have events taken; returns those that are refused, by their place, and why. The others were taken."""
        if not events:
            return {}
        reply = self._post(events)
        refused = mixpanel_actions.refusals(reply.json, len(events)) if reply.status == 400 else {}
        if reply.status == 400 and not refused:
            what = "event" if len(events) == 1 else "batch"
            raise Never("Mixpanel", f"refused the {what}: {_complaint(reply)}", status=400, excerpt=reply.text[:500])
        self._require_imported(reply, len(events) - len(refused))
        return refused

    def _post(self, events: list[dict[str, Any]]) -> Reply:
        """`strict=1`: without it bad events are dropped without a word."""
        params = {"strict": "1", "project_id": settings.MIXPANEL["project_id"]}
        if len(events) == 1:  # as it is: staff read in the attempt what was sent
            return _door().call("POST", "/import", params=params, json=events, is_safe=True, accept=(400,))
        body = gzip.compress(json.dumps(events, ensure_ascii=False, allow_nan=False).encode(), compresslevel=5)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        options: dict[str, Any] = {"is_safe": True, "accept": (400,), "items": len(events)}
        return _door().call("POST", "/import", params=params, data=body, headers=headers, **options)

    def _require_imported(self, reply: Reply, count: int) -> None:
        said = reply.json
        if not isinstance(said, dict) or said.get("num_records_imported") != count:
            what = "the event" if count == 1 else "the events"
            raise Later("Mixpanel", f"did not say that it took {what}", status=reply.status, excerpt=reply.text[:500])

    def _set_profiles(self, signups: Sequence[Signup]) -> None:
        """Create or update profiles. `ip=0` keeps Mixpanel from placing the person where our server stands."""
        token = settings.MIXPANEL["project_token"]
        body = [{"$token": token, "$distinct_id": str(one.uid), "$set": profile(one)} for one in signups]
        if body:
            reply = _door().call("POST", "/engage", params={"ip": "0", "verbose": "1"}, json=body, is_safe=True)
            _check(reply, "profile")

    def _merge_ids(self, signups: Sequence[Signup]) -> None:
        """In projects of the older kinds, say that anonymous visitors are these people. A repeat changes nothing.

        In projects with simplified ID merge the signup event itself says so, and these would be ignored.
        """
        merges = [merge for one in signups if (merge := identity_event(one, settings.MIXPANEL["id_merge"]))]
        for merge in merges:
            merge["properties"]["token"] = settings.MIXPANEL["project_token"]
        if merges:
            reply = _door().call("POST", "/track", params={"ip": "0", "verbose": "1"}, json=merges, is_safe=True)
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


def _delivered(signup: Signup, delivery: Delivery) -> Delivered:
    history = ", anonymous history merged" if device_id(signup) else ""
    is_told = delivery.event in NAMES
    note = f"Event and profile written{history}." if is_told else "Profile brought up to date."
    return Delivered(external_id=str(signup.uid), note=note)


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
