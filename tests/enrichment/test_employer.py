"""Where does somebody work, of what is known? Pure: no database, no network."""

from __future__ import annotations

from typing import Any

import pytest

from signups.domains.registered import lineage, registrable
from signups.enrichment import employer
from signups.enrichment.clues import Clues, Colleagues, Signed
from signups.enrichment.company_names import Named, Names, comparable
from signups.models.profile import Profile

NOBODYS = {"gmail.com", "mailinator.com", "github.io"}
ACME = {"name": "Acme", "category.industry": "Software"}


def said(provider: str = "clearbit", **facts: Any) -> Profile:
    """A profile in which one provider said all. __ stands for the dot."""
    return {path.replace("__", "."): {"value": value, "provider": provider, "at": ""} for path, value in facts.items()}


def profile(facts: dict[str, Any], provider: str = "clearbit") -> Profile:
    return {path: {"value": value, "provider": provider, "at": ""} for path, value in facts.items()}


def rank(work_domain: str = "", **clues: Any) -> list[employer.Candidate]:
    def company_domain(domain: str) -> str:
        return "" if NOBODYS.intersection(lineage(domain)) else registrable(domain)

    return employer.candidates(Clues(work_domain=work_domain, company_domain=company_domain, **clues))


def told(ranked: list[employer.Candidate]) -> dict[str, float]:
    return {candidate.domain: candidate.confidence for candidate in ranked}


def home(ranked: list[employer.Candidate]) -> str:
    best = employer.best(ranked)
    return best.domain if best else ""


def is_asked(ranked: list[employer.Candidate], domain: str) -> bool:
    return employer.ASK <= told(ranked)[domain] < employer.ATTACH


# -- The address and the employer --------------------------------------------------------------------------------------


def test_a_work_address_is_enough() -> None:
    assert home(rank("acme.com")) == "acme.com"


def test_a_private_address_with_an_employer_belongs_to_the_employer() -> None:
    assert home(rank("", person=said(employment__domain="acme.com"))) == "acme.com"


def test_a_private_address_alone_belongs_to_nobody() -> None:
    assert rank("", person=said(bio="Likes trains")) == []


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("ada-lovelace.me", "Ada Lovelace"),
        ("alexmaccaw.com", "Alex MacCaw"),
        ("lovelace.dev", "Ada Lovelace"),
        ("alovelace.net", "Ada Lovelace"),
        ("joergmueller.de", "Jörg Müller"),
        ("jorgmuller.de", "Jörg Müller"),
        ("lovelaceada.org", "Ada King Lovelace"),
    ],
)
def test_who_writes_from_a_domain_with_their_own_name_belongs_to_the_employer(domain: str, name: str) -> None:
    ranked = rank(domain, names=(name,), person=said(employment__domain="clearbit.com"))
    assert home(ranked) == "clearbit.com"
    assert told(ranked)[domain] < employer.ASK


def test_who_has_a_web_site_with_their_own_name_still_belongs_to_the_employer() -> None:
    site = said("website", name="Alex MacCaw", description="My blog")
    person = said(employment__domain="clearbit.com")
    assert home(rank("alexmaccaw.com", names=("Alex MacCaw",), person=person, company=site)) == "clearbit.com"


def test_an_own_name_domain_is_their_own_business_while_nothing_names_another() -> None:
    assert home(rank("alexmaccaw.com", names=("Alex MacCaw",))) == "alexmaccaw.com"


def test_a_founder_whose_company_has_their_name_belongs_to_it() -> None:
    dell = profile({"name": "Dell", "metrics.employees": 100_000})
    person = said(employment__domain="msd-partners.com")
    assert home(rank("dell.com", names=("Michael Dell",), company=dell, person=person)) == "dell.com"


def test_an_old_record_does_not_take_anybody_from_a_company_s_own_domain() -> None:
    ranked = rank("acme.com", company=profile(ACME), person=said(employment__domain="oldjob.com"))
    assert home(ranked) == "acme.com"
    assert is_asked(ranked, "oldjob.com")


def test_what_contradicts_is_read_beside_it() -> None:
    ranked = rank("acme.com", company=profile(ACME), person=said(employment__domain="oldjob.com"))
    old = next(candidate for candidate in ranked if candidate.domain == "oldjob.com")
    assert [reason.sentence for reason in old.reasons] == [
        "Clearbit has them at oldjob.com.",
        "But their address is at acme.com, a company's own domain: the record may be old.",
    ]


