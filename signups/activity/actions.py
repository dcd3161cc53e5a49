"""What the signups of a scope did, a limited number of actions at a time, and which of it was reading the docs."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from signups.activity.scope import Scope
from signups.activity.window import Read, Window
from signups.models import Action, Signup

MOST = 300  # read for one page of the story
_MOST_NAMES = 20  # by which actions are looked for one by one


def read(scope: Scope, condition: Q, window: Window, rank: int, limit: int) -> Read[Action]:
    """The next actions of these signups, through the ids that mean them.

    Somebody's next actions are found by an index for each id. Asked for by all ids at once, a database would fetch and
    sort everything they ever did; so each id, or where there are many each sort of id, gives what a page can hold.
    """
    nothing = Value("", output_field=TextField())
    url, path = Coalesce(KT("properties__url"), nothing), Coalesce(KT("properties__path"), nothing)
    actions = Action.objects.annotate(url=url, path=path).filter(condition)
    groups = [Q(user_id=name) for name in scope.users]
    groups += [Q(anonymous_id=name, user_id="") for name in scope.visitors]
    if not groups:
        return Read([])
    if len(groups) > _MOST_NAMES:
        groups = [Q(user_id__in=scope.users), Q(anonymous_id__in=scope.visitors, user_id="")]
    few = (window.cut(actions.filter(group), "at", rank, limit + 1).values("pk") for group in groups)
    theirs = reduce(or_, (Q(pk__in=pks) for pks in few))
    return window.take(actions.filter(theirs), "at", rank, limit)


def owner(scope: Scope, action: Action) -> Signup | None:
    """Whose an action is: the customer's whom it names, else the visitor's."""
    return scope.users.get(action.user_id) if action.user_id else scope.visitors.get(action.anonymous_id)


def place(action: Action) -> tuple[str, str]:
    """The host and path of the page an action happened on, "" where it does not say."""
    path = re.split("[?#]", str(action.property("path") or ""))[0]
    try:
        parts = urlsplit(str(action.property("url") or ""))
        return parts.hostname or "", path or parts.path or ("/" if parts.hostname else "")
    except ValueError:
        return "", path


def kind_of(action: Action) -> str:
    """ "event", "docs" or "page"."""
    if action.kind == Action.Kind.TRACK:
        return "event"
    return "docs" if _is_docs(action) else "page"


def condition(kind: str) -> Q:
    """The same as `kind_of`, for the database."""
    if kind == "event":
        return Q(kind=Action.Kind.TRACK)
    # What a regular expression decides, a cheap comparison has let through: SQLite's are Python's.
    docs = Q(url__icontains="://docs.") & Q(url__iregex=r"^[a-z]+://docs\.")
    for path in (one.rstrip("/") for one in settings.DOCS_PATHS):
        below = rf"{re.escape(path)}([/?#]|$)"
        docs |= Q(path__startswith=path) & Q(path__regex=rf"^{below}")
        docs |= Q(path="", url__contains=path) & Q(url__iregex=rf"^[a-z]+://[^/?#]+{below}")
    return Q(kind=Action.Kind.PAGE) & (docs if kind == "docs" else ~docs)


def _is_docs(action: Action) -> bool:
    host, path = place(action)
    return host.startswith("docs.") or any(
        path == docs or path.startswith(f"{docs}/") for docs in (one.rstrip("/") for one in settings.DOCS_PATHS)
    )
