"""The mailbox Close is connected to: whoever becomes a contact brings along the mails exchanged before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.vendors.close.api import Record
from sandbox.vendors.close.organization import Organization

SALES_ADDRESS = "rob@onboarding.test"


@dataclass(frozen=True)
class Mail:
    """A mail with a person outside; ``days_ago`` counts from the moment the contact is made."""

    days_ago: int
    is_incoming: bool
    subject: str
    text: str


MAILS = {
    "hanna@handmade.test": (
        Mail(9, True, "Trade fair", "Good to meet you in Leeds. Does it work with single sign-on? Hanna"),
        Mail(8, False, "Re: Trade fair", "It does. Shall I show you on Thursday? Rob"),
        Mail(6, True, "Re: Trade fair", "Thursday at ten is fine. Hanna"),
    ),
    "tom@acme.test": (
        Mail(4, True, "Rate limits", "We would send about 40,000 calls an hour. Is that a problem? Tom"),
        Mail(3, False, "Re: Rate limits", "Not at all, that is the Growth plan. Rob"),
    ),
    "rita@bigmail.test": (
        Mail(
            5,
            True,
            "Fittings by the thousand",
            "Hello Rob,\n\ncan we order by API?\n\nBest regards,\nRita Moreau\nToolmaker, Handmade Workshop\n"
            "https://www.handmade.test\n\nOn Mon, Rob wrote:\n> Hello Rita\n> --\n> Rob\n> Onboarding Ltd\n",
        ),
    ),
    "grace@rocket.test": (Mail(2, True, "Pricing for freight volumes", "Who can tell me about volume pricing? Grace"),),
}


def bring_in_mails(org: Organization, contact: Record) -> None:
    """Attach to the contact's lead the mails with its addresses that are not there yet."""
    known = {(mail["lead_id"], mail["subject"], mail["sender"]) for mail in org.emails.values()}
    for address in contact["emails"]:
        for mail in MAILS.get(address["email"].lower(), ()):
            record = _record(org, contact, address["email"], mail)
            if (record["lead_id"], record["subject"], record["sender"]) not in known:
                org.save("activity.email", record)


def _record(org: Organization, contact: Record, address: str, mail: Mail) -> Record:
    sent = (datetime.fromtimestamp(org.now(), UTC) - timedelta(days=mail.days_ago)).isoformat(timespec="microseconds")
    sender, receiver = (address, SALES_ADDRESS) if mail.is_incoming else (SALES_ADDRESS, address)
    return {
        **blank_email(org),
        "lead_id": contact["lead_id"],
        "contact_id": contact["id"],
        "direction": "incoming" if mail.is_incoming else "outgoing",
        "status": "inbox" if mail.is_incoming else "sent",
        "subject": mail.subject,
        "sender": sender,
        "to": [receiver],
        "body_text": mail.text,
        "body_html": f"<p>{mail.text}</p>",
        "body_preview": mail.text[:100],
        "date_sent": sent,
        "activity_at": sent,
    }


def blank_email(org: Organization) -> Record:
    """A mail received, without anything of its own yet."""
    return org.new_record(
        "acti",
        _type="Email",
        lead_id=None,
        contact_id=None,
        user_id=org.sales_user["id"],
        user_name=org.sales_user["display_name"],
        users=[org.sales_user["id"]],
        direction="incoming",
        status="inbox",
        subject="",
        sender=None,
        to=[],
        cc=[],
        bcc=[],
        body_text="",
        body_html="",
        body_preview="",
        date_sent=None,
        activity_at=None,
        date_scheduled=None,
        attachments=[],
        opens=[],
        opens_summary=None,
        has_reply=False,
        in_reply_to_id=None,
        thread_id=None,
        message_ids=[],
        references=[],
        envelope=None,
        template_id=None,
        send_as_id=None,
        bulk_email_action_id=None,
        followup_sequence_id=None,
        followup_sequence_delay=None,
        followup_sequence_add_cc_bcc=False,
        need_smtp_credentials=False,
    )
