"""Whose mail servers these are, and whose services a domain's TXT records name. Tables, and how to look things up.

From the set-up pages of each provider, as of 2026-11. What they tell of a domain is `mail_setup`'s to say.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

# The domain that mail servers (MX hosts) lie below → (provider, whether its mailboxes are paid for or a company's).
MAIL_SERVERS: dict[str, tuple[str, bool]] = {
    "aspmx.l.google.com": ("Google Workspace", True),
    "aspmx1.googlemail.com": ("Google Workspace", True),
    "aspmx2.googlemail.com": ("Google Workspace", True),
    "aspmx3.googlemail.com": ("Google Workspace", True),
    "aspmx4.googlemail.com": ("Google Workspace", True),
    "aspmx5.googlemail.com": ("Google Workspace", True),
    "smtp.google.com": ("Google Workspace", True),
    "gmail-smtp-in.l.google.com": ("Gmail", False),
    "mail.protection.outlook.com": ("Microsoft 365", True),
    "mail.protection.partner.outlook.cn": ("Microsoft 365", True),
    "mx.microsoft": ("Microsoft 365", True),
    "olc.protection.outlook.com": ("Outlook.com", False),
    "mail.icloud.com": ("iCloud", False),
    "yahoodns.net": ("Yahoo", False),
    "zoho.com": ("Zoho Mail", True),
    "zoho.eu": ("Zoho Mail", True),
    "zoho.in": ("Zoho Mail", True),
    "zoho.com.au": ("Zoho Mail", True),
    "zohomail.com": ("Zoho Mail", True),
    "protonmail.ch": ("Proton Mail", True),
    "messagingengine.com": ("Fastmail", True),
    "yandex.net": ("Yandex 360", True),
    "yandex.ru": ("Yandex 360", True),
    "mail.ru": ("VK WorkSpace", True),
    "qq.com": ("Tencent Exmail", True),
    "mxhichina.com": ("Alibaba Mail", True),
    "migadu.com": ("Migadu", True),
    "mailbox.org": ("mailbox.org", True),
    "tutanota.de": ("Tuta", True),
    "runbox.com": ("Runbox", True),
    "emailsrvr.com": ("Rackspace Email", True),
    "inbound-smtp.us-east-1.amazonaws.com": ("Amazon SES", True),
    "inbound-smtp.us-west-2.amazonaws.com": ("Amazon SES", True),
    "inbound-smtp.eu-west-1.amazonaws.com": ("Amazon SES", True),
    # Filters that companies put before their own servers.
    "pphosted.com": ("Proofpoint", True),
    "ppe-hosted.com": ("Proofpoint Essentials", True),
    "mimecast.com": ("Mimecast", True),
    "mimecast.co.za": ("Mimecast", True),
    "barracudanetworks.com": ("Barracuda", True),
    "messagelabs.com": ("Symantec Email Security", True),
    "iphmx.com": ("Cisco Secure Email", True),
    "fireeyecloud.com": ("Trellix Email Security", True),
    "sophos.com": ("Sophos Email", True),
    "hornetsecurity.com": ("Hornetsecurity", True),
    "antispameurope.com": ("Hornetsecurity", True),
    "mailcontrol.com": ("Forcepoint Email Security", True),
    "trendmicro.com": ("Trend Micro Email Security", True),
    "trendmicro.eu": ("Trend Micro Email Security", True),
    # Mailboxes that come with a domain or a web site.
    "secureserver.net": ("GoDaddy", False),
    "ionos.com": ("IONOS", False),
    "ionos.de": ("IONOS", False),
    "ionos.co.uk": ("IONOS", False),
    "kundenserver.de": ("IONOS", False),
    "ovh.net": ("OVHcloud", False),
    "gandi.net": ("Gandi", False),
    "infomaniak.ch": ("Infomaniak", False),
    "rzone.de": ("STRATO", False),
    "hostinger.com": ("Hostinger", False),
    "titan.email": ("Titan", False),
    "privateemail.com": ("Namecheap Private Email", False),
    "one.com": ("one.com", False),
    "transip.email": ("TransIP", False),
    "dreamhost.com": ("DreamHost", False),
}

# Where SPF records include, or what verification records start with → the service whose customer the domain is.
INCLUDES: dict[str, str] = {
    "_spf.google.com": "Google Workspace",
    "spf.protection.outlook.com": "Microsoft 365",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "zohomail.com": "Zoho",
    "_spf.protonmail.ch": "Proton Mail",
    "spf.messagingengine.com": "Fastmail",
    "_spf.yandex.net": "Yandex 360",
    "servers.mcsv.net": "Mailchimp",
    "spf.mandrillapp.com": "Mailchimp Transactional",
    "sendgrid.net": "SendGrid",
    "mailgun.org": "Mailgun",
    "spf.mtasv.net": "Postmark",
    "amazonses.com": "Amazon SES",
    "spf.sparkpostmail.com": "SparkPost",
    "sparkpostmail.com": "SparkPost",
    "spf.mailjet.com": "Mailjet",
    "spf.sendinblue.com": "Brevo",
    "spf.brevo.com": "Brevo",
    "_spf.salesforce.com": "Salesforce",
    "mktomail.com": "Marketo",
    "hubspotemail.net": "HubSpot",
    "mail.zendesk.com": "Zendesk",
    "helpscoutemail.com": "Help Scout",
    "email.freshdesk.com": "Freshdesk",
    "customeriomail.com": "Customer.io",
    "shops.shopify.com": "Shopify",
    "spf.constantcontact.com": "Constant Contact",
    "pphosted.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "rsgsv.net": "Mailchimp",
    "stspg-customer.com": "Statuspage",
}
VERIFICATIONS: dict[str, str] = {
    "google-site-verification=": "Google",
    "ms=": "Microsoft",
    "apple-domain-verification=": "Apple",
    "facebook-domain-verification=": "Meta Business",
    "atlassian-domain-verification=": "Atlassian",
    "stripe-verification=": "Stripe",
    "docusign=": "DocuSign",
    "adobe-idp-site-verification=": "Adobe",
    "slack-domain-verification=": "Slack",
    "notion-domain-verification=": "Notion",
    "zoom_verify_": "Zoom",
    "dropbox-domain-verification=": "Dropbox",
    "hubspot-developer-verification=": "HubSpot",
    "miro-verification=": "Miro",
    "1password-site-verification=": "1Password",
    "openai-domain-verification=": "OpenAI",
    "asv=": "Asana",
    "globalsign-domain-verification=": "GlobalSign",
}


def below(host: str, table: Container[str]) -> str:
    """The entry of the table that `host` is, or lies below; "" where there is none."""
    while host:
        if host in table:
            return host
        host = host.partition(".")[2]
    return ""


def of_servers(hosts: Iterable[str]) -> tuple[str, bool]:
    """The provider behind the first mail server that has a known one, and whether that is a company's kind of mail."""
    for host in hosts:
        if entry := below(host, MAIL_SERVERS):
            return MAIL_SERVERS[entry]
    return "", False
