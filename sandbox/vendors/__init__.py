"""The vendors of the pretend world, one file each, in the order the story meets them."""

from importlib import import_module
from importlib.util import find_spec

from sandbox.core import Vendor

_NAMES = (
    "clearbit.Clearbit",
    "gravatar.Gravatar",
    "github.GitHub",
    "slack.Slack",
    "close.Close",
    "mixpanel.Mixpanel",
    "customerio.CustomerIO",
    "ga.GoogleAnalytics",
)


def _landed() -> tuple[type[Vendor], ...]:
    found = []
    for name in _NAMES:
        module, _, cls = name.partition(".")
        if find_spec(f"{__name__}.{module}"):
            found.append(getattr(import_module(f"{__name__}.{module}"), cls))
    return tuple(found)


VENDORS = _landed()
