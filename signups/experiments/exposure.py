"""Who sees which arm, written down once a phase at the moment it could first be seen.

The order: an arm that staff chose for this unit; the arm it has seen in this phase, or carried from an earlier one;
else the hash. Asking costs nothing while nothing runs, one look-up for a unit known to the phase, and one insert for a
new one, which of two requests at once one makes. A page never fails because of a test: where the database is away or
busy, the product's own words are shown and nothing is counted.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from django.db import DatabaseError
from django.http import HttpRequest

from signups import visitors
from signups.experiments import running
from signups.experiments.assignment import assigned
from signups.experiments.running import Arm, Running
from signups.models import Experiment, Exposure, ForcedArm, Signup
from signups.models.experiment import visitor_unit
from signups.transactions import may_fail, write_transaction

log = logging.getLogger(__name__)

FORCE = "arm"  # ?arm=experiment:arm
# Programs that fetch pages without anybody looking at them; they keep no cookies and would be new visitors every time.
_PROGRAMS = re.compile(r"bot\b|bot/|crawl|spider|slurp|preview|monitor|uptime|curl/|wget/|python-|go-http|java/", re.I)


def arm(key: str, *, unit: str = "", request: HttpRequest | None = None, signup: Signup | None = None) -> Arm | None:
    """The arm of the experiment `key` for a unit, for the visitor behind a request, or for a signup; it counts as seen.

    None where the experiment does not run (and nothing was decided) or the unit takes no part: show what the product
    says anyway.
    """
    now = running.now()
    if key in now.running:
        return _arm(now.running[key], unit, request, signup)
    return now.decided.get(key)


def content(surface: str, *, request: HttpRequest | None = None, signup: Signup | None = None) -> dict[str, str]:
    """The texts to show on a surface instead of the product's own, by name; it counts as seen.

    What was decided earlier for this surface holds beneath a running test, whose arms say only what they change.
    """
    now = running.now()
    texts: dict[str, str] = {}
    for decided in now.decided_on.get(surface, ()):
        texts |= decided.content
    for one in now.on(surface):
        shown = _arm(one, "", request, signup)
        texts |= shown.content if shown is not None else {}
    return {name: text for name, text in texts.items() if text}


def expose(surface: str, signup: Signup) -> None:
    """Write down that this signup is about to see what runs on a surface that another system shows."""
    for one in running.now().on(surface):
        _arm(one, "", None, signup)


# -- The unit ----------------------------------------------------------------------------------------------------------


def _arm(one: Running, unit: str, request: HttpRequest | None, signup: Signup | None) -> Arm | None:
    unit = unit or _unit(one, request, signup)
    if not unit:
        return None
    try:
        with may_fail():
            if request is not None and (chosen := _staffs_choice(request, one)):
                force(one.pk, unit, chosen, request.user.pk)
                one = replace(one, has_forced=True)
            key = _key(one, unit)
    except DatabaseError:
        log.exception("Experiment %s: the arm of a unit could not be read or written; it is not counted", one.key)
        return None
    return one.arms.get(key) if key is not None else None


def _unit(one: Running, request: HttpRequest | None, signup: Signup | None) -> str:
    """Who this is to the experiment: the visitor's id, also after signing up, or the company's domain."""
    if one.unit == Experiment.Unit.COMPANY:
        return signup.company.domain if signup is not None and signup.company is not None else ""
    if signup is not None:
        return visitor_unit(signup.anonymous_id, signup.uid)
    if request is None or request.method == "HEAD" or _PROGRAMS.search(request.headers.get("User-Agent", "")):
        return ""  # nobody looks
    return visitors.visitor_id(request)


# -- The arm -----------------------------------------------------------------------------------------------------------


def _key(one: Running, unit: str) -> str | None:
    """The unit's arm in the present phase, written down when it is new to it."""
    seen = list(Exposure.objects.filter(experiment=one.pk, unit=unit).order_by("phase__number"))
    in_this_phase = next((row for row in seen if row.phase_id == one.phase_pk), None)
    was_forced = any(row.is_forced for row in seen)
    if one.has_forced or was_forced:
        forced = ForcedArm.objects.filter(experiment=one.pk, unit=unit).first()
        if forced is not None and forced.arm in one.arms:
            _say(one, unit, forced.arm, in_this_phase, is_forced=True)
            return forced.arm
    if in_this_phase is not None and not in_this_phase.is_forced and in_this_phase.arm in one.arms:
        return in_this_phase.arm
    carried = next((row.arm for row in reversed(seen) if not row.is_forced and row.arm in one.arms), None)
    key = carried or assigned(one.key, unit, one.coverage, one.ranges)
    if key is not None:  # a unit that staff chose an arm for stays uncounted, also after they took that back
        _say(one, unit, key, in_this_phase, is_forced=was_forced, is_carried=carried is not None)
    return key


def _say(
    one: Running, unit: str, key: str, known: Exposure | None, *, is_forced: bool, is_carried: bool = False
) -> None:
    """Let the phase's row say what is shown now: a new one, or the known one, which another process wrote otherwise."""
    if known is None:
        _write(one, unit, key, is_forced=is_forced, is_carried=is_carried)
    elif (known.arm, known.is_forced) != (key, is_forced):
        with write_transaction():
            Exposure.objects.filter(pk=known.pk).update(arm=key, is_forced=is_forced)


def _write(one: Running, unit: str, key: str, *, is_forced: bool = False, is_carried: bool = False) -> None:
    row = Exposure(
        experiment_id=one.pk, phase_id=one.phase_pk, unit=unit, arm=key, is_forced=is_forced, is_carried=is_carried
    )
    with write_transaction():
        Exposure.objects.bulk_create([row], ignore_conflicts=True)


# -- Staff's choice ----------------------------------------------------------------------------------------------------


def _staffs_choice(request: HttpRequest, one: Running) -> str:
    """The arm that somebody logged in as staff asks for in the address, "" where nobody does."""
    key, _, chosen = request.GET.get(FORCE, "").partition(":")
    is_asked = key == one.key and chosen in one.arms
    return chosen if is_asked and request.user.is_active and request.user.is_staff else ""


def force(experiment_pk: int, unit: str, arm_key: str, author_pk: int | None) -> None:
    """Show `unit` this arm from now on, and leave it out of every reading."""
    with write_transaction():
        values = {"arm": arm_key, "author_id": author_pk}
        ForcedArm.objects.update_or_create(experiment_id=experiment_pk, unit=unit, defaults=values)
        seen = Exposure.objects.filter(experiment_id=experiment_pk, unit=unit)
        seen.update(is_forced=True)
        seen.filter(phase__ended_at=None).update(arm=arm_key)
    running.forget()
