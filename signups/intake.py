"""A signup comes in: examine, look up, score, decide, save. The table of contents of the first second.

Vetting and the look-ups run side by side under one deadline, before the signup is to be answered (`VETTING_BUDGET_MS`,
`signups.crowding`); what is late counts as unknown and is finished by a task (`complete`). Everything found is saved
in one transaction, in which the signals plan the deliveries. Who is told, and how, is `signups.deliveries`' business.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from signups import confirmation, crowding, customers, enrichment, profiles, scoring, verdicts, vetting
from signups.activity import identity
from signups.contracts import Deadline, Found, Subject, providers
from signups.enrichment import belonging
from signups.enrichment.again import LATE_AFTER_S
from signups.enrichment.merging import Claim
from signups.mails import developer
from signups.models import Check, Company, Person, Signup, Verdict, VerdictChange
from signups.models.profile import is_known
from signups.scoring import facts
from signups.transactions import retried, write_transaction
from signups.vetting import Address, CheckResult, velocity

logger = logging.getLogger(__name__)

COMPLETION_BUDGET_MS = 14_000  # a stopping worker waits for it
COLLEAGUES_TOLD = 50  # of a company of which something new was found, the latest


@dataclass(frozen=True)
class Submission:
    """What somebody sent, by the form or through the API, and what their browser told us."""

    email: str
    name: str
    company_name: str = ""
    wants_newsletter: bool = False
    source: str = "form"
    referrer: str = ""
    landing_page: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    anonymous_id: str = ""
    ga_client_id: str = ""
    ga_session_id: str = ""
    ip: str | None = None
    user_agent: str = ""
    external_id: str = ""
    device_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """The signup, and whether it was there already: a repeat of an address makes no second one."""

    signup: Signup
    is_repeat: bool


@dataclass(frozen=True)
class Assessment:
    """All that was found out about an address, and the verdict on it."""

    address: Address
    decision: verdicts.Decision
    checks: tuple[CheckResult, ...]
    suggestion: str
    company_domain: str
    findings: enrichment.Findings
    scored: scoring.Scored
    ms: int
    examination: vetting.Examination
    facts: Mapping[str, Any]

    @property
    def is_late(self) -> bool:
        """Whether somebody who was asked may answer later."""
        is_dns_late = any(check.name == "mx" and check.outcome == "unknown" for check in self.checks)
        return is_dns_late or self.findings.is_late or bool(vetting.unanswered(self.checks))

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict

    @property
    def reasons(self) -> list[dict[str, str]]:
        return self.decision.reasons


def receive(submission: Submission, on_saved: Callable[[Signup, bool], None] | None = None) -> Receipt:
    """Decide on one signup and keep it; returns within the budget, whatever the vendors do.

    `on_saved(signup, is_repeat)` runs in the transaction that saves the signup. Raises `vetting.InvalidAddress`,
    and `customers.Taken` for another customer's `external_id`.
    """
    address = vetting.parse(submission.email)
    if (known := _known_signup(address)) is not None:
        return _receive_again(known, submission, on_saved)
    with crowding.under_way() as waited_ms:
        assessment = start(address, submission, waited_ms, saves=True).finish()
        receipt = _keep(address, submission, assessment, on_saved)
        if receipt.is_repeat:
            _keep_findings(assessment.findings)
            return _receive_again(receipt.signup, submission, on_saved)
        vetting.keep_dns(address, assessment.examination)
        _account(assessment.findings)
        return receipt


def _keep(
    address: Address,
    submission: Submission,
    assessment: Assessment,
    on_saved: Callable[[Signup, bool], None] | None,
) -> Receipt:
    """Save the signup, unless another request of theirs was faster. Where that fails, what was answered is kept."""

    def write() -> Receipt:
        person = _person(address, submission)
        known = _known_signup(address) if person.pk else None
        if known is not None:  # another request of theirs was faster
            return Receipt(known, is_repeat=True)
        if submission.external_id:
            customers.require_free(submission.external_id, person)
        signup = _save(submission, assessment, person)
        if on_saved is not None:
            on_saved(signup, False)
        return Receipt(signup, is_repeat=False)

    try:
        return retried(write)
    except Exception:
        _keep_findings(assessment.findings)
        raise


def assess(address: Address, submission: Submission | None = None, budget_ms: float | None = None) -> Assessment:
    """Vet, look up, score and decide, saving nothing but what it cost. `budget_ms` defaults to the setting."""
    assessment = start(address, submission, budget_ms).finish()
    _account(assessment.findings)
    return assessment


def start(
    address: Address,
    submission: Submission | None = None,
    budget_ms: float | None = None,
    *,
    looks_up: bool = True,
    saves: bool = False,
) -> Assessing:
    """Start an assessment; returns at once. Where `looks_up` is false, name servers alone are asked.

    `saves`: the caller will keep what is found, and nobody else asks the same meanwhile.
    """
    deadline = Deadline(crowding.waited_ms() if budget_ms is None else budget_ms)
    sent = submission or Submission(email=address.email, name="")
    examining = vetting.start(
        address,
        deadline,
        name=sent.name,
        ip=sent.ip,
        device_id=sent.device_id,
        asks_outside=looks_up,
        is_signup=submission is not None,
    )
    looking_up = _look_up(address, sent, deadline, saves=saves) if looks_up else None
    return Assessing(address, submission, deadline, examining, looking_up)


@dataclass(frozen=True)
class Assessing:
    """An assessment under way."""

    address: Address
    submission: Submission | None
    deadline: Deadline
    examining: vetting.Examining
    looking_up: enrichment.PendingLookups | None

    @property
    def is_done(self) -> bool:
        """Whether the name servers and everybody else asked so far have answered."""
        asked = self.looking_up.waiting if self.looking_up else ()
        return self.examining.is_done and all(future.done() for future in asked)

    def finish(self) -> Assessment:
        """Wait for what is asked, until the deadline, and decide."""
        findings = self.looking_up.finish() if self.looking_up else _not_looked_up(self.address)
        examination = self.examining.finish()
        checks = (*examination.checks, _person_check(findings), _company_check(findings))
        person = profiles.with_form(findings.person, _typed(self.submission)) if self.submission else findings.person
        known = facts.gather(examination.checks, person, findings.company, self.submission)
        scored = scoring.score(known)
        decision = verdicts.decide(checks, is_high_value=scored.is_high_value, facts=known)
        return Assessment(
            address=self.address,
            decision=decision,
            checks=checks,
            suggestion=examination.suggestion,
            company_domain=findings.company_domain,
            findings=findings,
            scored=scored,
            ms=self.deadline.elapsed_ms(),
            examination=examination,
            facts=known,
        )


def complete(signup: Signup) -> None:
    """Ask what was late when `signup` came in; merge, score again, and tell the integrations if anything is new.

    The claim on it counted as a try (`signups.completing`): by their number the next one is later.
    """
    address, deadline = vetting.parse(signup.email), Deadline(COMPLETION_BUDGET_MS)
    outside = vetting.ask_again(signup, deadline)
    findings = _look_up(address, signup, deadline, saves=True, is_background=True).finish()
    answers = outside.finish() if outside else []
    dns_checks = vetting.ask_dns_again(signup, deadline)
    with write_transaction():
        claimed = signup.lookups_due_at
        signup = Signup.objects.select_for_update(of=("self",)).select_related("company").get(pk=signup.pk)
        due_at = signup.lookups_due_at
        # Meanwhile: there is an answer that we have not seen, or staff want to know.
        is_asked_again = due_at is not None and due_at != claimed and due_at <= timezone.now()
        signup.person = Person.objects.select_for_update().get(pk=signup.person_id)
        enrichment.save(findings)
        vetting.replace_answers(signup, answers)
        has_news = _merge_person(signup.person, findings)
        _forget_if_refused(signup.person, findings)
        if signup.verdict != Verdict.REJECTED or signup.company is not None:
            company, is_news = _company(findings)
            if belonging.is_settled(signup.person, company):  # staff have said since where they work
                company = signup.company
            has_news = has_news or is_news or company != signup.company
            signup.company = signup.person.company = company or signup.company
            belonging.keep_matches(signup.person, findings.candidates, company)
            has_news = has_news or signup.company_stamp not in ("", profiles.stamp(signup.company))
        has_news = developer.apply(signup) or has_news
        if has_news:
            profiles.rescore(signup)
        signup.person.save(update_fields=["name", "company", "profile", "updated_at"])  # a stop is not ours to undo
        is_decided = _decide_anew(signup, dns_checks)
        is_late = findings.is_late or bool(vetting.unanswered(answer.check for answer in answers))
        is_late = is_late or any(check.name == "mx" and check.outcome == "unknown" for check in dns_checks)
        if not is_asked_again:
            signup.lookups_due_at = _late_again(signup.lookups_tried) if is_late else None
        if has_news or is_decided:
            signup.save()
        else:  # nothing to tell anybody: no signal
            Signup.objects.filter(pk=signup.pk).update(lookups_due_at=signup.lookups_due_at)
    enrichment.account(findings)
    if signup.company is not None:  # colleagues who were scored by less
        profiles.tell(signup.company, COLLEAGUES_TOLD, also_old=False)


def ask_later(signup: Signup) -> None:
    """Asking again failed by an error of ours: it is tried again later, and no oftener than if nobody had answered."""
    with write_transaction():
        mine = Signup.objects.filter(pk=signup.pk, lookups_due_at=signup.lookups_due_at)
        mine.update(lookups_due_at=_late_again(signup.lookups_tried))


def _decide_anew(signup: Signup, checks: list[CheckResult]) -> bool:
    """Put what DNS said late in the place of its silence, and decide again; says whether the verdict is another.

    Who has confirmed, or of whom staff said anything, is left alone.
    """
    for check in checks:
        verdicts.record.keep_check(signup, check)
    is_answered = any(check.name == "mx" and check.outcome != "unknown" for check in checks)
    is_settled = signup.confirmed_at or signup.reviewed_at or signup.label
    if not is_answered or signup.verdict != Verdict.CONFIRM or is_settled:
        return False
    decision = verdicts.decide_again(signup)
    taken = verdicts.record.take(signup, decision)
    if decision.verdict == signup.verdict:  # for other reasons, which staff read; nobody else is told
        Signup.objects.filter(pk=signup.pk).update(**taken)
        return False
    signup.verdict = signup.machine_verdict = decision.verdict
    signup.accepted_at = timezone.now() if decision.verdict == Verdict.ACCEPTED else None
    note = f"Name servers answered late: {checks[0].sentence}"[:500]
    VerdictChange.objects.create(signup=signup, verdict=signup.verdict, by=VerdictChange.By.RULES, note=note)
    return True


# -- Whom we know already ----------------------------------------------------------------------------------------------


def _known_signup(address: Address) -> Signup | None:
    """The first signup of this address; mostly there is none, and then only its key is asked for."""
    signups = Signup.objects.filter(person__email=address.key).exclude(verdict=Verdict.REJECTED)
    key = signups.order_by("created_at").values_list("pk", flat=True).first()
    return Signup.objects.select_related("person", "company").filter(pk=key).first() if key is not None else None


def _person(address: Address, submission: Submission) -> Person:
    """The person of this address, locked: two requests of one person come one after the other. Not saved if new."""
    held = Person.objects.select_for_update().filter(email=address.key).order_by().first()
    return held or Person(email=address.key, name=submission.name)


def _receive_again(signup: Signup, submission: Submission, on_saved: Callable[[Signup, bool], None] | None) -> Receipt:
    """Whoever types a known address into the form gets a link to its mailbox, and learns nothing else.

    The backend may say its own id of a customer now that has none yet; one that is there stays.
    """
    with write_transaction():
        if submission.source == Signup.Source.FORM and signup.verdict in (Verdict.ACCEPTED, Verdict.CONFIRM):
            confirmation.ask_again(signup)
        if submission.source == Signup.Source.API and submission.external_id:
            _give_own_id(signup, submission.external_id)
        if on_saved is not None:
            on_saved(signup, True)
    return Receipt(signup, is_repeat=True)


def _give_own_id(signup: Signup, external_id: str) -> None:
    if Signup.objects.select_for_update(of=("self",)).get(pk=signup.pk).external_id:
        return
    customers.require_free(external_id, signup.person)
    signup.external_id = external_id
    Signup.objects.filter(pk=signup.pk).update(external_id=external_id)
    identity.join_reported(signup)


# -- Looking up --------------------------------------------------------------------------------------------------------


def _keep_findings(findings: enrichment.Findings) -> None:
    """Keep what was answered though nothing else is kept: it may have been paid for, and others wait for it."""
    try:
        with write_transaction():
            enrichment.save(findings)
    except DatabaseError:
        logger.exception("The answers of a look-up could not be kept")
    _account(findings)


def _account(findings: enrichment.Findings) -> None:
    """Count what it cost; the signup is saved, so that this must not fail it."""
    try:
        enrichment.account(findings)
    except DatabaseError:
        logger.exception("What a look-up cost could not be counted")


def _look_up(
    address: Address, sent: Submission | Signup, deadline: Deadline, *, saves: bool, is_background: bool = False
) -> enrichment.PendingLookups:
    return enrichment.start(
        address.key,
        vetting.known_company_domain(address),
        deadline,
        vetting.is_company_domain,
        is_background=is_background,
        claims_questions=saves,
        name=sent.name,
        company_name=sent.company_name,
    )


def _not_looked_up(address: Address) -> enrichment.Findings:
    return enrichment.Findings([], {}, {}, vetting.known_company_domain(address), is_late=False)


# -- What the look-ups say ---------------------------------------------------------------------------------------------


def _person_check(findings: enrichment.Findings) -> CheckResult:
    said = [result for result in findings.results if result.subject == Subject.PERSON]
    asked = [result for result in said if result.outcome is not Found.SKIPPED]
    ms = max((result.ms for result in asked), default=0)
    evidence = {result.provider: result.outcome.value for result in asked}
    if Person(profile=findings.person).has_profile:
        names = {provider.slug: provider.name for provider in providers()} | {enrichment.STAFF: "staff"}
        knows = " and ".join(
            names.get(result.provider, result.provider) for result in asked if result.outcome == Found.FOUND
        )
        return CheckResult("person", "good", "person_known", f"Known to {knows}.", evidence, ms)
    if any(result.outcome == Found.REFUSED for result in asked):
        return CheckResult(
            "person", "unknown", "person_refused", "This person asked not to be looked up.", evidence, ms
        )
    if any(result.outcome in (Found.PENDING, Found.ERROR) or result.may_change for result in said):
        sentence = "Not everybody we asked about this person has answered."
        return CheckResult("person", "unknown", "person_late", sentence, evidence, ms)
    sentence = "Nobody we asked knows this person." if asked else "Nobody could be asked about this person."
    return CheckResult("person", "unknown", "person_unknown", sentence, evidence, ms)


def _company_check(findings: enrichment.Findings) -> CheckResult:
    said = [result for result in findings.results if result.subject == Subject.COMPANY]
    asked = [result for result in said if result.outcome is not Found.SKIPPED]
    ms = max((result.ms for result in asked), default=0)
    evidence: dict[str, Any] = {result.provider: result.outcome.value for result in asked}
    if not findings.company_domain:
        return CheckResult(
            "company", "unknown", "no_company_domain", "The address says nothing of a company.", evidence, ms
        )
    evidence["domain"] = findings.company_domain
    if is_known(findings.company, "name"):
        name = findings.company["name"]["value"]
        return CheckResult("company", "good", "company_known", f"Works at {name}.", evidence, ms)
    sentence = f"Nobody we asked knows the company behind {findings.company_domain}."
    return CheckResult("company", "unknown", "company_unknown", sentence, evidence, ms)


# -- Saving ------------------------------------------------------------------------------------------------------------


def _save(submission: Submission, assessment: Assessment, person: Person) -> Signup:
    """The signup and all that belongs to it; the signals plan its deliveries in this same transaction."""
    now = timezone.now()
    is_accepted = assessment.verdict == Verdict.ACCEPTED
    _merge_person(person, assessment.findings, _typed(submission))
    company = None
    if assessment.verdict != Verdict.REJECTED:
        company, _ = _company(assessment.findings)
    person.company = company or person.company
    is_new = person.pk is None
    person.save()
    _forget_if_refused(person, assessment.findings)
    if assessment.verdict != Verdict.REJECTED:
        belonging.keep_matches(person, assessment.findings.candidates, company, is_new=is_new)
    enrichment.save(assessment.findings)
    vetting.keep_answers(assessment.examination.answers)
    judgement = developer.judge(developer.facts_of(person, submission))
    signup = Signup.objects.create(
        person=person,
        company=company,
        source=submission.source,
        email=assessment.address.email,
        name=submission.name,
        company_name=submission.company_name,
        wants_newsletter=submission.wants_newsletter,
        referrer=submission.referrer,
        landing_page=submission.landing_page,
        utm=dict(submission.utm),
        anonymous_id=submission.anonymous_id,
        ga_client_id=submission.ga_client_id,
        ga_session_id=submission.ga_session_id,
        ip=submission.ip,
        user_agent=submission.user_agent,
        external_id=submission.external_id,
        device_id=submission.device_id,
        **velocity.keys(assessment.address, submission.ip),
        verdict=assessment.verdict,
        machine_verdict=assessment.verdict,
        reasons=assessment.reasons,
        **verdicts.record.fields(assessment.decision),
        suggestion=assessment.suggestion,
        decided_ms=assessment.ms,
        score=assessment.scored.total,
        is_high_value=assessment.scored.is_high_value,
        company_stamp=profiles.stamp(company),
        developer=judgement.verdict,
        developer_evidence=judgement.as_list(),
        accepted_at=now if is_accepted else None,
        lookups_due_at=_late_again(0) if assessment.is_late else None,
    )
    Check.objects.bulk_create(
        Check(
            signup=signup,
            name=check.name,
            outcome=check.outcome,
            code=check.code,
            sentence=check.sentence[:500],
            evidence=check.evidence,
            ms=check.ms,
        )
        for check in assessment.checks
    )
    scoring.save(assessment.scored, signup)
    identity.join_new(signup, submission.anonymous_id)
    identity.join_reported(signup)
    VerdictChange.objects.create(signup=signup, verdict=signup.verdict, by=VerdictChange.By.RULES)
    if assessment.verdict == Verdict.CONFIRM:
        confirmation.ask(signup)
    return signup


def _typed(submission: Submission) -> dict[str, Claim]:
    return profiles.of_form(submission.name, submission.company_name)


def _merge_person(person: Person, findings: enrichment.Findings, typed: dict[str, Claim] | None = None) -> bool:
    """Take what was found, and what they typed, into the person's profile; says whether any of it is new."""
    change = profiles.merged(Subject.PERSON, person.profile, findings.about(Subject.PERSON, person.email))
    person.profile = profiles.with_form(change.profile, typed) if typed else change.profile
    person.name = person.name or str(person.fact("name.fullName") or "")[:255]
    return change.is_new


