"""Every URL of the site."""

from django.contrib import admin
from django.urls import include, path

from signups.api import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("", include("signups.urls")),
]
