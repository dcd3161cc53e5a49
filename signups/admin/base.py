"""What the admin pages share: rows that are read rather than edited, each with a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from urllib.parse import urlsplit

from django.contrib.admin.utils import unquote
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action

if TYPE_CHECKING:  # unfold's annotations contradict django-stubs, whose classes these are in all but looks
    from django.contrib import admin

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    from unfold.admin import ModelAdmin, TabularInline  # noqa: F401

_Method = TypeVar("_Method", bound=Callable[..., HttpResponse])


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the product itself makes: nobody adds or deletes them here."""

    list_filter_submit = True
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PageAdmin(ReadOnlyAdmin):
    """Rows with a page that is read, in place of Django's form. Whatever changes a row has a view of its own."""

    page_template: ClassVar[str]

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page's template needs besides `original`."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return self.rendered(request, row, extra_context)

    def rendered(
        self, request: HttpRequest, row: Any, extra_context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        """The page as it answers; whoever calls it has looked at the permissions."""
        return self.shown(
            request, row, self.page_template, {**self.page(request, row), **(extra_context or {})}, status
        )

    def shown(
        self, request: HttpRequest, row: Any, template: str, more: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """A page about a row, with what every page of the admin needs besides `more`."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": str(row),
            "may_change": self.has_change_permission(request, row),
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, context, status=status)


class DaysFilter(RangeDateFilter):
    """From one day to another, both included, in the site's time zone."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first = _day(self.used_parameters.get(f"{self.parameter_name}_from"))
        last = _day(self.used_parameters.get(f"{self.parameter_name}_to"))
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        if last is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": last + timedelta(days=1)})
        return queryset


def _day(text: Any) -> datetime | None:
    try:
        day = parse_date(str(text or ""))
    except ValueError:
        return None
    return None if day is None else timezone.make_aware(datetime.combine(day, time.min))


def row_action(**options: Any) -> Callable[[_Method], _Method]:
    """An entry of the menu at the end of a list's row; the options are those of unfold's `action`."""
    return cast("Callable[[_Method], _Method]", action(**options))


def staff(request: HttpRequest) -> AbstractBaseUser:
    """Who is at work; the admin lets nobody else in."""
    user = request.user
    if not isinstance(user, AbstractBaseUser):
        raise PermissionDenied
    return user


def safe_url(url: str) -> str:
    """A link that may be shown as one, "" for anything but http and https."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:  # people send anything
        return ""
