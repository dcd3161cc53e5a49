"""Lists of disposable domains, published in repositories at GitHub: https://raw.githubusercontent.com, without a key.

Which there are is `signups.vetting.list_sources`' business; `manage.py update_lists` fetches them.
"""

from __future__ import annotations

from django.conf import settings

from integrations.http import Door

MOST_BYTES = 20_000_000  # the longest had 2.7 million in 2026


def fetch(path: str) -> str:
    """What lies at `path` below `LISTS_URL`. Raises a `ServiceError`."""
    door = Door(
        "The list server",
        settings.LISTS_URL,
        headers={"Accept": "text/plain, application/json"},
        url_setting="LISTS_URL",
        timeout=(5.0, 60.0),
        most_bytes=MOST_BYTES,
    )
    return door.call("GET", path, is_safe=True).text