def test_of_a_domain_nobody_knows_the_employer_is_believed_and_the_domain_asked_about() -> None:
    ranked = rank("quietcorp.com", person=said(employment__domain="acme.com"))
    assert home(ranked) == "acme.com"
    assert is_asked(ranked, "quietcorp.com")


def test_evidence_that_agrees_adds_up() -> None:
    alone = rank("acme.com")
    both = rank("acme.com", person=said(employment__domain="acme.com"))
    assert told(both)["acme.com"] > told(alone)["acme.com"]
    assert len(both[0].reasons) == 2


def test_nothing_but_staff_is_certain() -> None:
    person = said(employment__domain="acme.com")
    person["employment.domain"]["others"] = [
        {"value": "acme.com", "provider": name, "at": ""} for name in ("apollo", "hunter", "peopledatalabs")
    ]
    assert rank("acme.com", person=person, company=profile(ACME))[0].confidence == employer.MOST


def test_each_provider_s_answer_counts_also_one_that_lost() -> None:
    person = said(employment__domain="acme.com")
    person["employment.domain"]["others"] = [{"value": "rocket.com", "provider": "apollo", "at": ""}]
    assert set(told(rank("", person=person))) == {"acme.com", "rocket.com"}


def test_a_provider_that_is_not_sure_only_asks() -> None:
    person = said(employment__domain="acme.com")
    person["employment.domain"]["confidence"] = 0.5
    assert is_asked(rank("", person=person), "acme.com")


def test_a_domain_below_the_company_s_own_is_the_company_s() -> None:
    assert home(rank("", person=said(employment__domain="https://eu.acme.co.uk/jobs"))) == "acme.co.uk"


@pytest.mark.parametrize("domain", ["gmail.com", "mailinator.com", "someone.github.io", "co.uk", "nonsense", "a b.com"])
def test_what_is_nobody_s_never_becomes_a_company(domain: str) -> None:
    assert rank("", person=said(employment__domain=domain)) == []


def test_nor_does_what_a_profile_says_gives_mailboxes_to_everybody() -> None:
    assert rank("bigmail.com", company=profile({"name": "Bigmail", "emailProvider": True})) == []


# -- Other domains of a company ----------------------------------------------------------------------------------------


def test_an_alias_leads_to_its_company() -> None:
    ranked = rank("acme.io", aliases={"acme.io": "acme.com"})
    assert told(ranked) == {"acme.com": 0.9}
    assert ranked[0].reasons[0].sentence == "Their address is at acme.io, which is another domain of acme.com."


def test_an_employer_named_by_its_alias_is_the_same_company() -> None:
    ranked = rank("acme.com", aliases={"acme.io": "acme.com"}, person=said(employment__domain="acme.io"))
    assert list(told(ranked)) == ["acme.com"]


def test_a_vendor_s_record_under_another_domain_makes_an_alias() -> None:
    assert home(rank("getacme.com", company=profile({"domain": "acme.com", "name": "Acme"}))) == "acme.com"


def test_the_record_s_other_domains_are_the_company_s() -> None:
    company = profile({**ACME, "domain": "acme.com", "domainAliases": ["acme.io"]})
    ranked = rank("acme.com", company=company, person=said(employment__domain="acme.io"))
    assert list(told(ranked)) == ["acme.com"]


def test_a_redirect_to_a_company_of_the_same_name_is_only_asked_about() -> None:
    """Anybody may send visitors on to somebody else's site."""
    ranked = rank("acme.io", company=said("website", domain="acme.com"))
    assert home(ranked) == "acme.io"
    assert is_asked(ranked, "acme.com")


def test_a_redirect_to_another_name_is_only_asked_about() -> None:
    ranked = rank("acme.com", company=said("website", domain="linkedin.com"))
    assert home(ranked) == "acme.com"
    assert is_asked(ranked, "linkedin.com")


def test_a_parent_is_named_and_not_asked_about() -> None:
    ranked = rank("acme.com", company=profile({**ACME, "parent.domain": "bigcorp.com"}))
    assert home(ranked) == "acme.com"
    assert told(ranked)["bigcorp.com"] < employer.ASK


# -- Names -------------------------------------------------------------------------------------------------------------

KNOWN = Names.of([Named("acme.com", "Acme GmbH"), Named("devhouse.io", "Devhouse"), Named("ibm.com", "IBM Corp.")])


