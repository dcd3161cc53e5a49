"""The API of the product's own backend and of its web pages. OpenAPI docs at /api/docs.

`base` holds what all calls share; each other module holds the calls of one chapter, and registers them when imported.
"""

from signups.api import actions, profiles, signups, usage  # noqa: F401  register their calls
from signups.api.base import api

__all__ = ["api"]
