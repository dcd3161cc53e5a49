"""Staff's home: every page of the Django admin, with what it shows and what staff can do there.

What a decision or a repeat means is left to `signups.review` and `signups.deliveries`; here are the words, the
questions and the pages. The look is django-unfold's, the templates are in `templates/admin/`, the navigation in
`onboarding.admin_site`.
"""

from signups.admin import (
    access,
    companies,
    company_matches,
    deliveries,
    domain_lists,
    drips,
    experiments,
    fingerprints,
    jobs,
    precedence,
    providers,
    quality,
    refused_actions,
    rejected,
    scorecards,
    signups,
    system,
    usage,
    verdict_rules,
)

__all__ = [
    "access",
    "companies",
    "company_matches",
    "deliveries",
    "domain_lists",
    "drips",
    "experiments",
    "fingerprints",
    "jobs",
    "precedence",
    "providers",
    "quality",
    "refused_actions",
    "rejected",
    "scorecards",
    "signups",
    "system",
    "usage",
    "verdict_rules",
]
