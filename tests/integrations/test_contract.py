"""What every integration and provider owes the engine. A new one is found by itself and told what it forgot."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

import integrations as package
from onboarding.environment import BY_NAME
from signups import contracts
from signups.contracts import Event, Integration, Provider, Subject
from signups.models import Delivery, Verdict

INTEGRATIONS = [pytest.param(one, id=one.slug) for one in contracts.integrations()]
PROVIDERS = [pytest.param(one, id=one.slug) for one in contracts.providers()]
FOLDER = Path(str(package.__file__)).parent
KEYS = ("key", "token", "secret", "id", "account", "channel", "topic")  # settings that differ from site to site


def listed(integration: Integration) -> list[Event]:
    return [event for event in Event if integration.listens_to(event)]


def without_keys(settings: Any) -> None:
    """A site that has set nothing."""
    for name in ("SLACK", "CLOSE", "MIXPANEL", "CUSTOMERIO", "GA", "CLEARBIT", "GRAVATAR", "GITHUB"):
        values = getattr(django_settings, name)
        blank = {key: "" if key.split("_")[-1] in KEYS else value for key, value in values.items()}
        setattr(settings, name, blank)


def vendor_classes() -> Iterator[type]:
    """Every integration and provider there is code for."""
    for path in sorted(FOLDER.glob("*.py")):
        module = import_module(f"integrations.{path.stem}")
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if name.startswith("_"):  # what several have in common
                continue
            if issubclass(cls, Integration | Provider) and cls.__module__ == module.__name__:
                yield cls


def test_every_vendor_there_is_code_for_is_listed_in_the_settings() -> None:
    listed_paths = {*django_settings.INTEGRATIONS, *django_settings.ENRICHMENT_PROVIDERS}
    assert {f"{cls.__module__}.{cls.__qualname__}" for cls in vendor_classes()} == listed_paths


def test_slugs_and_names_are_nobody_else_s() -> None:
    everybody: list[Integration | Provider] = [*contracts.integrations(), *contracts.providers()]
    assert len({one.slug for one in everybody}) == len({one.name for one in everybody}) == len(everybody)


@pytest.mark.parametrize("vendor", [*INTEGRATIONS, *PROVIDERS])
def test_a_slug_fits_its_column_and_urls(vendor: Integration | Provider) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,49}", vendor.slug)
    assert vendor.name.strip()


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_an_integration_listens_to_something_that_happens(integration: Integration) -> None:
    handlers = {name for name in dir(integration) if name.startswith("on_")}
    assert handlers
    assert handlers == {f"on_{event}" for event in listed(integration)}, "not an event: check the spelling"


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_its_handlers_take_a_signup_and_a_delivery(integration: Integration) -> None:
    for event in listed(integration):
        assert list(inspect.signature(integration.handler(event)).parameters) == ["signup", "delivery"]
    assert list(inspect.signature(integration.reconcile).parameters) == ["signup", "delivery"]


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_who_takes_alerts_can_be_alerted(integration: Integration) -> None:
    assert integration.takes_alerts == (type(integration).alert is not Integration.alert)


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_it_takes_verdicts_that_exist_and_never_the_rejected(integration: Integration) -> None:
    assert integration.takes
    assert integration.takes <= set(Verdict.values) - {Verdict.REJECTED}


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_it_says_how_many_deliveries_it_stands(integration: Integration) -> None:
    assert 1 <= integration.concurrency <= 32
    assert integration.reconcile_after.total_seconds() >= 0


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_it_can_be_asked_for_the_mails_it_says_it_keeps(integration: Integration) -> None:
    assert integration.keeps_mails == (type(integration).mails_with is not Integration.mails_with)


@pytest.mark.parametrize("vendor", [*INTEGRATIONS, *PROVIDERS])
def test_the_settings_it_misses_are_in_the_environment_s_table(vendor: Integration | Provider, settings: Any) -> None:
    assert vendor.missing_settings() == []  # everything is set in the sandbox
    without_keys(settings)
    missing = vendor.missing_settings()
    assert set(missing) <= set(BY_NAME)
    assert all(BY_NAME[name].default == "" for name in missing), "a variable with a default is never missing"


@pytest.mark.parametrize("vendor", [*INTEGRATIONS, *PROVIDERS])
def test_it_has_an_address_in_the_sandbox(vendor: Integration | Provider) -> None:
    module = inspect.getsource(inspect.getmodule(type(vendor)) or package)
    group = re.search(r"settings\.([A-Z]+)\[", module)
    if group is not None:  # the mail has EMAIL_URL instead
        urls = [value for key, value in getattr(django_settings, group[1]).items() if key.endswith("url")]
        assert urls
        assert all(url.startswith("http://127.0.0.1:") for url in urls)


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_its_file_begins_with_what_it_is_for_and_where_its_api_is_described(integration: Integration) -> None:
    module = inspect.getmodule(type(integration))
    purpose, _, more = (getattr(module, "__doc__", None) or "").partition("\n\n")
    assert ": " in purpose
    assert "https://" in more


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_it_says_which_settings_it_needs(integration: Integration) -> None:
    assert (type(integration).__doc__ or "").startswith("Settings: ") or "Settings:" in (
        type(integration).__doc__ or ""
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_can_be_asked_about_somebody(provider: Provider) -> None:
    assert [subject for subject in Subject if provider.answers(subject)]


@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_it_has_tests_of_its_own(integration: Integration) -> None:
    stem = type(integration).__module__.rpartition(".")[2]
    assert (Path(__file__).parent / f"test_{stem}.py").exists()


def test_an_integration_s_name_needs_no_migration() -> None:
    assert Delivery._meta.get_field("integration").choices is None
