"""accept · confirm · hold · reject: the checks' answers, the facts and staff's rules make a verdict. No network.

`decide` is all a signup needs. How rules come to be is `publishing`'s business, what they may not do `safety`'s, and
what a draft would have made of past signups `replay`'s.
"""

from signups.verdicts import record
from signups.verdicts.deciding import Decision, decide
from signups.verdicts.record import decide_again
from signups.verdicts.rules import Rules

__all__ = ["Decision", "Rules", "decide", "decide_again", "record"]
