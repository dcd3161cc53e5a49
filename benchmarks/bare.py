"""The bare limit of a signup: a view that inserts the same rows as a real one and does nothing else.

`POST /bare/?like=<id>` copies all rows of that signup, table by table, in one write transaction.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from onboarding import urls
from signups.models import (
    Check,
    Company,
    CompanyMatch,
    Confirmation,
    Delivery,
    IdentityLink,
    Lookup,
    Person,
    Score,
    ScoreLine,
    Signup,
    VerdictChange,
)
from signups.transactions import write_transaction

_JUST_BEFORE = timedelta(seconds=2)
_UNIQUE = {Person: ("email",), Company: ("domain",), Lookup: ("key",), IdentityLink: ("anonymous_id",)}


@cache
def rows_like(pk: int) -> dict[type[models.Model], list[models.Model]]:
    """Every row that the signup `pk` made, by table."""
    signup = Signup.objects.get(pk=pk)
    new = signup.created_at - _JUST_BEFORE  # what was known before, the signup did not write
    keys = [signup.person.email, *([signup.company.domain] if signup.company else [])]
    return {
        Person: [signup.person],
        Company: [signup.company] if signup.company else [],
        CompanyMatch: list(signup.person.company_matches.all()),
        Lookup: list(Lookup.objects.filter(key__in=keys, fetched_at__gt=new)),
        Signup: [signup],
        Check: list(signup.checks.all()),
        Score: list(signup.scores.all()),
        ScoreLine: list(ScoreLine.objects.filter(score__signup=signup)),
        VerdictChange: list(signup.verdict_changes.all()),
        Confirmation: list(signup.confirmations.all()),
        IdentityLink: list(IdentityLink.objects.filter(signup=signup)),
        Delivery: list(signup.deliveries.all()),
    }


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    made: dict[type[models.Model], models.Model] = {}
    with write_transaction():
        for model, originals in rows_like(int(request.GET["like"])).items():
            copies = [_copy(row, made) for row in originals]
            model._default_manager.bulk_create(copies)
            if copies:
                made[model] = copies[0]
    return HttpResponse("ok")


def _copy(row: models.Model, made: dict[type[models.Model], models.Model]) -> models.Model:
    """`row` without its key, with other unique values, and pointing at the copies made so far."""
    own = uuid.uuid4()
    values: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.primary_key:
            continue
        value = getattr(row, field.attname)
        if field.is_relation:
            copied = made.get(field.related_model)  # type: ignore[arg-type]
            value = copied.pk if copied is not None else value
        elif isinstance(field, models.UUIDField) and value is not None:
            value = own
        elif field.name in _UNIQUE.get(type(row), ()):
            value = f"{own.hex}.{value}"
        values[field.attname] = value
    return type(row)(**values)


urlpatterns = [path("bare/", insert), *urls.urlpatterns]
