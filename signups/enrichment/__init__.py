"""Who is it? Everybody who may know the person or the company is asked side by side, under one deadline.

What was answered before and is still fresh is not asked again (`answers`); who answers when two say different things is
the order of `ENRICHMENT_PROVIDERS`. What is late or pending is the caller's to finish: ask again later, with more time.
"""

from signups.enrichment.answers import LIFETIME, Result
from signups.enrichment.hearing import hear
from signups.enrichment.lookups import Findings, PendingLookups, save, start

__all__ = ["LIFETIME", "Findings", "PendingLookups", "Result", "hear", "save", "start"]
