"""A signup whose company became another is scored anew, and whoever was told of it hears of it: `profile_changed`."""

from __future__ import annotations

from signups import profiles
from signups.models import Signup, Verdict


def is_told(signup: Signup) -> bool:
    """Whether a change of its company is anybody's business: a rejected signup without one stays as it is."""
    return signup.verdict != Verdict.REJECTED or signup.company_id is not None


def tell_anew(signup: Signup) -> None:
    """Score the signup as it is now and save it, in the caller's transaction, whose row it has locked.

    Saving it is what plans the deliveries: one `profile_changed` for each integration that listens.
    """
    profiles.rescore(signup)
    signup.save()
