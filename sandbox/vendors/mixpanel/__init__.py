"""Mixpanel: events, profiles and who is who. The vendor, its routes and its replies.

What a good event is: ``validation.py``. Who an event belongs to: ``identity.py``. What is kept of events and
shown of them: ``events.py``. Profiles and their operators: ``profiles.py``.
"""

from sandbox.vendors.mixpanel.vendor import Mixpanel

__all__ = ["Mixpanel"]
