"""In: mail by SMTP; out: mailboxes that anybody can look into; it can refuse, and can break off after taking a mail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it arrived."""

    number: int
    at: datetime
    to: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
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
    """`refuses`: the next answers to DATA, used up one by one; `drop` takes the mail and breaks off unsaid."""

    clock: Callable[[], datetime]
    mails: list[Mail] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)

    def protocol(self) -> SMTP:
        """One connection."""
        return SMTP(self, hostname="mail.example.com", enable_SMTPUTF8=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A mail comes in."""
        answer = self.refuses.pop(0) if self.refuses else ""
        if answer not in {"", "drop"}:
            return answer
        raw = envelope.content or b""
        raw = raw if isinstance(raw, bytes) else raw.encode()
        self.mails.append(Mail(len(self.mails), self.clock(), tuple(envelope.rcpt_tos), raw))
        if answer == "drop":
            del session
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 2.0.0 OK, kept"

    def to(self, address: str) -> list[Mail]:
        """A mailbox, oldest first."""
        return [mail for mail in self.mails if address in mail.to]
