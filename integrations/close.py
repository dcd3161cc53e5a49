"""Close, the CRM: one lead a company, a contact a person. Colleagues join the lead that is there; nothing is doubled.

API: https://api.close.com/api/v1/ (https://developer.close.com). Close has no idempotency keys and no unique fields, so
whatever may be there is looked for before it is made: in our own deliveries, then by one search. The search's index
lags behind by up to a minute, hence `reconcile_after`. What sales typed is theirs: empty fields are filled, and only
custom fields of our own are overwritten. What a record looks like, and which one fits, is `close_records`' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db.models import Q, QuerySet

from integrations import close_api as api
from integrations import close_mails
from integrations import close_records as records
from integrations import close_usage as usage
from integrations.close_records import Fields, Record
from integrations.rows import is_reached, missing
from signups.contracts import (
    CallRate,
    CrmMail,
    Deadline,
    Delivered,
    Event,
    Integration,
    Never,
    Outcome,
    Skipped,
    TestEvent,
)
from signups.models import CompanyMerge, Delivery, Signup

# Close counts in windows of eight seconds: a fifth of a window's calls may come at once.
_AT_ONCE_S = 1.6
TEST_LEAD = "Onboarding test event"
LEAD_IS_GONE = "The lead was deleted in Close."
_ABOUT_PEOPLE = (Event.SIGNED_UP, Event.CONFIRMED, Event.PROFILE_CHANGED)
_MOST_EARLIER = 50  # deliveries to read earlier leads from
_MAILS, _MAILS_WITHIN_MS = 10, 4_500  # staff wait for them
_MAIL_LEADS = 10  # leads whose mails are asked for at once


class Close(Integration):
    """Settings: an API key of a user who may add custom fields; those we need are made on first use."""

    slug = "close"
    name = "Close"
    concurrency: ClassVar[int] = 4
    is_serial_by_company: ClassVar[bool] = True
    keeps_mails: ClassVar[bool] = True
    reconcile_after: ClassVar[timedelta] = timedelta(seconds=60)

    def missing_settings(self) -> list[str]:
        return missing({"CLOSE_API_KEY": settings.CLOSE["api_key"]})

    def rates(self) -> Sequence[CallRate]:
        """Unpublished; as measured on a live organisation: 240 calls and 16 searches in eight seconds."""
        calls_per_s, searches_per_s = settings.CLOSE["calls_per_s"], settings.CLOSE["searches_per_s"]
        return (
            CallRate(calls_per_s, at_once=max(1, int(calls_per_s * _AT_ONCE_S))),
            CallRate(searches_per_s, method="POST", path="data/search/"),
        )

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        """A second try looks for what a first one made, so there is nothing else to reconcile."""
        try:
            return self._tell(signup, api.fields(records.CUSTOM_FIELDS))
        except api.FieldsAreGone:
            api.forget_fields()
            return self._tell(signup, api.fields(records.CUSTOM_FIELDS))

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The same again fills in what is new; a contact that sales deleted stays away."""
        first = signup.deliveries.filter(integration=self.slug, event=Event.SIGNED_UP).first()
        if first is not None and first.made and api.get("contact", first.made["contact_id"]) is None:
            return Skipped("The contact was deleted in Close.")
        return self.on_signed_up(signup, delivery)

    def on_usage_reported(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The figures that changed, in one call; all of them where the lead is another or lost its fields."""
        reports = signup.deliveries.filter(integration=self.slug, event=Event.USAGE_REPORTED)
        if reports.filter(pk__gt=delivery.pk).exists():
            return Skipped("A newer report took its place.")
        last = reports.filter(pk__lt=delivery.pk, due_at=None).order_by("-pk").first()
        if last is not None and last.outcome == LEAD_IS_GONE and not self._was_told_since(signup, last):
            return Skipped(LEAD_IS_GONE)
        try:
            return self._report(signup, delivery.frozen["values"], delivery.frozen["whole"])
        except api.FieldsAreGone:
            api.forget_fields()
            return self._report(signup, delivery.frozen["whole"], delivery.frozen["whole"])

    def on_reached_limit(self, signup: Signup, delivery: Delivery) -> Outcome:
        """A task, unless a first try made it."""
        if not is_reached(signup, delivery):
            return Skipped("It no longer holds: the usage or the limit was corrected.")
        lead = self._present_lead(signup)
        if lead is None:
            return Skipped(LEAD_IS_GONE)
        tasks = (row for row in api.rows("task/", lead_id=lead["id"]) if usage.is_task_of(row, signup, delivery))
        task = next(tasks, None) or api.call("POST", "task/", usage.task(lead, signup, delivery), is_safe=False)
        made = {"lead_id": lead["id"], "task_id": task["id"]}
        return Delivered(task["id"], lead["html_url"], f"A task for {task.get('assigned_to_name') or 'sales'}.", made)

    def on_limit_resolved(self, signup: Signup, delivery: Delivery) -> Outcome:
        told = signup.deliveries.filter(integration=self.slug, event=Event.REACHED_LIMIT, period=delivery.period)
        row = told.exclude(made={}).first()
        if row is None:
            return Skipped("There is no task to complete.")
        task_id = row.made["task_id"]
        if is_reached(signup, delivery):
            return Skipped("It was reached again.")
        try:
            api.call("PUT", f"task/{task_id}/", {"is_complete": True})
        except Never as refusal:
            if refusal.status != 404:
                raise
            return Skipped("The task was deleted in Close.")
        return Delivered(external_id=task_id, note="The task is completed.")

    def send_test(self, test: TestEvent) -> Delivered:
        """One lead without contacts, by its name ours: made by the first test, written anew by later ones."""
        body: Record = {"name": TEST_LEAD, "description": f"{test.words} ({test.at:%Y-%m-%d %H:%M} UTC)"}
        found = next(iter(api.search(records.lead_named(TEST_LEAD))), None)
        is_there = found is not None and api.get("lead", found) is not None
        verb, path = ("PUT", f"lead/{found}/") if is_there else ("POST", "lead/")
        lead: Record = api.call(verb, path, body, is_safe=is_there)
        return Delivered(lead["id"], lead["html_url"], f"It is the lead {TEST_LEAD}.")

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        """Whether the lead holds the figures already. Everything else is looked for by its handler."""
        if delivery.event != Event.USAGE_REPORTED:
            return None
        values = usage.lead_values(delivery.frozen["values"], api.fields(usage.FIELDS))
        lead = api.get("lead", lead_id) if (lead_id := self._usage_lead(signup)) else None
        return _reported(lead, values) if lead is not None and usage.holds(lead, values) else None

    def mails_with(self, signup: Signup) -> list[CrmMail]:
        """The latest e-mail activities of the leads where this person and their colleagues are."""
        leads = self._earlier_leads(signup)[:_MAIL_LEADS]
        if not leads:
            return []
        wanted = {"lead_id": ",".join(leads), "_limit": str(_MAILS), "_fields": ",".join(close_mails.FIELDS)}
        deadline = Deadline(_MAILS_WITHIN_MS)
        page = api.door().call("GET", "activity/email/", params=wanted, is_safe=True, deadline=deadline).json
        urls = dict(Delivery.objects.filter(external_id__in=leads).values_list("external_id", "external_url"))
        mails = [mail for row in page["data"] if (mail := close_mails.mail(row, urls)) is not None]
        return sorted(mails, key=lambda mail: mail.at, reverse=True)

    def _tell(self, signup: Signup, fields: Fields) -> Delivered:
        lead, is_company_s = self._find_lead(signup, fields)
        if lead is None:
            lead = api.call("POST", "lead/", records.new_lead(signup, fields), is_safe=False)
            return _delivered(lead, lead["contacts"][0]["id"], f"Made the lead {lead['display_name']}.")
        contact = records.contact_of(lead, signup, fields)
        if contact is None:
            body = {"lead_id": lead["id"], **records.new_contact(signup, fields)}
            contact = api.call("POST", "contact/", body, is_safe=False)
            note = f"Joined the lead {lead['display_name']}."
        else:
            api.change(f"contact/{contact['id']}/", records.contact_changes(contact, signup, fields))
            note = f"Stood already on the lead {lead['display_name']}."
        if is_company_s:
            api.change(f"lead/{lead['id']}/", records.lead_changes(lead, signup, fields))
        return _delivered(lead, contact["id"], note)

    def _find_lead(self, signup: Signup, fields: Fields) -> tuple[Record | None, bool]:
        """The lead where this person belongs, None where there is none yet; and whether it may stand for the company.

        Every candidate is read afresh, because the index may be behind. The one that fits best wins, then the oldest.
        Whoever had a lead of their own until their employer became known is taken over to the employer's. Of two
        companies that were merged here, the kept one's lead is used for whoever is on neither.
        """
        own, merged = self._leads(signup)
        earlier = [*own, *merged]
        found: list[tuple[records.Fit, bool, str, Record]] = []
        for lead_id in dict.fromkeys((*earlier, *api.search(records.candidates(signup, fields)))):
            lead = api.get("lead", lead_id)
            fit = records.fit(lead, signup, fields, is_ours=lead_id in earlier) if lead is not None else None
            if lead is not None and fit is not None:
                found.append((fit, lead_id in merged, lead["date_created"], lead))
        if not found:
            return None, True
        found.sort(key=lambda each: each[:3])
        best = found[0][3]
        employers = [lead for fit, _, _, lead in found[1:] if fit != records.Fit.PERSON]
        if employers and records.is_personal(best, signup, fields):
            api.call("POST", "lead/merge/", {"source": best["id"], "destination": employers[0]["id"]})
            return api.get("lead", employers[0]["id"]), True
        return best, len(found) == 1 or records.is_of_company(best, signup, fields)

    def _report(self, signup: Signup, values: Record, whole: Record) -> Outcome:
        fields = api.fields(usage.FIELDS)
        lead_id = self._usage_lead(signup)
        if lead_id is not None:
            changes = usage.lead_values(values if self._was_reported_to(signup, lead_id) else whole, fields)
            try:
                return _reported(api.call("PUT", f"lead/{lead_id}/", changes), changes)
            except Never as refusal:
                if refusal.status != 404:
                    raise
        lead = self._find_lead(signup, api.fields(records.CUSTOM_FIELDS))[0]
        if lead is None:
            return Skipped(LEAD_IS_GONE)
        changes = usage.lead_values(whole, fields)
        return _reported(api.call("PUT", f"lead/{lead['id']}/", changes), changes)

    def _present_lead(self, signup: Signup) -> Record | None:
        """The customer's lead as it is now, found again where it was merged; None where it was deleted."""
        lead_id = self._usage_lead(signup)
        lead = api.get("lead", lead_id) if lead_id is not None else None
        return lead or self._find_lead(signup, api.fields(records.CUSTOM_FIELDS))[0]

    def _usage_lead(self, signup: Signup) -> str | None:
        """Where figures were told last, else where they or colleagues were put; the kept company's after a merge."""
        last = self._last_report(signup)
        own, merged = self._leads(signup)
        if last is not None and not (own and last.made["lead_id"] in merged):
            lead_id: str = last.made["lead_id"]
            return lead_id
        return next(iter((*own, *merged)), None)

    def _was_reported_to(self, signup: Signup, lead_id: str) -> bool:
        last = self._last_report(signup)
        return last is None or last.made["lead_id"] == lead_id

    def _last_report(self, signup: Signup) -> Delivery | None:
        told = signup.deliveries.filter(integration=self.slug, event=Event.USAGE_REPORTED).exclude(made={})
        return told.order_by("-pk").first()

    def _was_told_since(self, signup: Signup, delivery: Delivery) -> bool:
        """Whether something was made at Close for the person or colleagues since then."""
        return self._told(signup).filter(pk__gt=delivery.pk).exists()

    def _earlier_leads(self, signup: Signup) -> list[str]:
        """Ids of the leads where colleagues, or this person before, were put; the company's own before merged ones'."""
        own, merged = self._leads(signup)
        return [*own, *merged]

    def _leads(self, signup: Signup) -> tuple[list[str], list[str]]:
        """The leads of the company, or the person's, and those of companies that were merged into it.

        Each newest first, for leads get merged at Close, too.
        """
        moved = _came_by_merge(signup)
        told = self._told(signup)
        own = _lead_ids(told.exclude(signup__in=moved) if moved else told)
        return own, [one for one in _lead_ids(told.filter(signup__in=moved)) if one not in own] if moved else []

    def _told(self, signup: Signup) -> QuerySet[Delivery]:
        """What put this person or colleagues on a lead, newest first."""
        same = Q(signup__person=signup.person_id)
        if signup.company_id is not None:
            same |= Q(signup__company=signup.company_id)
        told = Delivery.objects.filter(same, integration=self.slug, event__in=_ABOUT_PEOPLE).exclude(made={})
        return told.order_by("-pk")


def _came_by_merge(signup: Signup) -> set[int]:
    """The signups that came to this one's company when another was merged into it here."""
    if signup.company_id is None:
        return set()
    merges = CompanyMerge.objects.filter(kept=signup.company_id, undone_at=None)
    return {pk for moved in merges.values_list("moved", flat=True) for pk in moved.get("signups", ())}


def _lead_ids(told: QuerySet[Delivery]) -> list[str]:
    return list(dict.fromkeys(one["lead_id"] for one in told.values_list("made", flat=True)[:_MOST_EARLIER]))


def _reported(lead: Record, values: Record) -> Delivered:
    note = f"{len(values)} figure{'s' * (len(values) != 1)} of the lead {lead['display_name']}."
    return Delivered(lead["id"], lead["html_url"], note, {"lead_id": lead["id"]})


def _delivered(lead: Record, contact_id: str, note: str) -> Delivered:
    made = {"lead_id": lead["id"], "contact_id": contact_id}
    return Delivered(external_id=lead["id"], url=lead["html_url"], note=note, made=made)
