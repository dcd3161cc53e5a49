"""The signup: what somebody sent, what we found, what was decided, and what became of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from signups import logs
from signups.models.company import Company
from signups.models.person import Person


class Verdict(models.TextChoices):
    ACCEPTED = "accepted", "accepted"
    CONFIRM = "confirm", "awaiting confirmation"
    HELD = "held", "held for review"
    REJECTED = "rejected", "rejected"


class SignupQuerySet(models.QuerySet["Signup"]):
    def awaiting_review(self) -> SignupQuerySet:
        """Held signups, and rejected ones that nobody has looked at: staff's queue."""
        return self.filter(verdict__in=(Verdict.HELD, Verdict.REJECTED), reviewed_at=None)

    def rejected(self) -> SignupQuerySet:
        return self.filter(machine_verdict=Verdict.REJECTED)


class Signup(models.Model):
    """One person's signup. `machine_verdict` is what the rules said; `verdict` is what holds now."""

    class Source(models.TextChoices):
        FORM = "form", "signup form"
        API = "api", "API"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signups")
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="signups")

    # What was sent
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.FORM)
    email = models.EmailField("e-mail", max_length=254)
    name = models.CharField(max_length=255)
    company_name = models.CharField("company as typed", max_length=255, blank=True)
    wants_newsletter = models.BooleanField("newsletter", default=False)
    referrer = models.CharField(max_length=2000, blank=True)
    landing_page = models.CharField(max_length=2000, blank=True)
    utm = models.JSONField("UTM parameters", default=dict, blank=True)
    anonymous_id = models.CharField("anonymous id", max_length=100, blank=True)
    ga_client_id = models.CharField("Google Analytics client id", max_length=100, blank=True)
    ga_session_id = models.CharField("Google Analytics session id", max_length=100, blank=True)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)
    user_agent = models.CharField(max_length=500, blank=True)
    device_id = models.CharField("device id", max_length=100, blank=True)  # of the cookie against fraud
    external_id = models.CharField("the product's own id", max_length=100, blank=True, db_index=True)
    created_at = models.DateTimeField("signed up", auto_now_add=True, db_index=True)
    # Of the request it came in by: what workers do about it later is logged under the same one.
    request_id = models.CharField(max_length=64, blank=True, default=logs.request_id, editable=False)

    # By what repeats are found: `signups.vetting.velocity` makes these of the above
    canonical_key = models.CharField(max_length=320, blank=True, editable=False)
    email_domain = models.CharField("registered domain", max_length=253, blank=True, editable=False)
    ip_network = models.CharField("IP network", max_length=43, blank=True, editable=False)  # "203.0.113.0/24"

    # What was decided
    verdict = models.CharField(max_length=10, choices=Verdict.choices, db_index=True)
    machine_verdict = models.CharField("rules' verdict", max_length=10, choices=Verdict.choices)
    reasons = models.JSONField(default=list)  # [{"code": "disposable", "sentence": "…"}]
    matched_rules = models.JSONField(default=list, blank=True)  # [{"rule", "order", "action", "decided"}]
    rules_version = models.PositiveIntegerField("version of the rules", null=True, blank=True)
    list_versions = models.JSONField("versions of the lists", default=dict, blank=True)
    verdict_facts = models.JSONField("facts the rules saw", default=dict, blank=True)  # those that no check holds
    suggestion = models.CharField("did they mean", max_length=254, blank=True)
    decided_ms = models.PositiveIntegerField("decided in (ms)", default=0)
    score = models.IntegerField(default=0)
    is_high_value = models.BooleanField("high value", default=False)
    confirmed_at = models.DateTimeField("confirmed", null=True, blank=True)
    accepted_at = models.DateTimeField("accepted", null=True, blank=True)
    reviewed_at = models.DateTimeField("reviewed", null=True, blank=True)

    # What staff say it really was: what the rules are measured by, and what they learn from
    class Label(models.TextChoices):
        NONE = "", "no label"
        SPAM = "spam", "spam"
        GENUINE = "genuine", "genuine"

    label = models.CharField(max_length=10, choices=Label.choices, default=Label.NONE, blank=True)
    labelled_at = models.DateTimeField(null=True, blank=True)
    labelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    # What they may use, and what kind of user they are
    class PlanPeriod(models.TextChoices):
        DAY = "day", "a day"
        MONTH = "month", "a month"
        TOTAL = "total", "in all"

    class Developer(models.TextChoices):
        YES = "developer", "a developer"
        NO = "not", "not a developer"
        UNSURE = "unsure", "unsure"

    plan = models.CharField(max_length=50, blank=True)
    plan_limit = models.PositiveBigIntegerField("API calls the plan allows", null=True, blank=True)
    plan_period = models.CharField(max_length=10, choices=PlanPeriod.choices, default=PlanPeriod.MONTH)
    developer = models.CharField(max_length=10, choices=Developer.choices, default=Developer.UNSURE)
    developer_evidence = models.JSONField(
        default=list, blank=True
    )  # [{"code": "github", "sentence": "…", "says": "yes"}]

    # What is still looked up: due when a look-up was late; NULL when there is nothing to do
    lookups_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    lookups_tried = models.PositiveSmallIntegerField(default=0, editable=False)
    profile_version = models.PositiveIntegerField(default=1, editable=False)
    # What the company's profile said when the signup was last scored; "" for one from before there were such stamps
    company_stamp = models.CharField(max_length=32, blank=True, db_default="", editable=False)

    objects = SignupQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [("view_personal_data", "Can see names and addresses in what vendors were told")]
        indexes = [
            models.Index(
                fields=["lookups_due_at"], name="lookups_due", condition=models.Q(lookups_due_at__isnull=False)
            ),
            models.Index(fields=["-score", "id"], name="signups_by_score"),
            models.Index(fields=["labelled_at"], name="labelled", condition=models.Q(labelled_at__isnull=False)),
            # The counts of `signups.vetting.velocity`: how many of the same since when.
            *(
                models.Index(fields=[field, "created_at"], name=f"signups_by_{field}")
                for field in ("canonical_key", "email_domain", "ip", "ip_network", "device_id")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @property
    def is_accepted(self) -> bool:
        return self.verdict == Verdict.ACCEPTED


class RejectedSignupManager(models.Manager["RejectedSignup"]):
    def get_queryset(self) -> models.QuerySet[RejectedSignup]:
        is_rejected = models.Q(verdict=Verdict.REJECTED) | models.Q(machine_verdict=Verdict.REJECTED)
        return super().get_queryset().filter(is_rejected)


class RejectedSignup(Signup):
    """Signups that the rules or staff rejected, whatever staff made of them since: a list of its own in the admin."""

    objects = RejectedSignupManager()  # type: ignore[assignment, misc]

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = "rejected e-mail"
        verbose_name_plural = "rejected e-mails"


class VerdictChange(models.Model):
    """Each verdict a signup has had, with who or what decided it and why. Append only.

    `label` stands where staff said what the signup was, and left the verdict as it is.
    """

    NO_LABEL = "none"  # they took back what they had said

    class By(models.TextChoices):
        RULES = "rules", "the rules"
        CONFIRMATION = "confirmation", "the confirmation link"
        STAFF = "staff", "staff"

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="verdict_changes")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    label = models.CharField(max_length=10, blank=True)
    by = models.CharField(max_length=20, choices=By.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.get_by_display()}"


class Check(models.Model):
    """One check's answer about a signup, with its evidence. One that failed or was late is *unknown*, never *bad*;
    *risky* is a weak sign, which proves nothing."""

    class Outcome(models.TextChoices):
        GOOD = "good", "good"
        RISKY = "risky", "risky"
        BAD = "bad", "bad"
        UNKNOWN = "unknown", "unknown"

    CLICK = "confirmation_click"  # the one that is made later, of the click on the confirmation link

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=50)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=50, blank=True)  # what exactly: "null_mx", "no_such_domain", …
    sentence = models.CharField(max_length=500)
    evidence = models.JSONField(default=dict, blank=True)
    ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["signup", "name"], name="one_check_of_a_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"


class Confirmation(models.Model):
    """One confirmation link: signed, expiring, used once. `number` counts the mails to one signup."""

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="confirmations")
    number = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_ip = models.GenericIPAddressField(null=True, blank=True)
    used_network = models.CharField(max_length=43, blank=True)
    used_device_id = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["signup", "number"], name="one_confirmation_of_a_number")]
        indexes = [  # the counts of `signups.vetting.clicks`; most links are used never or once
            models.Index(
                fields=[field, "used_at"], name=f"clicks_by_{field}", condition=models.Q(used_at__isnull=False)
            )
            for field in ("used_ip", "used_network", "used_device_id")
        ]

    def __str__(self) -> str:
        return f"Confirmation {self.number} of {self.signup_id}"
