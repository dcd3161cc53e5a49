"""The vendors of the pretend world, one file or package each, in the order the story meets them."""

from sandbox.core import Vendor
from sandbox.vendors.apollo import Apollo
from sandbox.vendors.clearbit import Clearbit
from sandbox.vendors.close import Close
from sandbox.vendors.customerio import CustomerIO
from sandbox.vendors.ga import GoogleAnalytics
from sandbox.vendors.github import GitHub
from sandbox.vendors.gravatar import Gravatar
from sandbox.vendors.hunter import Hunter
from sandbox.vendors.lists import Lists
from sandbox.vendors.mixpanel import Mixpanel
from sandbox.vendors.peopledatalabs import PeopleDataLabs
from sandbox.vendors.rdap import Rdap
from sandbox.vendors.sites import Sites
from sandbox.vendors.slack import Slack

VENDORS: tuple[type[Vendor], ...] = (
    Clearbit,
    PeopleDataLabs,
    Apollo,
    Hunter,
    Gravatar,
    GitHub,
    Rdap,
    Sites,
    Lists,
    Slack,
    Close,
    Mixpanel,
    CustomerIO,
    GoogleAnalytics,
)
