"""What a signup looks like in Slack: Block Kit with the person, the company, the verdict and why, and where to go on.

Layout and wording only; posting is `slack`'s. Whatever people or vendors typed is data: it stands in `plain_text`
objects, which Slack does not parse, or escaped in `mrkdwn`
(https://docs.slack.dev/messaging/formatting-message-text#escaping). The blocks are slack-sdk's models, which hold
themselves to Slack's limits (https://docs.slack.dev/reference/block-kit).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    ImageElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from integrations.rows import admin_url, company_fact, company_name, host, person_name, public_profiles
from signups import contracts
from signups.models import Delivery, Signup, Verdict

_MOST_HEADER, _MOST_FIELDS, _MOST_BUTTON, _MOST_URL = 150, 10, 75, 3_000  # Slack's
_MOST_ALT = 200  # ours; Slack takes 2,000
_MOST_LINE, _MOST_WHY_LINES = 200, 8  # ours: the whole stays far below the 13,200 characters Slack was seen to take
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOK_ALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
_HEADLINES = {
    Verdict.ACCEPTED: "New signup",
    Verdict.CONFIRM: "Awaiting confirmation",
    Verdict.HELD: "Held for review",
    Verdict.REJECTED: "Rejected",
}


def message(signup: Signup) -> dict[str, Any]:
    """`text` and `blocks` of chat.postMessage. The text is what notifications and screen readers give."""
    blocks: list[Block] = [
        _header(signup),
        _person(signup),
        *_company(signup),
        _verdict(signup),
        _origin(signup),
        links(signup),
    ]
    return {"text": _fallback(signup), "blocks": [block.to_dict() for block in blocks]}


def without_images(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same message for when Slack could not download a picture in it."""
    kept = []
    for block in blocks:
        if block["type"] == "image":
            continue
        if block.get("accessory", {}).get("type") == "image":
            block = {name: part for name, part in block.items() if name != "accessory"}
        kept.append(block)
    return kept


def escaped(text: object, most: int = _MOST_LINE) -> str:
    """`text` as data in `mrkdwn`: one line, at most `most` characters as they stand in the message.

    There is no escape for * _ ~ and `, which would open a format: characters that look like them stand in their place.
    """
    pieces: list[str] = []
    length = 0
    for character in _one_line(text):
        piece = _ENTITIES.get(character) or _LOOK_ALIKES.get(character, character)
        if length + len(piece) > most - 1:
            return "".join(pieces) + "…"
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)


# -- The blocks, from top to bottom ------------------------------------------------------------------------------------


def _header(signup: Signup) -> Block:
    title = " — ".join(filter(None, (person_name(signup), company_name(signup))))
    return HeaderBlock(text=_plain(("★ " if signup.is_high_value else "") + title, _MOST_HEADER))


def _person(signup: Signup) -> Block:
    """Who it is, with a picture where there is one."""
    lines = [_position(signup), _mail_link(signup.email), " · ".join(_places(signup))]
    if bio := signup.person.fact("bio"):
        lines.append(f"> {escaped(bio)}")
    avatar = signup.person.fact("avatar")
    name = _one_line(person_name(signup))[:_MOST_ALT]
    picture = ImageElement(image_url=avatar, alt_text=name) if _is_web_address(avatar) else None
    return SectionBlock(block_id="person", text=_mrkdwn("\n".join(filter(None, lines))), accessory=picture)


def _position(signup: Signup) -> str:
    """ "*Backend Developer* at Devhouse", or as much of it as is known."""
    title, company = signup.person.fact("employment.title"), company_name(signup)
    return " at ".join(filter(None, (f"*{escaped(title)}*" if title else "", escaped(company))))


def _places(signup: Signup) -> Iterator[str]:
    if location := signup.person.fact("location"):
        yield escaped(location)
    for network, url in public_profiles(signup).items():
        yield f"<{url}|{network}>"


def _company(signup: Signup) -> Iterator[Block]:
    """What is known of the company; nothing where nothing is."""
    employees, raised = company_fact(signup, "metrics.employees"), company_fact(signup, "metrics.raised")
    facts = {
        "Employees": f"{employees:,}" if isinstance(employees, int) else company_fact(signup, "metrics.employeesRange"),
        "Raised": f"${raised:,}" if isinstance(raised, int) else None,
        "Industry": company_fact(signup, "category.industry"),
        "Location": company_fact(signup, "location"),
        "Founded": company_fact(signup, "foundedYear"),
    }
    fields = [_mrkdwn(f"*{name}*\n{escaped(value)}") for name, value in facts.items() if value]
    if signup.company is not None:
        domain = escaped(signup.company.domain)
        fields.append(_mrkdwn(f"*Website*\n<https://{domain}|{domain}>"))
    if not fields:
        return
    description = company_fact(signup, "description")
    text = _mrkdwn(escaped(description, 300)) if description else None
    yield SectionBlock(block_id="company", text=text, fields=fields[:_MOST_FIELDS])


