"""Endings of domains that no registry has, and the ones they are typed for."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

_SLIPS = {
    meant: typed.split()
    for meant, typed in {
        "com": "con cmo ocm comm coom ccom vom xom fom cim cpm clm dom cok c0m coim colm copm cxom comn conm comj"
        " comcom ckm cin cmm coma come comk coml como comp coms comw comz cop cos cpom cvom vcom xcom clom comi co0m"
        " c9m cpn cob ocom com1 cimm commm cocm coj cof cod coo mco moc c-om",
        "net": "nte nett ent nrt neet nety nt met nwt nut ner nef netr nat",
        "org": "ogr orgg ort orh og rog irg prg",
        "co.uk": "couk co.uuk co.ukk ci.uk cp.uk co.ul co.ik co.yk coo.uk cco.uk vo.uk xo.uk o.uk co.k co.u oc.uk co.ku"
        " cou.k c.o.uk co.um co.uj",
        "com.br": "combr con.br cm.br cmo.br com.r com.b comm.br com.vr com.rb",
        "com.au": "comau con.au cm.au cmo.au com.a com.u comm.au com.ay",
        "de": "ded dee edd d",
        "fr": "frr f",
    }.items()
}
MEANT = {typed: meant for meant, some in _SLIPS.items() for typed in some}

# A registry has these, but where a name says that "com" was meant they are typed for it.
NEARLY_COM = frozenset(("co", "cm", "om", "cam", "mom", "cc"))


def exists(ending: str) -> bool:
    """Whether anybody may have a domain with this ending ("co.uk", "com")."""
    last = ending.rpartition(".")[2]
    return bool(_suffixes().publicsuffix(last)) if last else False


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
