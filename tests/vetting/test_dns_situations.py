"""Every situation of the pretend name server, judged as it says is right; and answers that are made to hurt."""

from __future__ import annotations

import random
import time

import dns.message
import dns.name
import dns.rdatatype
import pytest

from sandbox.zones import SITUATIONS, Situation
from signups.contracts import Deadline
from signups.domains import exchange
from signups.vetting import mx
from tests.sandbox_process import Sandbox


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.domain)
def test_each_situation_is_judged_right_and_in_time(sandbox: Sandbox, situation: Situation) -> None:
    deadline = Deadline(600)
    check = mx.start(situation.domain, deadline).finish().check
    assert (check.outcome, check.code) == (situation.outcome, situation.code), situation.why
    assert deadline.elapsed_ms() < 700


def query() -> dns.message.QueryMessage:
    return dns.message.make_query("acme.test.", "MX", id=7)


def packet(records: bytes, announced: int) -> bytes:
    header = query().to_wire()[:2] + b"\x85\x80\0\x01" + announced.to_bytes(2, "big") + b"\0\0\0\0"
    return header + query().to_wire()[12:] + records


def read(wire: bytes) -> str:
    """What becomes of an answer: "ignored", "malformed" or the number of records found."""
    try:
        message = exchange.read(wire, query())
        if message is None:
            return "ignored"
        return str(len(exchange.find(message, dns.name.from_text("acme.test."), dns.rdatatype.MX).records))
    except exchange.Malformed:
        return "malformed"


def test_random_bytes_are_never_more_than_malformed() -> None:
    dice = random.Random(20261124)
    whole = packet(b"\xc0\x0c\0\x0f\0\x01\0\0\1\x2c\0\x09\0\x0a\2mx\xc0\x0c\0\0", 1)
    seen = set()
    for _ in range(20_000):
        wire = bytearray(
            whole if dice.random() < 0.7 else packet(dice.randbytes(dice.randrange(80)), dice.randrange(9))
        )
        for _ in range(dice.randrange(4)):
            wire[dice.randrange(2, len(wire))] = dice.randrange(256)
        seen.add(read(bytes(wire[: dice.randrange(len(wire) + 1)] if dice.random() < 0.3 else wire)))
    assert {"ignored", "malformed", "1", "0"} <= seen <= {"ignored", "malformed", "0", "1", "2"}


def test_an_answer_of_64_kilobytes_costs_little() -> None:
    name = b"".join(b"\1" + bytes([97 + n % 26]) for n in range(110))
    long_name = (
        b"\xc0\x0c\0\x0f\0\x01\0\0\1\x2c" + (len(name) + 5).to_bytes(2, "big") + b"\0\x0a" + name + b"\xc0\x0c\0"
    )
    record = b"\xc0\x0c\0\x0f\0\x01\0\0\1\x2c\0\x04%s\xc0\x36"
    wire = packet(long_name + b"".join(record % n.to_bytes(2, "big") for n in range(4_000)), 4_001)
    started = time.process_time()
    read(wire)
    assert time.process_time() - started < 0.05
