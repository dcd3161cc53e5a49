"""Settings, all from the environment (or `.env`): `environment.py` lists every variable with its meaning."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from onboarding import environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if os.environ.get("ENV_FILE", ".env"):
    environ.Env.read_env(BASE_DIR / os.environ.get("ENV_FILE", ".env"))
VALUES = environment.read(env)
environment.refuse_insecure(VALUES)

SANDBOX: bool = VALUES["SANDBOX"]
DEBUG: bool = VALUES["DEBUG"]
SECRET_KEY: str = VALUES["SECRET_KEY"] or environment.INSECURE_SECRET_KEY  # refused above outside DEBUG and the sandbox
SECRET_KEY_FALLBACKS: list[str] = VALUES["SECRET_KEY_FALLBACKS"]
ALLOWED_HOSTS: list[str] = VALUES["ALLOWED_HOSTS"]
CSRF_TRUSTED_ORIGINS: list[str] = VALUES["CSRF_TRUSTED_ORIGINS"]
PORT: int = VALUES["PORT"]
SANDBOX_PORTS = {name: VALUES[f"SANDBOX_{name.upper()}_PORT"] for name in ("http", "dns", "smtp")}
BASE_URL: str = VALUES["BASE_URL"].rstrip("/")
WELCOME_URL: str = VALUES["WELCOME_URL"]

# -- Django ------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "ninja",
    "signups",
]
MIDDLEWARE = [
    "signups.middleware.RequestIdMiddleware",
    "signups.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "signups.middleware.PublicPageMiddleware",
    "signups.middleware.ActionsFromPagesMiddleware",
    "signups.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "onboarding.urls"
WSGI_APPLICATION = "onboarding.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_USE_FINDERS = True
# Bytes of a request's body, by its path where batches are sent: the middleware answers 413 before more is read.
BODY_LIMIT = 1_000_000
BODY_LIMITS = {"/api/v1/usage": 10_000_000}
DATA_UPLOAD_MAX_MEMORY_SIZE = max(BODY_LIMIT, *BODY_LIMITS.values())

# -- The database ------------------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    try:
        database: dict[str, Any] = env.db_url_config(VALUES["DATABASE_URL"])
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
    if database.get("ENGINE") == "django.db.backends.sqlite3":
        if database["NAME"] != ":memory:":
            database["NAME"] = str(BASE_DIR / database["NAME"])
            Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        # Write-ahead log, and a write lock taken when a transaction begins: with Django's defaults a reader that
        # turns writer fails with "database is locked" however long the timeout is.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
        }
    elif database.get("ENGINE") == "django.db.backends.postgresql":
        database["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL must be sqlite:///path or postgres://user:password@host:5432/name")
    database["CONN_MAX_AGE"] = 600
    return database


DATABASES = {"default": _database()}

# -- The queue: a wake-up call; what must happen stands in the database (signups/deliveries) ---------------------------

Q_CLUSTER: dict[str, Any] = {
    "name": "onboarding",
    "workers": 4,
    "queue_limit": 4,
    "bulk": 1,
    "timeout": 120,
    "retry": 300,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "poll": 0.2,
    "label": "Queue",
    "ALT_CLUSTERS": {},
}
QUEUE_URL: str = VALUES["QUEUE_URL"]
if QUEUE_URL:
    if not QUEUE_URL.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("QUEUE_URL must be empty or start with redis://")
    Q_CLUSTER["redis"] = QUEUE_URL
else:
    Q_CLUSTER["orm"] = "default"

# -- Mail --------------------------------------------------------------------------------------------------------------

vars().update(env.email_url_config(VALUES["EMAIL_URL"]))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = VALUES["DEFAULT_FROM_EMAIL"]

# -- The story ---------------------------------------------------------------------------------------------------------

VETTING_BUDGET_MS: int = VALUES["VETTING_BUDGET_MS"]
SHARED_NETWORKS: list[str] = VALUES["SHARED_NETWORKS"]
FORM_MIN_SECONDS: float = VALUES["FORM_MIN_SECONDS"]
DNS_NAMESERVERS: list[str] = VALUES["DNS_NAMESERVERS"]
DNS_TIMEOUT_MS: int = VALUES["DNS_TIMEOUT_MS"]
QUIET_AFTER_DAYS: int = VALUES["QUIET_AFTER_DAYS"]
FEED_LATE_AFTER_HOURS: int = VALUES["FEED_LATE_AFTER_HOURS"]
LOOKUPS_KEPT_DAYS: int = VALUES["LOOKUPS_KEPT_DAYS"]
for _name in ("QUIET_AFTER_DAYS", "FEED_LATE_AFTER_HOURS", "LOOKUPS_KEPT_DAYS"):
    if VALUES[_name] < 1:
        raise ImproperlyConfigured(f"{_name} must be a whole number from 1, not {VALUES[_name]}")
LIMIT_THRESHOLDS: list[int] = environment.percentages("LIMIT_THRESHOLDS", VALUES["LIMIT_THRESHOLDS"])
DOCS_PATHS: list[str] = VALUES["DOCS_PATHS"]
# Where newer lists of domains come from, and who fetches them.
LISTS_URL: str = VALUES["LISTS_URL"].rstrip("/")
LIST_FETCHER = "integrations.domain_lists.fetch"
# Only in the pretend internet: its special-use names are allowed, and these domains play a big mail provider and a
# disposable one.
SANDBOX_KINDS = {"bigmail.test": "free_mail", "throwaway.test": "disposable"} if SANDBOX else {}

# Only in the pretend internet, too: where its public addresses (sandbox/zones.py) are reached: (network, port) → host
# and port. The first that fits counts; at other ports nobody answers there.
GUARDED_ROUTES: dict[tuple[str, int], tuple[str, int]] = {}
if SANDBOX:
    GUARDED_ROUTES = dict.fromkeys(
        (("198.51.100.0/24", 80), ("2001:db8::/32", 80)), ("127.0.0.1", SANDBOX_PORTS["http"])
    )

# The optional checks, off by default (docs/vetting.md).
MAIL_SETUP_IS_ON: bool = VALUES["VETTING_MAIL_SETUP"]
SMTP_PROBE = {
    "is_on": VALUES["VETTING_SMTP_PROBE"],
    "sender": VALUES["SMTP_PROBE_FROM"].strip(),
    "helo": VALUES["SMTP_PROBE_HELO"].strip() or urlsplit(BASE_URL).hostname or "localhost",
    "via": VALUES["SMTP_PROBE_VIA"].strip(),
}
environment.refuse_unsendable(VALUES)

# Who is asked about a person or a company, in this order; a later answer never overrides an earlier one.
ENRICHMENT_PROVIDERS = [
    "integrations.clearbit.Clearbit",
    "integrations.peopledatalabs.PeopleDataLabs",
    "integrations.apollo.Apollo",
    "integrations.hunter.Hunter",
    "integrations.gravatar.Gravatar",
    "integrations.github.GitHub",
    "integrations.website.WebSite",
    "integrations.mail.MailSetup",
    "integrations.close_signatures.CloseSignatures",
]
# Whether providers are asked no more often than they allow; the pretend ones take any number.
KEEPS_PROVIDER_RATES = not SANDBOX
# Who is asked about a company's domain, each only where its own setting says so.
EXAMINERS = ["integrations.rdap.DomainAge"]
# Who hears of a signup, in story order.
INTEGRATIONS = [
    "integrations.confirmation_mail.ConfirmationMail",
    "integrations.slack.Slack",
    "integrations.slack.SlackHighValue",
    "integrations.close.Close",
    "integrations.mixpanel.Mixpanel",
    "integrations.googleanalytics.GoogleAnalytics",
    "integrations.customerio.CustomerIO",
]
SLACK = {
    "bot_token": VALUES["SLACK_BOT_TOKEN"],
    "signing_secret": VALUES["SLACK_SIGNING_SECRET"],
    "channel": VALUES["SLACK_CHANNEL"],
    "high_value_channel": VALUES["SLACK_HIGH_VALUE_CHANNEL"],
    "api_url": VALUES["SLACK_API_URL"].rstrip("/") + "/",
    "posts_per_s": VALUES["SLACK_POSTS_PER_SECOND"],
}
CLOSE = {
    "api_key": VALUES["CLOSE_API_KEY"],
    "api_url": VALUES["CLOSE_API_URL"].rstrip("/"),
    "calls_per_s": VALUES["CLOSE_CALLS_PER_SECOND"],
    "searches_per_s": VALUES["CLOSE_SEARCHES_PER_SECOND"],
}
for _name in ("SLACK_POSTS_PER_SECOND", "CLOSE_CALLS_PER_SECOND", "CLOSE_SEARCHES_PER_SECOND"):
    if not VALUES[_name] > 0:
        raise ImproperlyConfigured(f"{_name} must be a number above 0, not {VALUES[_name]}")
MIXPANEL = {
    "project_token": VALUES["MIXPANEL_PROJECT_TOKEN"],
    "project_id": VALUES["MIXPANEL_PROJECT_ID"],
    "service_account": VALUES["MIXPANEL_SERVICE_ACCOUNT"],
    "service_secret": VALUES["MIXPANEL_SERVICE_SECRET"],
    "api_url": VALUES["MIXPANEL_API_URL"].rstrip("/"),
    "id_merge": VALUES["MIXPANEL_ID_MERGE"],
}
if MIXPANEL["id_merge"] not in ("simplified", "original", "legacy"):
    raise ImproperlyConfigured("MIXPANEL_ID_MERGE must be simplified, original or legacy")
CUSTOMERIO = {
    "site_id": VALUES["CUSTOMERIO_SITE_ID"],
    "api_key": VALUES["CUSTOMERIO_API_KEY"],
    "app_key": VALUES["CUSTOMERIO_APP_KEY"],
    "webhook_secret": VALUES["CUSTOMERIO_WEBHOOK_SECRET"],
    "track_url": VALUES["CUSTOMERIO_TRACK_URL"].rstrip("/"),
    "app_url": VALUES["CUSTOMERIO_APP_URL"].rstrip("/"),
}
GA = {
    "measurement_id": VALUES["GA_MEASUREMENT_ID"],
    "api_secret": VALUES["GA_API_SECRET"],
    "api_url": VALUES["GA_API_URL"].rstrip("/"),
}
CLEARBIT = {
    "api_key": VALUES["CLEARBIT_API_KEY"],
    "person_url": VALUES["CLEARBIT_PERSON_URL"].rstrip("/"),
    "company_url": VALUES["CLEARBIT_COMPANY_URL"].rstrip("/"),
    "params": environment.query("CLEARBIT_PARAMS", VALUES["CLEARBIT_PARAMS"]),
}
PDL = {"api_key": VALUES["PDL_API_KEY"], "api_url": VALUES["PDL_API_URL"].rstrip("/")}
APOLLO = {"api_key": VALUES["APOLLO_API_KEY"], "api_url": VALUES["APOLLO_API_URL"].rstrip("/")}
HUNTER = {"api_key": VALUES["HUNTER_API_KEY"], "api_url": VALUES["HUNTER_API_URL"].rstrip("/")}
GRAVATAR = {"api_key": VALUES["GRAVATAR_API_KEY"], "api_url": VALUES["GRAVATAR_API_URL"].rstrip("/")}
RDAP = {
    "is_on": VALUES["VETTING_DOMAIN_AGE"],
    "servers": environment.registries("RDAP_SERVERS", VALUES["RDAP_SERVERS"]),
}
GITHUB = {"token": VALUES["GITHUB_TOKEN"], "api_url": VALUES["GITHUB_API_URL"].rstrip("/")}

# -- Production --------------------------------------------------------------------------------------------------------

if not DEBUG and not SANDBOX:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = BASE_URL.startswith("https://")
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # asked by load balancers and monitors, over plain HTTP
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

LOG_FORMAT = environment.log_format(VALUES["LOG_FORMAT"])
_FORMATTER = "signups.logs.JsonFormatter" if LOG_FORMAT == "json" else "signups.logs.LineFormatter"
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": _FORMATTER}},
    "filters": {"no_refusals": {"()": "signups.logs.NoRefusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # not by mail, and once: by the root's handler
        "django.request": {"filters": ["no_refusals"]},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "django-q": {"level": "WARNING"},  # else several lines for every canary
    },
}
METRICS_TOKEN: str = environment.metrics_token(VALUES["METRICS_TOKEN"])
ALERTS_MAIL_TO: list[str] = environment.mail_addresses("ALERTS_MAIL_TO", VALUES["ALERTS_MAIL_TO"])

# The admin's look and navigation: `onboarding/admin_site.py` fills it in.
from onboarding.admin_site import UNFOLD  # noqa: E402, F401
