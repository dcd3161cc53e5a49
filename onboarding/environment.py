"""What the environment may say: every variable with its type, default and meaning.

One table, read by `settings.py`, by the test that keeps `.env.example` and the README's table equal to the code, and by
the system checks. The sandbox's values stand beside the vendors' own, so that `SANDBOX=1` needs no other setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

INSECURE_SECRET_KEY = "insecure-key-for-the-sandbox-and-for-debugging-only-never-in-production"  # noqa: S105  refused in production


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, type (str, bool, int, list), default, meaning, and its value in the sandbox.

    `{http}`, `{dns}` and `{smtp}` in a sandbox value stand for the sandbox's ports, `{port}` for the web server's.
    """

    name: str
    cast: type
    default: Any
    meaning: str
    sandbox: Any = None
    is_secret: bool = False


_B = "http://127.0.0.1:{http}"

VARIABLES: tuple[Variable, ...] = (
    Variable(
        "SECRET_KEY",
        str,
        "",
        "Signs sessions, confirmation links and queued tasks; the same for web and worker",
        INSECURE_SECRET_KEY,
        True,
    ),
    Variable(
        "SECRET_KEY_FALLBACKS",
        list,
        [],
        "Earlier keys, comma-separated: what they signed (links, sessions) holds on while SECRET_KEY is being replaced",
        is_secret=True,
    ),
    Variable("DEBUG", bool, False, "Django's debug pages; never in production"),
    Variable(
        "ALLOWED_HOSTS",
        list,
        [],
        "Host names the site answers to, comma-separated",
        ["127.0.0.1", "localhost", "[::1]"],
    ),
    Variable("CSRF_TRUSTED_ORIGINS", list, [], "Origins (with scheme) that may post forms through a proxy"),
    Variable(
        "BASE_URL",
        str,
        "http://127.0.0.1:8000",
        "What links in mails and Slack start with",
        "http://127.0.0.1:{port}",
    ),
    Variable(
        "DATABASE_URL",
        str,
        "sqlite:///var/onboarding.sqlite3",
        "SQLite (WAL, IMMEDIATE transactions, busy timeout) or `postgres://…`",
        "sqlite:///var/sandbox.sqlite3",  # with its demo user, never in a real one
    ),
    Variable(
        "LOG_FORMAT",
        str,
        "",
        "`json`: one JSON object a line, with the request's id; empty: lines for people. Neither holds personal data",
    ),
    Variable(
        "METRICS_TOKEN",
        str,
        "",
        "Who may read `/metrics`: whoever sends it as a bearer token; empty: this machine alone, and through no proxy",
        is_secret=True,
    ),
    Variable(
        "ALERTS_MAIL_TO",
        list,
        [],
        "Addresses, comma-separated, that are mailed what changes of an integration's state where Slack cannot tell it",
        ["staff@onboarding.test"],
    ),
    Variable("QUEUE_URL", str, "", "Empty: django-q2's ORM broker; `redis://…`: its Redis broker"),
    Variable(
        "EMAIL_URL",
        str,
        "consolemail://",
        "Where mails go: any Django backend, such as `smtp+tls://user:password@host:587`",
        "smtp://127.0.0.1:{smtp}",
        True,
    ),
    Variable(
        "DEFAULT_FROM_EMAIL",
        str,
        "Onboarding <onboarding@localhost>",
        "Sender of confirmation mails",
        "Onboarding <hello@onboarding.test>",
    ),
    Variable(
        "DNS_NAMESERVERS",
        list,
        [],
        "Name servers to ask, `address:port` comma-separated; empty: the system's",
        ["127.0.0.1:{dns}"],
    ),
    Variable(
        "DNS_TIMEOUT_MS",
        int,
        5_000,
        "How long one question waits for them where there is time, in milliseconds; 5 s is what resolv.conf(5) says",
    ),
    Variable(
        "VETTING_BUDGET_MS",
        int,
        1500,
        "When a signup is answered at the latest, in milliseconds: look-ups are waited for until just before"
        ", in a crowd until a third of it before",
    ),
    Variable(
        "SHARED_NETWORKS",
        list,
        [],
        "Networks such as `8.8.8.0/24` that many people are known to share (your own offices, a conference): how many "
        "signups come from them is not held against anybody",
    ),
    Variable(
        "VETTING_DOMAIN_AGE",
        bool,
        False,
        "`1`: ask the registry since when a company's domain is registered (RDAP). Privacy: the registry learns that "
        "this server asked about the domain, and when; never the address",
    ),
    Variable(
        "RDAP_SERVERS",
        list,
        [],
        "Registries that beat the shipped list, comma-separated: `tld=https://…`; `*`: every top-level domain",
        ["*=" + _B + "/rdap"],
    ),
    Variable(
        "VETTING_SMTP_PROBE",
        bool,
        False,
        "`1`: ask the domain's mail server whether the mailbox exists, without sending a mail. Privacy: that server "
        "learns the address, ours, and that somebody signs up with it; probes may also cost this server's reputation",
    ),
    Variable(
        "SMTP_PROBE_FROM",
        str,
        "",
        "The sender that probes name: an address of yours that takes mail; empty: no mail server is probed",
        "probe@onboarding.test",
    ),
    Variable(
        "SMTP_PROBE_HELO",
        str,
        "",
        "The host name by which probes introduce this server, as its address resolves to; empty: that of `BASE_URL`",
        "probe.onboarding.test",
    ),
    Variable(
        "SMTP_PROBE_VIA",
        str,
        "",
        "`address:port` that probes connect to instead of each domain's own mail servers; empty: those, at port 25",
        "127.0.0.1:{smtp}",
    ),
    Variable(
        "VETTING_MAIL_SETUP",
        bool,
        False,
        "`1`: read a domain's SPF, DMARC and verification records, which tell companies. Privacy: its name servers "
        "learn that somebody asked for them; nobody learns the address",
    ),
    Variable(
        "WELCOME_URL",
        str,
        "",
        "Where accepted people are sent; empty: the built-in page with an API key and a first call",
    ),
    Variable(
        "FORM_MIN_SECONDS",
        float,
        1.0,
        "A form sent back sooner than this after it was shown is taken for a bot's; the person is asked to press again",
    ),
    Variable(
        "DOCS_PATHS",
        list,
        ["/docs"],
        "Where the product's docs are, comma-separated paths: timelines tell reading them from other visits. "
        "Hosts `docs.…` are docs anyway",
    ),
    Variable(
        "QUIET_AFTER_DAYS",
        int,
        7,
        "Days after being accepted without an API call, after which a customer is sent help with the integration",
    ),
    Variable(
        "FEED_LATE_AFTER_HOURS",
        int,
        36,
        "Hours without a usage report from anybody, after which nobody is called quiet and staff are told instead",
    ),
    Variable(
        "LOOKUPS_KEPT_DAYS",
        int,
        90,
        "Days for which a provider's answer that has expired is kept, where we have no such person, company or signup. "
        "Refusals are kept for ever",
    ),
    Variable(
        "LIMIT_THRESHOLDS",
        list,
        ["80", "100"],
        "Shares of the plan's limit, in percent, at which customers are asked to upgrade; sales hear of 100 and more",
    ),
    Variable(
        "SLACK_BOT_TOKEN",
        str,
        "",
        "Bot token (`xoxb-…`) with `chat:write` and `channels:history`; empty: Slack is off",
        "xoxb-sandbox-onboarding",
        True,
    ),
    Variable("SLACK_SIGNING_SECRET", str, "", "Checks what Slack sends to us", "sandbox-slack-signing-secret", True),
    Variable("SLACK_CHANNEL", str, "", "Channel id for every signup", "C0SIGNUPS"),
    Variable(
        "SLACK_HIGH_VALUE_CHANNEL",
        str,
        "",
        "Second channel id for high-value signups; empty: none",
        "C0HIGHVALUE",
    ),
    Variable("SLACK_API_URL", str, "https://slack.com/api/", "Slack's Web API", _B + "/slack/api/"),
    Variable("SLACK_POSTS_PER_SECOND", float, 1.0, "How often a channel is posted to at most: Slack takes 1", 1000.0),
    Variable("CLOSE_API_KEY", str, "", "API key; empty: Close is off", "api_sandbox_close", True),
    Variable("CLOSE_API_URL", str, "https://api.close.com/api/v1", "Close's API", _B + "/close/api/v1"),
    Variable(
        "CLOSE_CALLS_PER_SECOND", float, 25.0, "How often Close is called at most: it was seen to take 30", 1000.0
    ),
    Variable("CLOSE_SEARCHES_PER_SECOND", float, 1.8, "How often Close is searched at most: it takes 2", 1000.0),
    Variable(
        "MIXPANEL_PROJECT_TOKEN",
        str,
        "",
        "Project token; empty: Mixpanel is off",
        "sandbox-mixpanel-token",
        True,
    ),
    Variable("MIXPANEL_PROJECT_ID", str, "", "Project id", "123456"),
    Variable("MIXPANEL_SERVICE_ACCOUNT", str, "", "Service account's user name", "onboarding.sandbox"),
    Variable("MIXPANEL_SERVICE_SECRET", str, "", "Service account's secret", "sandbox-mixpanel-secret", True),
    Variable(
        "MIXPANEL_API_URL",
        str,
        "https://api.mixpanel.com",
        "EU: `https://api-eu.mixpanel.com`, India: `https://api-in.mixpanel.com`",
        _B + "/mixpanel",
    ),
    Variable("MIXPANEL_ID_MERGE", str, "simplified", "The project's ID merge: `simplified`, `original` or `legacy`"),
    Variable("CUSTOMERIO_SITE_ID", str, "", "Site id of the Track API; empty: Customer.io is off", "sandbox-site"),
    Variable("CUSTOMERIO_API_KEY", str, "", "Track API key", "sandbox-cio-track-key", True),
    Variable("CUSTOMERIO_APP_KEY", str, "", "App API key", "sandbox-cio-app-key", True),
    Variable(
        "CUSTOMERIO_WEBHOOK_SECRET",
        str,
        "",
        "Checks the reporting webhooks Customer.io sends to us",
        "sandbox-cio-webhook-secret",
        True,
    ),
    Variable(
        "CUSTOMERIO_TRACK_URL",
        str,
        "https://track.customer.io",
        "EU: `https://track-eu.customer.io`",
        _B + "/customerio/track",
    ),
    Variable(
        "CUSTOMERIO_APP_URL",
        str,
        "https://api.customer.io",
        "EU: `https://api-eu.customer.io`",
        _B + "/customerio/app",
    ),
    Variable("GA_MEASUREMENT_ID", str, "", "Measurement id (`G-…`); empty: Google Analytics is off", "G-SANDBOX01"),
    Variable("GA_API_SECRET", str, "", "Measurement Protocol secret", "sandbox-ga-secret", True),
    Variable(
        "GA_API_URL",
        str,
        "https://www.google-analytics.com",
        "EU: `https://region1.google-analytics.com`",
        _B + "/ga",
    ),
    Variable(
        "CLEARBIT_API_KEY",
        str,
        "",
        "Key of a Clearbit-shaped look-up service; empty: off",
        "sk_sandbox_clearbit",
        True,
    ),
    Variable(
        "CLEARBIT_PERSON_URL",
        str,
        "https://person.clearbit.com",
        "`…/v2/people/find?email=` is added",
        _B + "/clearbit/person",
    ),
    Variable(
        "CLEARBIT_COMPANY_URL",
        str,
        "https://company.clearbit.com",
        "`…/v2/companies/find?domain=` is added",
        _B + "/clearbit/company",
    ),
    Variable(
        "CLEARBIT_PARAMS",
        str,
        "",
        "Added to every such look-up, as in a URL: `clearbit_format=1` where the URLs are Hunter's, "
        "`https://api.hunter.io`, whose refusals are then understood",
    ),
    Variable(
        "PDL_API_KEY",
        str,
        "",
        "Key of People Data Labs; empty: off. Privacy: it is sent the hash of the address, and the company's domain",
        is_secret=True,
    ),
    Variable(
        "PDL_API_URL",
        str,
        "https://api.peopledatalabs.com",
        "People Data Labs' API; its own sandbox: `https://sandbox.api.peopledatalabs.com`",
        _B + "/peopledatalabs",
    ),
    Variable(
        "APOLLO_API_KEY",
        str,
        "",
        "Key of Apollo; empty: off. Privacy: it is sent the hash of the address, and the company's domain",
        is_secret=True,
    ),
    Variable("APOLLO_API_URL", str, "https://api.apollo.io/api/v1", "Apollo's API", _B + "/apollo/api/v1"),
    Variable(
        "HUNTER_API_KEY",
        str,
        "",
        "Key of Hunter; empty: off. Privacy: it is sent the address and the company's domain",
        is_secret=True,
    ),
    Variable("HUNTER_API_URL", str, "https://api.hunter.io/v2", "Hunter's API", _B + "/hunter/v2"),
    Variable(
        "GRAVATAR_API_KEY",
        str,
        "",
        "Optional: Gravatar works without a key, at 100 look-ups an hour",
        is_secret=True,
    ),
    Variable("GRAVATAR_API_URL", str, "https://api.gravatar.com/v3", "Gravatar's API", _B + "/gravatar/v3"),
    Variable(
        "GITHUB_TOKEN",
        str,
        "",
        "Optional: GitHub works without a token, at 10 searches a minute",
        is_secret=True,
    ),
    Variable("GITHUB_API_URL", str, "https://api.github.com", "GitHub's API", _B + "/github"),
    Variable(
        "LISTS_URL",
        str,
        "https://raw.githubusercontent.com",
        "Where `manage.py update_lists` fetches lists of disposable domains: GitHub's files, or a mirror of them",
        _B + "/lists",
    ),
    Variable(
        "SANDBOX",
        bool,
        False,
        "Points every URL above at the sandbox and fills in its keys; `1` under `make run`",
    ),
    Variable("SANDBOX_HTTP_PORT", int, 8025, "The sandbox's HTTP port"),
    Variable("SANDBOX_DNS_PORT", int, 8053, "The sandbox's DNS port (UDP and TCP)"),
    Variable("SANDBOX_SMTP_PORT", int, 8026, "The sandbox's SMTP port"),
    Variable(
        "ENV_FILE",
        str,
        ".env",
        "File these variables are read from when the environment lacks them; empty: none",
    ),
    Variable("PORT", int, 8000, "The web server's port"),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}


def read(env: environ.Env) -> dict[str, Any]:
    """Every variable's value: the environment's where set, else the sandbox's in sandbox mode, else the default.

    Raises ImproperlyConfigured with the variable and the remedy where a value cannot be read.
    """
    is_sandbox = _value(env, BY_NAME["SANDBOX"], False)
    ports = {
        "http": _value(env, BY_NAME["SANDBOX_HTTP_PORT"], 8025),
        "dns": _value(env, BY_NAME["SANDBOX_DNS_PORT"], 8053),
        "smtp": _value(env, BY_NAME["SANDBOX_SMTP_PORT"], 8026),
        "port": _value(env, BY_NAME["PORT"], 8000),
    }
    values = {}
    for variable in VARIABLES:
        fallback = variable.default
        if is_sandbox and variable.sandbox is not None:
            fallback = _with_ports(variable.sandbox, ports)
        values[variable.name] = _value(env, variable, fallback)
    return values


def refuse_insecure(values: Mapping[str, Any]) -> None:
    """Refuse to start in production with values that only the sandbox or debugging may have.

    Raises ImproperlyConfigured, one line that names every wrong variable and what to do.
    """
    if values["DEBUG"] or values["SANDBOX"]:
        return
    wrong = []
    secret = values["SECRET_KEY"]
    if len(secret) < 50 or len(set(secret)) < 5 or secret.startswith(("insecure", "django-insecure")):
        wrong.append("SECRET_KEY must be at least 50 random characters")
    if not values["ALLOWED_HOSTS"] or "*" in values["ALLOWED_HOSTS"]:
        wrong.append("ALLOWED_HOSTS must name the site's host names")
    sandbox_keys = [
        v.name for v in VARIABLES if v.is_secret and v.name != "SECRET_KEY" and "sandbox" in str(values[v.name]).lower()
    ]
    if sandbox_keys:
        wrong.append(f"{', '.join(sandbox_keys)}: keys of the sandbox")
    if wrong:
        raise ImproperlyConfigured(
            f"Refusing to start: {'; '.join(wrong)}. Set them in the environment or in .env (see .env.example), "
            "or set SANDBOX=1 to try the product without any key."
        )


