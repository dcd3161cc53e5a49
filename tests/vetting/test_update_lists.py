"""`manage.py update_lists` against a list server on a real socket."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from signups.models import DomainListVersion, ListEntry
from signups.vetting import domain_lists, list_updates, parse
from signups.vetting.domain_lists import names, shipped
from signups.vetting.kind import check
from tests.rows import make_company, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
CAREFUL = "disposable-email-domains/disposable-email-domains/main/disposable_email_blocklist.conf"
KNOWN = len(names(shipped("disposable")))


@pytest.fixture(autouse=True)
def _leave_no_list_behind() -> Iterator[None]:
    """A process keeps its lists; the versions they came from go with the test."""
    yield
    domain_lists.forget()


def update(*args: str) -> str:
    out = io.StringIO()
    call_command("update_lists", *args, stdout=out, stderr=out)
    return out.getvalue()


def refused(*args: str) -> str:
    out = io.StringIO()
    with pytest.raises(CommandError, match="is in use still"):
        call_command("update_lists", *args, stdout=out, stderr=out)
    return out.getvalue()


def publish(sandbox: Sandbox, *, more: tuple[str, ...] = (), text: str | None = None) -> None:
    """Put another careful list on the server: ours with `more`, or `text`."""
    ours = "\n".join([*names(shipped("disposable")), *more])
    sandbox.setting("lists", files={CAREFUL: ours if text is None else text})


def code(domain: str) -> str:
    return check(parse(f"x@{domain}")).code


def test_newer_lists_are_fetched_shown_and_put_to_use(sandbox: Sandbox) -> None:
    assert (code("freshly-thrown.test"), code("rumoured.test")) == ("company", "company")
    said = update()
    domain_lists.refresh()
    assert f"disposable: {KNOWN:,} → {KNOWN + 2:,} entries (+2 −0)" in said
    assert "new: freshly-thrown.test, tempbox-of-today.test" in said
    kinds = [code(d) for d in ("freshly-thrown.test", "rumoured.test", "named-only-once.test", "mailinator.com")]
    assert kinds == ["disposable", "suspected_disposable", "company", "disposable"]


def test_the_version_in_use_is_known_for_the_record(sandbox: Sandbox) -> None:
    before = domain_lists.versions()["disposable"]
    update("disposable")
    domain_lists.refresh()
    version = DomainListVersion.objects.get(list="disposable", is_in_use=True).version
    assert domain_lists.versions()["disposable"] == version != before


def test_a_dry_run_keeps_nothing(sandbox: Sandbox) -> None:
    assert "freshly-thrown.test" in update("--dry-run")
    assert not DomainListVersion.objects.exists()


def test_the_same_list_again_is_no_news(sandbox: Sandbox) -> None:
    update("disposable")
    assert "nothing new" in update("disposable")
    assert DomainListVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "text", "why"),
    [
        ((), "mailinator.com\n", "It shrank from"),
        ((), "", "no domain in 0 characters"),
        ((), "<html><body>Sign in to your wifi</body></html>", "which begin with '<html>"),
        ((), '["mailinator.com", ', "The JSON cannot be read"),
        (tuple(f"n{n}.test" for n in range(KNOWN * 10)), None, "It grew from"),
        (("gmail.com",), None, "It names a big provider or company: gmail.com."),
        (("co.uk",), None, "It names a registry's suffix: co.uk."),
    ],
)
def test_a_list_that_cannot_be_right_is_refused(
    sandbox: Sandbox, more: tuple[str, ...], text: str | None, why: str
) -> None:
    publish(sandbox, more=more, text=text)
    assert why in refused("disposable")
    assert not DomainListVersion.objects.exists()


def test_a_list_that_names_whom_staff_allow_or_a_customer_is_refused(sandbox: Sandbox) -> None:
    ListEntry.objects.create(kind="allow", value="partner.test", reason="a partner")
    make_signup("ada@customer.test", company=make_company("customer.test", "Customer", **{"metrics.employees": 5}))
    publish(sandbox, more=("partner.test", "customer.test"))
    said = refused("disposable")
    assert "what staff allowed: partner.test" in said
    assert "a customer's domain: customer.test" in said


def test_force_takes_the_list_without_what_is_known_better(sandbox: Sandbox) -> None:
    publish(sandbox, more=("gmail.com", "brand-new.test"))
    assert "left out: gmail.com" in update("disposable", "--force")
    domain_lists.refresh()
    assert (code("gmail.com"), code("brand-new.test")) == ("free_mail", "disposable")


def test_an_empty_list_is_not_even_taken_by_force(sandbox: Sandbox) -> None:
    publish(sandbox, text="# nothing\n")
    assert "never taken" in refused("disposable", "--force")


def test_a_server_that_fails_changes_nothing_and_says_so(sandbox: Sandbox) -> None:
    sandbox.fault("lists", status=503)
    assert "The list server: answered 503" in refused("disposable")
    assert code("mailinator.com") == "disposable"


def test_a_list_of_several_sources_can_be_taken_without_one_that_is_gone(sandbox: Sandbox) -> None:
    sandbox.fault("lists", status=404, route="tompec/")
    assert "answered 404" in refused("suspected")
    assert "In use" in update("suspected", "--force")


def test_rolling_back_goes_to_the_version_before_and_then_to_ours(sandbox: Sandbox) -> None:
    update("disposable")
    publish(sandbox, more=("brand-new.test",))
    update("disposable")
    seen = []
    for _ in range(2):
        update("--rollback", "disposable")
        domain_lists.refresh()
        seen.append((code("freshly-thrown.test"), code("brand-new.test")))
    assert seen == [("disposable", "company"), ("company", "company")]
    with pytest.raises(CommandError, match="there is none before it"):
        update("--rollback", "disposable")


def test_an_unknown_list_is_answered_with_those_there_are(sandbox: Sandbox) -> None:
    with pytest.raises(CommandError, match="take disposable or suspected"):
        update("spam")


def test_the_versions_are_shown_with_the_one_in_use(sandbox: Sandbox) -> None:
    update("disposable")
    version = DomainListVersion.objects.get().version
    assert f"  * {version}" in update("--list")


def test_only_the_last_versions_are_kept(sandbox: Sandbox) -> None:
    for n in range(list_updates.KEPT + 2):
        publish(sandbox, more=(f"new-{n}.test",))
        update("disposable")
    assert DomainListVersion.objects.count() == list_updates.KEPT


def test_an_update_that_dies_leaves_the_old_list_in_use(sandbox: Sandbox) -> None:
    update("disposable")
    in_use = DomainListVersion.objects.get(is_in_use=True)
    publish(sandbox, more=("brand-new.test",))
    fetched = list_updates.prepare("disposable", list_updates.fetcher())  # and here the power goes
    assert "brand-new.test" in fetched.added
    assert DomainListVersion.objects.get(is_in_use=True) == in_use


def test_looking_for_news_costs_one_query_and_not_at_every_signup(
    sandbox: Sandbox, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        for _ in range(5):
            domain_lists.refresh()


def test_without_a_network_the_files_are_read_from_a_folder(sandbox: Sandbox, tmp_path: Any) -> None:
    (tmp_path / "disposable-email-domains.txt").write_text("\n".join([*names(shipped("disposable")), "by-hand.test"]))
    assert "new: by-hand.test" in update("disposable", "--folder", str(tmp_path))
    with pytest.raises(CommandError, match=r"Cannot read .*fakefilter|Cannot read .*allowlist"):
        update("suspected", "--folder", str(tmp_path))
