"""The product's settings with one provider of look-ups, for a drill that is about the deliveries."""

from onboarding.settings import *  # noqa: F403

ENRICHMENT_PROVIDERS = ["integrations.clearbit.Clearbit"]