def _value(env: environ.Env, variable: Variable, fallback: Any) -> Any:
    if not env.ENVIRON.get(variable.name, "").strip():
        return fallback
    if variable.name.endswith("_URL") and variable.name not in ("DATABASE_URL", "QUEUE_URL", "EMAIL_URL"):
        return _checked_url(variable.name, env.str(variable.name))
    try:
        return env.get_value(variable.name, cast=variable.cast)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"{variable.name} must be a {variable.cast.__name__}: {error}") from error


def log_format(value: str) -> str:
    """ "" or "json". Raises ImproperlyConfigured for anything else."""
    if value not in ("", "json"):
        raise ImproperlyConfigured(f"LOG_FORMAT must be json or empty, not {value!r}")
    return value


def metrics_token(value: str) -> str:
    """Raises ImproperlyConfigured where it could be guessed, or not be sent in a header."""
    if value and not re.fullmatch(r"[\x21-\x7e]{16,}", value):
        raise ImproperlyConfigured("METRICS_TOKEN must be at least 16 characters, without blanks")
    return value


def mail_addresses(name: str, values: list[str]) -> list[str]:
    """Raises ImproperlyConfigured where one is no address."""
    addresses = [value.strip() for value in values if value.strip()]
    for address in addresses:
        if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+", address):
            raise ImproperlyConfigured(f"{name} must be addresses such as staff@example.com, not {address!r}")
    return addresses


