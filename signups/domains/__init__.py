"""What is publicly known of a domain: who registered it, what its name servers say, and how its mail is set up.

Facts for whoever needs them, vetting and providers alike; what they mean is for the caller to say. Knows the contracts
and nothing else of ours.
"""

from signups.domains.registered import is_public, lineage, listed_as, public_suffix, registrable, suffixes

__all__ = ["is_public", "lineage", "listed_as", "public_suffix", "registrable", "suffixes"]
