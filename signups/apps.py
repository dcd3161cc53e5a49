"""The app: connects the signals, and makes what must exist after a migration."""

from django.apps import AppConfig


class SignupsConfig(AppConfig):
    name = "signups"

    def ready(self) -> None:
        from signups import checks, signals  # noqa: F401
