from typing import Any

import pytest

from signups.vetting import domain_lists, kind, known_company_domain, parse
from signups.vetting.kind import KINDS, check
from signups.vetting.mx import Mail
from signups.vetting.result import CheckResult

MX = CheckResult("mx", "good", "mx", "Mail servers: …")


def code(domain: str, mail: Mail | None = None) -> str:
    return check(parse(f"ada@{domain}"), mail).code


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("gmail.com", "free_mail"),
        ("me.fastmail.com", "free_mail"),
        ("bigmail.test", "free_mail"),
        ("t-online.de", "internet_provider"),
        ("tampabay.rr.com", "internet_provider"),
        ("duck.com", "relay"),
        ("mozmail.com", "relay"),
        ("privaterelay.appleid.com", "relay"),
        ("u.simplelogin.co", "relay"),
        ("cs.mit.edu", "education"),
        ("ox.ac.uk", "education"),
        ("ethz.ch", "education"),
        ("school.k12.ca.us", "education"),
        ("irs.gov", "government"),
        ("nrc.gc.ca", "government"),
        ("interieur.gouv.fr", "government"),
        ("dpd.state.tx.us", "government"),
        ("mailinator.com", "disposable"),
        ("a.b.throwaway.test", "disposable"),
        ("someone.github.io", "free_hosting"),
        ("host.duckdns.org", "free_hosting"),
        ("shop.uk.com", "company"),
        ("eu.acme.co.uk", "company"),
        ("dev.test", "company"),
        ("notthrowaway.test", "company"),
        ("mailinator.com.example.org", "company"),
        ("co.uk", "unknown"),
    ],
)
def test_a_domain_has_one_class(domain: str, expected: str) -> None:
    assert code(domain) == expected


def test_only_a_careful_list_makes_a_hard_fact() -> None:
    suspect = check(parse("x@0-180.com"))
    assert (suspect.outcome, suspect.code, suspect.evidence["lists"]) == ("risky", "suspected_disposable", 3)
    assert check(parse("x@mailinator.com")).outcome == "bad"


def test_evidence_names_the_list_and_what_the_provider_asks_of_its_users() -> None:
    evidence = {"entry": "gmail.com", "list": "free_mail", "verification": "phone"}
    assert check(parse("x@gmail.com")).evidence == evidence


@pytest.mark.parametrize(
    ("email", "company"),
    [
        ("ada@dev.test", "dev.test"),
        ("tom@mail.eu.acme.test", "acme.test"),
        ("tom@eu.acme.co.uk", "acme.co.uk"),
        ("urs@bücher.test", "xn--bcher-kva.test"),
        ("max@github.io", "github.io"),
        ("ina@informatik.tum.de", "tum.de"),
        ("ann@irs.gov", "irs.gov"),
        ("max@someone.github.io", ""),
        ("a@gmail.com", ""),
        ("a@comcast.net", ""),
        ("a@duck.com", ""),
        ("x@mailinator.com", ""),
        ("x@co.uk", ""),
    ],
)
def test_a_companys_domain_is_the_one_it_registered(email: str, company: str) -> None:
    assert known_company_domain(parse(email)) == company


def test_an_own_domain_whose_mail_is_passed_on_is_a_forwarders() -> None:
    mail = Mail(MX, hosts=("mx1.improvmx.com", "mx2.improvmx.com"))
    result = check(parse("ada@dev.test"), mail)
    assert (result.outcome, result.code) == ("good", "forwarder")
    assert result.evidence == {"domain": "dev.test", "server": "mx1.improvmx.com", "provider": "ImprovMX"}


@pytest.mark.parametrize(
    "mail", [Mail(MX, name_servers=("ns1.sedoparking.com",)), Mail(MX, hosts=("mx1.h-email.net",))]
)
def test_a_domain_at_a_parking_service_is_parked(mail: Mail) -> None:
    result = check(parse("ada@dev.test"), mail)
    assert (result.outcome, result.code) == ("risky", "parked")


def test_what_dns_says_changes_nothing_about_a_listed_domain() -> None:
    mail = Mail(MX, hosts=("mx1.improvmx.com",), name_servers=("ns1.sedoparking.com",))
    assert [code(domain, mail) for domain in ("gmail.com", "mailinator.com")] == ["free_mail", "disposable"]


def test_allow_beats_deny_and_a_sub_domain_inherits(settings: Any) -> None:
    settings.SANDBOX_KINDS = {"good.test": "relay", "bad.good.test": "disposable", "bad.test": "disposable"}
    domain_lists.forget()
    assert [code(d) for d in ("bad.good.test", "x.bad.test")] == ["relay", "disposable"]
    domain_lists.forget()


def test_an_entry_that_is_a_public_suffix_lists_nobody(settings: Any) -> None:
    settings.SANDBOX_KINDS = dict.fromkeys(["co.uk", "github.io", "throwaway.github.io"], "disposable")
    domain_lists.forget()
    assert [code(d) for d in ("acme.co.uk", "someone.github.io")] == ["company", "free_hosting"]
    assert code("x.throwaway.github.io") == "disposable"
    domain_lists.forget()


def test_the_provider_of_a_mailbox_is_known_by_its_domain() -> None:
    providers = [kind.mailbox_provider(d) for d in ("eu.gmail.com", "comcast.net", "duck.com", "dev.test", "mit.edu")]
    assert providers == ["gmail.com", "comcast.net", "duck.com", "", ""]


def test_every_class_has_a_sentence_and_none_is_called_otherwise() -> None:
    assert set(KINDS) == set(kind._SENTENCES)
    assert set(KINDS) > kind.NOBODYS


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("gov.sg", "government"),
        ("berlin.de", "government"),
        ("oecd.org", "government"),
        ("uantwerpen.be", "education"),
        ("21cn.com", "free_mail"),
        ("sify.com", "internet_provider"),
        ("members.ebay.com", "relay"),
    ],
)
def test_a_well_known_domain_is_of_its_kind(domain: str, expected: str) -> None:
    assert kind.of(domain).code == expected
