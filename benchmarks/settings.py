"""The product's settings in sandbox mode, with the bare views beside the product's own."""

import os

os.environ.setdefault("SANDBOX", "1")
os.environ.setdefault("ENV_FILE", "")
os.environ.setdefault("FORM_MIN_SECONDS", "0")

from onboarding.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

if os.environ.get("BENCHMARK_INTEGRATIONS"):  # for a worker that a benchmark starts
    INTEGRATIONS = os.environ["BENCHMARK_INTEGRATIONS"].split(",")