@pytest.mark.parametrize(
    "text",
    ["Acme", "The ACME Company", "Açme, Inc.", "Acme Sp. z o.o.", "acme s.a.", "ACME K.K.", "Acme A/S", "Oy Acme Ab"]
    + [
        "Acme Pty. Ltd.",
        "Acme S.à r.l.",
        "Acme GmbH & Co. KG",
        "ООО Acme",
        "acme株式会社",
        "Acme d.o.o.",
        "Acme S. A.",
    ],
)
def test_a_typed_name_finds_the_company_whatever_its_legal_form(text: str) -> None:
    assert is_asked(rank("", typed_company=text, known=KNOWN), "acme.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Freelance",
        "n/a",
        "IT Consulting Ltd",
        "Inc.",
        "AB",
        "123",
        "Self-employed",
        "My Company",
        "Acne",
        "Acme Bank",
    ],
)
def test_a_name_that_says_nothing_or_another_thing_matches_nobody(text: str) -> None:
    assert rank("", typed_company=text, known=KNOWN) == []


def test_one_letter_wrong_in_a_long_name_is_forgiven_and_counts_less() -> None:
    exact, like = (rank("", typed_company=text, known=KNOWN)[0].confidence for text in ("Devhouse", "Devhousse"))
    assert (exact, like) == (0.6, 0.45)


def test_other_digits_are_another_company() -> None:
    known = Names.of([Named("unit54.com", "Workshop 54")])
    assert rank("", typed_company="Workshop 55", known=known) == []


def test_of_two_companies_of_one_name_each_is_half_as_likely() -> None:
    known = Names.of([Named("acme.com", "Acme"), Named("acme.de", "Acme GmbH")])
    assert told(rank("", typed_company="Acme", known=known)) == {"acme.com": 0.3, "acme.de": 0.3}


def test_the_typed_name_of_the_address_company_agrees_with_it() -> None:
    known = Names.of([Named("acme.de", "Acme GmbH")])
    ranked = rank("acme.com", typed_company="Acme", company=profile(ACME), known=known)
    assert list(told(ranked)) == ["acme.com"]
    assert told(ranked)["acme.com"] > 0.92


@pytest.mark.parametrize("text", ["@devhouse", "Devhouse", "@devhouse @acme"])
def test_github_names_the_company(text: str) -> None:
    ranked = rank("", person=said("github", github__company=text), known=KNOWN)
    assert is_asked(ranked, "devhouse.io")


def test_a_typed_name_and_github_together_are_enough() -> None:
    ranked = rank("", typed_company="Devhouse", person=said("github", github__company="@devhouse"), known=KNOWN)
    assert told(ranked) == {"devhouse.io": 0.8}
    assert home(ranked) == "devhouse.io"


def test_a_record_without_a_domain_is_found_by_name() -> None:
    ranked = rank("", person=said("gravatar", employment__name="IBM"), known=KNOWN)
    assert is_asked(ranked, "ibm.com")


def test_names_are_compared_in_any_script() -> None:
    assert comparable("株式会社アクメ") == comparable("アクメ(株)") == "アクメ"
    assert comparable("ООО «Ромашка»") == comparable("Romashka LLC") == "romashka"


# -- Colleagues --------------------------------------------------------------------------------------------------------


def test_where_three_of_three_colleagues_ended_up() -> None:
    ranked = rank("acme.io", colleagues=(Colleagues("acme.com", 3),))
    assert home(ranked) == "acme.com"
    assert ranked[0].reasons[0].sentence == "3 of 3 colleagues from acme.io work at acme.com."
    assert is_asked(ranked, "acme.io")


def test_one_colleague_elsewhere_proves_nothing() -> None:
    ranked = rank("acme.io", colleagues=(Colleagues("acme.com", 1),))
    assert home(ranked) == "acme.io"


def test_one_colleague_whom_staff_confirmed_is_enough() -> None:
    ranked = rank("acme.io", colleagues=(Colleagues("acme.com", 1, is_confirmed=True),))
    assert home(ranked) == "acme.com"


def test_colleagues_show_that_a_domain_is_a_company_s() -> None:
    ranked = rank("acme.com", colleagues=(Colleagues("acme.com", 2),), person=said(employment__domain="oldjob.com"))
    assert home(ranked) == "acme.com"


# -- Staff -------------------------------------------------------------------------------------------------------------


