"""In: an account at an SMTP server; out: a session that sends whole messages to it. SMTP only.

One SMTP doubt cannot be settled: a connection that breaks between the message and its acknowledgement. Then the mail
may have been accepted; it is sent again with the same Message-ID, and marked as in doubt.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Literal

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPNotSupported, SMTPResponseException

from paradeiro.domain.customers.bounces import enhanced_status
from paradeiro.domain.customers.mail_refusals import Verdict, verdict_of
from paradeiro.domain.words import BounceKind, Outcome
from paradeiro.sdk.contract import AccountRef, Clock, Request, Sent

TIMEOUT_SECONDS = 20.0
# One message as a whole, including the wait for a free connection: a server that sends a byte now and then blocks no
# worker.
LONGEST_SECONDS = 60.0
_FAREWELL_SECONDS = 2.0
_LONGEST_MESSAGE = 300
_DEFAULT_PORT = 587
# 530: authentication is needed first; 535 and 534: it failed; 538: encryption is needed for it (RFC 4954).
_AUTH_CODES = frozenset({530, 534, 535, 538})
_CLOSING = 421
# What a plain network fault raises besides the library's own errors.
_NETWORK_FAULTS = (SMTPException, OSError, EOFError, asyncio.IncompleteReadError)
# Raised by the library when the server cannot do what the account requires (STARTTLS, AUTH): the settings are wrong.
_UNSUPPORTED = frozenset({SMTPException, SMTPNotSupported})
_Phase = Literal["connecting", "naming the sender", "naming the recipient", "sending"]
_DEFAULT_CONNECTIONS = 3
_MOST_CONNECTIONS = 20
# A connection idle for so long is checked with NOOP before it is used for a mail.
_TRUSTED_SECONDS = 2.0
_SLOWEST_PER_MINUTE = 2.0


def per_minute(settings: Mapping[str, str]) -> float:
    """How many mails a minute the account allows; infinity if it names no limit."""
    plain = settings.get("per_minute", "").strip()
    if not (plain.isascii() and plain.isdigit()) or not int(plain):
        return float("inf")
    return max(float(plain), _SLOWEST_PER_MINUTE)


class MailSession:
    """A few connections kept open between messages, each with one message at a time."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:  # noqa: ARG002 - the same call for every connector
        self._settings = account.settings
        self._spend = account.spend
        # Idle connections, the last used at the end, with the instant of its last use.
        self._idle: list[tuple[SMTP, float]] = []
        self._closed = False
        self._turns = asyncio.Semaphore(_connections(account.settings.get("connections", "")))

    async def close(self) -> None:
        """Quit idle connections. Connections in use are closed after their message."""
        self._closed = True
        idle, self._idle = self._idle, []
        for smtp, _ in idle:
            await _quit(smtp)

    async def send(self, request: Request, telling_id: str) -> Sent:
        """Send one message to the server. Its answer is the receipt."""
        envelope = dict(request.headers)
        if not request.body:
            return Sent(Outcome.REFUSED, message="there is nothing known that a customer could be told")
        if "@" not in envelope.get("To", ""):
            return Sent(Outcome.REFUSED, message="the customer has no e-mail address")
        rate = per_minute(self._settings)
        if self._spend is not None and rate < float("inf"):
            await self._spend(rate)
        mail = telling_id if envelope.get("Return") else ""
        return await self._deliver(envelope.get("Return") or envelope["From"], envelope["To"], request.body, mail)

    async def already_done(self, request: Request, telling_id: str) -> bool:  # noqa: ARG002 - the same call for every sink
        """Never known: SMTP has no way to look up an accepted message."""
        return False

    async def _deliver(self, sender: str, recipient: str, message: bytes, mail: str) -> Sent:
        phase: _Phase = "connecting"
        try:
            async with asyncio.timeout(LONGEST_SECONDS), self._turns, self._connected() as smtp:
                phase = "naming the sender"
                options = await _options(smtp, sender, recipient, mail)
                if options is None:
                    return Sent(Outcome.REFUSED, message="the server cannot mail to an address beyond ASCII (SMTPUTF8)")
                await smtp.mail(sender, options=options[0], encoding="utf-8")
                phase = "naming the recipient"
                await smtp.rcpt(recipient, options=options[1], encoding="utf-8")
                phase = "sending"
                answer = await smtp.data(message)
        except SMTPResponseException as error:
            return _refusal(error, phase)
        except _NETWORK_FAULTS as error:
            if type(error) in _UNSUPPORTED and phase == "connecting":
                return Sent(Outcome.AUTH_FAILED, message=str(error)[:_LONGEST_MESSAGE])
            words = f"the connection broke while {phase}: {type(error).__name__} {error}".strip()
            return Sent(Outcome.RETRY, message=words[:_LONGEST_MESSAGE], in_doubt=phase == "sending")
        return Sent(Outcome.FOUND, receipt=f"{answer.code} {answer.message}".strip()[:_LONGEST_MESSAGE])

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        """A connection for one message. It is reused afterwards if it is healthy: never after an aborted conversation,
        and after a refusal only if the server answers.
        """
        smtp = await self._take_connection()
        try:
            yield smtp
        except SMTPResponseException:
            if await _run_command(smtp, smtp.rset):
                self._release(smtp)
            raise
        except BaseException:
            smtp.close()
            raise
        self._release(smtp)

    def _release(self, smtp: SMTP) -> None:
        if self._closed:
            smtp.close()
            return
        self._idle.append((smtp, asyncio.get_running_loop().time()))

    async def _take_connection(self) -> SMTP:
        """An idle connection, or a new one: servers close idle ones, which a NOOP detects before a mail is sent."""
        while self._idle:
            smtp, since = self._idle.pop()
            rested = asyncio.get_running_loop().time() - since
            if smtp.is_connected and (rested < _TRUSTED_SECONDS or await _run_command(smtp, smtp.noop)):
                return smtp
            smtp.close()
        return await self._connect()

    async def _connect(self) -> SMTP:
        settings = self._settings
        tls = settings.get("tls", "").strip().lower()
        smtp = SMTP(
            hostname=settings["host"].strip(),
            port=_port(settings.get("port", "")),
            timeout=TIMEOUT_SECONDS,
            use_tls=tls == "tls",
            # Any other value means encryption: nothing is sent in clear text unless requested explicitly.
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


async def _run_command(smtp: SMTP, command: Callable[[], Awaitable[object]]) -> bool:
    """Whether the connection is healthy. An unhealthy one is closed."""
    try:
        await command()
    except _NETWORK_FAULTS:
        await _quit(smtp)
        return False
    return True


async def _quit(smtp: SMTP) -> None:
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await smtp.quit()
    except _NETWORK_FAULTS:
        smtp.close()


def _connections(text: str) -> int:
    plain = text.strip()
    wanted = int(plain) if plain.isascii() and plain.isdigit() else _DEFAULT_CONNECTIONS
    return min(max(wanted, 1), _MOST_CONNECTIONS)


def _port(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and int(plain) < 65536 else _DEFAULT_PORT


async def _options(smtp: SMTP, sender: str, recipient: str, mail: str) -> tuple[list[str], list[str]] | None:
    """The options of MAIL FROM and RCPT TO; None if the addresses need what the server cannot do. For a `mail` with a
    return path the server is asked to report failures only, without our text (RFC 3461).
    """
    if smtp.is_ehlo_or_helo_needed:
        await smtp.ehlo()
    about, of_recipient = [], []
    if not (sender + recipient).isascii():
        if not smtp.supports_extension("smtputf8"):
            return None
        about.append("SMTPUTF8")
    if mail and smtp.supports_extension("dsn"):
        about += ["RET=HDRS", f"ENVID={mail}"]
        of_recipient.append("NOTIFY=FAILURE")
    return about, of_recipient


def _refusal(error: SMTPResponseException, phase: _Phase) -> Sent:
    """4yz: temporary. 5yz: permanent, unless it concerns the sender. No code at all (-1): an invalid answer."""
    message = f"{error.code} {error.message}".strip()[:_LONGEST_MESSAGE]
    if isinstance(error, SMTPAuthenticationError) or error.code in _AUTH_CODES:
        later = 400 <= error.code < 500  # 454: the server cannot check credentials now
        return Sent(Outcome.RETRY if later else Outcome.AUTH_FAILED, message=message, http_status=None)
    if 500 <= error.code < 600 and phase != "connecting":
        return Sent(Outcome.REFUSED, message=message, bounced=_bounce_kind(error, phase))
    answered = 400 <= error.code < 600
    doubt = phase == "sending" and not answered
    return Sent(Outcome.RETRY, message=message, in_doubt=doubt, about_one=answered and _is_about_one(error, phase))


def _is_about_one(error: SMTPResponseException, phase: _Phase) -> bool:
    """Whether a temporary refusal concerns one recipient or message (greylisting, a full mailbox), not the server,
    which closes the connection (421) or reports a system or network problem (4.3.z, 4.4.z: RFC 3463).
    """
    theirs = error.code == _CLOSING or enhanced_status(error.message).startswith(("4.3.", "4.4."))
    return phase in {"naming the recipient", "sending"} and not theirs


def _bounce_kind(error: SMTPResponseException, phase: _Phase) -> BounceKind | None:
    """What a refusal means for the recipient's address. A refusal of the message counts too if its text names the
    address.
    """
    kind = _verdict(error).reader
    if phase == "naming the sender":
        return None
    return kind if phase == "naming the recipient" or kind is BounceKind.HARD else None


def _verdict(error: SMTPResponseException) -> Verdict:
    """Who is at fault for a permanent refusal."""
    return verdict_of(enhanced_status(error.message), error.message)
