"""What every integration and provider owes the engine. A new one is found by itself and told what it forgot."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as django_settings

import integrations as package
from integrations import facts
from onboarding.environment import BY_NAME
from signups import contracts
from signups.contracts import Cost, Event, Integration, Provider, Subject
from signups.models import Delivery, Verdict

INTEGRATIONS = [pytest.param(one, id=one.slug) for one in contracts.integrations()]
PROVIDERS = [pytest.param(one, id=one.slug) for one in contracts.providers()]
FOLDER = Path(str(package.__file__)).parent
GROUPS = ("SLACK", "CLOSE", "MIXPANEL", "CUSTOMERIO", "GA", "CLEARBIT", "PDL", "APOLLO", "HUNTER", "GRAVATAR", "GITHUB")
KEYS = ("key", "token", "secret", "id", "account", "channel", "topic")  # settings that differ from site to site


def listed(integration: Integration) -> list[Event]:
    return [event for event in Event if integration.listens_to(event)]


def with_keys(settings: Any, key: str) -> None:
    """A site that has set everything that differs from site to site to this."""
    for name in GROUPS:
        values = getattr(django_settings, name)
        given = {one: key if one.split("_")[-1] in KEYS else value for one, value in values.items()}
        setattr(settings, name, given)


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
    with_keys(settings, "key")
    assert vendor.missing_settings() == []
    with_keys(settings, "")
    missing = vendor.missing_settings()
    assert set(missing) <= set(BY_NAME)
    assert all(BY_NAME[name].default == "" for name in missing), "a variable with a default is never missing"


@pytest.mark.parametrize("vendor", [*INTEGRATIONS, *PROVIDERS])
def test_the_sandbox_has_a_key_for_it_unless_it_is_to_be_switched_on(vendor: Integration | Provider) -> None:
    is_on = vendor.slug not in ("peopledatalabs", "apollo", "hunter")  # the journeys are as they are without them
    assert (vendor.missing_settings() == []) is is_on


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


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_settings_a_provider_needs_are_those_it_misses(provider: Provider, settings: Any) -> None:
    with_keys(settings, "")
    assert provider.missing_settings() == list(provider.needs)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_declares_what_it_can_say_of_whom_it_can_be_asked(provider: Provider) -> None:
    assert provider.person_fields <= facts.PERSON.keys(), "no attribute of integrations.facts"
    assert provider.company_fields <= facts.COMPANY.keys(), "no attribute of integrations.facts"
    for subject in Subject:
        assert bool(provider.fields(subject)) == provider.answers(subject), f"{subject}_fields and find_{subject}"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_full_record_says_all_that_a_provider_declares_and_no_more(provider: Provider) -> None:
    """Its own tests compare what the mapping makes of a full record with PERSON_FACTS and COMPANY_FACTS."""
    tests = own_tests(provider)
    for subject in Subject:
        full = getattr(tests, f"{subject.upper()}_FACTS", {})
        assert full.keys() == provider.fields(subject), f"{tests.__name__}.{subject.upper()}_FACTS"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_says_in_a_sentence_what_leaves_this_server(provider: Provider) -> None:
    sentence = getattr(type(provider), "privacy", "")
    assert re.fullmatch(r"(?s)[A-Z].{20,250}\.", sentence), "privacy: what leaves, and who gets it"
    is_hashed = "address_hash" in inspect.getsource(inspect.getmodule(type(provider)) or package)
    assert ("SHA-256" in sentence) == is_hashed


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_costs_says_how_much_and_one_that_does_not_needs_no_key(provider: Provider) -> None:
    assert (provider.cost is Cost.PAID) == (provider.credits_a_hit > 0)
    assert provider.cost is Cost.FREE or provider.needs


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("key", ["", "key"])
def test_a_vendor_is_not_asked_more_often_than_it_stands(provider: Provider, key: str, settings: Any) -> None:
    with_keys(settings, key)
    rate = provider.rate()
    has_vendor = re.search(r"settings\.[A-Z]+\[", inspect.getsource(inspect.getmodule(type(provider)) or package))
    assert rate is not None or not has_vendor, "rate(): how often its vendor may be asked"
    assert rate is None or (rate.calls >= 1 and rate.per_s > 0)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_is_sure_to_a_degree(provider: Provider) -> None:
    assert 0 < provider.confidence <= 1
    assert all(lifetime.total_seconds() > 0 for lifetime in provider.holds_for.values())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_its_file_begins_with_what_it_is_for(provider: Provider) -> None:
    purpose = (inspect.getdoc(inspect.getmodule(type(provider))) or "").partition("\n\n")[0]
    assert ": " in purpose


@pytest.mark.parametrize("vendor", [*INTEGRATIONS, *PROVIDERS])
def test_it_has_tests_of_its_own(vendor: Integration | Provider) -> None:
    assert own_tests(vendor).__doc__


def own_tests(vendor: Integration | Provider) -> ModuleType:
    stem = type(vendor).__module__.rpartition(".")[2]
    return import_module(f"tests.integrations.test_{stem}")


def test_an_integration_s_name_needs_no_migration() -> None:
    assert Delivery._meta.get_field("integration").choices is None
