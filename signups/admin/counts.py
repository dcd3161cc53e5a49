"""What waits for staff, counted once a request for the navigation and the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest

from signups.models import CompanyMatch, Delivery, Forward, Signup, Verdict


@dataclass(frozen=True)
class Waiting:
    held: int
    rejected: int
    failed: int
    refused_actions: int
    workplaces: int

    @property
    def reviews(self) -> int:
        return self.held + self.rejected


def waiting(request: HttpRequest) -> Waiting:
    """Held signups, rejected ones nobody has looked at, failed deliveries, refused actions, and guesses where
    somebody works. Four queries a request.
    """
    kept: Waiting | None = getattr(request, "_waiting_for_staff", None)
    if kept is None:
        reviews = Signup.objects.awaiting_review().aggregate(
            held=Count("pk", filter=Q(verdict=Verdict.HELD)), rejected=Count("pk", filter=Q(verdict=Verdict.REJECTED))
        )
        failed = Delivery.objects.dead().count()
        refused = Forward.objects.filter(refused_at__isnull=False).count()
        workplaces = CompanyMatch.objects.filter(state=CompanyMatch.State.OPEN).count()
        kept = Waiting(reviews["held"], reviews["rejected"], failed, refused, workplaces)
        request._waiting_for_staff = kept  # type: ignore[attr-defined]
    return kept
