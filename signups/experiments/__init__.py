"""A/B tests: who sees which arm, who saw it, and what came of it.

`assignment` is the published hash, `surfaces` where arms are shown, `running` what runs now, `exposure` who saw what,
`lifecycle` what staff do, `metrics` what counts as a success, `analysis` the arithmetic, `readout` the numbers of an
experiment and `verdict` the sentence on them. What the product shows is left to its pages, mails and integrations.
"""

from signups.experiments.exposure import arm, content, expose
from signups.experiments.running import Arm, forget

__all__ = ["Arm", "arm", "content", "expose", "forget"]
