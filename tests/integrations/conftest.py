"""What is fetched because of what a user typed is fetched from an internet of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integrations.internet import Internet, an_internet, forget


@pytest.fixture
def internet(settings: Any) -> Iterator[Internet]:
    with an_internet(settings) as internet:
        forget()
        yield internet
    forget()


@pytest.fixture
def authority(monkeypatch: Any, tmp_path: Path) -> trustme.CA:
    """One whose certificates are believed."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority
