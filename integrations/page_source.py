"""What stands in an HTML page, of what tells whose it is: bytes in, a `Source` out. What it means is `page`'s to say.

A page comes from whoever has a domain, so it may be made to cost time or memory. Building its tree can take either
without end: parsers take time that grows with the square of the depth and of the number of attributes, and copy open
formatting elements. Hence one pass that looks for the few elements of interest, in time proportional to the page's
length, hands their start tags alone to the parser (selectolax), and keeps no more than so many of each.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

MOST_ELEMENTS = 3_000
MOST_ANCHORS = 300
_MOST_TAG_CHARACTERS = 2_000
_MOST_TAGS_CHARACTERS = {"meta": 32_000, "link": 24_000, "script": 24_000}  # and 4,000 of any other
_MOST_INLINE, _MOST_DATA, _MOST_TEXT = 128_000, 128_000, 20_000  # characters

# Labels of https://encoding.spec.whatwg.org/#names-and-labels that are still met, by what Python calls the encoding.
_ENCODINGS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8",
    "cp1252": "windows-1252 cp1252 iso-8859-1 iso8859-1 latin1 latin-1 l1 ascii us-ascii iso_8859-1",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 utf16",
    "utf-16-be": "utf-16be",
    "iso8859-2": "iso-8859-2 latin2",
    "iso8859-5": "iso-8859-5",
    "iso8859-7": "iso-8859-7 greek",
    "iso8859-8": "iso-8859-8 iso-8859-8-i hebrew",
    "iso8859-15": "iso-8859-15 latin9 latin-9",
    "cp1250": "windows-1250 cp1250",
    "cp1251": "windows-1251 cp1251",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254 iso-8859-9 latin5",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp1257": "windows-1257",
    "koi8-r": "koi8-r koi8",
    "koi8-u": "koi8-u",
    "cp874": "windows-874 tis-620",
    "gb18030": "gb18030 gb2312 gbk gb_2312-80 x-gbk",
    "big5": "big5 big5-hkscs",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji",
    "euc-jp": "euc-jp x-euc-jp",
    "cp949": "euc-kr ks_c_5601-1987 korean windows-949",
}
_BY_LABEL = {label: name for name, labels in _ENCODINGS.items() for label in labels.split()}
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_PRESCAN_BYTES = 4_096

_NAMES = ("meta", "link", "script", "style", "base", "body", "h1", "html", "iframe", "input", "noscript", "template",
          "textarea", "title")  # fmt: skip
_HEADINGS = ("title", "h1")
_WITH_CONTENT = ("h1", "iframe", "noscript", "script", "style", "template", "textarea", "title")


def _either_case(word: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word)


def _any_of(names: tuple[str, ...]) -> str:
    """A pattern for the names in any case, by first letter: that, and no flag, makes it several times as fast."""
    groups = [(first, [name[1:] for name in names if name[0] == first]) for first in dict.fromkeys(n[0] for n in names)]
    return "|".join(f"{_either_case(first)}(?:{'|'.join(map(_either_case, rest))})" for first, rest in groups)


# The first letters of any of them turn most other tags away at once.
_FIRST_THREE = r"[!bhilmnstBHILMNST][-1acefinotyACEFINOTY][-\s/>dmnprstxyDMNPRSTXY]"
_ELEMENT = re.compile(rf"<(?={_FIRST_THREE})(?:!--|({_any_of(_NAMES)})(?=[\s/>]))")
_REST_OF_TAG = re.compile(r"""([^>=]*+(?:=[=\s]*+(?:"[^"]*+"|'[^']*+')?+[^>=]*+)*+)>""")
_END = {name: re.compile(rf"</{_either_case(name)}(?=[\s/>])") for name in _WITH_CONTENT}
_ANY_TAG = re.compile(r"<[^<>]*+>")
_ANCHOR = re.compile(  # links to contacts and to profiles
    "[hH][rR][eE][fF]\\s*=\\s*[\"']?\\s*("
    "(?:" + "|".join(map(_either_case, ("mailto:", "tel:"))) + "|(?:[hH][tT][tT][pP][sS]?:)?//(?:[\\w-]{1,30}\\.)?"
    "(?:linkedin|twitter|x|facebook|fb|github|crunchbase)\\.com/)[^\"'<>\\s]{1,500})"
)
_JSON_LD = re.compile(r"application/ld\+json", re.IGNORECASE)


@dataclass
class Source:
    """Attributes and texts as they stand in the page, unescaped, in the page's order.

    `metas`: content by name or property in lower case, the first of each. `links`: attributes of link elements.
    `scripts`: their URLs; `inline`: their text. `anchors`: where links lead that may be contacts or profiles. `data`:
    JSON-LD. `text`: the beginning of what a visitor reads.
    """

    language: str = ""
    title: str = ""
    heading: str = ""
    base: str = ""
    refresh: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    links: list[Mapping[str, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    inline: str = ""
    anchors: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    text: str = ""
    asks_password: bool = False


def read(body: bytes, content_type: str = "") -> Source:
    """The source of a page of any bytes, as HTML."""
    return _Scan(decode(body, content_type)).source()


def decode(body: bytes, content_type: str = "") -> str:
    """The page's text by its byte order mark, else its Content-Type, else what it says in its first 4,096 bytes, else
    UTF-8, else Windows-1252; what cannot be decoded is replaced. A label that cannot be right is passed over."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], name, "replace")
    beginning = body[:_PRESCAN_BYTES]
    if unmarked := _utf_16(beginning[:200]):
        return _decoded(body, unmarked, "replace")
    said = [_label(content_type), _label(beginning.decode("latin-1"))]
    candidates = [name for name in said if name and not name.startswith("utf-16")]  # which would show by now
    for name in (*candidates, "utf-8"):
        try:
            return _decoded(body, name, "strict")
        except UnicodeDecodeError:
            continue
    return _decoded(body, candidates[0] if candidates else "cp1252", "replace")


def _utf_16(beginning: bytes) -> str:
    """Which of the two it is by its zeros: every other byte of markup is one."""
    first, second = (beginning[place::2].count(0) * 2 > len(beginning) // 2 for place in (0, 1))
    if first == second:
        return ""
    return "utf-16-be" if first else "utf-16-le"


def _label(text: str) -> str:
    found = _CHARSET.search(text)
    return _BY_LABEL.get(found[1].lower(), "") if found else ""


def _decoded(body: bytes, name: str, errors: str) -> str:
    """Without the half of a character that a page may end in which is cut off."""
    return codecs.getincrementaldecoder(name)(errors).decode(body, final=False)


class _Scan:
    """One pass over the text. `tags` are the start tags of interest, each as an element of its own name."""

    def __init__(self, html: str) -> None:
        self.html = html.replace("\0", "")
        self.found = Source()
        self.tags: list[str] = []
        self.room = dict(_MOST_TAGS_CHARACTERS)
        self.texts: list[str] = []
        self.text_length = 0
        self.unclosed: set[str] = set()  # names of which no end comes any more
        self.inline: list[str] = []
        self.inline_room, self.data_room = _MOST_INLINE, _MOST_DATA

    def source(self) -> Source:
        position = 0
        for _ in range(MOST_ELEMENTS):
            element = _ELEMENT.search(self.html, position)
            until = element.start() if element else len(self.html)
            self._keep_text(position, until)
            self._keep_anchors(position, until)
            if element is None:
                break
            position = self._after(element)
            if position < 0:
                break
        self.found.inline = "\n".join(self.inline)
        self.found.text = plain("".join(self.texts))
        _read_tags(self.tags, self.found)
        return self.found

    def _after(self, element: re.Match[str]) -> int:
        """Where to go on behind a comment or an element of interest; -1: the page ends within it."""
        if element[1] is None:
            comment_end = self.html.find("-->", element.end())
            return comment_end + 3 if comment_end >= 0 else -1
        name = element[1].lower()
        rest = _REST_OF_TAG.match(self.html, element.end())
        if rest is None:
            return -1
        if name not in _WITH_CONTENT:
            self._keep_tag(name, rest)
            return rest.end()
        return self._behind_content(name, rest)

    def _behind_content(self, name: str, rest: re.Match[str]) -> int:
        """Keep what is wanted of an element's content; where to go on, -1 where it never ends and its content is text
        alone."""
        end = None if name in self.unclosed else _END[name].search(self.html, rest.end())
        if name == "script":
            self._keep_script(rest, end.start() if end else len(self.html))
        if end is None:
            self.unclosed.add(name)
            return rest.end() if name in _HEADINGS else -1
        if name in _HEADINGS:
            self._keep_heading(name, rest.end(), end.start())
        return end.end()

    def _keep_tag(self, name: str, rest: re.Match[str]) -> None:
        length = rest.end(1) - rest.start(1)
        if length > _MOST_TAG_CHARACTERS or name == "body":
            return
        left = self.room.setdefault(name, 4_000) - length
        if left > 0:
            self.room[name] = left
            self.tags.append(f"<k-{name} {rest[1]}></k-{name}>")

    def _keep_script(self, rest: re.Match[str], until: int) -> None:
        start = rest.end()
        if _JSON_LD.search(self.html, rest.start(1), min(rest.end(1), rest.start(1) + _MOST_TAG_CHARACTERS)):
            if until - start <= self.data_room:
                self.data_room -= until - start
                self.found.data.append(self.html[start:until])
            return
        self._keep_tag("script", rest)
        if self.inline_room > 0 and until > start:
            piece = self.html[start : min(until, start + self.inline_room)]
            self.inline_room -= len(piece)
            self.inline.append(piece)

    def _keep_heading(self, name: str, start: int, until: int) -> None:
        text = plain(self.html[start : min(until, start + 2_000)])
        if name == "title":
            self.found.title = self.found.title or text
        else:
            self.found.heading = self.found.heading or text
            self._keep_text(start, until)

    def _keep_anchors(self, start: int, until: int) -> None:
        if len(self.found.anchors) < MOST_ANCHORS:
            anchors = islice(_ANCHOR.finditer(self.html, start, until), MOST_ANCHORS - len(self.found.anchors))
            self.found.anchors += [unescape(anchor[1]) for anchor in anchors]

    def _keep_text(self, start: int, until: int) -> None:
        if self.text_length < _MOST_TEXT:
            piece = self.html[start : min(until, start + _MOST_TEXT)]
            self.text_length += len(piece.strip())
            self.texts.append(piece + " ")


def plain(markup: str) -> str:
    """The markup's text, its blanks made one."""
    return " ".join(unescape(_ANY_TAG.sub(" ", markup)).split())


def _read_tags(tags: list[str], found: Source) -> None:
    """Attributes are the parser's to read; the elements stand side by side, so that it has no tree to build."""
    parser = LexborHTMLParser(f"<!doctype html><body>{''.join(tags)}")
    for node in parser.css(",".join(f"k-{name}" for name in _NAMES)):
        attributes = {name: value or "" for name, value in node.attributes.items()}
        match (node.tag or "").removeprefix("k-"):
            case "meta":
                _read_meta(attributes, found)
            case "link":
                found.links.append(attributes)
            case "script" if attributes.get("src"):
                found.scripts.append(attributes["src"])
            case "base":
                found.base = found.base or attributes.get("href", "")
            case "html":
                found.language = found.language or attributes.get("lang", "") or attributes.get("xml:lang", "")
            case "input":
                found.asks_password |= attributes.get("type", "").strip().lower() == "password"


def _read_meta(attributes: Mapping[str, str], found: Source) -> None:
    content = attributes.get("content", "").strip()
    for name in (attributes.get("property"), attributes.get("name"), attributes.get("itemprop")):
        if name and content:
            found.metas.setdefault(name.strip().lower(), content)
    if attributes.get("http-equiv", "").strip().lower() == "refresh":
        found.refresh = found.refresh or content
