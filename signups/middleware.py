"""A body too large to be meant well is answered before anything reads it into memory."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

# What is still read and thrown away, so that the client gets the answer instead of a reset connection.
_DRAIN_BYTES = 32_000_000


class BodyLimitMiddleware:
    """413 for requests whose Content-Length exceeds `DATA_UPLOAD_MAX_MEMORY_SIZE`: JSON below /api/, else a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if limit is None or length <= limit:
            return self.get_response(request)
        left = min(length, _DRAIN_BYTES)
        while left > 0 and (chunk := request.read(min(left, 65536))):
            left -= len(chunk)
        message = f"The request's body has {length:,} bytes; at most {limit:,} are taken. Send less at once."
        if request.path.startswith("/api/"):
            error = {"code": "body_too_large", "field": None, "message": message}
            response: HttpResponse = JsonResponse({"error": error}, status=413)
        else:
            response = render(request, "413.html", {"message": message}, status=413)
        response["Connection"] = "close"
        return response
