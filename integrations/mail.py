"""Mail set-up: what the DNS of a company's domain says of the tools it uses. No key, no vendor, no limit.

Its mail servers (RFC 5321 section 5.1) tell the mail provider, the senders that its SPF record includes (RFC 7208) and
the records by which it has proven the domain to others tell the services. How records are asked for and read is
`signups.domains`' business. Says nothing of who the company is.
"""

from __future__ import annotations

import asyncio
from typing import Any

from integrations import facts
from signups.contracts import Answer, Deadline, Found, Later, Provider
from signups.domains import mail_providers, mail_setup, name_servers
from signups.domains.name_servers import Records, Unanswered


class MailSetup(Provider):
    slug = "mail"
    name = "Mail set-up"
    company_fields = frozenset({"tech"})
    privacy = "The name servers of the company's domain learn that somebody asked for its mail records; nobody else."
    confidence = 0.7

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        """Raises Later where the name servers do not say."""
        asking = name_servers.submit(_ask(domain, deadline))
        try:
            servers, texts = asking.result(deadline.remaining_s())
        except TimeoutError:
            asking.cancel()
            raise Later(self.name, f"the name servers of {domain} did not answer in time") from None
        except Unanswered as error:
            raise Later(self.name, f"the name servers of {domain} did not say ({error.code})") from error
        if texts.domain is None:
            raise Later(self.name, f"the name servers of {domain} did not say what its TXT records are")
        return answer(hosts(servers), texts)


async def _ask(domain: str, deadline: Deadline) -> tuple[Records, mail_setup.Texts]:
    return await asyncio.gather(name_servers.ask(domain, "MX", deadline), mail_setup.ask(domain, deadline))


def hosts(servers: Records) -> list[str]:
    """The mail servers, those with the lowest preference first; none where the domain takes no mail (RFC 7505)."""
    named = sorted((record.preference, record.exchange.to_text().lower().rstrip(".")) for record in servers.found)
    return [host for _, host in named if host]


def answer(mail_servers: list[str], texts: mail_setup.Texts) -> Answer:
    """The tools that the records tell of, and how the domain's mail is set up as a line for staff."""
    said = texts.domain or ()
    provider, _ = mail_providers.of_servers(mail_servers)
    spf = mail_setup.spf(said)
    policy = mail_setup.dmarc(texts.dmarc)["policy"] if texts.dmarc is not None else ""
    tools: list[Any] = [provider, *mail_setup.services(said, spf["includes"]), "DMARC" if policy else ""]
    found = facts.read("mail", facts.COMPANY, {"tech": [tool for tool in tools if tool]})
    note = _note(mail_servers, provider, spf, policy)
    return Answer(Found.FOUND if found else Found.NOT_FOUND, found, note=note)


def _note(mail_servers: list[str], provider: str, spf: dict[str, Any], policy: str) -> str:
    by = provider or (mail_servers[0] if mail_servers else "no servers")
    return f"Mail: {by}. SPF: {spf.get('all') or spf['result']}. DMARC: {policy or 'none'}."
