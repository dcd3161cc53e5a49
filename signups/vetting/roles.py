"""Role accounts: addresses that several people read, or none ("info", "buchhaltung", "no-reply").

Weak: small companies sign up with theirs. Only whole local parts count, and somebody whose name is like one is believed
(Mr. Sales). The words stand in `data/role_accounts.txt`, with their language and meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from signups.vetting import latin
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

FILE = Path(__file__).with_name("data") / "role_accounts.txt"

_MARKS = str.maketrans("", "", ".-_0123456789")  # "no-reply", "info.2", "customer_service"


@dataclass(frozen=True, slots=True)
class Role:
    """What a local part means; `languages` are ISO 639-1 codes, "*" for everywhere."""

    meaning: str
    languages: tuple[str, ...]


def check(address: Address, name: str = "") -> CheckResult:
    """Look the local part up. `name` is the form's, "" where not known."""
    local = address.local.partition("+")[0]
    spelt = latin.plain(local)
    role = listed().get(spelt if spelt.isalpha() else spelt.translate(_MARKS))
    if role is None:
        return _PERSONAL
    if name and _is_named(local, name):
        return CheckResult("role", "good", "personal", f"“{local}” is a name in the form.")
    evidence = {"meaning": role.meaning, "languages": list(role.languages)}
    return CheckResult("role", "risky", "role_account", f"“{local}” is a role, not a person: {role.meaning}.", evidence)


_PERSONAL = CheckResult("role", "good", "personal", "No role account that we know.")


def _is_named(local: str, name: str) -> bool:
    """Whether the local part is one of the form's names, and not all of it: a form filled with "Sales" names nobody."""
    spelt = latin.plain(local).translate(_MARKS)
    return any(
        len(names) > 1 and spelt in names and any(one not in listed() for one in names)
        for names in (one.split() for one in latin.spellings(name[:100]))
    )


@cache
def listed() -> Mapping[str, Role]:
    """Every role account. Where languages mean different things by a word, the first one's meaning stands."""
    roles: dict[str, Role] = {}
    for line in FILE.read_text(encoding="ascii").splitlines():
        if not line or line.startswith("#"):
            continue
        head, _, words = line.partition(":")
        language, _, meaning = head.partition(" ")
        for word in words.split():
            known = roles.get(word)
            languages = (language,) if known is None else tuple(dict.fromkeys((*known.languages, language)))
            roles[word] = Role(meaning if known is None else known.meaning, languages)
    return roles
