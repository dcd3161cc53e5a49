"""What the sender of a plain-text mail wrote themselves: the text less what it quotes, forwards or was sent along with.

Pure, and linear in the text's length: lines are looked at one by one, and none of them beyond `_LONGEST` characters.
"""

from __future__ import annotations

import re
from typing import Final

MOST_CHARACTERS: Final = 200_000  # of a mail that are looked at, from its beginning
_LONGEST: Final = 300  # characters of a line that introduces a quotation

# "On Tue, 24 Nov 2026 Rob wrote:", in the words of mail programs; the verb may stand before the name.
_WROTE: Final = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|a écrit|écrit|escribió|escreveu|ha scritto|scritto|schreef|skrev|kirjoitti|"
    r"napsal\(?a?\)?|napísal\(?a?\)?|napisał\(?a?\)?|írta|a scris|yazdı|написала?|пише)\b.{0,150}:$",
    re.IGNORECASE,
)
_WHEN: Final = re.compile(r"(?:On|Am|Le|El|Il|Op|Em|Den|Dne|Dňa|W dniu|Pe)\b.{0,200}")
# The head that Outlook puts before what it quotes: "From:" and soon after it "Sent:" or "Date:" or "Subject:".
_FROM: Final = re.compile(r"\*?(?:From|Von|De|Da|Van|Från|Fra|Lähettäjä|Od|Feladó|От|Kimden)\s?:", re.IGNORECASE)
_HEAD: Final = re.compile(
    r"\*?(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para|Asunto|Data|Assunto|"
    r"Inviato|A|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat)\s?:",
    re.IGNORECASE,
)
_HEAD_LINES: Final = 4
_ALONG: Final = re.compile(
    r"(?:Sent from my |Sent from |Get Outlook for |Von meinem |Gesendet von |Envoyé de |Enviado desde |Inviato da |"
    r"Verzonden vanaf |Skickat från |Sendt fra )",
    re.IGNORECASE,
)


def own_lines(text: str) -> list[str]:
    """The lines the sender wrote, without trailing space: a signature's separator (RFC 3676 4.3) becomes "--"."""
    lines = text[:MOST_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith(">"):
            continue
        if _begins_original(bare) or _begins_head(lines, number):
            break
        if len(bare) <= _LONGEST and bare.endswith(":") and _WROTE.search(bare):
            _drop_wrapped(kept)
            if _is_marked(lines, number):
                continue  # what is quoted has marks of its own, and more may be written below it
            break
        if not _ALONG.match(bare):
            kept.append(line.rstrip())
    return kept


def _begins_original(line: str) -> bool:
    """ "-----Original Message-----" and its like in any language."""
    inside = line.strip("-").strip()
    return line.startswith("---") and line.endswith("---") and 3 <= len(inside) <= 60


def _begins_head(lines: list[str], number: int) -> bool:
    if not _FROM.match(lines[number].strip()[:_LONGEST]):
        return False
    return any(_HEAD.match(line.strip()[:_LONGEST]) for line in lines[number + 1 : number + 1 + _HEAD_LINES])


def _drop_wrapped(kept: list[str]) -> None:
    """Take away the beginning of an introduction that mail programs wrapped over two or three lines."""
    for back in (1, 2):
        if len(kept) >= back and _WHEN.match(kept[-back].strip()[:_LONGEST]):
            del kept[-back:]
            return
        if len(kept) < back or not kept[-back].strip():
            return


def _is_marked(lines: list[str], number: int) -> bool:
    following = (line.strip() for line in lines[number + 1 : number + 4])
    return next((line for line in following if line), "").startswith(">")
