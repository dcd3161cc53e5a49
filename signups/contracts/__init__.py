"""What a vendor implements: a `Provider` answers who somebody is, an `Examiner` what is known of a domain, and an
`Integration` is told what happened.

`signups` owns these contracts and the engine behind them; `integrations/` implements them, one file a vendor, and the
settings list them (`ENRICHMENT_PROVIDERS`, `EXAMINERS`, `INTEGRATIONS`). A vendor's file says only what is particular
to the vendor: waiting, retrying, timing and recording are the engine's (`signups.enrichment`, `signups.deliveries`).
"""

from signups.contracts.deadline import Deadline
from signups.contracts.enriching import Answer, Cost, Facts, Found, Heard, IncomingMail, Provider, Rate, Subject
from signups.contracts.examining import Examiner, Finding
from signups.contracts.exchanges import Exchange, record, recording
from signups.contracts.failures import Ambiguous, Later, Misconfigured, Never, NotTheVendor, ServiceError, UsedUp
from signups.contracts.listening import (
    BatchItem,
    CrmMail,
    Delivered,
    Event,
    Handler,
    Integration,
    MailReport,
    Outcome,
    Refusal,
    SentAction,
    Skipped,
    TestEvent,
)
from signups.contracts.pacing import CallRate, paced, wait_for_turn
from signups.contracts.registry import examiners, integration, integrations, providers

__all__ = [
    "Ambiguous",
    "Answer",
    "BatchItem",
    "CallRate",
    "Cost",
    "CrmMail",
    "Deadline",
    "Delivered",
    "Event",
    "Examiner",
    "Exchange",
    "Facts",
    "Finding",
    "Found",
    "Handler",
    "Heard",
    "IncomingMail",
    "Integration",
    "Later",
    "MailReport",
    "Misconfigured",
    "Never",
    "NotTheVendor",
    "Outcome",
    "Provider",
    "Rate",
    "Refusal",
    "SentAction",
    "ServiceError",
    "Skipped",
    "Subject",
    "TestEvent",
    "UsedUp",
    "examiners",
    "integration",
    "integrations",
    "paced",
    "providers",
    "record",
    "recording",
    "wait_for_turn",
]
