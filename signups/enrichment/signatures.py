"""Which company somebody signs their mails with: the signature of a plain-text mail, found and read.

Pure. Careful rather than eager: what is not clearly a company's name or its web site is nothing. Only the last lines of
what the sender wrote themselves are looked at (`quoting`), each of them cut, so that no text takes long. Which company
a name or domain stands for is the caller's to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signups.domains.registered import lineage, registrable
from signups.enrichment.company_names import comparable, has_legal_form
from signups.enrichment.quoting import own_lines

_LOOKED_AT: Final = 40  # lines from the end
_LONGEST_LINE: Final = 200  # characters; a longer one is prose, or a disclaimer
_MOST_LINES: Final = 12  # of a signature
_LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class Signature:
    """What a signature says of a company: its name as written, its registered domain; one of them may be ""."""

    company: str
    domain: str


def read(text: str, name: str = "", address: str = "") -> Signature | None:
    """What the signature of a mail says of a company, None where it has none or says nothing of one.

    `name` and `address`: the sender's, as far as they are known.
    """
    block = _block(own_lines(text)[-_LOOKED_AT:], name)
    segments = [segment for line in block for segment in _segments(line)]
    domain = _domain(block, segments, address)
    company = _company(segments, name)
    is_named = company.is_sure or not domain or _is_like(company.text, domain)
    named = company.text if is_named else ""  # "Director, Berlin" beside a domain is nobody's name
    if domain == registrable(address.rpartition("@")[2].lower()) and not named:
        return None  # the domain of their address says nothing that the address does not say
    return Signature(named, domain) if named or domain else None


# -- Finding it --------------------------------------------------------------------------------------------------------

_GOODBYES: Final = (
    # English
    "best|best regards|best wishes|all the best|kind regards|kindest regards|warm regards|warmest regards|warmly|"
    "regards|with regards|many regards|sincerely|sincerely yours|yours sincerely|yours faithfully|yours truly|yours|"
    "respectfully|cheers|thanks|many thanks|thank you|thanks a lot|thanks again|thanks in advance|with thanks|"
    "thanks and regards|thanks and best regards|thanks & regards|thx|ta|take care|cordially|br|kr|rgds|"
    # German, Dutch, Nordic
    "mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit besten grüßen|freundliche grüße|"
    "freundliche grüsse|beste grüße|beste grüsse|viele grüße|viele grüsse|liebe grüße|herzliche grüße|schöne grüße|"
    "grüße|gruß|lg|mfg|vg|danke|vielen dank|hochachtungsvoll|met vriendelijke groet|met vriendelijke groeten|"
    "vriendelijke groet|groeten|groetjes|mvg|bedankt|med vänliga hälsningar|vänliga hälsningar|hälsningar|mvh|"
    "med vennlig hilsen|vennlig hilsen|hilsen|med venlig hilsen|venlig hilsen|de bedste hilsner|ystävällisin terveisin|"
    "terveisin|parhain terveisin|"
    # French, Italian, Spanish, Portuguese, Romanian
    "cordialement|bien cordialement|très cordialement|bien à vous|sincèrement|salutations|meilleures salutations|"
    "merci|merci d'avance|bonne journée|cdlt|cordiali saluti|distinti saluti|saluti|un saluto|grazie|a presto|saludos|"
    "un saludo|saludos cordiales|un cordial saludo|atentamente|muchas gracias|gracias|atenciosamente|cumprimentos|"
    "com os melhores cumprimentos|melhores cumprimentos|abraços|obrigado|obrigada|cu stimă|"
    # Slavic, Hungarian, Turkish, Greek, Japanese, Chinese
    "s pozdravem|s přátelským pozdravem|s pozdravom|pozdrawiam|z poważaniem|lep pozdrav|lijep pozdrav|srdačan pozdrav|"
    "с уважением|с наилучшими пожеланиями|з повагою|üdvözlettel|tisztelettel|saygılarımla|iyi çalışmalar|"
    "με εκτίμηση|よろしくお願いいたします|よろしくお願いします|敬具|此致|祝好"
).split("|")
_GOODBYE: Final = frozenset(_GOODBYES)
_MOST_WORDS: Final = max(goodbye.count(" ") for goodbye in _GOODBYES) + 1
_AFTERTHOUGHT: Final = re.compile(r"P\.?\s?P?\.?S\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[\w'&]+")


def _block(lines: list[str], name: str) -> list[str]:
    """The lines of the signature, none where there is none."""
    after = _after_separator(lines)
    if after is None:
        after = _after_goodbye(lines)
    if after is None:
        after = _after_name(lines, name)
    block: list[str] = []
    for line in after or ():
        bare = line.strip(" *_\t")
        if len(line) > _LONGEST_LINE or _AFTERTHOUGHT.match(bare) or len(block) >= _MOST_LINES:
            break
        if _WORD.search(bare):
            block.append(bare)
    return block


def _after_separator(lines: list[str]) -> list[str] | None:
    at = next((number for number in range(len(lines) - 1, -1, -1) if lines[number] == "--"), None)
    return None if at is None else lines[at + 1 :]


def _after_goodbye(lines: list[str]) -> list[str] | None:
    """What follows the last valediction that anything follows."""
    for number in range(len(lines) - 1, -1, -1):
        if _is_goodbye(lines[number]) and any(line.strip() for line in lines[number + 1 :]):
            return lines[number + 1 :]
    return None


def _is_goodbye(line: str) -> bool:
    """Whether a line is a valediction, also one with the name behind it: "Best, Grace"."""
    if len(line) > 60:
        return False
    spoken = line.strip().lower()
    said, comma, signed = spoken.partition(",")
    words = " ".join(said.strip(" .!*_").split()[: _MOST_WORDS + 1])
    return words in _GOODBYE and (not comma or len(signed.split()) <= 3)


def _after_name(lines: list[str], name: str) -> list[str] | None:
    """What follows the last line that is the sender's own full name alone."""
    own = _WORD.findall(name[:_LONGEST_NAME].lower())
    if len(own) < 2:
        return None
    for number in range(len(lines) - 1, -1, -1):
        if _WORD.findall(lines[number][:_LONGEST_LINE].lower()) == own:
            return lines[number + 1 :]
    return None


