"""The outbox's engine: how a committed intention becomes exactly one effect at a vendor, whatever dies when.

The database is the truth, the queue a wake-up call that may lose or repeat every message. A delivery is planned in the
transaction of what caused it (`planning`), claimed for a limited time (`claiming`), sent (`sending`), and closed by
whoever still holds the claim (`finishing`, by the table in `outcomes`). `draining` does that for one integration at a
time, `sweeping` finds what nobody was woken for, and `staff` is what people can do. How it all fares is `standing`'s
and `causes`' to say, `alerting` tells staff when that changes.
"""

from signups.deliveries.draining import drain
from signups.deliveries.planning import plan, plan_for
from signups.deliveries.queueing import wake, wake_after_commit
from signups.deliveries.staff import drain_now, pause, recover, resend, resume, skip, try_again
from signups.deliveries.sweeping import prune, sweep, wake_due

__all__ = [
    "drain",
    "drain_now",
    "pause",
    "plan",
    "plan_for",
    "prune",
    "recover",
    "resend",
    "resume",
    "skip",
    "sweep",
    "try_again",
    "wake",
    "wake_after_commit",
    "wake_due",
]
