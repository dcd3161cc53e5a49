"""What Slack is told beside signups: somebody at the limit of their plan, and what staff must know.

Layout and wording only, by the rules of `slack_message`; posting is `slack`'s.
"""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from integrations.rows import company_name, limit_words, person_name
from integrations.slack_message import escaped, links
from signups.models import Delivery, Signup


def at_limit(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """`text` and `blocks` for sales: who is at the limit, with the numbers and where to go on."""
    who = " at ".join(filter(None, (person_name(signup), company_name(signup))))
    return _message("At the limit", who, limit_words(delivery), signup)


def resolved(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """The same message once it no longer holds."""
    who = " at ".join(filter(None, (person_name(signup), company_name(signup))))
    return _message("Resolved", who, limit_words(delivery), signup)


def staff_alert(text: str) -> dict[str, Any]:
    return {"text": escaped(text, 500)}


def _message(headline: str, who: str, words: str, signup: Signup) -> dict[str, Any]:
    lines = f"*{headline}: {escaped(who)}*\n{escaped(words[:1].upper() + words[1:])}"
    blocks = [SectionBlock(block_id="limit", text=MarkdownTextObject(text=lines, verbatim=True)), links(signup)]
    text = f"{headline}: {escaped(who)}, {escaped(words)}"
    return {"text": text, "blocks": [block.to_dict() for block in blocks]}
