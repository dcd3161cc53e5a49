"""Mixpanel's people with their histories, merged as Mixpanel merges them, and Google Analytics' visitors."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.pages.site import Record, held, render, wanted

MOST_EVENTS = 50
"""Of one person; the newest."""
_DEVICE = "$device:"


async def mixpanel(request: web.Request) -> web.Response:
    snapshot = held(request, "mixpanel")
    profiles: Record = snapshot.get("profiles", {})
    users = [_user(user, profiles.get(user["id"], {})) for user in snapshot.get("users", [])]
    users.sort(key=lambda user: (not user["is_anonymous"], user["last_ms"]), reverse=True)
    rows = wanted(request, users)
    return render(request, "mixpanel.html", held=snapshot, users=rows, total=len(users))


def _user(user: Record, profile: Record) -> Record:
    """A user with the history newest first; ``is_merged``: done by an id that only later turned out to be theirs."""
    events = [
        {**event, "is_merged": event["distinct_id"] != user["id"]}
        for event in sorted(user["events"], key=lambda event: int(event["time"]), reverse=True)
    ]
    return {
        "id": user["id"],
        "is_anonymous": user["id"].startswith(_DEVICE),
        "name": _text(profile.get("$name")) or _text(profile.get("$email")) or user["id"],
        "email": _text(profile.get("$email")),
        "avatar": profile.get("$avatar"),
        "properties": {name: value for name, value in profile.items() if name not in ("$name", "$email", "$avatar")},
        "other_ids": user["device_ids"],
        "events": events[:MOST_EVENTS],
        "event_count": len(events),
        "merged_count": sum(event["is_merged"] for event in events),
        "last_ms": events[0]["time"] if events else 0,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


async def google_analytics(request: web.Request) -> web.Response:
    snapshot = held(request, "ga")
    clients = [
        {**client, "events": client["events"][::-1][:MOST_EVENTS], "event_count": len(client["events"])}
        for client in reversed(snapshot.get("clients", []))
    ]
    rows = wanted(request, clients)
    return render(request, "ga.html", clients=rows, total=len(clients), hits=snapshot.get("hits", 0))


routes = [web.get("/see/mixpanel", mixpanel), web.get("/see/ga", google_analytics)]
