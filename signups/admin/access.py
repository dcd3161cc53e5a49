"""Who may ask and whom we let in: API keys, and the allow, deny and hold lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RadioFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from signups import origins, vetting
from signups.admin import badges
from signups.admin.asking import Question, about, ask, chosen
from signups.admin.base import ModelAdmin, staff
from signups.models import ApiKey, ListEntry


class InForceFilter(RadioFilter):
    """In force, or over."""

    title = "in force"
    parameter_name = "in_force"
    over = "expires_at__lte"
    words = (("yes", "in force"), ("no", "expired"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.exclude(**{self.over: timezone.now()})
            case "no":
                return queryset.filter(**{self.over: timezone.now()})
        return queryset


class RevokedFilter(InForceFilter):
    over = "revoked_at__lte"
    words = (("yes", "in force"), ("no", "revoked"))


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key's name, what it is for, and for web pages whose they are. What it is for is decided once."""

    KINDS = (
        (ApiKey.Kind.BACKEND.value, "the product's backend"),
        (ApiKey.Kind.PUBLIC.value, "web pages (actions only)"),
    )

    use = forms.ChoiceField(
        label="For",
        choices=KINDS,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="A backend's key is a secret. One for web pages stands in their source and may only report actions.",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "origins")
        widgets = {"origins": UnfoldAdminTextareaWidget(attrs={"rows": 3})}
        help_texts = {"origins": "For web pages: one a line, such as https://www.example.com. Whose pages may use it."}

    def clean_use(self) -> str:
        return str(self.instance.kind if self.instance.pk else self.cleaned_data["use"] or ApiKey.Kind.BACKEND)

    def clean_origins(self) -> str:
        try:
            return "\n".join(origins.read_all(self.cleaned_data["origins"]))
        except origins.InvalidOrigin as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("use")
        if "use" in cleaned and "origins" in self.fields and "origins" in cleaned:
            if kind == ApiKey.Kind.PUBLIC and not cleaned["origins"]:
                self.add_error("origins", "A key for web pages needs to know whose they are: one origin a line.")
            if kind != ApiKey.Kind.PUBLIC and cleaned["origins"]:
                self.add_error("origins", "Only a key for web pages has origins: choose it above, or leave this empty.")
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """A key is shown once, when it is made: what is kept cannot be turned back into it. Revoked, never deleted."""

    form = ApiKeyForm

    list_display = ("name", "prefix_column", "kind", "state_column", "maker_column", "used_column", "made_column")
    list_filter = (("kind", ChoicesCheckboxFilter), RevokedFilter)
    list_filter_submit = True
    list_select_related = ("created_by",)
    list_per_page = 50
    search_fields = ("name", "prefix")
    fields = ("name",)
    readonly_fields = ()
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "use", "origins")
        origins_of = ("origins",) if obj.kind == ApiKey.Kind.PUBLIC else ()
        return (
            "name",
            *origins_of,
            "prefix_column",
            "kind_column",
            "state_column",
            "maker_column",
            "created_at",
            "used_column",
            "revoked_at",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        changeable = ("name", "origins")
        return () if obj is None else tuple(field for field in self.get_fields(request, obj) if field not in changeable)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            key = ApiKey.generate()
            obj.set_key(key)
            obj.kind = form.cleaned_data["use"]
            obj.created_by_id = staff(request).pk
            is_public = obj.kind == ApiKey.Kind.PUBLIC
            advice = "Put this into the head of your pages; the key" if is_public else "Copy the key now, it"
            text = "{} is not shown again: <code class='ob-key'>{}</code>"
            messages.success(request, format_html(text, advice, snippet(key) if is_public else key))
        super().save_model(request, obj, form, change)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> Any:
        queryset = chosen(request, queryset).filter(revoked_at=None)
        which = about(request, queryset)
        number = f"{which['count']} key" + ("" if which["count"] == 1 else "s")
        question = Question(
            title=f"Revoke {number}",
            sentence="Whoever uses them is refused from now on. A revoked key cannot be brought back.",
            button=f"Revoke {number}",
            tone="bad",
            back=request.get_full_path(),
            **which,
        )
        if which["count"] == 0:
            messages.warning(request, "These keys are revoked already.")
            return None
        if (page := ask(self, request, question)) is not None:
            return page
        keys = list(queryset)
        queryset.update(revoked_at=timezone.now())
        for key in keys:
            self.log_change(request, key, "Revoked")
        messages.success(request, f"{number} revoked.")
        return None

    @admin.display(description="key", ordering="prefix")
    def prefix_column(self, key: ApiKey) -> SafeString:
        return format_html("<code>{}…</code>", key.prefix)

    @admin.display(description="for", ordering="kind")
    def kind_column(self, key: ApiKey) -> str:
        return key.get_kind_display()

    @admin.display(description="state", ordering="revoked_at")
    def state_column(self, key: ApiKey) -> SafeString:
        return badges.badge("revoked", "quiet") if key.revoked_at else badges.badge("in force", "good")

    @admin.display(description="made by", ordering="created_by")
    def maker_column(self, key: ApiKey) -> str:
        return key.created_by.get_username() if key.created_by else "–"

    @admin.display(description="last used", ordering="last_used_at")
    def used_column(self, key: ApiKey) -> SafeString:
        return badges.when(key.last_used_at)

    @admin.display(description="made", ordering="created_at")
    def made_column(self, key: ApiKey) -> SafeString:
        return badges.when(key.created_at)


def snippet(key: str) -> str:
    """What web pages load, with a public key. Where consent is asked for, `onboarding.consent(true)` begins it."""
    script = settings.BASE_URL + static("onboarding.js")
    return f'<script src="{script}" data-key="{key}" data-consent="required" defer></script>'


class ListEntryForm(forms.ModelForm):  # type: ignore[type-arg]
    """Takes an address or a domain in any spelling, and keeps the one that signups are compared with."""

    class Meta:
        model = ListEntry
        fields = ("kind", "value", "reason", "expires_at")

    def clean_value(self) -> str:
        value = str(self.cleaned_data["value"]).strip().lower().removeprefix("@")
        try:
            if "@" in value:
                return vetting.parse(value).key
            return vetting.parse(f"somebody@{value}").domain
        except vetting.InvalidAddress as error:
            raise ValidationError(
                f"Not an address or a domain, such as ada@example.com or example.com. {error}"
            ) from error

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if not reason:
            raise ValidationError("Say why, for whoever finds this entry in a year.")
        return reason

    def clean_expires_at(self) -> Any:
        expires = self.cleaned_data["expires_at"]
        if expires is not None and "expires_at" in self.changed_data and expires <= timezone.now():
            raise ValidationError("This is over already: choose a later time, or leave it empty for never.")
        return expires


@admin.register(ListEntry)
class ListEntryAdmin(ModelAdmin):
    form = ListEntryForm
    list_display = ("value_column", "kind_column", "reason", "author_column", "expires_column", "made_column")
    list_filter = (("kind", ChoicesCheckboxFilter), InForceFilter)
    list_filter_submit = True
    list_select_related = ("author",)
    list_per_page = 50
    search_fields = ("value", "reason")
    readonly_fields = ("author", "created_at")
    tones = {ListEntry.Kind.ALLOW: "good", ListEntry.Kind.DENY: "bad", ListEntry.Kind.HOLD: "look"}

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> tuple[str, ...]:
        fields = ("kind", "value", "reason", "expires_at")
        return fields if obj is None else (*fields, "author", "created_at")

    def save_model(self, request: HttpRequest, obj: ListEntry, form: Any, change: bool) -> None:
        if not change:
            obj.author_id = staff(request).pk
        super().save_model(request, obj, form, change)
        others = ListEntry.objects.in_force().filter(value=obj.value).exclude(pk=obj.pk)
        if kinds := ", ".join(sorted(others.values_list("kind", flat=True))):
            text = f"{obj.value} is also on another list ({kinds}). Allow beats deny, and deny beats hold."
            messages.warning(request, text)

    @admin.display(description="address or domain", ordering="value")
    def value_column(self, entry: ListEntry) -> SafeString:
        return format_html("<strong>{}</strong>", entry.value)

    @admin.display(description="list", ordering="kind")
    def kind_column(self, entry: ListEntry) -> SafeString:
        return badges.badge(entry.get_kind_display(), self.tones.get(ListEntry.Kind(entry.kind), "quiet"))

    @admin.display(description="author", ordering="author")
    def author_column(self, entry: ListEntry) -> str:
        return entry.author.get_username() if entry.author else "–"

    @admin.display(description="expires", ordering="expires_at")
    def expires_column(self, entry: ListEntry) -> SafeString | str:
        if entry.expires_at is None:
            return "never"
        if entry.expires_at <= timezone.now():
            return badges.badge("expired", "quiet")
        return badges.when(entry.expires_at)

    @admin.display(description="added", ordering="created_at")
    def made_column(self, entry: ListEntry) -> SafeString:
        return badges.when(entry.created_at)
