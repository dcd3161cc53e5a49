"""Staff set what a customer may use: plan, limit and period. What follows from it is `usage.plans`' business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from signups.admin.base import ModelAdmin, staff
from signups.models import Note, Signup
from signups.usage import plans, records


class PlanForm(forms.Form):
    plan = forms.CharField(
        max_length=50, required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "trial"})
    )
    plan_limit = forms.IntegerField(
        label="API calls it allows",
        required=False,
        min_value=1,
        max_value=records.MOST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Empty: the limit last reported with the usage counts, if there is one.",
    )
    plan_period = forms.ChoiceField(label="In", choices=Signup.PlanPeriod.choices, widget=UnfoldAdminSelectWidget)


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def change(request: HttpRequest, pk: int) -> HttpResponse:
        return _change(admin, request, pk)

    return [path("<int:pk>/plan/", admin.admin_site.admin_view(change), name="signups_signup_plan")]


def _change(admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    signup = Signup.objects.select_related("person").filter(pk=pk).first()
    if signup is None:
        raise Http404
    if not admin.has_change_permission(request, signup):
        raise PermissionDenied
    back = reverse("admin:signups_signup_change", args=[pk]) + "#usage"
    before = {name: getattr(signup, name) for name in PlanForm.base_fields}
    form = PlanForm(request.POST if request.method == "POST" else None, initial=before)
    if request.method == "POST" and form.is_valid():
        _save(admin, request, signup, before, form.cleaned_data)
        return redirect(back)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": signup,
        "title": f"Plan and limit of {signup.name or signup.email}",
        "form": form,
        "back": back,
    }
    return TemplateResponse(request, "admin/signups/plan.html", context, status=422 if form.errors else 200)


def _save(
    admin: ModelAdmin, request: HttpRequest, signup: Signup, before: dict[str, Any], values: dict[str, Any]
) -> None:
    """Change it, and write down what was changed by whom: in the log, and in the signup's story."""
    if all(before[name] == value for name, value in values.items()):
        messages.info(request, "The plan stayed as it was.")
        return
    changed = plans.change(signup, values)
    text = f"Plan set to {_words(changed)}. It was {_words(signup)}."
    admin.log_change(request, changed, text)
    Note.objects.create(signup=changed, text=text, author_id=staff(request).pk)
    messages.success(request, f"The plan of {signup.name or signup.email} is now {_words(changed)}.")


def _words(signup: Signup) -> str:
    """ "trial, 1,000 API calls a month" """
    limit = (
        f"{signup.plan_limit:,} API calls {signup.get_plan_period_display()}" if signup.plan_limit else "no limit set"
    )
    return f"{signup.plan or 'without a name'}, {limit}"
