"""The facts: whom to believe about each, and which are wanted. What a change would do is shown before it is saved.

How the precedence is applied is `signups.enrichment`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from signups import contracts
from signups.admin import engine, facts, undoing
from signups.admin.base import PageAdmin
from signups.contracts import Provider, Subject
from signups.enrichment import kinds
from signups.models import Company, FieldPrecedence, Person

# What is wanted until staff say otherwise, as the migrations have it.
WANTED: Final = {
    Subject.PERSON: frozenset({"name.fullName", "employment.title", "employment.domain"}),
    Subject.COMPANY: frozenset(
        {"name", "description", "category.industry", "metrics.employees", "metrics.raised", "geo.country"}
    ),
}
COMPARED: Final = 200  # profiles, the newest
_LABELS = {Subject.PERSON: facts.PERSON, Subject.COMPANY: facts.COMPANY}
_MOST_FIRST, _EXAMPLES = 4, 8


@dataclass(frozen=True)
class Rule:
    """One fact: who is believed first of it (names), who can answer it, and whether it is wanted."""

    subject: Subject
    path: str
    label: str
    first: list[str]
    can: list[Provider]
    is_wanted: bool

    @property
    def first_names(self) -> list[str]:
        names = {one.slug: one.name for one in contracts.providers()}
        return [names.get(slug, slug) for slug in self.first]

    @property
    def is_default(self) -> bool:
        return not self.first and self.is_wanted == (self.path in WANTED[self.subject])

    @property
    def is_remarkable(self) -> bool:
        """Whether it belongs to the facts that are shown at once."""
        return self.path in _LABELS[self.subject] or self.is_wanted or bool(self.first)

    @property
    def url(self) -> str:
        return reverse("admin:signups_fact_rule", args=[self.subject.value, self.path])


@dataclass(frozen=True)
class Preview:
    """What another order would change of the newest profiles: how many values, and a few of them."""

    read: int
    known: int
    changed: int
    examples: list[tuple[str, str, str]]  # whose, before, after


@admin.register(FieldPrecedence)
class FieldPrecedenceAdmin(PageAdmin):
    """One list of all facts, and a page for each; a fact without a row has the defaults."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<slug:subject>/<str:fact>/wanted/", wrap(self._wanted), name="signups_fact_wanted"),
            path("<slug:subject>/<str:fact>/set/", wrap(self._set), name="signups_fact_set"),
            path("<slug:subject>/<str:fact>/rule/", wrap(self._rule), name="signups_fact_rule"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        found = rules()
        groups = [(subject.value, [one for one in found if one.subject is subject]) for subject in kinds.BY_SUBJECT]
        return self._shown(request, "facts.html", {"title": "Facts", "groups": [_split(*group) for group in groups]})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return redirect("admin:signups_fact_rule", row.subject, row.path)

    # -- One fact ------------------------------------------------------------------------------------------------------

    def _rule(self, request: HttpRequest, subject: str, fact: str) -> HttpResponse:
        """The page of one fact: a form, which shows what a change would do before it saves it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        rule = _found(subject, fact)
        if request.method != "POST":
            return self._form(request, rule, rule.first, rule.is_wanted)
        if not self.has_change_permission(request):
            raise PermissionDenied
        first, is_wanted = _chosen(request, rule), "wanted" in request.POST
        is_seen = request.POST.get("seen") == ",".join(first)
        if first != rule.first and not (is_seen and "save" in request.POST):
            return self._form(request, rule, first, is_wanted, preview(rule, first))
        return self._saved(request, rule, first, is_wanted)

    def _set(self, request: HttpRequest, subject: str, fact: str) -> HttpResponse:
        """Back to the defaults, or to what the request names: what an Undo does. Without asking."""
        rule = self._to_change(request, subject, fact)
        if isinstance(rule, HttpResponse):
            return rule
        if "default" in request.POST:
            return self._saved(request, rule, [], rule.path in WANTED[rule.subject])
        slugs = [slug for slug in request.POST.get("first", "").split(",") if slug in {one.slug for one in rule.can}]
        return self._saved(request, rule, slugs, request.POST.get("wanted") == "yes")

    def _wanted(self, request: HttpRequest, subject: str, fact: str) -> HttpResponse:
        rule = self._to_change(request, subject, fact)
        if isinstance(rule, HttpResponse):
            return rule
        return self._saved(request, rule, rule.first, request.POST.get("to") == "yes")

    def _to_change(self, request: HttpRequest, subject: str, fact: str) -> Rule | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        return _found(subject, fact)

    def _saved(self, request: HttpRequest, rule: Rule, first: list[str], is_wanted: bool) -> HttpResponse:
        with engine.rules_change() as begun:
            row, _ = FieldPrecedence.objects.update_or_create(
                subject=rule.subject.value, path=rule.path, defaults={"providers": first, "is_wanted": is_wanted}
            )
        after = Rule(rule.subject, rule.path, rule.label, first, rule.can, is_wanted)
        words = f"{rule.label} of a {rule.subject.value}: {_words(after)}"
        self.log_change(request, row, words)
        before = {"first": ",".join(rule.first), "wanted": "yes" if rule.is_wanted else "no"}
        undo = reverse("admin:signups_fact_set", args=[rule.subject.value, rule.path])
        undoing.done(request, f"{words}{engine.merged_anew(begun)}", undo, before)
        return redirect(f"{reverse('admin:signups_fieldprecedence_changelist')}#{rule.subject.value}-{rule.path}")

    def _form(
        self, request: HttpRequest, rule: Rule, first: list[str], is_wanted: bool, shown: Preview | None = None
    ) -> HttpResponse:
        places = range(min(_MOST_FIRST, len(rule.can)))
        context = {
            "title": f"{rule.label} of a {rule.subject.value}",
            "rule": rule,
            "selects": [(place + 1, first[place] if place < len(first) else "") for place in places],
            "order": engine.in_order(),
            "is_wanted": is_wanted,
            "preview": shown,
            "may_see": request.user.has_perm(f"signups.view_{rule.subject.value}"),
            "seen": ",".join(first),
            "compared": COMPARED,
        }
        return self._shown(request, "fact_rule.html", context)

    def _shown(self, request: HttpRequest, template: str, more: dict[str, Any]) -> HttpResponse:
        return self.shown(request, None, f"admin/signups/{template}", more)


def rules() -> list[Rule]:
    """Every fact with its rule, those that are read first first. One query."""
    rows = {(row.subject, row.path): row for row in FieldPrecedence.objects.all()}
    found = []
    for subject in kinds.BY_SUBJECT:
        labels = _LABELS[subject]
        paths = [*labels, *(path for path in kinds.BY_SUBJECT[subject] if path not in labels)]
        for fact in paths:
            row = rows.get((subject.value, fact))
            found.append(_rule_of(subject, fact, row))
    return found


def preview(rule: Rule, first: list[str]) -> Preview:
    """What would change of the newest profiles if these were believed first. One query."""
    model: Any = Person if rule.subject is Subject.PERSON else Company
    read = known = 0
    changes = []
    for row in model.objects.order_by("-pk")[:COMPARED]:
        read += 1
        stored = row.profile.get(rule.path)
        if not stored:
            continue
        known += 1
        value = engine.decided(rule.subject, rule.path, stored, first)
        if value != stored["value"]:
            changes.append((str(row), facts.text(rule.path, stored["value"]), facts.text(rule.path, value)))
    return Preview(read, known, len(changes), changes[:_EXAMPLES])


def _rule_of(subject: Subject, fact: str, row: FieldPrecedence | None) -> Rule:
    can = [one for one in contracts.providers() if fact in one.fields(subject)]
    first = [str(slug) for slug in row.providers] if row else []
    return Rule(subject, fact, facts.label(fact, _LABELS[subject]), first, can, bool(row and row.is_wanted))


def _found(subject: str, fact: str) -> Rule:
    if subject not in list(kinds.BY_SUBJECT) or fact not in kinds.BY_SUBJECT[Subject(subject)]:
        raise Http404
    return _rule_of(Subject(subject), fact, FieldPrecedence.objects.filter(subject=subject, path=fact).first())


def _chosen(request: HttpRequest, rule: Rule) -> list[str]:
    """The providers that were chosen, each once, in the order of their places."""
    can = {one.slug for one in rule.can}
    return [slug for slug in dict.fromkeys(request.POST.getlist("first")) if slug in can]


def _split(subject: str, found: list[Rule]) -> tuple[str, list[Rule], list[Rule]]:
    return subject, [one for one in found if one.is_remarkable], [one for one in found if not one.is_remarkable]


def _words(rule: Rule) -> str:
    order = f"{', then '.join(rule.first_names)} believed first" if rule.first else "believed as the providers stand"
    return f"{order}, {'wanted' if rule.is_wanted else 'not wanted'}."
