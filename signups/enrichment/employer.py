"""Where does somebody work? Every company that something speaks for, how sure that is and why, the likeliest first.

Pure: the pieces are `evidence`'s, what the database knows comes with the `Clues` (`belonging` gathers them).
Evidence that agrees adds up (noisy-or, to `MOST`); what contradicts stays visible beside it. What staff said wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from signups.enrichment import evidence
from signups.enrichment.clues import Clues, at_home
from signups.enrichment.evidence import Piece

ATTACH = 0.8  # as sure as that, the person is put to the company
ASK = 0.4  # as sure as that, staff are asked
MOST = 0.97  # nothing but staff's word is surer
_MOST_CANDIDATES = 10
_TELLING = ("own_domain", "work_domain_doubted", "work_domain_left", "colleagues", "signature")


@dataclass(frozen=True)
class Reason:
    """Why, in a sentence for staff. `confidence` 0: it speaks against, or adds nothing."""

    code: str
    sentence: str
    confidence: float

    def as_dict(self) -> dict[str, str | float]:
        return {"code": self.code, "sentence": self.sentence, "confidence": round(self.confidence, 3)}


@dataclass(frozen=True)
class Candidate:
    """A company that the person may work at, by its domain. `word`: staff's, "confirmed" or "denied"."""

    domain: str
    name: str
    confidence: float
    reasons: list[Reason] = field(default_factory=list)
    word: str = ""


def candidates(clues: Clues) -> list[Candidate]:
    """The companies these clues speak for, ranked. A domain that says nothing of a company is never among them."""
    clues = at_home(clues)
    elsewhere = [piece for piece in evidence.beside_the_address(clues) if piece.domain]
    rivals = _ranked(piece for piece in elsewhere if piece.domain != clues.home)
    rival = rivals[0].confidence if rivals else 0.0
    pieces = [*evidence.of_the_address(clues, rival, ASK, ATTACH), *elsewhere]
    ranked = _ranked([*pieces, *evidence.objections(pieces, clues)])
    return _with_staffs_word(ranked, clues)[:_MOST_CANDIDATES]


def is_open(ranked: Iterable[Candidate]) -> bool:
    """Whether more may be learned from how people there sign their mails: nobody is sure enough, their address is
    doubtful, or others from there are known. Once staff have said where they work, nothing is.
    """
    ranked = list(ranked)
    if any(candidate.word == "confirmed" for candidate in ranked):
        return False
    codes = {reason.code for candidate in ranked for reason in candidate.reasons}
    return best(ranked) is None or any(code.startswith(_TELLING) for code in codes)


def best(ranked: Iterable[Candidate]) -> Candidate | None:
    """Whom the person is put to, None where nothing is sure enough."""
    first = next((candidate for candidate in ranked if candidate.word != "denied"), None)
    return first if first is not None and first.confidence >= ATTACH else None


def together(confidences: Iterable[float]) -> float:
    """How sure several independent reasons are together: one less the chance that all are wrong."""
    doubt = 1.0
    for confidence in confidences:
        doubt *= 1 - confidence
    return round(min(1 - doubt, MOST), 3)


def _ranked(pieces: Iterable[Piece]) -> list[Candidate]:
    """The pieces by domain, the surest domain first; of two that are equally sure the one named first."""
    by_domain: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_domain.setdefault(piece.domain, []).append(piece)
    found = [_candidate(domain, theirs) for domain, theirs in by_domain.items()]
    return sorted(found, key=lambda candidate: -candidate.confidence)


def _candidate(domain: str, pieces: list[Piece]) -> Candidate:
    said = sorted({piece.sentence: piece for piece in reversed(pieces)}.values(), key=lambda piece: -piece.confidence)
    reasons = [Reason(piece.code, piece.sentence, piece.confidence) for piece in said]
    name = next((piece.name for piece in pieces if piece.name), domain)
    return Candidate(domain, name[:255], together(reason.confidence for reason in reasons), reasons)


def _with_staffs_word(ranked: list[Candidate], clues: Clues) -> list[Candidate]:
    """What staff confirmed comes first and is certain; what they denied comes last, and is never attached."""
    by_domain = {candidate.domain: candidate for candidate in ranked}
    confirmed = clues.canonical(clues.confirmed)
    if confirmed:
        known = by_domain.pop(confirmed, None) or Candidate(confirmed, clues.confirmed_name or confirmed, 1.0)
        said = Reason("staff", "Staff said so.", 1.0)
        first = [replace(known, confidence=1.0, reasons=[said, *known.reasons], word="confirmed")]
    else:
        first = []
    denied_domains = {clues.canonical(domain) for domain in clues.denied} - {confirmed}
    rest = [candidate for candidate in by_domain.values() if candidate.domain not in denied_domains]
    denied = [replace(one, word="denied") for one in by_domain.values() if one.domain in denied_domains]
    return [*first, *rest, *denied]
