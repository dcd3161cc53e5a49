"""The look and the navigation of the Django admin (django-unfold's settings)."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Onboarding", "SITE_HEADER": "Onboarding"}
