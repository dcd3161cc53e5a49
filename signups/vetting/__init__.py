"""Is it genuine? One file a check; all of them side by side, under one deadline.

A check answers *good*, *risky* (a weak sign), *bad* (a hard fact) or *unknown*, with a sentence, its evidence and its
time. What failed or was late is unknown, never bad. What the answers mean for the signup is the business of
`signups.verdicts`.
"""

from signups.vetting.address import Address, InvalidAddress, parse
from signups.vetting.examining import Examination, Examining, ask_again, ask_dns_again, forget, keep_dns, start
from signups.vetting.kept_answers import keep as keep_answers
from signups.vetting.kind import is_company_domain, known_company_domain
from signups.vetting.optional import replace_answers, unanswered
from signups.vetting.result import CheckResult
from signups.vetting.suggestion import for_text as meant_by
from signups.vetting.suggestion import probably_meant

__all__ = [
    "Address",
    "CheckResult",
    "Examination",
    "Examining",
    "InvalidAddress",
    "ask_again",
    "ask_dns_again",
    "forget",
    "is_company_domain",
    "keep_answers",
    "keep_dns",
    "known_company_domain",
    "meant_by",
    "parse",
    "probably_meant",
    "replace_answers",
    "start",
    "unanswered",
]
