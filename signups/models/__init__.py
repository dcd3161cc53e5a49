"""What is stored. Models know the database and each other, and nothing of vendors, requests or the queue."""

from signups.models.access import ApiKey, IdempotentReply, ListEntry
from signups.models.action import FORBIDDEN_IDS, Action, Forward, IdentityLink, Note, is_forbidden_id
from signups.models.company import Company, CompanyAlias, CompanyMerge
from signups.models.delivery import Attempt, Delivery, Heartbeat, IntegrationState, StaffAlert
from signups.models.dns_finding import DnsFinding
from signups.models.domain_list import DomainListVersion
from signups.models.enrichment import FieldPrecedence, Lookup, ProviderDay, ProviderState, QualityReport
from signups.models.experiment import Arm, Experiment, Exposure, ForcedArm, Phase
from signups.models.fingerprint import Fingerprint, LearnedDomain
from signups.models.kept_answer import KeptAnswer
from signups.models.mail import Campaign, Mail, MailEvent
from signups.models.person import CompanyMatch, MailStop, Person
from signups.models.score import Score, Scorecard, ScoreLine, ScoreRule
from signups.models.signup import Check, Confirmation, RejectedSignup, Signup, Verdict, VerdictChange
from signups.models.tally import EVER, Tally, TallyMark
from signups.models.usage import API_CALLS, JobRun, LimitReached, UsageRecord
from signups.models.verdict_rule import RulePublication, RuleSet, VerdictRule

__all__ = [
    "API_CALLS",
    "EVER",
    "FORBIDDEN_IDS",
    "Action",
    "ApiKey",
    "Arm",
    "Attempt",
    "Campaign",
    "Check",
    "Company",
    "CompanyAlias",
    "CompanyMatch",
    "CompanyMerge",
    "Confirmation",
    "Delivery",
    "DnsFinding",
    "DomainListVersion",
    "Experiment",
    "Exposure",
    "FieldPrecedence",
    "Fingerprint",
    "ForcedArm",
    "Forward",
    "Heartbeat",
    "IdempotentReply",
    "IdentityLink",
    "IntegrationState",
    "JobRun",
    "KeptAnswer",
    "LearnedDomain",
    "LimitReached",
    "ListEntry",
    "Lookup",
    "Mail",
    "MailEvent",
    "MailStop",
    "Note",
    "Person",
    "Phase",
    "ProviderDay",
    "ProviderState",
    "QualityReport",
    "RejectedSignup",
    "RulePublication",
    "RuleSet",
    "Score",
    "ScoreLine",
    "ScoreRule",
    "Scorecard",
    "Signup",
    "StaffAlert",
    "Tally",
    "TallyMark",
    "UsageRecord",
    "Verdict",
    "VerdictChange",
    "VerdictRule",
    "is_forbidden_id",
]