def _verdict(signup: Signup) -> Block:
    """The verdict and the score, each with its reasons."""
    verdict = Verdict(signup.verdict).label.capitalize()
    lines = [f"*{verdict}* · score *{signup.score}*" + (" · *high value*" if signup.is_high_value else "")]
    lines += [escaped(reason.get("sentence", "")) for reason in signup.reasons[:3]]
    score = signup.scores.first()
    ledger = [f"{line.points:+d} {escaped(line.sentence)}" for line in score.lines.all()] if score is not None else []
    lines += [f"• {line}" for line in ledger[:_MOST_WHY_LINES]]
    if len(ledger) > _MOST_WHY_LINES:
        lines.append(f"• and {len(ledger) - _MOST_WHY_LINES} more")
    return SectionBlock(block_id="verdict", text=_mrkdwn("\n".join(filter(None, lines))))


def _origin(signup: Signup) -> Block:
    """Where they came from, as far as the browser told."""
    campaign = ", ".join(f"{name.removeprefix('utm_')} {value}" for name, value in sorted(signup.utm.items()) if value)
    parts = {
        "by": signup.get_source_display(),
        "from": host(signup.referrer),
        "with": campaign,
        "landed on": signup.landing_page,
    }
    told = "Came " + " · ".join(f"{name} {value}" for name, value in parts.items() if value)
    return ContextBlock(block_id="origin", elements=[_plain(told, 500)])


def links(signup: Signup) -> Block:
    """Buttons that lead to the signup's page, and to those of other vendors."""
    buttons = [_button("open_signup", "Open signup", admin_url(signup, via="slack"), style="primary")]
    buttons += [_button(f"open_{slug}", f"Open in {name}", url) for slug, name, url in _links(signup)]
    return ActionsBlock(block_id="links", elements=buttons)


def _links(signup: Signup) -> Iterator[tuple[str, str, str]]:
    """Slug, name and URL of each other vendor with a page about this person or, where it groups them, their company."""
    done = Delivery.objects.filter(state=Delivery.State.DELIVERED).exclude(external_url="")
    own = dict(done.filter(signup=signup).values_list("integration", "external_url"))
    for integration in contracts.integrations():
        slug = integration.slug
        url = own.get(slug)
        if url is None and integration.is_serial_by_company and signup.company_id is not None:
            of_company = done.filter(company=signup.company_id, integration=slug)
            url = of_company.values_list("external_url", flat=True).first()
        if _is_web_address(url) and not slug.startswith("slack"):
            yield slug, integration.name, str(url)


def _fallback(signup: Signup) -> str:
    """The message in one line: "New signup: Ada Byrne, Backend Developer at Devhouse (score 18)"."""
    title, company = signup.person.fact("employment.title"), company_name(signup)
    position = " at ".join(filter(None, (escaped(title or ""), escaped(company))))
    who = ", ".join(filter(None, (escaped(person_name(signup)), position)))
    value = ", high value" if signup.is_high_value else ""
    return f"{_HEADLINES[Verdict(signup.verdict)]}: {who} (score {signup.score}{value})"


# -- Text --------------------------------------------------------------------------------------------------------------


def _mrkdwn(text: str) -> MarkdownTextObject:
    """`verbatim`: names of channels and web addresses in it become no links by themselves."""
    return MarkdownTextObject(text=text, verbatim=True)


def _plain(text: str, most: int) -> PlainTextObject:
    line = _one_line(text)
    return PlainTextObject(text=line if len(line) <= most else line[: most - 1] + "…", emoji=False)


def _button(action: str, label: str, url: str, style: str | None = None) -> ButtonElement:
    return ButtonElement(action_id=action, text=_plain(label, _MOST_BUTTON), url=url, style=style)


def _mail_link(email: str) -> str:
    address = "".join(_ENTITIES.get(character, character) for character in email)
    return f"<mailto:{address}|{address}>" if "|" not in address else address


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _is_web_address(url: object) -> bool:
    return isinstance(url, str) and re.match(r"https?://[^\s/]", url) is not None and len(url) <= _MOST_URL
