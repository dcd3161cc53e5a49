"""Two companies become one, and are taken apart again: the search, the page that compares them, the questions.

What is compared and moved is `signups.companies`'; here are the words.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from signups.admin import badges, engine, facts
from signups.admin.asking import Question, ask, is_answer
from signups.admin.base import ModelAdmin, safe_url, staff
from signups.companies import comparing, merging, suggesting
from signups.companies.comparing import CannotMerge, Field
from signups.models import Company, CompanyMerge, Delivery

_FOUND = 20


def urls(admin: ModelAdmin) -> list[URLPattern]:
    site = admin.admin_site

    def search(request: HttpRequest, pk: int) -> HttpResponse:
        return _search(admin, request, _company(admin, request, pk))

    def compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
        return _compare(admin, request, _company(admin, request, pk), _company(admin, request, other))

    def apart(request: HttpRequest, pk: int, other: int) -> HttpResponse:
        return _keep_apart(admin, request, _company(admin, request, pk), _company(admin, request, other))

    def undo(request: HttpRequest, pk: int) -> HttpResponse:
        return _undo(admin, request, pk)

    return [
        path("<int:pk>/merge/", site.admin_view(search), name="signups_company_merge"),
        path("<int:pk>/merge/<int:other>/", site.admin_view(compare), name="signups_company_merge_into"),
        path("<int:pk>/apart/<int:other>/", site.admin_view(apart), name="signups_company_apart"),
        path("merges/<int:pk>/undo/", site.admin_view(undo), name="signups_company_merge_undo"),
    ]


def merges_of(company: Company) -> list[dict[str, Any]]:
    """The companies that were merged into this one, with where other tools show them. Two queries."""
    rows = list(company.merges.filter(undone_at=None).select_related("merged", "by"))
    moved = [pk for row in rows for pk in row.moved.get("deliveries", [])]
    told = Delivery.objects.filter(pk__in=moved).exclude(external_url="").order_by("pk") if moved else ()
    by_pk = {delivery.pk: delivery for delivery in told}
    return [{"row": row, "elsewhere": _links(row, by_pk)} for row in rows]


def moved_deliveries(merges: list[dict[str, Any]]) -> set[int]:
    """Deliveries that came with merged companies: their links are the merged ones'."""
    return {pk for one in merges for pk in one["row"].moved.get("deliveries", [])}


def suggestions(request: HttpRequest, admin: ModelAdmin) -> dict[str, Any]:
    """What the list of companies shows above it. Two queries, none for who may change nothing."""
    return {"pairs": suggesting.pairs() if admin.has_change_permission(request) else []}


def _links(row: CompanyMerge, deliveries: dict[int, Delivery]) -> list[tuple[str, str]]:
    theirs = (deliveries[pk] for pk in row.moved.get("deliveries", []) if pk in deliveries)
    links = {one.integration: safe_url(one.external_url) for one in theirs}
    return [(badges.integration_name(slug), url) for slug, url in links.items() if url]


def _company(admin: ModelAdmin, request: HttpRequest, pk: int) -> Company:
    company = Company.objects.select_related("merged_into").filter(pk=pk).first()
    if company is None:
        raise Http404
    if not admin.has_change_permission(request, company):
        raise PermissionDenied
    return company


def _page(company: Company) -> str:
    return reverse("admin:signups_company_change", args=[company.pk])


