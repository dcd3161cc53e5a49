"""Which host answers what, and why it is here: one entry a site."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from aiohttp import web

from sandbox import cast
from sandbox.sites import homes, odd, traps
from sandbox.sites.traps import Trap, to

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Site:
    """`page` is given the URL of a picture for a logo; `trap` answers for itself. `robots`: the site's robots.txt."""

    host: str
    why: str
    page: Callable[[str], str | bytes] | None = None
    trap: Trap | None = None
    status: int = 200
    media_type: str = HTML
    robots: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_hostile: bool = False

    async def answer(self, request: web.Request, logo: str) -> web.StreamResponse:
        if self.trap is not None:
            return await self.trap(request)
        body = self.page(logo) if self.page else ""
        raw = body.encode() if isinstance(body, str) else body
        headers = {"Server": "nginx/1.24.0", "Content-Type": self.media_type, **self.headers}
        if not self.media_type:
            del headers["Content-Type"]
        return web.Response(status=self.status, body=raw, headers=headers)


def site(host: str) -> Site | None:
    """The site of a host's name in lower case; None where there is none."""
    if host in SITES:
        return SITES[host]
    company = cast.company(host)  # the neighbours, and one of the crowd
    if company is None:
        return None
    habit = _HABITS[sum(host.encode()) % len(_HABITS)]
    return Site(host, f"A neighbour: {_first_line(habit)}", lambda logo: habit(company, logo))


_HABITS: tuple[homes.Habit, ...] = (
    homes.structured,
    homes.open_graph,
    homes.graph,
    homes.structured,
    homes.open_graph,
    homes.title_only,
    homes.single_page,
)


def _home(domain: str, habit: homes.Habit, why: str = "", **more: object) -> Site:
    company = cast.COMPANIES[domain]
    return Site(domain, why or _first_line(habit), lambda logo: habit(company, logo), **more)  # type: ignore[arg-type]


def _first_line(habit: homes.Habit) -> str:
    return (habit.__doc__ or "").strip()


def _text(host: str, text: str, why: str, **more: object) -> Site:
    return Site(host, why, lambda logo: text, **more)  # type: ignore[arg-type]


def _encoded(domain: str, encoding: str, why: str, media_type: str) -> Site:
    company = cast.COMPANIES[domain]

    def page(logo: str) -> bytes:
        text = homes.open_graph(company, logo).replace('charset="utf-8"', f'charset="{encoding}"')
        return text.encode(encoding, "xmlcharrefreplace")

    return Site(domain, why, page, media_type=media_type)


@cache
def _enormous(logo: str) -> bytes:
    return gzip.compress(odd.enormous().encode(), 1)


def _trap(host: str, trap: Trap, why: str) -> Site:
    return Site(host, why, trap=trap, is_hostile=True)


