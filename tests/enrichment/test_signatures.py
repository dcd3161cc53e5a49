"""Which company do people sign their mails with? The reader alone: no database, no network."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signups.enrichment.company_names import has_legal_form
from signups.enrichment.quoting import own_lines
from signups.enrichment.signatures import Signature, read

GRACE = ("Grace Hopper", "grace@bigmail.test")
NOTHING = None


def signed(text: str, name: str = GRACE[0], address: str = GRACE[1]) -> tuple[str, str] | None:
    found = read(text, name, address)
    return (found.company, found.domain) if found else NOTHING


@pytest.mark.parametrize(
    ("text", "company", "domain"),
    [
        # The separator of RFC 3676, also without the space that programs strip
        ("Yes.\n\n-- \nGrace Hopper\nNavy Research Ltd\nhttps://www.navy.com/labs", "Navy Research Ltd", "navy.com"),
        ("Yes.\r\n\r\n--\r\nGrace Hopper\r\nNavy Research Ltd\r\nnavy.co.uk", "Navy Research Ltd", "navy.co.uk"),
        # A title and the company behind it, beside it, below it
        ("Hi\n\nBest regards,\nGrace Hopper\nVP Engineering, Acme", "Acme", ""),
        ("Hi\n\nBest regards,\nGrace Hopper\nVP Engineering at Acme", "Acme", ""),
        ("Hi\n\nBest regards,\nGrace Hopper\nVP Engineering @ Acme", "Acme", ""),
        ("Hi\n\nBest regards,\nGrace Hopper\nVP Engineering | Acme | acme.com", "Acme", "acme.com"),
        ("Hi\n\nBest regards,\nGrace Hopper | VP Engineering | Acme Robotics", "Acme Robotics", ""),
        ("Hi\n\nKind regards\n\nGrace Hopper\nCo-Founder & CTO\nAcme Robotics\n+1 312 555 0173", "Acme Robotics", ""),
        ("Hi\n\nThanks,\nGrace\n\nCEO · Acme · www.acme.io", "Acme", "acme.io"),
        # Legal forms
        ("Hi\n\nCheers,\nGrace\nRocket Freight, Inc.\n12 High Street, Leeds", "Rocket Freight, Inc.", ""),
        ("Hi\n\nCheers,\nGrace\nBuyer, Rocket Freight, Inc.", "Rocket Freight, Inc.", ""),
        ("Hi\n\nCheers, Grace\nBuyer at Rocket Freight LLC", "Rocket Freight LLC", ""),
        ("Hi\n\nBest,\nGrace\nHead of Sales, Europe\nAcme Pty Ltd | acme.com.au", "Acme Pty Ltd", "acme.com.au"),
        # The name alone on a line
        ("See you on Thursday.\n\nGrace Hopper\nCTO, Acme\nT: +44 113 496 0000", "Acme", ""),
        # Other languages
        (
            (
                "Hallo,\n\nMit freundlichen Grüßen\nGrace Hopper\nGeschäftsführerin\nMüller Werkzeuge GmbH\n"
                "Hauptstraße 1\n70173 Stuttgart\nTel.: +49 711 123456\nAmtsgericht Stuttgart HRB 12345"
            ),
            "Müller Werkzeuge GmbH",
            "",
        ),
        ("Bonjour\n\nBien cordialement,\n\nGrace Hopper\nDirectrice, Outils Durand SARL", "Outils Durand SARL", ""),
        (
            "Hola\n\nUn saludo,\nGrace\nGerente | Ferretería López S.L.\nwww.lopez.es",
            "Ferretería López S.L.",
            "lopez.es",
        ),
        ("Ciao\n\nCordiali saluti\nGrace Hopper\nResponsabile presso Rossi S.r.l.", "Rossi S.r.l.", ""),
        ("Hoi\n\nMet vriendelijke groet,\nGrace\nOntwikkelaar bij Jansen B.V.", "Jansen B.V.", ""),
        ("Hej\n\nMed vänliga hälsningar\nGrace\nUtvecklare\nNordljus AB", "Nordljus AB", ""),
        ("Dobrý den\n\nS pozdravem\nGrace\nNáradí Novák s.r.o.", "Náradí Novák s.r.o.", ""),
        ("Здравствуйте\n\nС уважением,\nGrace\nДиректор, Ромашка", "Ромашка", ""),
        # A web site alone, or a mailbox at work
        ("Hi\n\nBest,\nGrace\nWeb: navy.com", "", "navy.com"),
        ("Hi\n\nBest,\nGrace\ngrace.hopper@navy.com", "", "navy.com"),
        (
            "Hi\n\nBest,\nGrace\nlinkedin.com/in/grace\nhttps://calendly.com/grace\nhttps://navy.com",
            "",
            "navy.com",
        ),
        # What is quoted is somebody else's
        (
            (
                "Yes.\n\nBest,\nGrace\nCTO, Acme\n\nOn Tue, 24 Nov 2026 at 09:00, Rob <rob@onboarding.test>\nwrote:\n"
                "> Best,\n> Rob\n> Onboarding Ltd\n> onboarding.com"
            ),
            "Acme",
            "",
        ),
        (
            "On Tue, Rob wrote:\n> Shall we?\n> -- \n> Rob, Onboarding Ltd\n\nYes.\n\n-- \nGrace\nAcme Ltd",
            "Acme Ltd",
            "",
        ),
        (
            "Yes.\n\nBest,\nGrace\nCTO, Acme\n\n-----Original Message-----\nFrom: Rob\n\nBest,\nRob\nOnboarding Ltd",
            "Acme",
            "",
        ),
        (
            (
                "Ja.\n\nViele Grüße\nGrace\nAcme GmbH\n\n________________________________\nVon: Rob <rob@x.test>\n"
                "Gesendet: Dienstag\nAn: Grace\nBetreff: Hallo\n\nGruß\nRob\nOnboarding AG"
            ),
            "Acme GmbH",
            "",
        ),
        # What stands below it
        ("Hi\n\nBest,\nGrace\nCTO, Acme\n\nP.S. We love Rocket Ltd", "Acme", ""),
        ("Hi\n\nBest,\nGrace\nCTO, Acme\n\n" + "This e-mail is confidential and may be privileged. " * 9, "Acme", ""),
    ],
)
def test_a_signature_is_read(text: str, company: str, domain: str) -> None:
    assert signed(text) == (company, domain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Can you call me? We at Rocket Ltd would like to buy.",
        "We at Rocket Ltd would like to buy.\n\nThanks!\nGrace",
        "Thanks,\nI would like to talk about pricing first. Then we go on.\nGrace",
        "Hi\n\nBest,\nGrace\nDirector, EMEA",
        "Hi\n\nBest,\nGrace Hopper\nCTO\n+1 312 555 0173",
        "Hi\n\nBest,\nGrace Hopper (she/her)",
        "Hi\n\nBest,\nGrace\n\nSent from my iPhone",
        "Hi\n\nBest,\nGrace\nhttps://www.linkedin.com/in/grace | https://x.com/grace",
        "Hi\n\nBest,\nGrace\nBook a time: https://meet.acme.io/meeting/grace\nhttps://news.acme.io/unsubscribe?u=1",
        "Hi\n\nBest,\nGrace\nhttps://acme.com and https://rocket.com",
        "Hi\n\nBest,\nGrace\nContract.pdf",
        "Yes.\n\nOn Tue, Rob wrote:\n> Best,\n> Rob\n> Onboarding Ltd",
        "Yes.\n\n---------- Forwarded message ---------\nBest,\nRob\nOnboarding Ltd",
        "Oui.\n\nLe mar. 24 nov. 2026, Rob a écrit :\nCordialement\nRob\nOnboarding SARL",
        "Yes\n-- \nYou received this message because you are subscribed to the group.",
        "Hi\n\nBest,\nGrace\nas",
    ],
)
def test_what_is_no_company_s_signature_says_nothing(text: str) -> None:
    assert signed(text) is NOTHING


def test_the_domain_of_the_address_says_nothing_alone_but_a_name_beside_it_does() -> None:
    assert signed("Hi\n\nBest,\nGrace\nwww.acme.com", address="grace@mail.acme.com") is NOTHING
    text = "Hi\n\nBest,\nGrace\nAcme Ltd\nwww.acme.com"
    assert signed(text, address="grace@mail.acme.com") == ("Acme Ltd", "acme.com")


def test_what_stands_where_a_company_would_is_none_beside_another_s_web_site() -> None:
    assert signed("Hi\n\nBest,\nGrace\nEngineer, Berlin\nwww.acme.com") == ("", "acme.com")


@pytest.mark.parametrize(("name", "is_one"), [("Acme AG", True), ("Acme SE", True), ("Acme as", False), ("Acme", False),
                                              ("Novák s.r.o.", True), ("talk to you as", False), ("Ltd", False),
                                              ("株式会社アクメ", True)])  # fmt: skip
def test_a_legal_form_is_written_as_one(name: str, is_one: bool) -> None:
    assert has_legal_form(name) is is_one


PIECES = st.sampled_from(
    [
        "Best regards,",
        "-- ",
        "--",
        "> ",
        "On ",
        " wrote:",
        "\n",
        "\r\n",
        "From: ",
        "Sent: ",
        "-----",
        "CTO",
        ", ",
        " | ",
        " at ",
        "Acme Ltd",
        "http://",
        "www.",
        "a.b.",
        "@",
        "://",
        "\0",
        "\ud800",
        " " * 50,
        "x" * 300,
        "1" * 40,
        "س",
        "İ",
    ]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=60).map("".join), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_fail(text: str, name: str, address: str) -> None:
    found = read(text, name, address)
    assert found is NOTHING or (isinstance(found, Signature) and (found.company or found.domain))
    assert found is NOTHING or len(found.company) <= 80


@given(st.lists(PIECES, min_size=1, max_size=4).map("".join))
@settings(max_examples=60, deadline=None)
def test_ten_times_the_text_takes_about_ten_times_as_long(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.process_time()
        read(text, "Grace Hopper", "grace@bigmail.test")
        return time.process_time() - started

    assert min(seconds(200_000) for _ in range(2)) < 0.5
    assert min(seconds(20_000_000) for _ in range(1)) < 1.0  # of what is longer the rest is not looked at


@pytest.mark.parametrize(
    "line",
    [
        "a." * 100,
        "a@" * 100,
        "http://" * 28,
        "1 " * 100,
        "- " * 100,
        "|" * 199,
        "x" * 199,
        "a-" * 90 + ".com",
        " \t" * 99,
    ],
)
def test_hostile_lines_are_read_at_once(line: str) -> None:
    started = time.process_time()
    read("Hi\n\nBest,\n" + f"{line[:199]}\n" * 100, "Grace Hopper", "grace@bigmail.test")
    assert time.process_time() - started < 0.2


def test_what_was_quoted_with_marks_is_left_out_and_what_is_below_it_is_not() -> None:
    text = "Above\nAm 24.11.2026 um 09:00 schrieb Rob <rob@x.test>:\n> Hallo\n>> Moin\nBelow"
    assert own_lines(text) == ["Above", "Below"]