def _rendered(admin: ModelAdmin, request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    request.current_app = admin.admin_site.name
    context = {**admin.admin_site.each_context(request), "opts": admin.opts, **context}
    return TemplateResponse(request, "admin/signups/company_merge.html", context, status=status)


def _search(admin: ModelAdmin, request: HttpRequest, company: Company) -> HttpResponse:
    """With which other company?"""
    words = request.GET.get("q", "").strip()[:100]
    others = Company.objects.filter(merged_into=None).exclude(pk=company.pk)
    if words:
        others = others.filter(Q(name__icontains=words) | Q(domain__icontains=words) | Q(aliases__domain=words))
    found = list(others.distinct().order_by("name", "pk")[: _FOUND + 1]) if words else []
    context = {
        "title": f"Merge {company.name} with…",
        "original": company,
        "words": words,
        "found": found[:_FOUND],
        "are_more": len(found) > _FOUND,
        "paired": _paired(company),
    }
    return _rendered(admin, request, context)


def _paired(company: Company) -> list[tuple[suggesting.Side, str]]:
    """Companies that look like this one."""
    pairs = [pair for pair in suggesting.pairs(suggesting.MOST) if company.pk in (pair.merged.pk, pair.kept.pk)]
    return [(pair.kept if pair.merged.pk == company.pk else pair.merged, pair.why) for pair in pairs[:_FOUND]]


def _compare(admin: ModelAdmin, request: HttpRequest, merged: Company, kept: Company) -> HttpResponse:
    """The dry run: every fact, what would follow, and the button that does it."""
    try:
        comparing.require_mergeable(merged, kept)
        if is_answer(request):
            return _merge(admin, request, merged, kept)
    except CannotMerge as why:
        messages.error(request, str(why))
        return redirect(_page(merged))
    shown = comparing.fields(merged, kept)
    links = {company: _crm_links(company) for company in (merged, kept)}
    context = {
        "title": f"Merge {merged.name} into {kept.name}?",
        "original": merged,
        "merged": merged,
        "kept": kept,
        "choices": [(field, *_texts(field)) for field in shown if field.is_choice],
        "gained": [(field, *_texts(field)) for field in shown if field.kept is None],
        "same": sum(1 for field in shown if not field.is_choice and field.kept is not None),
        "counts": [one for one in comparing.counts(merged, kept) if one.number or one.note],
        "merged_links": links[merged],
        "kept_links": links[kept],
        "both_at": sorted({name for name, _ in links[merged]} & {name for name, _ in links[kept]}),
    }
    return _rendered(admin, request, context)


def _merge(admin: ModelAdmin, request: HttpRequest, merged: Company, kept: Company) -> HttpResponse:
    shown = comparing.fields(merged, kept)
    default = {True: "merged", False: "kept"}
    taken = {
        field.path
        for field in shown
        if request.POST.get(f"field-{field.path}", default[field.takes_merged]) == "merged" and field.merged is not None
    }
    row = merging.merge(merged, kept, staff(request), taken)
    admin.log_change(request, kept, f"Merged {merged.name} ({merged.domain}) into it")
    admin.log_change(request, merged, f"Merged into {kept.name} ({kept.domain})")
    number = len(row.moved["signups"])
    said = format_html(
        '{} is part of {} now; {} signup{} moved.{} <a href="{}">Undo</a>',
        merged.name, kept.name, number, "" if number == 1 else "s", engine.to_follow(kept),
        reverse("admin:signups_company_merge_undo", args=[row.pk]),
    )  # fmt: skip
    messages.success(request, said)
    return redirect(_page(kept))


def _undo(admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    merge = CompanyMerge.objects.select_related("kept", "merged").filter(pk=pk).first()
    if merge is None:
        raise Http404
    if not admin.has_change_permission(request, merge.kept):
        raise PermissionDenied
    back = _page(merge.kept)
    if merge.undone_at is not None:
        messages.warning(request, "This merge was undone already.")
        return redirect(back)
    question = Question(
        title=f"Take {merge.merged.name} and {merge.kept.name} apart again?",
        sentence=f"What was moved goes back to {merge.merged.name}, as far as it is still here. What came later stays "
        f"with {merge.kept.name}. Signups that go back are scored anew, and told as a changed profile.",
        button="Take apart",
        tone="bad",
        rows=_what_undoing_does(merge),
        back=back,
    )
    asked: Any = ask(admin, request, question, merge.kept)
    if asked is not None:
        answer: HttpResponse = asked
        return answer
    try:
        merging.undo(merge, staff(request))
    except CannotMerge as why:
        messages.warning(request, str(why))
        return redirect(back)
    admin.log_change(request, merge.kept, f"Took {merge.merged.name} ({merge.merged.domain}) apart from it")
    again = reverse("admin:signups_company_merge_into", args=[merge.merged_id, merge.kept_id])
    said = '{} and {} are two companies again.{} <a href="{}">Merge them again</a>'
    follow = engine.to_follow(merge.merged) or engine.to_follow(merge.kept)
    messages.success(request, format_html(said, merge.merged.name, merge.kept.name, follow, again))
    return redirect(_page(merge.merged))


def _what_undoing_does(merge: CompanyMerge) -> list[str]:
    moved, kept, merged = merge.moved, merge.kept.name, merge.merged.name
    people, signups = len(moved.get("people", [])), len(moved.get("signups", []))
    later = comparing.later(merge).count()
    changed = len(merge.before.get("facts", {})) + ("name" in merge.before)
    lines = [f"{people} people and {signups} signups go back to {merged}."]
    if changed:
        lines.append(f"{changed} facts of {kept} become what they were, unless they changed since.")
    domain = merge.merged.domain
    lines.append(f"Came from {domain} since then, and stay with {kept}: {later} signups." if later else
                 f"Nobody came from {domain} since then.")  # fmt: skip
    return lines


def _keep_apart(admin: ModelAdmin, request: HttpRequest, one: Company, other: Company) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    merging.keep_apart(one, other, staff(request))
    admin.log_change(request, one, f"Is another company than {other.name} ({other.domain})")
    said = f"{one.name} ({one.domain}) and {other.name} ({other.domain}) are two: they are not suggested any more."
    messages.success(request, said)
    return redirect(reverse("admin:signups_company_changelist"))


def _crm_links(company: Company) -> list[tuple[str, str]]:
    links = {one.integration: safe_url(one.external_url) for one in comparing.links(company)}
    return [(badges.integration_name(slug), url) for slug, url in links.items() if url]


def _texts(field: Field) -> tuple[str, str, str]:
    """A fact's label, and both values in words."""
    label = facts.COMPANY.get(field.path, field.path)
    mine, theirs = (facts.text(field.path, v) if v is not None else "" for v in (field.kept, field.merged))
    return label, mine, theirs
