"""Saying what was changed, with a button that takes it back: for what is done at once, without asking before.

And the page to come back to, as far as it is one of ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme


def done(request: HttpRequest, sentence: str, undo_url: str = "", fields: Mapping[str, str] | None = None) -> None:
    """Tell what was done. Where there is an `undo_url`, its button posts `fields` there."""
    if not undo_url:
        messages.success(request, sentence)
        return
    hidden = {"csrfmiddlewaretoken": get_token(request), **(fields or {})}
    inputs = format_html_join("", '<input type="hidden" name="{}" value="{}">', hidden.items())
    form = (
        '<span>{}</span> <form class="ob-undo" method="post" action="{}">{}<button type="submit">Undo</button></form>'
    )
    messages.success(request, format_html(form, sentence, undo_url, inputs))


def back(request: HttpRequest, otherwise: str) -> str:
    """Where to go afterwards: the page that the request names, if it is one of ours."""
    wanted = request.POST.get("back") or request.GET.get("back") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return otherwise
