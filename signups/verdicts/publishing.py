"""Versions of the rules: a draft is made from any version, changed, and published; what was before is kept.

Each step is one transaction that locks the published version; what is refused says why in a sentence. Who may do it is
the admin's.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Max
from django.utils import timezone

from signups.models import RulePublication, RuleSet, VerdictRule
from signups.transactions import write_transaction
from signups.verdicts import current, safety

_COPIED = ("order", "name", "conditions", "action", "sentence", "is_enabled", "changed_by_id")


class Refused(Exception):
    """Not as things are; the text says why, and what would help."""


def draft_of(rule_set: RuleSet, user: AbstractBaseUser, note: str = "") -> RuleSet:
    """A new draft with the rules of `rule_set`, under the next version number. Raises Refused."""
    with write_transaction():
        _locked()
        version = (RuleSet.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        draft = RuleSet.objects.create(version=version, note=note[:500], based_on=rule_set, author_id=user.pk)
        copies = [
            VerdictRule(rule_set=draft, **{name: getattr(rule, name) for name in _COPIED})
            for rule in rule_set.rules.all()
        ]
        VerdictRule.objects.bulk_create(copies)
    return draft


def publish(rule_set: RuleSet, user: AbstractBaseUser, note: str = "") -> RuleSet:
    """This version decides from the next signup on, in all processes; the one before is retired. Raises Refused."""
    with write_transaction():
        before = _locked()
        rule_set = RuleSet.objects.select_for_update().filter(pk=rule_set.pk).first() or _refuse("It has been deleted.")
        if rule_set.state == RuleSet.State.PUBLISHED:
            _refuse("It is published already.")
        if found := problems(rule_set):
            _refuse(" ".join(found))
        if before is not None:
            RuleSet.objects.filter(pk=before.pk).update(state=RuleSet.State.RETIRED)
        rule_set.state, rule_set.published_at = RuleSet.State.PUBLISHED, timezone.now()
        rule_set.save(update_fields=["state", "published_at"])
        RulePublication.objects.create(rule_set=rule_set, by_id=user.pk, note=note[:500])
    return rule_set


def problems(rule_set: RuleSet) -> list[str]:
    """Why this version cannot be published, in sentences with the remedy; none where it can. One query."""
    rules = current.of(rule_set).rules
    return safety.problems(rules) if rules else ["It has no rule that is switched on: add one."]


def is_editable(rule_set: RuleSet) -> bool:
    return rule_set.state == RuleSet.State.DRAFT


def _locked() -> RuleSet | None:
    """The published version, with all versions locked: of two who publish at once one comes after the other.

    A lock on the published one alone would not do: who waited for it finds that it is retired, and none in its place.
    """
    rule_sets = list(RuleSet.objects.select_for_update().order_by("version"))
    return next((one for one in rule_sets if one.state == RuleSet.State.PUBLISHED), None)


def _refuse(why: str) -> RuleSet:
    raise Refused(why)
