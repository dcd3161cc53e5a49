"""Which addresses are public."""

from __future__ import annotations

from typing import Any

import pytest

from signups.domains.addresses import is_public


@pytest.mark.parametrize(
    ("address", "in_sandbox", "outside"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("198.51.100.1", True, False),
        ("2001:db8::1", True, False),
        ("192.0.2.1", False, False),
        ("203.0.113.1", False, False),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("192.88.99.1", False, False),
        ("198.18.0.1", False, False),
        ("240.0.0.1", False, False),
        ("::ffff:8.8.8.8", False, False),
        ("64:ff9b::808:808", False, False),
        ("::8.8.8.8", False, False),
        ("fec0::1", False, False),
        ("ff0e::1", False, False),
        ("2002:808:808::1", False, False),
        ("3fff::1", False, False),
        ("10.0.0.25", False, False),
        ("169.254.1.1", False, False),
        ("100.64.0.1", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),
        ("fe80::1", False, False),
        ("::ffff:10.0.0.1", False, False),
    ],
)
def test_an_address_is_public_or_not(settings: Any, address: str, in_sandbox: bool, outside: bool) -> None:
    assert is_public(address) is in_sandbox
    settings.SANDBOX = False
    assert is_public(address) is outside
