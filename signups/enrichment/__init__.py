"""Who is it? A waterfall over providers, with provenance: of every fact who said so, when, and who says otherwise.

`lookups` asks, `answers` keeps what was said, `merging` makes one profile of it by the order of `precedence`. What it
may cost is `budget`'s, who is left alone for a while `breaker`'s. What is late or pending is the caller's to finish:
ask again later, with more time.
"""

from signups.enrichment import asking, known_names, precedence
from signups.enrichment.answers import LIFETIME, STAFF, Result
from signups.enrichment.hearing import hear
from signups.enrichment.lookups import Findings, PendingLookups, account, save, start

__all__ = ["LIFETIME", "STAFF", "Findings", "PendingLookups", "Result", "account", "forget", "hear", "save", "start"]


def forget() -> None:
    """Read what is set anew, and count how often vendors were asked from nought."""
    precedence.forget()
    asking.forget()
    known_names.forget()
