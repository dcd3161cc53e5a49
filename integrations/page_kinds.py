"""Pages that are nobody's home page, though a server sends them: parked domains, servers nobody has set up, errors with
status 200, sites to come, and closed doors. Each by what is known to stand in them; their words are no facts.

A phrase counts only in a title, or on a page with little else on it: a company may well write of domains for sale.
"""

from __future__ import annotations

import re

from integrations.page_source import Source

SHORT_TEXT = 1_500  # characters; what is longer has something to say
_CLOSED_TEXT = 700

# Hosts whose scripts, styles or frames only pages of parked domains load, and those that sell domains.
_PARKING_HOSTS = (
    "sedoparking.com", "parkingcrew.net", "bodis.com", "parklogic.com", "above.com/", "dan.com/", "afternic.com",
    "hugedomains.com", "domainmarket.com", "undeveloped.com", "img1.wsimg.com/parking-lander", "cashparking.com",
    "domainsponsor.com", "namebrightstatic.com", "parking.reg.ru", "skenzo.com", "uniregistry.com",
)  # fmt: skip
DOMAIN_SELLERS = frozenset(
    "sedo.com dan.com afternic.com hugedomains.com buydomains.com domainmarket.com undeveloped.com efty.com "
    "squadhelp.com atom.com brandbucket.com godaddy.com namecheap.com bodis.com above.com parkingcrew.net "
    "networksolutions.com porkbun.com dynadot.com sav.com".split()
)
# Domains on which many have a page: a home page that leads there leads to no company's domain.
SHARED = frozenset(
    "facebook.com instagram.com linkedin.com twitter.com x.com youtube.com tiktok.com pinterest.com threads.net t.me "
    "telegram.me whatsapp.com wa.me discord.gg discord.com reddit.com medium.com substack.com linktr.ee bio.link "
    "beacons.ai github.com gitlab.com bitbucket.org google.com goo.gl apple.com microsoftonline.com okta.com bit.ly "
    "notion.so etsy.com ebay.com amazon.com airbnb.com booking.com yelp.com tripadvisor.com meetup.com eventbrite.com "
    "patreon.com kickstarter.com indiegogo.com gofundme.com calendly.com typeform.com trello.com dropbox.com "
    "wixsite.com wordpress.com blogspot.com tumblr.com weebly.com godaddysites.com".split()
)

# What a page is → patterns of its whole title.
_TITLES = {
    "is a server's default page": (
        r"welcome to (nginx|openresty|caddy|centos|tengine|apache|plesk).{0,30}",
        r"apache2? .{0,30}default page.{0,20}",
        r"(apache|http server) test page.{0,40}",
        r"test page for the .{0,40}(http|web) server.{0,30}",
        r"iis windows( server)?",
        r"it works!?",
        r"(default|domain default) (web ?site |web |server |plesk |parallels )?page",
        r"web server's default page",
        r"index of /.{0,50}",
        r"the install worked successfully.{0,40}",
    ),
    "is an error page": (
        r"(error |http |status )?[45]\d\d",
        r"(error |http |status )?[45]\d\d\W+(\w+ )?(not found|page|forbidden|access|error|internal|bad|gateway).{0,60}",
        r"(error |http |status )?[45]\d\d\W+(\w+ )?(unauthori[sz]ed|service|temporarily|unavailable|moved).{0,60}",
        r"(page|site|file|website) (was |could )?not (be )?found.{0,40}",
        r"not found",
        r"access denied",
        r"forbidden",
        r"(service|site|page)( is)?( temporarily)? unavailable",
        r"(bad gateway|internal server error|application error|database error|error)",
        r"(this )?account (has been )?suspended",
        r"just a moment",
        r"attention required!? \| cloudflare",
        r"are you (a )?(human|robot)",
    ),
    "is parked": (
        r".{0,80}\b(is for sale|is parked|parked domain|domain for sale|buy this domain|domain parking)\b.{0,80}",
        r"parked (page|domain).{0,60}",
        r".{0,60}(steht zum verkauf|est à vendre|está à venda|está en venta)",
    ),
    "is not built yet": (
        r"(site |website |page )?(is )?(coming soon|under construction|launching soon|im aufbau|en construction)",
        r"(en construcci[oó]n|em constru[cç][aã]o|in costruzione|baustelle|wartungsarbeiten)",
        r"(site |under )?maintenance",
        r"we.ll be back soon",
    ),
}
# What a page with little on it is → patterns of what is to read on it.
_PHRASES = {
    "is parked": (
        r"(this )?domain( name)? (is|may be|might be|could be) (for sale|parked|available)",
        r"buy this domain|get this domain|inquire about this domain|domain is parked|parked free, courtesy",
        r"related searches|domain has expired|this domain (has|was) (been |recently |recently been )?registered",
        r"diese domain (steht|ist) (zum verkauf|geparkt)|ce (nom de )?domaine est (à vendre|en vente)",
    ),
    "is a server's default page": (
        r"successfully installed and working|further configuration is required",
        r"this is the default (web|welcome) page|apache2? .{0,20}default page",
        r"because there is no web ?site configured|used to test the proper operation",
    ),
    "is not built yet": (
        r"(web ?site|page|site) is (currently )?(under construction|coming soon|being built)",
        r"^(coming soon|under construction)|down for (scheduled )?maintenance|hello world! welcome to wordpress",
        r"diese (web)?seite (ist|befindet sich) .{0,20}(im aufbau|in bearbeitung)|sit[ei]o? en constru",
    ),
    "is an error page": (
        r"^(404|403|error [45]\d\d|page not found|not found|forbidden|access denied)\b",
        r"account (has been )?suspended|checking (if the site connection is secure|your browser)",
        r"enable javascript and cookies to continue|there isn.t a (github pages )?site here",
        r"no such app|deployment_not_found|nosuchbucket",
    ),
}
_LOGIN = re.compile(
    r"\b(log ?in|sign ?in|anmeld(en|ung)|einloggen|connexion|se connecter|iniciar sesión|acceso|entrar|accedi"
    r"|webmail|password|passwort|ログイン|登录)\b", re.IGNORECASE,
)  # fmt: skip
_TITLE_KINDS = {
    kind: re.compile(rf"\W*(?:{'|'.join(patterns)})\W*", re.IGNORECASE) for kind, patterns in _TITLES.items()
}
_TEXT_KINDS = {kind: re.compile("|".join(patterns), re.IGNORECASE) for kind, patterns in _PHRASES.items()}


def other_than_home(source: Source) -> str:
    """What the page is instead of somebody's home page ("is parked"), "" where it may be one."""
    loaded = [*source.scripts, *(link.get("href", "") for link in source.links), source.refresh]
    is_short = len(source.text) < SHORT_TEXT
    code = "\n".join([*loaded, source.inline if is_short else ""]).lower()
    if any(host in code for host in _PARKING_HOSTS):
        return "is parked"
    for kind, pattern in _TITLE_KINDS.items():
        if source.title and pattern.fullmatch(source.title[:200]):
            return kind
    for kind, pattern in _TEXT_KINDS.items():
        if is_short and pattern.search(source.text):
            return kind
    if source.asks_password and len(source.text) < _CLOSED_TEXT:
        words = f"{source.title} {source.heading} {source.text}"
        return "asks for a password" if _LOGIN.search(words) or len(source.text) < 100 else ""
    return ""
