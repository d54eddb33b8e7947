"""In: an account at an SMTP server; out: a session that carries whole messages to it. The wire only.

SMTP has one doubt that nobody can settle: a connection that breaks between the message and its acknowledgement.
Then the mail may be there; it is tried again with the same Message-ID, and said to be in doubt.
"""

import asyncio
from typing import Literal

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPNotSupported, SMTPResponseException

from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent

TIMEOUT_SECONDS = 20.0
_LONGEST_MESSAGE = 300
_DEFAULT_PORT = 587
# 530: authentication is needed first; 535 and 534: it failed; 538: encryption is needed for it (RFC 4954).
_AUTH_CODES = frozenset({530, 534, 535, 538})
# What a plain network fault raises besides the library's own errors.
_NETWORK_FAULTS = (SMTPException, OSError, EOFError, asyncio.IncompleteReadError)
# So the library says that the server cannot do what the account asks for (STARTTLS, AUTH): the settings are wrong.
_CANNOT = frozenset({SMTPException, SMTPNotSupported})
_Phase = Literal["connecting", "naming", "sending"]


class MailSession:
    """One connection that is kept open between messages; messages go one after the other."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:  # noqa: ARG002 - the same call for every connector
        self._settings = account.settings
        self._smtp: SMTP | None = None
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Take leave of the server."""
        async with self._turn:
            await self._leave()

    async def send(self, request: Request, telling_id: str) -> Sent:  # noqa: ARG002 - it is in the Message-ID already
        """Hand one message to the server. Its answer is the receipt."""
        envelope = dict(request.headers)
        if not request.body:
            return Sent(Outcome.REFUSED, message="there is nothing known that a customer could be told")
        if "@" not in envelope.get("To", ""):
            return Sent(Outcome.REFUSED, message="the customer has no e-mail address")
        async with self._turn:
            return await self._carry(envelope["From"], envelope["To"], request.body)

    async def already_done(self, request: Request, telling_id: str) -> bool:  # noqa: ARG002 - the same call for every sink
        """Never known: SMTP has no way to ask for a message that was handed over."""
        return False

    async def _carry(self, sender: str, recipient: str, message: bytes) -> Sent:
        phase: _Phase = "connecting"
        try:
            smtp = await self._connected()
            phase = "naming"
            options = await _options(smtp, sender, recipient)
            if options is None:
                return Sent(Outcome.REFUSED, message="the server cannot mail to an address beyond ASCII (SMTPUTF8)")
            await smtp.mail(sender, options=options, encoding="utf-8")
            await smtp.rcpt(recipient, encoding="utf-8")
            phase = "sending"
            answer = await smtp.data(message)
        except SMTPResponseException as error:
            await self._after_refusal()
            return _refusal(error, phase)
        except _NETWORK_FAULTS as error:
            await self._leave()
            if type(error) in _CANNOT and phase == "connecting":
                return Sent(Outcome.AUTH_FAILED, message=str(error)[:_LONGEST_MESSAGE])
            words = f"the connection broke while {phase}: {type(error).__name__} {error}".strip()
            return Sent(Outcome.RETRY, message=words[:_LONGEST_MESSAGE], in_doubt=phase == "sending")
        except asyncio.CancelledError:
            # Half a conversation cannot be gone on with.
            if self._smtp is not None:
                self._smtp.close()
                self._smtp = None
            raise
        return Sent(Outcome.FOUND, receipt=f"{answer.code} {answer.message}".strip()[:_LONGEST_MESSAGE])

    async def _connected(self) -> SMTP:
        """The open connection, or a new one: servers hang up on idle ones, which a NOOP finds out before it matters."""
        if self._smtp is not None:
            try:
                await self._smtp.noop()
            except _NETWORK_FAULTS:
                await self._leave()
            else:
                return self._smtp
        self._smtp = await self._connect()
        return self._smtp

    async def _connect(self) -> SMTP:
        settings = self._settings
        tls = settings.get("tls", "").strip().lower()
        smtp = SMTP(
            hostname=settings["host"].strip(),
            port=_port(settings.get("port", "")),
            timeout=TIMEOUT_SECONDS,
            use_tls=tls == "tls",
            # Whatever else was typed there, nothing goes out in the clear that was not asked for.
            start_tls={"none": False, "tls": False}.get(tls, True),
        )
        try:
            await smtp.connect()
            if settings.get("user"):
                await smtp.login(settings["user"], settings.get("password", ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    async def _after_refusal(self) -> None:
        """The connection is good, its transaction is over; if that cannot be said, neither is the connection."""
        if self._smtp is None:
            return
        try:
            await self._smtp.rset()
        except _NETWORK_FAULTS:
            await self._leave()

    async def _leave(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            await smtp.quit()
        except _NETWORK_FAULTS:
            smtp.close()


def _port(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and int(plain) < 65536 else _DEFAULT_PORT


async def _options(smtp: SMTP, sender: str, recipient: str) -> list[str] | None:
    """The options of MAIL FROM; None if the addresses need what the server cannot do."""
    if (sender + recipient).isascii():
        return []
    if smtp.is_ehlo_or_helo_needed:
        await smtp.ehlo()
    return ["SMTPUTF8"] if smtp.supports_extension("smtputf8") else None


def _refusal(error: SMTPResponseException, phase: _Phase) -> Sent:
    """4yz: later. 5yz: never, unless it is about who we are. No code at all (-1): no answer was one."""
    message = f"{error.code} {error.message}".strip()[:_LONGEST_MESSAGE]
    if isinstance(error, SMTPAuthenticationError) or error.code in _AUTH_CODES:
        later = 400 <= error.code < 500  # 454: the server cannot check credentials now
        return Sent(Outcome.RETRY if later else Outcome.AUTH_FAILED, message=message, http_status=None)
    if 500 <= error.code < 600 and phase != "connecting":
        return Sent(Outcome.REFUSED, message=message)
    answered = 400 <= error.code < 600
    return Sent(Outcome.RETRY, message=message, in_doubt=phase == "sending" and not answered)
