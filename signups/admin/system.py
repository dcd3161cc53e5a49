"""Users and groups in the admin's own look, and the queue's rows, read only: schedules come from code alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from signups.admin import badges
from signups.admin.base import ModelAdmin, ReadOnlyAdmin

for _model in (User, Group, Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


class QueueAdmin(ReadOnlyAdmin):
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Schedule)
class ScheduleAdmin(QueueAdmin):
    list_display = ("name", "func", "schedule_type", "minutes", "next_column")
    fields = ("name", "func", "schedule_type", "minutes", "cron", "next_run", "repeats", "cluster")

    @admin.display(description="next run", ordering="next_run")
    def next_column(self, schedule: Any) -> SafeString:
        return badges.when(schedule.next_run)


@admin.register(Failure)
class FailureAdmin(QueueAdmin):
    """Tasks that failed. Nothing is lost with one: what it should have done stands in the database."""

    list_display = ("name", "func", "why_column", "when_column")
    search_fields = ("name", "func")
    fields = ("name", "func", "started", "stopped", "why_column")

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        return self.fields

    @admin.display(description="why")
    def why_column(self, task: Any) -> SafeString:
        return format_html('<span class="ob-clip">{}</span>', str(task.result or "–")[:2_000])

    @admin.display(description="when", ordering="stopped")
    def when_column(self, task: Any) -> SafeString:
        return badges.when(task.stopped)
