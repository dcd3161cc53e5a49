"""Who there is: whoever the settings list, on or off."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from signups.contracts.enriching import Provider
from signups.contracts.examining import Examiner
from signups.contracts.listening import Integration


@cache
def _load(paths: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(import_string(path)() for path in paths)


def providers() -> tuple[Provider, ...]:
    """Every provider the settings list, in the order in which they are believed."""
    return _load(tuple(settings.ENRICHMENT_PROVIDERS))


def examiners() -> tuple[Examiner, ...]:
    """Every examiner the settings list, on or off."""
    return _load(tuple(settings.EXAMINERS))


def integrations() -> tuple[Integration, ...]:
    """Every integration the settings list, in story order, on or off."""
    return _load(tuple(settings.INTEGRATIONS))


def integration(slug: str) -> Integration:
    """The integration of that slug. Raises LookupError where the settings list none."""
    for candidate in integrations():
        if candidate.slug == slug:
            return candidate
    raise LookupError(f"No integration named {slug!r} in settings.INTEGRATIONS")


def name_of(slug: str) -> str:
    """The name under which people know an integration; the slug, in words, of one the settings list no more."""
    try:
        return integration(slug).name
    except LookupError:
        return slug.replace("_", " ").capitalize()
