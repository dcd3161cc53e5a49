"""How often vetting is right, on label files: what `python -m benchmarks.vetting --accuracy FOLDER` prints.

A label file has a line a case, the case and its label with a tab between them; blank lines and lines with # and no
tab are passed over. What a file is about is read off its labels:

- `address<TAB>valid|invalid`: the syntax, held against email-validator's;
- `domain<TAB>class`: what kind of address it is ("free mail", "disposable", …; "legitimate": anything but disposable);
- `typo<TAB>expected`: a domain or an address and what was meant; nothing, "-" or the same again where it was meant so;
- `domain<TAB>good|bad|unknown`: what DNS says of it, asked at DNS_NAMESERVERS.

Nothing but the last asks anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dns.resolver
import email_validator
from django.conf import settings
from email_validator.deliverability import validate_email_deliverability

from signups import vetting
from signups.contracts import Deadline
from signups.domains.name_servers import name_server
from signups.vetting import address as syntax
from signups.vetting import examining, mx, suggestion

Case = tuple[str, str]

_CLASSES = {
    "company": ("company", "business", "work"),
    "free_mail": ("free mail", "freemail", "free", "webmail"),
    "internet_provider": ("internet provider", "isp", "provider"),
    "education": ("education", "edu", "university", "school"),
    "government": ("government", "gov"),
    "relay": ("relay", "alias", "relay or alias", "alias or relay"),
    "forwarder": ("forwarder", "forwarder on an own domain"),
    "disposable": ("disposable", "throwaway", "temporary"),
    "suspected_disposable": ("suspected disposable", "new disposable", "newly listed"),
    "parked": ("parked",),
    "free_hosting": ("free hosting", "dynamic dns", "free hosting or dynamic dns"),
    "unknown": ("unknown kind",),
    "legitimate": ("legitimate", "legit", "genuine", "real", "not disposable", "ok"),
}
CLASSES = {word: name for name, words in _CLASSES.items() for word in words}
_DNS = {
    "good": "good", "deliverable": "good", "bad": "bad", "undeliverable": "bad", "unknown": "unknown",
}  # fmt: skip
_DNS_BUDGET_MS = 3_000


@dataclass
class Labels:
    """The cases of a folder, by what they are about."""

    addresses: list[Case] = field(default_factory=list)
    domains: list[Case] = field(default_factory=list)
    typos: list[Case] = field(default_factory=list)
    situations: list[Case] = field(default_factory=list)


def read(folder: Path) -> Labels:
    """The labels in every file of the folder. Raises ValueError with file, line and remedy, and OSError."""
    labels = Labels()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        cases = list(_cases(path))
        if not cases:
            continue
        words = {_plain(label) for _, label in cases}
        if words <= {"valid", "invalid"}:
            labels.addresses += cases
        elif words <= set(_DNS):
            labels.situations += cases
        elif words <= set(CLASSES) | set(_DNS):
            labels.domains += [(case, CLASSES.get(_plain(label), "unknown")) for case, label in cases]
        else:
            labels.typos += cases
    if labels == Labels():
        raise ValueError(f"{folder} has no label file: lines of a case, a tab and its label")
    return labels


def report(labels: Labels) -> Iterator[str]:
    """The lines to print."""
    if labels.addresses:
        yield from _addresses(labels.addresses)
    if labels.domains:
        yield from _domains(labels.domains)
    if labels.typos:
        yield from _typos(labels.typos)
    if labels.situations:
        yield from _situations(labels.situations)


# -- Addresses ---------------------------------------------------------------------------------------------------------


def _addresses(cases: Sequence[Case]) -> Iterator[str]:
    yield f"{len(cases):,} addresses"
    judges: dict[str, Callable[[str], bool]] = {"ours": syntax.is_valid, "email-validator": peer_takes}
    for name, judge in judges.items():
        wrong = [(case, label) for case, label in cases if judge(case) != (_plain(label) == "valid")]
        yield f"  {name:<16} balanced accuracy {balanced_accuracy(cases, wrong):.3f}, wrong {len(wrong)}"
        if name == "ours":
            yield from (f"    {case!r} is {label}" for case, label in wrong[:20])


def balanced_accuracy(cases: Iterable[Case], wrong: Iterable[Case]) -> float:
    """The mean of the shares judged right among the valid and among the invalid."""
    number, mistakes = (Counter(_plain(label) for _, label in some) for some in (cases, wrong))
    shares = [1 - mistakes[label] / number[label] for label in number]
    return sum(shares) / len(shares)


def peer_takes(text: str) -> bool:
    try:
        email_validator.validate_email(text, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return False
    return True


# -- Kinds of address --------------------------------------------------------------------------------------------------


def _domains(cases: Sequence[Case]) -> Iterator[str]:
    yield f"{len(cases):,} domains"
    said = [(domain, label, *kind_of(domain)) for domain, label in cases]
    for label in sorted({label for _, label, *_ in said}):
        codes = Counter(code for _, one, code, _ in said if one == label)
        yield f"  {label:<21} {sum(codes.values()):>7,}  " + ", ".join(
            f"{code} {n:,}" for code, n in codes.most_common()
        )
    exact = [(label, code) for _, label, code, _ in said if label not in ("legitimate", "suspected_disposable")]
    if exact:
        yield f"  named as labelled: {_share(sum(label == code for label, code in exact), len(exact))}"
    bad = ("disposable", "suspected_disposable")
    for title, rows in (
        ("disposable", [row for row in said if row[1] in bad]),
        ("legitimate", [row for row in said if row[1] not in bad]),
    ):
        if rows:
            rejected = [row for row in rows if row[2] == "disposable"]
            confirmed = [row for row in rows if row[2] != "disposable" and row[3]]
            yield f"  {title}: called disposable {_share(len(rejected), len(rows))}"
            yield f"  {title}: else sent to confirm by name or list {_share(len(confirmed), len(rows))}"
            if title == "legitimate":
                yield from (f"    {row[0]} called disposable" for row in rejected[:20])


def kind_of(domain: str) -> tuple[str, bool]:
    """The kind, and whether name or lists alone send it to confirm."""
    try:
        checks = {check.name: check for check in examining.offline(vetting.parse(f"somebody@{domain}"))}
    except vetting.InvalidAddress:
        return "invalid", False
    is_suspect = checks["kind"].code == "suspected_disposable" or checks["name_look"].outcome == "risky"
    return checks["kind"].code, is_suspect


# -- Typos -------------------------------------------------------------------------------------------------------------


def _typos(cases: Sequence[Case]) -> Iterator[str]:
    meant_so = [case for case, label in cases if _domain(label) in ("", "-", "none", _domain(case))]
    typos = [(case, _domain(label)) for case, label in cases if case not in set(meant_so)]
    yield f"{len(typos):,} typos, {len(meant_so):,} domains that were meant"
    if typos:
        wrong = [(case, label, said) for case, label in typos if (said := suggested(case)) != label]
        yield f"  corrected {_share(len(typos) - len(wrong), len(typos))}"
        yield from (f"    {case} meant {label}, suggested {said or 'nothing'}" for case, label, said in wrong[:20])
    if meant_so:
        harmed = [(case, said) for case in meant_so if (said := suggested(case))]
        yield f"  wrongly corrected {_share(len(harmed), len(meant_so))}"
        yield from (f"    {case} to {said}" for case, said in harmed[:20])


def suggested(typed: str) -> str:
    """The domain suggested without asking DNS, "" where none is."""
    text = typed if "@" in typed else f"somebody@{typed}"
    try:
        return _domain(suggestion.suggest(vetting.parse(text)))
    except vetting.InvalidAddress:
        return _domain(suggestion.for_text(text))


def _domain(text: str) -> str:
    return text.strip().lower().rpartition("@")[2]


# -- DNS ---------------------------------------------------------------------------------------------------------------


def _situations(cases: Sequence[Case]) -> Iterator[str]:
    yield f"{len(cases):,} DNS situations"
    judges: dict[str, Callable[[str], str]] = {"ours": _dns_says, "email-validator": _peer_says}
    for name, judge in judges.items():
        answers = [(domain, _DNS[_plain(label)], judge(domain)) for domain, label in cases]
        wrong = [answer for answer in answers if answer[1] != answer[2]]
        yield f"  {name:<16} right {len(cases) - len(wrong)} of {len(cases)}"
        yield from (f"    {domain}: {said} instead of {label}" for domain, label, said in wrong[:30])


def _dns_says(domain: str) -> str:
    return mx.start(vetting.parse(f"somebody@{domain}").domain, Deadline(_DNS_BUDGET_MS)).finish().check.outcome


def _peer_says(domain: str) -> str:
    """email-validator's answer from DNS alone: asked for the whole address, it lets every .test domain pass."""
    try:
        found = validate_email_deliverability(domain, domain, dns_resolver=peer_resolver())
    except email_validator.EmailUndeliverableError:
        return "bad"
    except Exception as error:  # the peer's, whatever it is: counted as a wrong answer
        return type(error).__name__
    return "unknown" if "unknown-deliverability" in found else "good"


def peer_resolver() -> dns.resolver.Resolver:
    """A dnspython resolver for email-validator that asks whom we ask."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_NAMESERVERS)
    if settings.DNS_NAMESERVERS:
        resolver.nameservers = [name_server(one) for one in settings.DNS_NAMESERVERS]
    resolver.lifetime = _DNS_BUDGET_MS / 1000
    return resolver


# -- Reading and writing -----------------------------------------------------------------------------------------------


def _cases(path: Path) -> Iterator[Case]:
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        case, tab, label = line.removesuffix("\r").rpartition("\t")
        if not tab:
            if line.strip() and not line.startswith("#"):
                raise ValueError(f"{path}, line {number}: a case, a tab and its label are wanted, not {line[:60]!r}")
            continue
        yield case, label


def _plain(label: str) -> str:
    return label.strip().lower().replace("_", " ").replace("-", " ") if label.strip() != "-" else "-"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.2%})"
