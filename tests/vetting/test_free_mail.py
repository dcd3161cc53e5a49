import pytest
from publicsuffixlist import PublicSuffixList

from signups.vetting import disposable, known_company_domain, parse
from signups.vetting.free_mail import _FILE, check


@pytest.mark.parametrize("email", ["a@gmail.com", "a@hotmail.co.uk", "a@me.fastmail.com", "a@bigmail.test"])
def test_a_free_mail_domain_says_nothing_of_a_company(email: str) -> None:
    assert (check(parse(email)).outcome, check(parse(email)).code) == ("good", "free_mail")
    assert known_company_domain(parse(email)) == ""


@pytest.mark.parametrize(
    ("email", "company"),
    [
        ("ada@dev.test", "dev.test"),
        ("tom@mail.eu.acme.test", "acme.test"),
        ("tom@eu.acme.co.uk", "acme.co.uk"),
        ("urs@bücher.test", "xn--bcher-kva.test"),
        ("max@someone.github.io", "someone.github.io"),
        ("max@github.io", "github.io"),
        ("x@mailinator.com", ""),
        ("x@co.uk", ""),
    ],
)
def test_a_companys_domain_is_the_one_it_registered(email: str, company: str) -> None:
    assert known_company_domain(parse(email)) == company


def test_a_work_address_is_told_from_a_private_one() -> None:
    result = check(parse("tom@eu.acme.test"))
    assert (result.outcome, result.code, result.evidence) == ("good", "company_domain", {"domain": "acme.test"})


def test_the_list_of_providers_is_tidy() -> None:
    lines = [line for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    domains = " ".join(lines).split()
    known, suffixes = set(domains), PublicSuffixList()
    parents = {domain: domain.partition(".")[2] for domain in domains}
    assert len(domains) == len(known)
    assert [domain for domain in domains if domain != domain.lower() or suffixes.is_public(domain)] == []
    assert [domain for domain in domains if disposable.listed(domain)] == []
    assert [domain for domain, parent in parents.items() if parent in known] == []