def percentages(name: str, values: list[str]) -> list[int]:
    """Shares in percent, ascending. Raises ImproperlyConfigured where one is not a whole number from 1 to 1000."""
    if not all(value.strip().isdecimal() and 1 <= int(value) <= 1000 for value in values):
        raise ImproperlyConfigured(
            f"{name} must be whole numbers from 1 to 1000, such as 80,100; not {','.join(values)}"
        )
    return sorted({int(value) for value in values})


def refuse_unsendable(values: Mapping[str, Any]) -> None:
    """Raises ImproperlyConfigured where a mail server could not be sent what probes say."""
    sender, helo, via = (values[f"SMTP_PROBE_{name}"].strip() for name in ("FROM", "HELO", "VIA"))
    if sender and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]+", sender):
        raise ImproperlyConfigured(f"SMTP_PROBE_FROM must be an address such as probe@example.com, not {sender!r}")
    if helo and not re.fullmatch(r"[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\]", helo):
        raise ImproperlyConfigured(f"SMTP_PROBE_HELO must be a host name such as mail.example.com, not {helo!r}")
    if via and not re.fullmatch(r"([0-9.]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}", via):
        raise ImproperlyConfigured(f"SMTP_PROBE_VIA must be address:port, such as 192.0.2.1:25, not {via!r}")


