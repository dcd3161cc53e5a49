"""Mixpanel's routes: how calls are let in, read and answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox import credentials
from sandbox.core import Vendor, basic_auth
from sandbox.faults import ControlError
from sandbox.vendors.mixpanel.bodies import Unreadable, client_records, import_records
from sandbox.vendors.mixpanel.events import EventStore
from sandbox.vendors.mixpanel.identity import DEVICE_PREFIX, MODES, IdentityGraph
from sandbox.vendors.mixpanel.profiles import Profile, apply_update, update_flaw
from sandbox.vendors.mixpanel.validation import (
    IDENTITY_EVENTS,
    Flaw,
    as_ms,
    import_flaw,
    property_flaw,
    shape_flaw,
)

MAX_RECORDS = 2000
TRACK_MAX_AGE_MS = 5 * 86_400_000
PAGE_SIZE = 1000


class Mixpanel(Vendor):
    """One project."""

    slug = "mixpanel"
    name = "Mixpanel"
    settings = {
        "id_merge": "simplified",
        "max_bytes": 2_097_152,
        "is_wrong_region": False,
        "failed_insert_id_key": "$insert_id",
    }
    # is_wrong_region: the project lives on another continent; this host says yes and keeps nothing.
    # failed_insert_id_key: "$insert_id" as the guide and live replies spell it, or "insert_id" as the spec does.

    def reset(self) -> None:
        self.graph = IdentityGraph()
        self.events = EventStore(self.graph)
        self.profiles: dict[str, Profile] = {}

    def configure(self, changes: Mapping[str, Any]) -> None:
        if changes.get("id_merge", "simplified") not in MODES:
            raise ControlError(f"mixpanel.id_merge must be one of {', '.join(MODES)}, not {changes['id_merge']!r}")
        super().configure(changes)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/import", self.import_events),
            web.post("/track", self.track),
            web.post("/engage", self.engage),
            web.post("/api/2.0/engage", self.query_profiles),
        ]

    @property
    def id_merge(self) -> str:
        return str(self.options["id_merge"])

    @property
    def now_ms(self) -> int:
        return int(self.world.now() * 1000)

    # ---- /import

    async def import_events(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not (_is_service_account(request) or basic_auth(request) == (credentials.MIXPANEL_PROJECT_TOKEN, "")):
            return _strict_error(401, "Invalid credentials", "Unauthorized")
        if len(raw) > self.options["max_bytes"]:
            limit = f"request exceeds max limit of {self.options['max_bytes']} bytes"
            return _strict_error(413, limit, "Request Entity Too Large")
        try:
            records = import_records(raw, request.content_type, MAX_RECORDS)
        except Unreadable as error:
            return _strict_error(400, str(error), "Bad Request")
        flaws = {index: flaw for index, record in enumerate(records) if (flaw := import_flaw(record, self.now_ms))}
        good = [record for index, record in enumerate(records) if index not in flaws]
        for record in good:
            self._keep(record, is_import=True)
        if not flaws or request.query.get("strict") != "1":
            return web.json_response({"code": 200, "num_records_imported": len(good), "status": "OK"})
        return self._partly_refused(records, flaws, len(good))

    def _partly_refused(self, records: list[Any], flaws: dict[int, Flaw], imported: int) -> web.Response:
        failed = [
            {
                "index": index,
                self.options["failed_insert_id_key"]: _insert_id(records[index]),
                "field": flaw.field,
                "message": flaw.message,
            }
            for index, flaw in flaws.items()
        ]
        message = "some data points in the request failed validation"
        return _strict_error(400, message, "Bad Request", failed_records=failed, num_records_imported=imported)

    def _keep(self, record: dict[str, Any], *, is_import: bool) -> None:
        if self.options["is_wrong_region"]:
            return
        if record["event"] in IDENTITY_EVENTS:
            self.graph.apply(self.id_merge, record["event"], record["properties"], is_import=is_import)
        else:
            self.events.add(self.id_merge, record, self.now_ms)

    # ---- /track and /engage: for browsers, so the status is 200 whatever happens

    async def track(self, request: web.Request) -> web.Response:
        records, flaws, answer = await self._client_call(request, self._track_flaw)
        for index, record in enumerate(records):
            if index in flaws or record["properties"]["token"] != credentials.MIXPANEL_PROJECT_TOKEN:
                continue
            given = {"time": self.now_ms, "$insert_id": str(uuid.UUID(int=self.world.rng.getrandbits(128), version=4))}
            properties = {**given, **record["properties"]}
            if as_ms(properties["time"]) >= self.now_ms - TRACK_MAX_AGE_MS:  # older ones: dropped without a word
                self._keep({**record, "properties": properties}, is_import=False)
        return answer

    def _track_flaw(self, record: Any) -> Flaw | None:
        if flaw := shape_flaw(record):
            return flaw
        token = record["properties"].get("token")
        if not isinstance(token, str) or not token:
            return Flaw("properties.token", "token, missing or empty")
        return property_flaw(record["properties"], self.now_ms)

    async def engage(self, request: web.Request) -> web.Response:
        updates, flaws, answer = await self._client_call(request, update_flaw)
        locates = request.query.get("ip") != "0"
        for index, update in enumerate(updates):
            if index in flaws or update["$token"] != credentials.MIXPANEL_PROJECT_TOKEN:
                continue
            if not self.options["is_wrong_region"]:
                apply_update(self.profiles, self._profile_id(update), update, locates=locates)
        return answer

    def _profile_id(self, update: dict[str, Any]) -> str:
        """In simplified mode a profile stays where it was set, also at a device that has become somebody."""
        sent = str(update["$distinct_id"])
        if self.id_merge == "simplified" or update.get("$ignore_alias"):
            return sent
        return self.graph.canonical(self.id_merge, sent)

    async def _client_call(
        self, request: web.Request, find_flaw: Callable[[Any], Flaw | None]
    ) -> tuple[list[Any], dict[int, Flaw], web.Response]:
        """The records, what is wrong with which, and the reply, which depends on nothing else."""
        try:
            records = client_records(await request.read(), request.content_type, MAX_RECORDS)
        except Unreadable as error:
            return [], {}, _client_reply(request, 0, {0: Flaw("", str(error))})
        flaws = {index: flaw for index, record in enumerate(records) if (flaw := find_flaw(record))}
        return records, flaws, _client_reply(request, len(records) - len(flaws), flaws)

    # ---- read back

    async def query_profiles(self, request: web.Request) -> web.Response:
        """Profiles by ``distinct_id``, ``distinct_ids`` (a JSON list), or all, in pages. ``where`` is refused."""
        if not _is_service_account(request):
            return web.json_response({"error": "Invalid credentials", "status": "error"}, status=401)
        form = {**request.query, **await request.post()}
        if "where" in form:
            error = "the sandbox evaluates no 'where' expressions; use distinct_id or distinct_ids"
            return web.json_response({"error": error, "status": "error"}, status=400)
        try:
            wanted, page = _wanted_ids(form), int(str(form.get("page", 0)))
        except ValueError:
            error = "distinct_ids must be a JSON list and page a number"
            return web.json_response({"error": error, "status": "error"}, status=400)
        found = [
            {"$distinct_id": profile_id, "$properties": properties}
            for profile_id, properties in sorted(self.profiles.items())
            if wanted is None or profile_id in wanted
        ]
        return web.json_response(
            {
                "results": found[page * PAGE_SIZE : (page + 1) * PAGE_SIZE],
                "page": page,
                "session_id": str(form.get("session_id") or f"{int(self.world.now())}-sandbox"),
                "page_size": PAGE_SIZE,
                "total": len(found),
                "status": "ok",
            }
        )

    def snapshot(self) -> dict[str, Any]:
        mode = self.id_merge
        events = [self.events.as_dict(mode, event) for event in self.events.deduplicated()]
        histories: dict[str, list[dict[str, Any]]] = {user: [] for user in self.profiles}
        for event in events:
            if event["user"]:
                histories.setdefault(event["user"], []).append(event)
        other_ids = self.graph.other_ids(mode)
        users = sorted(histories, key=lambda user: (user.startswith(DEVICE_PREFIX), user))  # known people first
        return {
            "raw_events": len(self.events.raw),
            "events_after_compaction": self.events.compacted_count(),
            "events": events,
            "profiles": self.profiles,
            "users": [
                {"id": user, "device_ids": other_ids.get(user) or _own_device(user), "events": histories[user]}
                for user in users
            ],
            "id_merge": mode,
            "identity_events": self.graph.log,
        }


def _own_device(user: str) -> list[str]:
    return [user.removeprefix(DEVICE_PREFIX)] if user.startswith(DEVICE_PREFIX) else []


def _is_service_account(request: web.Request) -> bool:
    account = (credentials.MIXPANEL_SERVICE_ACCOUNT, credentials.MIXPANEL_SERVICE_SECRET)
    return basic_auth(request) == account and request.query.get("project_id") == credentials.MIXPANEL_PROJECT_ID


def _insert_id(record: Any) -> str:
    properties = record.get("properties") if isinstance(record, dict) else None
    return str(properties.get("$insert_id") or "") if isinstance(properties, dict) else ""


def _strict_error(code: int, error: str, status: str, **more: Any) -> web.Response:
    return web.json_response({"code": code, "error": error, "status": status, **more}, status=code)


def _client_reply(request: web.Request, good: int, flaws: dict[int, Flaw]) -> web.Response:
    """1 where at least one object was valid, which says nothing about the token."""
    if request.query.get("strict") == "1":
        if not flaws:
            return web.json_response({"code": 200, "num_good_events": good, "status": "OK"})
        failed = [{"index": n, "field": flaw.field, "message": flaw.message} for n, flaw in flaws.items()]
        message = "some data points in the request failed validation"
        return _strict_error(400, message, "Bad Request", failed_records=failed, num_good_events=good)
    if request.query.get("verbose") == "1":
        first = next(iter(flaws.values()), None)
        error = first.message if first and not good else None
        return web.json_response({"status": 1 if good else 0, "error": error})
    return web.json_response(1 if good else 0)


def _wanted_ids(form: Mapping[str, Any]) -> set[str] | None:
    if "distinct_id" in form:
        return {str(form["distinct_id"])}
    if "distinct_ids" not in form:
        return None
    ids = json.loads(str(form["distinct_ids"]))
    if not isinstance(ids, list):
        raise ValueError("not a list")
    return {str(item) for item in ids}
