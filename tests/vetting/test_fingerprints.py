"""Fingerprints: throw-away services run many domains on few servers."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signups import labels, tasks
from signups.contracts import Deadline
from signups.models import Fingerprint, LearnedDomain, ListEntry, Signup
from signups.vetting import fingerprints, learning, mx, parse
from signups.vetting.fingerprints import Kind
from signups.vetting.learning import Label, Lesson, Source
from signups.vetting.result import CheckResult
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

HOST = {"mx_host": ["mx.dropmail.test"]}
MAIL = mx.Mail(CheckResult("mx", "good", "mx", "It takes mail."), ("mx.dropmail.test",), ("198.51.100.61",))


def teach(disposable: int = 0, other: int = 0, servers: Any = HOST) -> None:
    lessons = [Lesson(f"bad{n}.test", Label.DISPOSABLE, Source.LIST, servers) for n in range(disposable)]
    learning.learn([*lessons, *(Lesson(f"good{n}.test", Label.OTHER, Source.OUTCOME, servers) for n in range(other))])


def judged(domain: str = "unknown.test", mail: mx.Mail = MAIL) -> CheckResult:
    return fingerprints.check(parse(f"ada@{domain}"), mail)


def counts(value: str = "mx.dropmail.test") -> tuple[int, int]:
    row = Fingerprint.objects.get(value=value)
    return row.disposable, row.other


def test_servers_that_nobody_was_seen_with_say_nothing() -> None:
    assert (judged().outcome, judged().code) == ("good", "unfamiliar")


def test_a_few_disposable_domains_make_a_weak_sign() -> None:
    teach(disposable=3)

    assert (judged().outcome, judged().code) == ("risky", "disposable_servers")
    assert judged().evidence["strong"] is False


def test_two_disposable_domains_are_too_few() -> None:
    teach(disposable=2)

    assert judged().code == "unfamiliar"


def test_ten_without_exception_are_a_strong_sign_and_say_so_in_words() -> None:
    teach(disposable=10)
    found = judged()

    assert found.evidence["strong"] is True
    assert found.evidence["odds"] == "50 : 1"
    assert found.sentence == "The mail server mx.dropmail.test serves 10 disposable domains and no other."


def test_other_domains_on_the_same_servers_weaken_the_sign() -> None:
    teach(disposable=10, other=3)

    assert judged().outcome == "good"


def test_servers_that_serve_many_other_domains_serve_everybody() -> None:
    teach(disposable=2_000, other=20)

    assert judged().code == "shared_infrastructure"


def test_shared_infrastructure_is_exempt_however_many_disposable_domains_it_serves() -> None:
    teach(disposable=50, servers={"mx_domain": ["google.com"]})
    mail = mx.Mail(MAIL.check, ("aspmx.l.google.com",), ("142.250.1.26",), ("ns1.google.com",))

    assert judged(mail=mail).code == "shared_infrastructure"
    assert judged(mail=mail).evidence["servers"] == {"mx_domain": ["google.com"], "name_server": ["google.com"]}


def test_staff_may_exempt_servers_and_take_that_back() -> None:
    teach(disposable=10)
    Fingerprint.objects.filter(value="mx.dropmail.test").update(is_exempt=True)
    assert judged().code == "shared_infrastructure"

    Fingerprint.objects.filter(value="mx.dropmail.test").update(is_exempt=False)
    assert judged().code == "disposable_servers"


def test_a_domain_is_no_witness_in_its_own_case() -> None:
    teach(disposable=3)

    assert judged("bad0.test").outcome == "good"


def test_a_domains_own_server_is_no_fingerprint() -> None:
    assert fingerprints.servers_of(mx.Mail(MAIL.check, ("mail.acme.test",)), "acme.test") == {}


def test_servers_not_known_yet_are_unknown_and_cost_no_query(django_assert_num_queries: Any) -> None:
    late = mx.Mail(CheckResult("mx", "unknown", "dns_timeout", "Late."))
    with django_assert_num_queries(0):
        assert judged(mail=late).outcome == "unknown"


def test_a_judgement_costs_one_query(django_assert_num_queries: Any) -> None:
    teach(disposable=10)
    with django_assert_num_queries(1):
        judged()


# -- Counting ----------------------------------------------------------------------------------------------------------


def test_a_domain_counts_once_however_often_it_is_learned_about() -> None:
    teach(disposable=4)
    teach(disposable=4)

    assert counts() == counts("") == (4, 0)


def test_a_new_label_moves_a_domain_from_one_count_to_the_other() -> None:
    teach(disposable=4)
    learning.learn([Lesson("bad0.test", Label.OTHER, Source.STAFF)])

    assert counts() == (3, 1)


def test_a_weaker_voice_moves_no_label() -> None:
    learning.learn([Lesson("acme.test", Label.OTHER, Source.STAFF, HOST)])
    learning.learn([Lesson("acme.test", Label.DISPOSABLE, Source.LIST, HOST)])

    assert counts() == (0, 1)


def test_a_domain_that_moved_counts_at_its_new_servers_alone() -> None:
    teach(disposable=1)
    teach(disposable=1, servers={"mx_host": ["in1.burnerhost.test"]})

    assert (counts(), counts("in1.burnerhost.test")) == ((0, 0), (1, 0))


def test_forgotten_domains_count_no_more() -> None:
    teach(disposable=3)
    learning.forget(["bad0.test", "bad1.test"])

    assert counts() == (1, 0)
    assert LearnedDomain.objects.count() == 1


def test_five_hundred_domains_are_learned_in_a_few_statements(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(30):
        teach(disposable=500)


# -- Who says so -------------------------------------------------------------------------------------------------------


def signed_up(domain: str, **columns: Any) -> Signup:
    signup = make_signup(email=f"ada@{domain}", email_domain=domain, **columns)
    signup.checks.create(name="fingerprint", outcome="good", sentence="…", evidence={"servers": HOST})
    return signup


def test_staffs_label_is_learned_and_may_be_taken_back() -> None:
    signup, user = signed_up("quickdrop.test"), User.objects.create(username="grace")
    labels.label(signup, Signup.Label.SPAM, user)
    tasks.learn_fingerprints(["quickdrop.test"])
    assert counts() == (1, 0)

    labels.label(signup, Signup.Label.NONE, user)
    tasks.learn_fingerprints(["quickdrop.test"])
    assert counts() == (0, 0)


def test_a_crowd_at_one_domain_is_no_more_to_read_than_its_last_signup() -> None:
    signed_up("quickdrop.test", label=Signup.Label.SPAM)
    for number in range(3):
        make_signup(f"p{number}@quickdrop.test", email_domain="quickdrop.test").checks.create(
            name="fingerprint", outcome="unknown", sentence="…", evidence={}
        )
    signed_up("other.test")
    with CaptureQueriesContext(connection) as made:
        assert learning._servers_seen(["quickdrop.test"]) == {"quickdrop.test": HOST}
    assert ["MAX(" in query["sql"] for query in made] == [True]


def test_an_entry_on_staffs_list_beats_a_label() -> None:
    signup, user = signed_up("quickdrop.test"), User.objects.create(username="grace")
    labels.label(signup, Signup.Label.SPAM, user)
    ListEntry.objects.create(kind="allow", value="quickdrop.test", reason="a customer")
    learning.relearn(["quickdrop.test"])

    assert counts() == (0, 1)


def test_the_disposable_list_is_learned_from() -> None:
    signed_up("throwaway.test")
    learning.relearn(["throwaway.test"])

    assert counts() == (1, 0)


def test_spam_from_a_mailbox_of_free_mail_says_nothing_of_its_domain() -> None:
    signup = signed_up("bigmail.test")
    labels.label(signup, Signup.Label.SPAM, User.objects.create(username="grace"))
    learning.relearn(["bigmail.test"])

    assert not LearnedDomain.objects.exists()


# -- Asking DNS --------------------------------------------------------------------------------------------------------


def test_the_command_asks_dns_and_goes_on_where_it_was(sandbox: Sandbox, tmp_path: Any, capsys: Any) -> None:
    (tmp_path / "good.txt").write_text("acme.test\ndev.test  # ours\n")
    arguments = ["learn_fingerprints", "--no-list", f"--good={tmp_path / 'good.txt'}"]
    call_command(*arguments)
    call_command(*arguments)

    assert LearnedDomain.objects.filter(label=Label.OTHER).count() == 2
    assert "Asked about 0 domains, 2 of them were known" in capsys.readouterr().out


def test_a_line_that_is_no_domain_is_refused_with_its_number(tmp_path: Any) -> None:
    (tmp_path / "good.txt").write_text("acme.test\nnot a domain\n")

    with pytest.raises(CommandError, match="line 2"):
        call_command("learn_fingerprints", "--no-list", f"--good={tmp_path / 'good.txt'}")


def test_a_domain_on_a_throw_away_services_servers_is_known_by_them(sandbox: Sandbox) -> None:
    for domain in ("dropnest.test", "tenminbox.test", "mailpuff.test"):
        mail = mx.start(domain, Deadline(2_000)).finish()
        learning.learn([Lesson(domain, Label.DISPOSABLE, Source.STAFF, fingerprints.servers_of(mail, domain))])
    found = judged("quickdrop.test", mx.start("quickdrop.test", Deadline(2_000)).finish())

    assert found.evidence["value"] in ("mx.dropmail.test", "dropmail.test", "198.51.100.61")
    assert found.outcome == "risky"


def test_every_kind_has_words() -> None:
    assert set(fingerprints._SUBJECTS) == set(Kind) - {Kind.ALL}