def query(name: str, value: str) -> dict[str, str]:
    """The parameters of a URL's query. Raises ImproperlyConfigured where one has no value."""
    pairs = [pair.partition("=") for pair in value.strip().lstrip("?").split("&") if pair]
    if not all(parameter and text for parameter, _, text in pairs):
        raise ImproperlyConfigured(f"{name} must be name=value pairs, such as clearbit_format=1, not {value!r}")
    return dict(parse_qsl(value.strip().lstrip("?")))


def registries(name: str, values: list[str]) -> dict[str, str]:
    """Top-level domain → base URL. Raises ImproperlyConfigured where one is no `tld=URL`."""
    pairs = [value.strip().partition("=") for value in values if value.strip()]
    for tld, _, url in pairs:
        if not tld:
            raise ImproperlyConfigured(f"{name} must be tld=URL pairs, such as com=https://rdap.example.com, not {url}")
        _checked_url(name, url)
    return {tld.strip().lower().removeprefix("."): url for tld, _, url in pairs}


def _checked_url(name: str, url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ImproperlyConfigured(f"{name} must start with http:// or https://, not {url!r}")
    return url


def _with_ports(value: Any, ports: Mapping[str, int]) -> Any:
    if isinstance(value, list):
        return [_with_ports(item, ports) for item in value]
    return value.format(**ports) if isinstance(value, str) and not value.startswith("insecure") else value
