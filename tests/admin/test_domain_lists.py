from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from signups.models import DomainListVersion
from signups.vetting import domain_lists, list_updates, parse
from signups.vetting.kind import check
from tests.sandbox_process import Sandbox

LIST = reverse("admin:signups_domainlistversion_changelist")


@pytest.fixture(autouse=True)
def _leave_no_list_behind() -> Iterator[None]:
    """A process keeps its lists; the versions they came from go with the test."""
    yield
    domain_lists.forget()


def fetched(sandbox: Sandbox) -> DomainListVersion:
    return list_updates.keep(list_updates.prepare("disposable", list_updates.fetcher()), by="update_lists")


def text(browser: Client, url: str, **query: Any) -> str:
    reply = browser.get(url, query)
    assert reply.status_code == 200
    return reply.content.decode()


def code(domain: str) -> str:
    domain_lists.refresh()
    return check(parse(f"x@{domain}")).code


def use(name: str, pk: int) -> str:
    return reverse("admin:signups_domainlist_use", args=[name, pk])


def test_an_empty_list_says_how_to_fetch_newer_ones(browser: Client) -> None:
    page = text(browser, LIST)
    assert "manage.py update_lists --dry-run" in page
    assert "CC0-1.0" in page


def test_each_list_is_shown_with_its_source_version_licence_and_entries(browser: Client, sandbox: Sandbox) -> None:
    version = fetched(sandbox)
    page = text(browser, LIST)
    assert version.version in page
    assert f"{version.count:,}" in page
    assert "Free mail" in page
    assert "update_lists --dry-run" not in page


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("mailinator.com", "mailinator.com hands out throw-away addresses."),
        ("ada@Duck.com", "duck.com passes mail on"),
        ("0-180.com", "Less careful lists say"),
        ("no domain", "That is no domain."),
    ],
)
def test_staff_ask_what_the_lists_say_of_a_domain(browser: Client, asked: str, answer: str) -> None:
    assert answer in text(browser, LIST, q=asked)


def test_a_version_s_page_shows_what_it_changed(browser: Client, sandbox: Sandbox) -> None:
    page = text(browser, reverse("admin:signups_domainlistversion_change", args=[fetched(sandbox).pk]))
    assert "freshly-thrown.test, tempbox-of-today.test" in page


def test_going_back_to_ours_is_asked_first_and_noted_with_its_author(browser: Client, sandbox: Sandbox) -> None:
    version = fetched(sandbox)
    assert "Verdicts that stand are not touched" in text(browser, use("disposable", 0))
    assert code("freshly-thrown.test") == "disposable"
    browser.post(use("disposable", 0), {"sure": "1"})
    assert code("freshly-thrown.test") == "company"
    browser.post(use("disposable", version.pk), {"sure": "1"})
    assert code("freshly-thrown.test") == "disposable"
    version.refresh_from_db()
    assert (version.is_in_use, version.used_by) == (True, User.objects.get(username="boss"))


def test_who_may_only_look_puts_nothing_to_use(sandbox: Sandbox, client: Client, db: None) -> None:
    version = fetched(sandbox)
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_domainlistversion"))
    client.force_login(reader)
    assert "Use ours" not in text(client, LIST)
    assert client.post(use("disposable", 0), {"sure": "1"}).status_code == 403
    version.refresh_from_db()
    assert version.is_in_use


def test_a_version_of_another_list_or_none_is_not_found(browser: Client, sandbox: Sandbox) -> None:
    pk = fetched(sandbox).pk
    asked = [browser.get(use(name, number)).status_code for name, number in (("suspected", pk), ("spam", 0))]
    assert asked == [404, 404]
