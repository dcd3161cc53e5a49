"""Customer.io: people with attributes, events and topics, and the campaigns that mail them.

The calls and their replies: ``track.py`` (what a site sends) and ``app.py`` (what a back end asks and orders).
What a good call is: ``validation.py``. People and what merges into whom: ``people.py``. Campaigns, messages and
what became of each: ``campaigns.py``, ``automations.py``, ``messages.py``, ``readers.py``. Telling the product:
``webhooks.py``.
Left out: the Pipelines API and everything mobile, which the product does not use.
"""

from sandbox.vendors.customerio.vendor import CustomerIO

__all__ = ["CustomerIO"]
