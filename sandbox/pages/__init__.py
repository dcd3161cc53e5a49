"""What a person sees of the pretend world: every vendor's holdings, the inbox, the cast, the calls, the faults.

A module a subject, each with its own ``routes``; all of them are worded by the templates in ``../templates`` and
look only at what the vendors say of themselves (``snapshot``). They change nothing, but for ``faults.py``'s buttons.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.pages import analytics, calls, cast, close, customerio, faults, lookups, mail, overview, site, sites, slack

routes: list[web.RouteDef] = [
    *overview.routes,
    *cast.routes,
    *mail.routes,
    *slack.routes,
    *close.routes,
    *analytics.routes,
    *customerio.routes,
    *lookups.routes,
    *sites.routes,
    *calls.routes,
    *faults.routes,
    *site.routes,
]

__all__ = ["routes"]