_ALL = (
    # The cast's companies
    _home("dev.test", homes.structured),
    _home("rocket.test", homes.graph, headers={"X-Powered-By": "PHP/8.3.6"}),
    Site("acme.test", "Redirects to its www. address.", trap=to("http://www.acme.test/", 301)),
    Site("www.acme.test", _first_line(homes.open_graph),
         lambda logo: homes.open_graph(cast.COMPANIES["acme.test"], logo)),
    _home("slowdata.test", homes.title_only),
    _home("evil.test", homes.structured, "Markup in every field, written so that it stays text."),
    _home("bank.test", homes.structured, "A public company with a ticker."),
    _home("uni.test", homes.graph, "A university."),
    _home("charity.test", homes.broken),
    _encoded("handmade.test", "windows-1252", "Another charset, told by its header.",
             "text/html; charset=windows-1252"),
    _encoded("xn--bcher-kva.test", "iso-8859-15", "Another charset, told in the page alone.", "text/html"),
    _home("bigmail.test", homes.single_page),
    # Those of the cast whom no provider with a key knows
    _text("quietcorp.test", '<!doctype html><html lang="en"><head><title>Quietcorp | Noise barriers</title>'
          '<meta name="description" content="Walls that keep the noise of roads away."></head><body><h1>Quiet</h1>'
          '<a href="mailto:office@quietcorp.test">Office</a> <a href="tel:+441135550188">Call</a></body></html>',
          "Nobody knows the company but its own page."),
    _text("gone.test", odd.NOT_FOUND, "There is no page any more.", status=404),
    _text("solo.test", "<title>Leo Brandt, freelance</title><h1>Leo Brandt</h1><p>Mostly Go.</p>",
          "A person's page, with no name like the domain's."),
    # Habits
    Site("moved-away.test", "The company is now at renamed.test.", trap=to("http://renamed.test/", 301)),
    Site("renamed.test", "Where moved-away.test and refreshed.test lead to.", lambda logo: odd.RENAMED),
    _text("refreshed.test", odd.REFRESHED, "Leads to renamed.test by a meta element."),
    _text("www.facebook.com", "<title>Facebook</title>", "Where builder.test leads to."),
    Site("builder.test", "Leads to a network on which many have a page.", trap=to("http://www.facebook.com/")),
    Site("liar.test", "Describes a bank as its own.", lambda logo: odd.liar()),
    _text("copycat.test", odd.COPYCAT, "A copy of a bank's page, whose canonical address is still there."),
    Site("polyglot.test", "Many languages, each at its own address.", lambda logo: odd.polyglot()),
    Site("www.polyglot.test", "The same.", lambda logo: odd.polyglot()),
    Site("sixteen.test", "UTF-16 with a byte order mark.", lambda logo: odd.SIXTEEN.encode("utf-16"),
         media_type="text/html"),
    Site("mojibake.test", "Shift_JIS, told by an old meta element.", lambda logo: odd.MOJIBAKE.encode("cp932"),
         media_type="text/html"),
    Site("enormous.test", "Five megabytes, packed.", _enormous, headers={"Content-Encoding": "gzip"}),
    _text("papers.test", "%PDF-1.7", "A document in place of a page.", media_type="application/pdf"),
    _text("doubled.test", odd.BLANK + homes.title_only(cast.COMPANIES["dev.test"], ""),
          "Two pages in one; its title is like no name of its own.", headers={"X-Powered-By": "Express"}),
    _text("blank.test", odd.BLANK, "A page with nothing on it."),
    _text("parked.test", odd.PARKED, "Parked, and for sale."),
    _text("untouched.test", odd.UNTOUCHED, "A server nobody has set up."),
    _text("soon.test", odd.SOON, "Under construction."),
    _text("members.test", odd.MEMBERS, "Asks for a password and says nothing else."),
    _text("sealed.test", odd.SEALED, "Wants proof of a browser.", status=403),
    _text("keepout.test", "<title>Keepout</title>", "Its robots.txt asks everybody to stay away.",
          robots="User-agent: *\nDisallow: /\n"),
    _text("notfound.test", odd.NOT_FOUND, "404.", status=404),
    _text("outage.test", odd.OUTAGE, "500.", status=500),
    # Traps
    _trap("to-metadata.test", to("http://169.254.169.254/latest/meta-data/"), "Redirects to a cloud's metadata."),
    _trap("to-mapped.test", to("http://[::ffff:127.0.0.1]/"), "Redirects to this machine, as IPv4 within IPv6."),
    _trap("to-loopback.test", to("http://127.0.0.1/admin/"), "Redirects to this machine."),
    _trap("to-file.test", to("file:///etc/passwd"), "Redirects to a file."),
    _trap("to-port.test", to("http://dev.test:8080/"), "Redirects to another port."),
    _trap("endless.test", traps.endless, "Redirects without end."),
    _trap("bomb.test", traps.bomb, "10 GB in 10 MB of gzip."),
    _trap("dripping.test", traps.dripping, "A byte a second."),
    _trap("flood.test", traps.flood, "20,000 headers."),
    _trap("hangs-up.test", traps.hang_up, "Ends in the middle of the page."),
    Site("rebinding.test", "Its name has a public address when it is first asked for, and this machine's from then on.",
         lambda logo: odd.rebinding(), is_hostile=True),
)  # fmt: skip
SITES = {one.host: one for one in _ALL}
