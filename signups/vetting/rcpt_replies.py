"""What a mail server's replies to RCPT say of a mailbox: that there is none, or that it does not like to be asked.

Enhanced status codes (RFC 3463) are believed before words; words about our reputation before words about the mailbox.
"""

from __future__ import annotations

import re

from signups.vetting.smtp_dialogue import Reply, Said

_MOST_READ = 1_000  # characters of a reply
_NO_SUCH_STATUS = frozenset({"5.1.1", "5.1.6", "5.1.10", "5.2.1"})  # RFC 3463, RFC 7505; moved and disabled ones, too
_FULL_STATUS = frozenset({"4.2.2", "5.2.2"})
_NO_SUCH = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|mailbox|local)|no such (?:user|mailbox|recipient|person|address)|"
    r"(?:user|mailbox|recipient|account|address)\b.{0,60}\b(?:not found|not exist|n't exist|unknown|disabled|invalid)|"
    r"(?:invalid|bad) (?:recipient|mailbox|user)|no mailbox|not a valid (?:mailbox|user|recipient)|"
    r"recipient not (?:found|known)|unrouteable address|mailbox unavailable",
    re.IGNORECASE | re.DOTALL,
)
_POLICY = re.compile(
    r"spam|block|blacklist|\brbl\b|dnsbl|reputation|polic(?:y|ies)|banned|prohibit|relay|reverse dns|\bptr\b|"
    r"authenticat|not permitted|not allowed|too many|\brate\b|helo|ehlo|sender",
    re.IGNORECASE,
)
_NOT_IN_DIRECTORY = ("5.4.1", "AS(201806281)")  # Exchange Online's "Access denied" for whom its directory lacks


def read(said: Said) -> tuple[str, str]:
    """The code of what was said, and the reply that it rests on, as staff may read it."""
    if said.refusal is not None:
        code = "refused" if said.refusal.code >= 500 else "try_later"
        return code, _shown(said.refusal)
    first, *others = said.recipients
    meaning = _meaning(first)
    if meaning != "taken":
        return meaning, _shown(first)
    if not others:
        return "unclear", _shown(first)
    nobody = others[0]
    if nobody.code >= 500:
        return "exists", _shown(first)
    return "catch_all" if _meaning(nobody) == "taken" else "unclear", _shown(nobody)


def _meaning(reply: Reply) -> str:
    """What the reply to RCPT says about the recipient: "taken", or a code.

    A permanent refusal speaks of the mailbox only where its status or its words say so; all others speak of us.
    """
    if reply.code in (250, 251):
        return "taken"
    if reply.status in _FULL_STATUS:
        return "mailbox_full"
    if 400 <= reply.code < 500:
        return "try_later"
    if reply.code < 500:  # 252: it will take the mail, and cannot say whether anybody reads it
        return "unclear"
    text = reply.text[:_MOST_READ]
    status, words = _NOT_IN_DIRECTORY
    if reply.status in _NO_SUCH_STATUS or (reply.status == status and words in text):
        return "no_such_mailbox"
    if reply.status.startswith("5.7.") or _POLICY.search(text):
        return "refused"
    return "no_such_mailbox" if _NO_SUCH.search(text) else "unclear"


def _shown(reply: Reply) -> str:
    return f"{reply.code} {reply.text}"[:300]
