"""The keys of the pretend world. None of them opens anything outside it.

The product's sandbox mode uses the same values, written down on its own side: the two share no code.
"""

SLACK_BOT_TOKEN = "xoxb-sandbox-onboarding"
SLACK_BOT_TOKEN_WITHOUT_SCOPES = "xoxb-sandbox-noscope"
SLACK_SIGNING_SECRET = "sandbox-slack-signing-secret"
SLACK_CHANNEL = "C0SIGNUPS"
SLACK_HIGH_VALUE_CHANNEL = "C0HIGHVALUE"
SLACK_ARCHIVED_CHANNEL = "C0ARCHIVED"
SLACK_FOREIGN_CHANNEL = "C0NOTMEMBER"

CLOSE_API_KEY = "api_sandbox_close"

MIXPANEL_PROJECT_TOKEN = "sandbox-mixpanel-token"
MIXPANEL_PROJECT_ID = "123456"
MIXPANEL_SERVICE_ACCOUNT = "onboarding.sandbox"
MIXPANEL_SERVICE_SECRET = "sandbox-mixpanel-secret"

CUSTOMERIO_SITE_ID = "sandbox-site"
CUSTOMERIO_API_KEY = "sandbox-cio-track-key"
CUSTOMERIO_APP_KEY = "sandbox-cio-app-key"
CUSTOMERIO_WEBHOOK_SECRET = "sandbox-cio-webhook-secret"

GA_MEASUREMENT_ID = "G-SANDBOX01"
GA_API_SECRET = "sandbox-ga-secret"

CLEARBIT_API_KEY = "sk_sandbox_clearbit"
HUNTER_API_KEY = "sandbox-hunter"
PDL_API_KEY = "sandbox-pdl"
APOLLO_API_KEY = "sandbox-apollo"
"""These three are not filled in by the sandbox mode: without them nobody asks there."""

GITHUB_TOKEN = "ghp_sandbox_github"
"""Optional at GitHub, as outside: without it searches are fewer and e-mail addresses hidden."""
GRAVATAR_API_KEY = "sandbox-gravatar-key"
"""Optional too: with it a profile shows a few more fields."""
