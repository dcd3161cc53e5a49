"""How an experiment's page writes shares, differences and chances."""

from __future__ import annotations

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def as_percent(share: float) -> str:
    from signups.experiments import verdict

    return verdict.percent(share)


@register.filter
def as_points(share: float) -> str:
    from signups.experiments import verdict

    return verdict.points(share)


@register.filter
def as_signed_points(share: float) -> str:
    from signups.experiments import verdict

    return verdict.signed_points(share)


@register.filter
def as_count(number: int | None) -> str:
    """ "2,188", "–" for none."""
    return "–" if number is None else f"{number:,}"


@register.filter
def as_days(span: timedelta) -> str:
    """ "a day", "7 days"."""
    return "a day" if span.days == 1 else f"{span.days} days"


@register.filter
def as_p(chance: float) -> str:
    """A p-value, as precise as it means anything: "= 0.105", "< 0.00001"."""
    if chance < 0.00001:
        return "< 0.00001"
    return f"= {chance:.3f}" if chance >= 0.001 else f"= {chance:.5f}"
