"""Slack's text as HTML: mrkdwn with its links and mentions, plain text, and the three entities both are written in.

Source: docs.slack.dev/messaging/formatting-message-text. What Slack would not recognise stands as it was typed, so that
text whose sender forgot to escape it looks here as wrong as it would there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))
_SPECIAL = re.compile(r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<reference>[^<>\n]+)>", re.DOTALL)
_STYLES = [
    (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?![\w{mark}])"), rf"<{tag}>\1</{tag}>")
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
]
_QUOTE = re.compile(r"(?:^&gt; ?[^\n]*(?:\n|\Z))+", re.MULTILINE)
_PRE_END = re.compile(r"(?<=</pre>)<br>")
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
_EMOJIS = {
    "tada": "🎉", "star": "⭐", "star2": "🌟", "white_check_mark": "✅", "x": "❌", "warning": "⚠️", "wave": "👋",
    "rocket": "🚀", "eyes": "👀", "fire": "🔥", "moneybag": "💰", "email": "✉️", "envelope": "✉️", "office": "🏢",
    "bell": "🔔", "no_entry": "⛔", "sparkles": "✨", "thumbsup": "👍", "+1": "👍", "-1": "👎", "robot_face": "🤖",
}  # fmt: skip
_MENTIONS = ("channel", "here", "everyone")


def of(text: object) -> Markup:
    """A text object of Block Kit, or the text of a message, which is mrkdwn."""
    if isinstance(text, dict):
        content = str(text.get("text") or "")
        is_plain = text.get("type") == "plain_text"
        return _plain(content, has_emojis=bool(text.get("emoji", True))) if is_plain else to_html(content)
    return to_html(str(text or ""))


def _plain(text: str, *, has_emojis: bool) -> Markup:
    html = str(escape(_decoded(text)))
    return Markup((_emojis(html) if has_emojis else html).replace("\n", "<br>"))  # noqa: S704  escaped above


def to_html(text: str) -> Markup:
    kept: list[Markup] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(_special(found))
        return f"\ue000{len(kept) - 1}\ue001"  # private use: no letters, so styles reach around it

    bare = _SPECIAL.sub(keep, text.replace("\ue000", "").replace("\ue001", ""))
    html = _emojis(str(escape(_decoded(bare))))
    for pattern, replacement in _STYLES:
        html = pattern.sub(replacement, html)
    html = _QUOTE.sub(_quote, html)
    html = html.replace("\n", "<br>")
    html = re.sub("\ue000(\\d+)\ue001", lambda found: kept[int(found[1])], html)
    return Markup(_PRE_END.sub("", html))  # noqa: S704  escaped above


def _decoded(text: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)


def _emojis(html: str) -> str:
    return _EMOJI.sub(lambda found: _EMOJIS.get(found[1], found[0]), html)


def _quote(found: re.Match[str]) -> str:
    lines = [line.removeprefix("&gt;").removeprefix(" ") for line in found[0].rstrip("\n").split("\n")]
    return f"<blockquote>{'<br>'.join(lines)}</blockquote>"


def _special(found: re.Match[str]) -> Markup:
    if found["pre"]:
        return Markup("<pre>{}</pre>").format(_decoded(found["pre"]).strip("\n"))
    if found["code"]:
        return Markup("<code>{}</code>").format(_decoded(found["code"]))
    return _reference(found["reference"])


def _reference(inside: str) -> Markup:
    """``<https://…|label>``, ``<@U…>``, ``<#C…|name>``, ``<!channel>``; anything else is no reference."""
    target, _, label = (_decoded(part) for part in inside.partition("|"))
    for kind, html in _REFERENCES.items():
        if target.startswith(kind):
            return html(target, label)
    return escape(f"<{_decoded(inside)}>")


def _link(target: str, label: str) -> Markup:
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(target, label or target.removeprefix("mailto:"))


def _mention(name: str) -> Markup:
    return Markup('<span class="mention">{}</span>').format(name)


def _command(target: str, label: str) -> Markup:
    name = target[1:].split("^")[0]
    return _mention(f"@{name}") if name in _MENTIONS else escape(label or f"<{target}>")


_REFERENCES: dict[str, Callable[[str, str], Markup]] = {
    "http://": _link,
    "https://": _link,
    "mailto:": _link,
    "@": lambda target, label: _mention(f"@{label or target[1:]}"),
    "#": lambda target, label: _mention(f"#{label or target[1:]}"),
    "!": _command,
}
