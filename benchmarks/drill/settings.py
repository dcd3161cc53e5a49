"""The product's settings for a drill that is about the deliveries: one provider of look-ups, and as many workers as
there may be drains at a time."""

from onboarding.settings import *  # noqa: F403
from onboarding.settings import Q_CLUSTER

ENRICHMENT_PROVIDERS = ["integrations.clearbit.Clearbit"]
Q_CLUSTER = {**Q_CLUSTER, "workers": 8}
