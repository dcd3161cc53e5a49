"""Pages that are nobody's home page, or are written to be taken for somebody else's. Pure text."""

from __future__ import annotations

import json

PARKED = """<!doctype html><html><head><title>parked.test</title>
<script src="https://www.sedoparking.com/js/sandbox.js"></script></head>
<body><h1>parked.test</h1><p>This domain may be for sale. Buy this domain. Related searches: loans.</p></body>
</html>
"""
UNTOUCHED = """<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body>
<h1>Welcome to nginx!</h1>
<p>The server is there, and nobody has told it what to show.</p></body></html>
"""
SOON = """<!doctype html><html lang="en"><head><title>Soon &amp; Sons</title>
<meta property="og:site_name" content="Soon & Sons"></head><body><h1>Coming soon</h1>
<p>Our website is under construction.</p></body></html>
"""
NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
OUTAGE = "<html><head><title>Internal Server Error</title></head><body><h1>500</h1></body></html>"
SEALED = """<!doctype html><html><head><title>Just a moment...</title></head><body>Checking your browser
before accessing sealed.test. Enable JavaScript and cookies to continue.</body></html>
"""
MEMBERS = """<!doctype html><html lang="en"><head><title>Sign in</title>
<meta property="og:site_name" content="Portal"></head><body><form><h1>Sign in</h1><input name="user">
<input type="password" name="password"><button>Log in</button></form></body></html>
"""
BLANK = "<!doctype html><html><head></head><body></body></html>"
REFRESHED = '<html><head><meta http-equiv="refresh" content="0; url=http://renamed.test/"></head><body></body></html>'
RENAMED = """<!doctype html><html lang="en"><head><title>Renamed</title>
<meta property="og:site_name" content="Renamed"><meta name="description" content="Formerly Moved Away: vans and boxes.">
</head><body><h1>Vans and boxes</h1><a href="https://www.facebook.com/renamed.vans">Facebook</a></body></html>
"""
COPYCAT = """<!doctype html><html lang="en"><head><title>First Harbour Bank</title>
<link rel="canonical" href="https://bank.test/"><meta property="og:site_name" content="First Harbour Bank">
<meta name="description" content="Retail and merchant banking since 1891."></head><body><h1>Log on</h1></body></html>
"""
SIXTEEN = """<!doctype html><html lang="el"><head><title>Sixteen – Δεκαέξι</title>
<meta name="description" content="Δύο bytes για κάθε γράμμα."></head><body><h1>Sixteen</h1></body></html>
"""
MOJIBAKE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">
<title>Mojibake | 文字化け商会</title><meta name="description" content="文字の修理をいたします。"></head>
<body><h1>文字化け商会</h1></body></html>
"""


def liar() -> str:
    """A page that describes a bank as if it were its own, under the bank's URL and, in a second node, its own."""
    bank = {"@type": "BankOrCreditUnion", "name": "First Harbour Bank", "url": "https://bank.test/"}
    own = {"@type": "Organization", "name": "Liar Marketing", "sameAs": ["https://x.com/liarmarketing"]}
    data = json.dumps({"@context": "https://schema.org", "@graph": [{**bank, "foundingDate": "1891"}, own]})
    return (
        '<!doctype html><html lang="en"><head><title>First Harbour Bank partner offers</title>'
        '<meta name="description" content="Offers of a bank that knows nothing of them.">'
        f'<script type="application/ld+json">{data}</script></head><body><h1>Offers</h1></body></html>'
    )


def polyglot() -> str:
    """A page in many languages, each with its own address."""
    languages = ("en", "de", "fr", "es", "pt", "it", "nl", "sv", "pl", "ja", "zh-Hant", "ar", "he")
    link = '<link rel="alternate" hreflang="{0}" href="http://www.polyglot.test/{0}/">'
    others = "\n".join(link.format(one) for one in languages)
    return f"""<!doctype html><html lang="de-CH"><head><meta charset="utf-8"><title>Polyglot – Übersetzungen</title>
{others}
<link rel="alternate" type="application/atom+xml" href="/de/neues.atom">
<meta property="og:site_name" content="Polyglot"><meta property="og:locale" content="de_CH">
<meta name="description" content="Übersetzungen · traductions · traduzioni · 翻訳 · ترجمة"></head>
<body><h1>Übersetzungen aus 13 Sprachen</h1><p dir="rtl">ترجمة</p></body></html>
"""


def enormous() -> str:
    """Five megabytes of catalogue, behind a head that says it all."""
    row = '<li class="item"><a href="/p/{n}"><img src="/i/{n}.jpg"><b>Part {n}</b></a> <span>in stock</span></li>\n'
    rows = "".join(row.format(n=n) for n in range(50_000))
    return (
        '<!doctype html><html lang="en"><head><title>Enormous | spare parts</title>'
        '<meta name="description" content="Every part there is, on one page."></head>'
        f"<body><h1>Spare parts</h1><ul>{rows}</ul></body></html>"
    )


def rebinding() -> str:
    return '<!doctype html><title>Rebinding</title><meta name="description" content="Says one thing, then another.">'
