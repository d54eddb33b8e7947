"""In: mail by SMTP; out: mailboxes that anyone can read; it can refuse, or break off after accepting a mail."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from aiosmtpd.smtp import SMTP, Envelope, Session

from paradeiro.simulator.faults import Fault, Faults, reset_transport


@dataclass(frozen=True)
class Mail:
    """A mail as it arrived."""

    number: int
    at: datetime
    to: tuple[str, ...]
    raw: bytes = field(repr=False)

    @cached_property
    def message(self) -> EmailMessage:
        """The parsed message."""
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        """The body of a kind: 'plain' or 'html'."""
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body is not None else ""


@dataclass(slots=True)
class MailServer:
    """`refuses`: the next answers to DATA, used up one by one; `drop` accepts the mail and closes without an answer.
    The same can be set as faults of the party `mail`. `greylists`: addresses for which every attempt is too early.
    """

    clock: Callable[[], datetime]
    mails: list[Mail] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    greylists: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)

    def protocol(self) -> SMTP:
        """One connection."""
        return SMTP(self, hostname="mail.example.com", enable_SMTPUTF8=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient address. A greylisting server names them in its answer, as postgrey does."""
        del server, session
        if address in self.greylists:
            return f"450 4.2.1 <{address}>: Recipient address rejected: Greylisted, see you in 300 seconds"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A mail comes in."""
        answer = self.refuses.pop(0) if self.refuses else _answer(self.faults.take("mail", ""))
        del session
        if answer == "reset":
            _close_connection(server)
            return "451 4.3.0 never heard"
        if answer not in {"", "drop"}:
            return answer
        raw = envelope.content or b""
        raw = raw if isinstance(raw, bytes) else raw.encode()
        self.mails.append(Mail(len(self.mails), self.clock(), tuple(envelope.rcpt_tos), raw))
        if answer == "drop":
            _close_connection(server)
        return "250 2.0.0 OK, kept"

    def to(self, address: str) -> list[Mail]:
        """The mails of an address, oldest first."""
        return [mail for mail in self.mails if address in mail.to]

    def duplicates(self) -> dict[str, int]:
        """Message-IDs that arrived more than once, and how often."""
        counts = Counter(str(mail.message["message-id"]) for mail in self.mails)
        return {message_id: count for message_id, count in counts.items() if count > 1}


def _answer(fault: Fault | None) -> str:
    """The answer to DATA under a fault; 'reset' and 'drop' give none."""
    if fault is None:
        return ""
    if fault.kind == "status":
        temporary = fault.status < 500
        return f"{fault.status} {'4.3.0 try again later' if temporary else '5.7.1 not accepted here'}"
    return {"reset": "reset", "accept_then_drop": "drop"}[fault.kind]


def _close_connection(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    reset_transport(server.transport)
