"""The look and the navigation of the Django admin: django-unfold's settings. The pages are `signups.admin`'s."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse


def environment(request: HttpRequest) -> list[str] | None:
    """The mark at the top of every page where nothing is real."""
    return ["Sandbox", "warning"] if settings.SANDBOX else None


def environment_title_prefix(request: HttpRequest) -> str | None:
    return "[Sandbox]" if settings.SANDBOX else None


def styles(request: HttpRequest) -> str:
    return static("admin/onboarding.css")


def mark(request: HttpRequest) -> str:
    return static("pages/mark.svg")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: only what this user may see, with what waits for somebody counted."""
    from signups.admin.counts import waiting

    counts = waiting(request)
    review = "review" in request.GET or "verdict__exact" in request.GET
    groups = [
        (
            "",
            [
                _item("Overview", "space_dashboard", "admin:index"),
                _item("Signups", "group_add", "signups_signup", request, is_active=not review),
                _item("Held for review", "pan_tool", "signups_signup", request, "verdict__exact=held", counts.held),
                _item(
                    "Rejected e-mails", "unsubscribe", "signups_rejectedsignup", request, badge=counts.rejected,
                    permission="signups.view_signup",
                ),
                _item("Deliveries", "outbox", "signups_delivery", request, badge=counts.failed, variant="danger"),
                _item(
                    "Refused actions", "block", "signups_forward", request, badge=counts.refused_actions,
                    variant="danger",
                ),
            ],
        ),
        (
            "Who they are",
            [
                _item("Companies", "domain", "signups_company", request),
                _item("People", "person", "signups_person", request),
                _item(
                    "Where do they work?", "person_pin_circle", "signups_companymatch", request,
                    badge=counts.workplaces,
                ),
                _item("Providers", "travel_explore", "signups_providerstate", request),
                _item("Facts", "fact_check", "signups_fieldprecedence", request),
                _item("Data quality", "health_metrics", "signups_qualityreport", request),
            ],
        ),
        (
            "The weeks after",
            [
                _item("Usage", "monitoring", "signups_usagerecord", request),
                _item("Drip status", "forward_to_inbox", "signups_campaign", request),
                _item("Experiments", "experiment", "signups_experiment", request),
                _item("Jobs", "event_repeat", "signups_jobrun", request),
            ],
        ),
        (
            "Rules",
            [
                _item("Verdict rules", "gavel", "signups_ruleset", request),
                _item("Lists", "rule", "signups_listentry", request),
                _item("Domain lists", "dns", "signups_domainlistversion", request),
                _item("Fingerprints", "fingerprint", "signups_fingerprint", request),
                _item("Scorecards", "scoreboard", "signups_scorecard", request),
            ],
        ),
        (
            "Access",
            [
                _item("API keys", "key", "signups_apikey", request),
                _item("Users", "manage_accounts", "auth_user", request),
                _item("Groups", "groups", "auth_group", request),
            ],
        ),
        (
            "Queue",
            [
                _item("Schedules", "schedule", "django_q_schedule", request),
                _item("Failed tasks", "error", "django_q_failure", request),
            ],
        ),
    ]  # fmt: skip
    shown = [(title, [item for item in items if item]) for title, items in groups]
    return [{"title": title, "items": items, "separator": bool(title)} for title, items in shown if items]


def _item(
    title: str,
    icon: str,
    name: str,
    request: HttpRequest | None = None,
    query: str = "",
    badge: int = 0,
    variant: str = "warning",
    permission: str = "",
    is_active: bool = True,
) -> dict[str, Any] | None:
    """One line of the sidebar, None where the user may not see what it leads to."""
    if request is None:
        return {"title": title, "icon": icon, "link": reverse(name)}
    app, _, model = name.rpartition("_")
    if not (
        request.user.has_perm(permission or f"{app}.view_{model}") or request.user.has_perm(f"{app}.change_{model}")
    ):
        return None
    link = reverse(f"admin:{name}_changelist")
    is_here = request.path.startswith(link) and (query in request.GET.urlencode() if query else is_active)
    item: dict[str, Any] = {
        "title": title,
        "icon": icon,
        "link": f"{link}?{query}" if query else link,
        "active": is_here,
    }
    return {**item, "badge": badge, "badge_variant": variant} if badge else item


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Onboarding",
    "SITE_HEADER": "Onboarding",
    "SITE_SUBHEADER": "What happens behind a signup",
    "SITE_ICON": mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "onboarding.admin_site.environment",
    "ENVIRONMENT_TITLE_PREFIX": "onboarding.admin_site.environment_title_prefix",
    "DASHBOARD_CALLBACK": "signups.admin.dashboard.with_numbers",
    "STYLES": [styles],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .018 165)",
            "100": "oklch(94% .04 165)",
            "200": "oklch(88% .07 164)",
            "300": "oklch(81% .1 163)",
            "400": "oklch(74% .12 163)",
            "500": "oklch(62% .12 163)",
            "600": "oklch(47% .095 163)",
            "700": "oklch(40% .08 163)",
            "800": "oklch(34% .065 164)",
            "900": "oklch(28% .05 165)",
            "950": "oklch(20% .035 166)",
        },
        "base": {
            "50": "oklch(98.4% .004 150)",
            "100": "oklch(96.4% .005 150)",
            "200": "oklch(92.4% .007 152)",
            "300": "oklch(86.8% .01 153)",
            "400": "oklch(70.7% .016 155)",
            "500": "oklch(53% .018 158)",
            "600": "oklch(43.5% .018 160)",
            "700": "oklch(36.5% .017 162)",
            "800": "oklch(27% .014 163)",
            "900": "oklch(20.5% .012 164)",
            "950": "oklch(14% .01 165)",
        },
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": "onboarding.admin_site.navigation"},
}
