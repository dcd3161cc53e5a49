"""The panel with the mails the CRM holds: a piece of HTML that the signup's page fetches once it is shown."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from signups.activity import crm_mails
from signups.admin.base import ModelAdmin, safe_url
from signups.models import Signup


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def panel(request: HttpRequest, pk: int) -> HttpResponse:
        signup = Signup.objects.select_related("person", "company").filter(pk=pk).first()
        if signup is None:
            raise Http404
        if not admin.has_view_or_change_permission(request, signup):
            raise PermissionDenied
        return _panel(request, signup)

    view = admin.admin_site.admin_view(never_cache(panel))
    return [path("<int:pk>/crm-mails/", view, name="signups_signup_crm_mails")]


def _panel(request: HttpRequest, signup: Signup) -> HttpResponse:
    held = crm_mails.held(signup, is_asked_again="again" in request.GET)
    mails = [(mail, safe_url(mail.url)) for mail in held.mails] if held is not None else []
    return render(request, "admin/signups/parts/crm_mails.html", {"held": held, "mails": mails, "signup": signup})