def _forget_if_refused(person: Person, findings: enrichment.Findings) -> None:
    """Of somebody who asked not to be looked up, who is saved, forget what was answered before."""
    if profiles.has_refused(findings.about(Subject.PERSON, person.email)):
        profiles.forget_answers(person)


def _company(findings: enrichment.Findings) -> tuple[Company | None, bool]:
    """The company these findings are about, made on first sight, with what is new of it; and whether anything was.

    What somebody typed names no company but in their own profile: anybody types anything.
    """
    if not findings.company_domain:
        return None, False
    named = findings.company.get("name", {}).get("value")
    new = profiles.merged(Subject.COMPANY, {}, findings.about(Subject.COMPANY, findings.company_domain)).profile
    company, is_made = belonging.found_or_made(findings.company_domain, str(named or findings.company_domain), new)
    # What is known of a domain that was merged away says nothing new of the company that was kept.
    found = findings.about(Subject.COMPANY, company.domain)
    change = profiles.merged(Subject.COMPANY, company.profile, found)
    if change.is_changed:  # read again under its lock: two signups of one company may bring it news at one time
        company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        change = profiles.merged(Subject.COMPANY, company.profile, found)
        if named and (company.name == company.domain or "name" not in company.profile):
            company.name = str(named)[:255]
        company.profile = change.profile
        company.save(update_fields=["name", "profile", "updated_at"])
    if is_made or change.is_new:
        belonging.keep_aliases(company, vetting.is_company_domain)
    return company, is_made or change.is_new


def _late_again(tried: int) -> Any:
    if tried >= len(LATE_AFTER_S):
        return None
    return timezone.now() + timedelta(seconds=LATE_AFTER_S[tried])
