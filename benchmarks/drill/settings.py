"""The product's settings for a drill of very many signups, which is about the deliveries: one provider of look-ups, as
many workers as there may be drains at a time, and several messages to Slack at once."""

from onboarding.settings import *  # noqa: F403
from onboarding.settings import INTEGRATIONS, Q_CLUSTER

ENRICHMENT_PROVIDERS = ["integrations.clearbit.Clearbit"]
Q_CLUSTER = {**Q_CLUSTER, "workers": 8}
INTEGRATIONS = [
    path.replace("integrations.slack.Slack", "benchmarks.drill.quick_slack.QuickSlack") for path in INTEGRATIONS
]
