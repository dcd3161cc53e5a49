"""The site itself, served by threads of this process: whoever calls it in the demo meets the demo's clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, is_broken_pipe_error
from django.core.wsgi import get_wsgi_application

from signups.management.commands.up import HOST


class _QuietHandler(WSGIRequestHandler):
    disable_nagle_algorithm = True  # else each reply waits 40 ms for an acknowledgement between its head and its body

    def log_message(self, format: str, *args: Any) -> None:
        """Thousands of lines that say 200."""


class _Server(ThreadedWSGIServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A vendor that reads no more than the status has hung up: nothing to tell."""
        if not is_broken_pipe_error():
            super().handle_error(request, client_address)


@contextmanager
def served() -> Iterator[str]:
    """The site on its port, and its address. Raises CommandError where the port is taken."""
    try:
        server = _Server((HOST, settings.PORT), _QuietHandler)
    except OSError as error:
        remedy = f"End what uses it, or choose another with PORT={settings.PORT + 1}."
        raise CommandError(f"Port {settings.PORT} on {HOST} cannot be used ({error.strerror}). {remedy}") from None
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{settings.PORT}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
