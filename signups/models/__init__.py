"""What is stored. Models know the database and each other, and nothing of vendors, requests or the queue."""

from signups.models.access import ApiKey, IdempotentReply, ListEntry
from signups.models.company import Company
from signups.models.delivery import Attempt, Delivery, Heartbeat, IntegrationState
from signups.models.person import Lookup, Person
from signups.models.score import Score, Scorecard, ScoreLine, ScoreRule
from signups.models.signup import Check, Confirmation, RejectedSignup, Signup, Verdict, VerdictChange

__all__ = [
    "ApiKey",
    "Attempt",
    "Check",
    "Company",
    "Confirmation",
    "Delivery",
    "Heartbeat",
    "IdempotentReply",
    "IntegrationState",
    "ListEntry",
    "Lookup",
    "Person",
    "RejectedSignup",
    "Score",
    "ScoreLine",
    "ScoreRule",
    "Scorecard",
    "Signup",
    "Verdict",
    "VerdictChange",
]
