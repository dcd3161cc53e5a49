"""What every database takes: JSON and text without NUL and half surrogate pairs.

PostgreSQL refuses them, and no page can show them. What comes from outside is refused for them (the API) or cleaned of
them (what vendors answer).
"""

from __future__ import annotations

from typing import Any


def storable(value: Any) -> Any:
    """The same value with a replacement character for each such character. Raises TypeError for what is not JSON."""
    match value:
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        case dict():
            return {storable(str(name)): storable(one) for name, one in value.items()}
        case list() | tuple():
            return [storable(one) for one in value]
        case None | bool() | int() | float():
            return value
    raise TypeError(f"{value!r} cannot be kept")