# -- The company's name ------------------------------------------------------------------------------------------------

_BETWEEN: Final = re.compile(r"\s[|•·/–—-]{1,2}\s|\s*[|•·]\s*|\t+")
_TITLE: Final = re.compile(
    r"\b(?:c[etfpmiors]o|ciso|chief|co-?founder|founder|owner|partner|president|vp|svp|evp|director|head of|manager|"
    r"lead|supervisor|engineer|developer|programmer|architect|scientist|researcher|analyst|designer|consultant|specialist|"
    r"coordinator|administrator|accountant|executive|officer|representative|assistant|associate|advisor|buyer|"
    r"technician|editor|professor|lecturer|attorney|counsel|controller|recruiter|strategist|marketer|toolmaker|"
    r"geschäftsführer(?:in)?|leiter(?:in)?|entwickler(?:in)?|ingenieur(?:in)?|inhaber(?:in)?|berater(?:in)?|"
    r"directeur|directrice|responsable|ingénieure?|développeu(?:r|se)|gérante?|fondat(?:eur|rice)|président|"
    r"directora?|gerente|ingenier[oa]|desarrollador|fundadora?|engenheir[oa]|diretora?|"
    r"direttore|direttrice|responsabile|ingegnere|sviluppatore|titolare|amministratore|"
    r"ontwikkelaar|eigenaar|directeur|utvecklare|chef|ägare|kierownik|dyrektor|prezes|jednatel|ředitel|"
    r"директор|руководитель|инженер|разработчик|менеджер)\b",
    re.IGNORECASE,
)
_AT: Final = re.compile(r"\s(?:at|@|bei|chez|presso|bij|hos|w firmie|в)\s", re.IGNORECASE)
# What stands behind a title and is no company: regions, languages' pronouns, parts of companies.
_NO_COMPANY: Final = frozenset(
    "emea apac dach amer americas latam nordics benelux europe europa asia africa north south east west uk us usa eu "
    "ireland germany deutschland france spain italy england scotland america international global worldwide remote "
    "sales marketing engineering product operations finance hr it research development design support security data "
    "partnerships success legal platform infrastructure growth people team department vertrieb technik he him his she "
    "her hers they them phd ph d mba msc bsc dipl ing dr mr mrs ms pronouns mobile phone tel fax office email mail web "
    "website direct cell skype linkedin twitter address".split()
)
_ADDRESS: Final = re.compile(
    r"^\d+\w?\s|\d{4,}|\b(?:street|str|straße|strasse|st|road|rd|avenue|ave|floor|suite|rue|via|calle|platz|plaza)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Named:
    text: str = ""
    is_sure: bool = False  # by a legal form, or because it says that somebody works "at" it


def _company(segments: list[str], name: str) -> _Named:
    """The company's name: with its legal form, else what a title is held "at", else what follows a title."""
    for segment in segments:
        if found := _with_legal_form(segment):
            return _Named(found, is_sure=True)
    for segment in segments:
        if found := _held_at(segment):
            return _Named(found, is_sure=True)
    for number, segment in enumerate(segments):
        title, comma, behind = segment.partition(",")
        if not _TITLE.search(title):
            continue
        followers = (behind if comma else "", *segments[number + 1 : number + 2])
        return _Named(next((one.strip() for one in followers if _is_name(one.strip(), name)), ""))
    return _Named()


def _segments(line: str) -> Iterator[str]:
    for part in _BETWEEN.split(line):
        if segment := part.strip(' ,;*_"“”'):
            yield segment


def _with_legal_form(segment: str) -> str:
    """The part between commas that ends in a legal form; "Rocket, Inc." has one in the part behind."""
    if _is_reachable_at(segment):
        return ""
    parts = [part.strip() for part in segment.split(",")]
    for number, part in enumerate(parts):
        part = _AT.split(part)[-1].strip() if _TITLE.search(part) else part
        if len(part.split()) <= 7 and has_legal_form(part):
            return part[:_LONGEST_NAME]
        joined = f"{parts[number - 1]}, {part}"
        if number and len(part) <= 12 and len(joined.split()) <= 7 and has_legal_form(joined):
            return _AT.split(joined)[-1].strip()[:_LONGEST_NAME]
    return ""


def _held_at(segment: str) -> str:
    title, *behind = _AT.split(segment)
    company = behind[-1].partition(",")[0].strip() if behind else ""
    return company if company and _TITLE.search(title) and _is_name(company, "") else ""


def _is_name(text: str, sender: str) -> bool:
    """Whether this may be a company's name where one is expected."""
    words = _WORD.findall(text.lower())
    return (
        2 <= len(text) <= _LONGEST_NAME
        and 1 <= len(words) <= 5
        and (text[0].isupper() or text[0].isdigit())
        and not text.endswith((".", "!", "?", ":"))
        and not _is_reachable_at(text)
        and not _TITLE.search(text)
        and not _ADDRESS.search(text)
        and not _NO_COMPANY.issuperset(words)
        and words != _WORD.findall(sender.lower())
        and comparable(text) != ""
    )


def _is_reachable_at(text: str) -> bool:
    return "@" in text.replace(" @ ", "") or "://" in text or ":" in text or bool(_PHONE.search(text))


_PHONE: Final = re.compile(r"\+?\d[\d ()./-]{6,20}\d")


def _is_like(company: str, domain: str) -> bool:
    """Whether a domain's first label says the name, or begins with it."""
    name, label = comparable(company), comparable(domain.partition(".")[0])
    return bool(name and label) and (name.startswith(label) or label.startswith(name))


# -- The company's web site --------------------------------------------------------------------------------------------

_URL: Final = re.compile(r"(?:https?://|www\.)([^\s<>\"'()\[\]]{3,200})", re.IGNORECASE)
_BARE: Final = re.compile(r"(?:[a-z]{1,10}\s?:\s{0,3})?((?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,20})/?", re.IGNORECASE)
_MAILBOX: Final = re.compile(r"[\w.+-]{1,64}@((?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,20})", re.IGNORECASE)
_FILES: Final = frozenset("js pdf doc docx xls xlsx ppt pptx png jpg jpeg gif svg html htm txt zip".split())
# Where companies and people have pages, meet, book, measure and shorten: nobody's own web site.
_SHARED: Final = frozenset(
    "linkedin.com lnkd.in twitter.com x.com t.co facebook.com fb.com instagram.com youtube.com youtu.be tiktok.com "
    "pinterest.com threads.net bsky.app mastodon.social xing.com github.com gitlab.com bitbucket.org medium.com "
    "substack.com reddit.com quora.com stackoverflow.com behance.net dribbble.com vimeo.com spotify.com t.me "
    "telegram.me wa.me whatsapp.com skype.com viber.com wechat.com line.me calendly.com cal.com savvycal.com "
    "chilipiper.com youcanbook.me acuityscheduling.com doodle.com koalendar.com zcal.co tidycal.com hubspot.com "
    "hubspotlinks.com hs-sites.com zoom.us zoom.com gotomeeting.com webex.com whereby.com google.com goo.gl g.page "
    "gmail.com apple.com microsoft.com office.com office365.com outlook.com live.com aka.ms bit.ly tinyurl.com "
    "ow.ly linktr.ee about.me mailchimp.com list-manage.com sendgrid.net mandrillapp.com proofpoint.com "
    "mimecast.com trustpilot.com g2.com capterra.com glassdoor.com docusign.com docusign.net dropbox.com "
    "wetransfer.com box.com notion.site notion.so loom.com typeform.com surveymonkey.com eventbrite.com meetup.com "
    "producthunt.com crunchbase.com angel.co wikipedia.org amazon.com wisestamp.com exclaimer.com codetwo.com "
    "newoldstamp.com mysignature.io yelp.com yahoo.com proton.me icloud.com unsplash.com gravatar.com avast.com "
    "avg.com".split()
)
_ERRANDS: Final = re.compile(r"unsubscri|opt-?out|calendar|meeting|booking|/book\b|/meet\b|schedul|webinar|survey")


def _domain(block: list[str], segments: list[str], address: str) -> str:
    """The one registered domain that the signature names; "" where it names several, or none.

    A web site first, then a mailbox elsewhere than where the mail comes from.
    """
    sites = {site: None for line in block for url in _URL.findall(line) if (site := _site(url))}
    sites |= {site: None for segment in segments if (bare := _BARE.fullmatch(segment)) and (site := _site(bare[1]))}
    if not sites:
        own = _site(address.rpartition("@")[2])
        named = (_site(host) for line in block for host in _MAILBOX.findall(line))
        sites = {site: None for site in named if site and site != own}
    return next(iter(sites)) if len(sites) == 1 else ""


def _site(url: str) -> str:
    """The registered domain of a web site that may be a company's, "" for any other link."""
    host = re.split(r"[/?#:]", url.lower(), maxsplit=1)[0].strip(".").removeprefix("www.")
    if not host.isascii() or "." not in host or _ERRANDS.search(url.lower()):
        return ""
    if host.rpartition(".")[2] in _FILES or not _SHARED.isdisjoint(lineage(host)):
        return ""
    return registrable(host) if re.fullmatch(r"(?:[a-z0-9-]{1,63}\.){1,6}[a-z0-9-]{2,63}", host) else ""