def test_what_staff_denied_is_never_attached() -> None:
    ranked = rank("acme.com", denied=frozenset({"acme.com"}))
    assert employer.best(ranked) is None
    assert ranked[0].word == "denied"


def test_what_staff_confirmed_wins_over_everything() -> None:
    ranked = rank("acme.com", company=profile(ACME), confirmed="startup.io", confirmed_name="Startup")
    assert (home(ranked), ranked[0].confidence, ranked[0].name) == ("startup.io", 1.0, "Startup")


def test_staff_s_word_on_an_alias_is_about_the_company() -> None:
    ranked = rank("acme.com", aliases={"acme.io": "acme.com"}, denied=frozenset({"acme.io"}))
    assert employer.best(ranked) is None


# -- Signatures --------------------------------------------------------------------------------------------------------


def test_whom_somebody_signs_for_is_not_enough_alone_but_with_anything_else() -> None:
    own = Signed("ada@mail.com", "Ada", "Acme Ltd", "acme.com")
    alone = rank("", signatures=(own,), email_key="ada@mail.com")
    assert is_asked(alone, "acme.com")
    assert alone[0].reasons[0].sentence == "They sign their mails as “Acme Ltd” (acme.com)."
    assert home(rank("", signatures=(own,), email_key="ada@mail.com", typed_company="Acme")) == ""
    known = Names.of([Named("acme.com", "Acme")])
    assert home(rank("", signatures=(own,), email_key="ada@mail.com", typed_company="Acme", known=known)) == "acme.com"


def test_the_more_colleagues_sign_alike_the_surer_it_is_and_less_where_some_do_not() -> None:
    def sure(*domains: str) -> float:
        people = tuple(Signed(f"p{n}@lab.io", f"P {n}", "", domain) for n, domain in enumerate(domains))
        return told(rank("lab.io", signatures=people, email_key="ada@lab.io"))["acme.com"]

    assert sure("acme.com") == 0.6
    assert sure("acme.com", "acme.com") == sure("acme.com", "acme.com", "acme.com") == 0.8
    assert sure("acme.com", "rocket.com") == 0.3


def test_an_address_of_which_nothing_is_known_goes_where_its_colleagues_sign_for() -> None:
    people = tuple(Signed(f"p{n}@lab.io", f"P {n}", "Acme", "acme.com") for n in range(3))
    ranked = rank("lab.io", signatures=people, email_key="ada@lab.io")
    assert home(ranked) == "acme.com"
    assert ranked[0].reasons[0].sentence == "P 0 signs mails as “Acme” (acme.com). So do 2 others from lab.io."


def test_an_own_domain_is_no_company_because_it_stands_in_a_signature() -> None:
    own = Signed("ada@lovelace.dev", "Ada Lovelace", "", "lovelace.dev")
    ranked = rank("lovelace.dev", names=("Ada Lovelace",), signatures=(own,), email_key="ada@lovelace.dev")
    assert [reason.code for reason in ranked[0].reasons] == ["own_domain"]


@pytest.mark.parametrize("domain", ["gmail.com", "acme.github.io"])
def test_a_shared_domain_in_a_signature_is_nobody_s(domain: str) -> None:
    own = Signed("ada@mail.com", "Ada", "", domain)
    assert rank("", signatures=(own,), email_key="ada@mail.com") == []


def test_a_domain_in_a_signature_that_is_another_of_a_company_s_leads_to_it() -> None:
    own = Signed("ada@mail.com", "Ada", "", "acme.io")
    assert told(rank("", signatures=(own,), email_key="ada@mail.com", aliases={"acme.io": "acme.com"})) == {
        "acme.com": 0.75
    }


@pytest.mark.parametrize(
    ("clues", "is_open"),
    [
        ({}, True),
        ({"work_domain": "acme.com", "company": said(**ACME)}, False),
        ({"work_domain": "acme.com"}, False),
        ({"work_domain": "acme.com", "colleagues": (Colleagues("acme.com", 1),)}, True),
        ({"work_domain": "lovelace.dev", "names": ("Ada Lovelace",)}, True),
        ({"work_domain": "lovelace.dev", "names": ("Ada Lovelace",), "confirmed": "acme.com"}, False),
        ({"person": said(employment__domain="acme.com")}, False),
    ],
)
def test_signatures_are_read_where_they_may_tell_something(clues: dict[str, Any], is_open: bool) -> None:
    assert employer.is_open(rank(**clues)) is is_open
