"""Every URL of the site."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views import defaults

from signups.api import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("", include("signups.urls")),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """JSON for programs, a page for people."""
    if request.path.startswith("/api/"):
        return _problem("not_found", "There is nothing at this address; the docs are at /api/docs.", 404)
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """JSON for programs, a page for people."""
    if request.path.startswith("/api/"):
        message = "An error of ours. Repeat the request with the same Idempotency-Key: nothing happens twice."
        return _problem("server_error", message, 500)
    return defaults.server_error(request)


def _problem(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "field": None, "message": message}}, status=status)
