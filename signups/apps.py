"""The app: connects the signals, and makes what must exist after a migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SignupsConfig(AppConfig):
    name = "signups"

    def ready(self) -> None:
        from signups import checks, signals  # noqa: F401

        post_migrate.connect(_after_migrate, sender=self)


def _after_migrate(**kwargs: Any) -> None:
    from signups.deliveries.schedule import ensure_schedules

    ensure_schedules()
