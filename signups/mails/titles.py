"""What a job title says about writing code: words for and against, whole words, in the languages people sign up in.

A title may say both ("Sales Engineer") and then says nothing certain. What follows from that is `developer`'s business.
"""

from __future__ import annotations

import re

# Clearbit's roles (https://dashboard.clearbit.com/docs, 2025): who writes code by trade, and who surely does not.
ROLES_FOR = frozenset({"engineering", "information_technology"})
ROLES_AGAINST = frozenset(
    "communications customer_service finance human_resources legal marketing public_relations real_estate recruiting "
    "sales".split()
)

# Engineers of other things.
_OTHER_ENGINEERS = re.compile(
    r"\b(?:aerospace|agricultural|biomedical|chemical|civil|electrical|environmental|flight|industrial|marine|"
    r"mechanical|mining|nuclear|petroleum|process|sound|structural|train)\s+engineer(?:ing|s)?\b"
)
_FOR = re.compile(
    r"\b(?:"
    # English
    r"developers?|devs?|programmers?|engineers?|engineering|swe|sde|sre|cto|chief technology officer|"
    r"coders?|hacker|devops|dev ops|devsecops|full[ -]?stack|front[ -]?end|back[ -]?end|"
    r"software architect|solutions? architect|data scientists?|data science|data engineer|machine learning|"
    r"computer scientist|sysadmin|system administrators?|systems administrators?|tech(?:nical)? lead|"
    # German, Dutch, Swedish, Danish, Norwegian
    r"\w*entwickler(?:in|innen)?|programmierer(?:in)?|informatiker(?:in)?|softwareingenieur(?:in)?|"
    r"\w*ontwikkelaar|programmeur|\w*utvecklare|programmerare|\w*udvikler|\w*utvikler|"
    # French, Spanish, Portuguese, Italian
    r"développeu(?:r|se)|developpeu(?:r|se)|informaticien(?:ne)?|ingénieure? (?:logiciel|informatique)|"
    r"desarrollador(?:a|es)?|programador(?:a|es)?|ingenier[oa] de software|"
    r"desenvolvedor(?:a|es)?|engenheir[oa] de software|sviluppat(?:ore|rice)|programmat(?:ore|rice)|"
    # Polish, Czech, Finnish, Turkish, Russian, Ukrainian
    r"programist(?:a|ka)|deweloper|vývojář(?:ka)?|programátor(?:ka)?|ohjelmoija|ohjelmistokehittäjä|"
    r"yazılımcı|geliştirici(?:si)?|разработчик|программист|розробник|програміст"
    r")\b|"
    # Chinese, Japanese and Korean write without blanks
    r"工程师|工程師|程序员|程式設計師|开发|開發|エンジニア|開発者|プログラマ|개발자|엔지니어"
)
_AGAINST = re.compile(
    r"\b(?:"
    r"marketing|marketer|sales|salesperson|account executive|account manager|business development|"
    r"hr|human resources|people operations|recruit(?:er|ers|ing|ment)|talent acquisition|"
    r"finance|financial|accountant|accounting|bookkeeper|controller|cfo|cmo|"
    r"lawyer|attorney|legal counsel|public relations|communications|copywriter|"
    r"customer success|customer service|office manager|receptionist|"
    r"vertrieb\w*|verkauf\w*|verkäufer(?:in)?|personalreferent(?:in)?|personalleiter(?:in)?|buchhalt\w*|"
    r"verkoop\w*|verkoper|försäljning\w*|säljare|sælger|selger|"
    r"ventes?|vendeu(?:r|se)|commercial(?:e)?|comptable|ressources humaines|recruteu(?:r|se)|"
    r"ventas|vendedor(?:a)?|contador(?:a)?|recursos humanos|vendas|vendite|venditore|risorse umane|"
    r"sprzedaż\w*|sprzedaw\w*|księgow\w*|prodejce|myynti\w*|satış|"
    r"маркетолог|маркетинг\w*|бухгалтер|рекрутер|продаж\w*"
    r")\b|"
    r"销售|市场|營銷|营销|会计|営業|マーケティング|人事|영업|마케팅"
)


def word_for(title: str) -> str:
    """The word of the title that says its bearer writes code, "" for none."""
    return _first(_FOR, _OTHER_ENGINEERS.sub(" ", title.casefold()))


def word_against(title: str) -> str:
    """The word of the title that says its bearer does something else, "" for none."""
    return _first(_AGAINST, title.casefold())


def _first(words: re.Pattern[str], title: str) -> str:
    found = words.search(title)
    return found[0] if found else ""
