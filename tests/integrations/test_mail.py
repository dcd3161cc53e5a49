"""What the DNS of a company's domain says of the tools it uses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from integrations import mail
from integrations.mail import MailSetup
from signups.contracts import Answer, Deadline, Found, Later, Subject
from signups.domains.mail_setup import Texts
from tests.integrations.look_up import company
from tests.sandbox_process import Sandbox

COMPANY_FACTS: dict[str, Any] = {"tech": ["google_workspace", "google", "mailchimp", "stripe", "dmarc"]}


def read(*texts: str, hosts: tuple[str, ...] = (), dmarc: tuple[str, ...] = ()) -> Answer:
    return mail.answer(list(hosts), Texts(texts, dmarc))


def test_mail_servers_included_senders_and_proofs_tell_the_tools(sandbox: Sandbox) -> None:
    note = "Mail: Google Workspace. SPF: ~all. DMARC: reject."
    assert company(MailSetup(), "workspace.test") == Answer(Found.FOUND, COMPANY_FACTS, note)


@pytest.mark.parametrize(
    ("domain", "note"),
    [
        ("dev.test", "Mail: mx1.mailhost.test. SPF: -all. DMARC: none."),
        ("twospf.test", "Mail: mx1.mailhost.test. SPF: permerror. DMARC: none."),
        ("nomail.test", "Mail: no servers. SPF: none. DMARC: none."),
        ("nowhere.test", "Mail: no servers. SPF: none. DMARC: none."),
    ],
)
def test_a_domain_that_tells_no_tool_is_a_miss_that_says_how_its_mail_is_set_up(
    sandbox: Sandbox, domain: str, note: str
) -> None:
    assert company(MailSetup(), domain) == Answer(Found.NOT_FOUND, note=note)


def test_name_servers_that_fail_say_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(Later, match=r"the name servers of servfail\.test did not say \(dns_servfail\)"):
        company(MailSetup(), "servfail.test")


def test_silent_name_servers_are_waited_for_no_longer_than_there_is_time(sandbox: Sandbox) -> None:
    deadline = Deadline(300)
    with pytest.raises(Later, match=r"silent\.test did not"):
        MailSetup().find_company("silent.test", deadline)
    assert deadline.elapsed_ms() < 2_000


def test_the_same_tool_by_several_records_is_one() -> None:
    answer = read("v=spf1 include:_spf.google.com -all", hosts=("aspmx.l.google.com",))
    assert answer.facts == {"tech": ["google_workspace"]}


def test_a_policy_for_forged_mail_is_a_tool_too() -> None:
    assert read(dmarc=("v=DMARC1; p=none",)).facts == {"tech": ["dmarc"]}
    assert read(dmarc=("v=DMARC1; p=perhaps",)).facts == {}


def test_it_knows_companies_alone() -> None:
    assert [subject for subject in Subject if MailSetup().answers(subject)] == [Subject.COMPANY]


TERMS = st.sampled_from(
    ["v=spf1 ", "include:", "redirect=", "_spf.google.com", " ", "-all", "v=DMARC1;", "p=", ";", "ms="]
)
RECORDS = st.lists(st.lists(TERMS | st.text(max_size=9), max_size=8).map("".join), max_size=4).map(tuple)


@trials(max_examples=60, deadline=None)
@given(RECORDS, RECORDS, st.lists(st.text(max_size=20), max_size=3))
def test_no_record_is_too_odd(texts: tuple[str, ...], dmarc: tuple[str, ...], hosts: list[str]) -> None:
    assert mail.answer(hosts, Texts(texts, dmarc)).facts.keys() <= MailSetup.company_fields
