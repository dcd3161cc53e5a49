"""How gunicorn serves the site: one process of threads on SQLite, one process a core on PostgreSQL."""

import os

from onboarding.settings import DATABASES, LOGGING, PORT

_is_sqlite = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"

bind = os.environ.get("BIND", f"127.0.0.1:{PORT}")
worker_class = "gthread"
# SQLite has one writer: threads of one process take turns at a lock, processes would fight for the file.
workers = 1 if _is_sqlite else (os.cpu_count() or 2)
threads = 16
timeout = 30
graceful_timeout = 10
keepalive = 5
accesslog = None  # `signups.middleware` writes a line a request, without what is private in addresses
loglevel = "warning"
_quiet = {"level": "WARNING", "handlers": [], "propagate": True}
logconfig_dict = {**LOGGING, "loggers": {**LOGGING["loggers"], "gunicorn.error": _quiet, "gunicorn.access": _quiet}}
