"""In: a mail to the return path; out: which of our mails bounced and who is at fault, if any did.

Delivery status notifications (RFC 3464), abuse reports (RFC 5965, and Hotmail's own), and the texts of servers without
either, whose forms `flufl.bounce` knows. Pure.
"""

import logging
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import TypeAlias
from uuid import UUID

from flufl.bounce import all_failures

from paradeiro.domain.customers.bounces import LONGEST_REASON, Bounce, SenderBounce, enhanced_status
from paradeiro.domain.customers.mail_refusals import SenderFault, Verdict, verdict_of
from paradeiro.domain.words import BounceKind
from paradeiro.sdk.wording.places import tidy

_KEY = r"([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})"
_IN_ADDRESS = re.compile(rf"\+{_KEY}@", re.IGNORECASE)
_IN_MESSAGE_ID = re.compile(rf"<{_KEY}@", re.IGNORECASE)
_PLAIN_ID = re.compile(_KEY, re.IGNORECASE)
# It logs a traceback for each of its parsers that fails; the mails come from strangers.
logging.getLogger("flufl.bounce").disabled = True
# Headers with a report's recipient; our return path in them identifies the mail.
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_FROM_SERVERS = re.compile(
    r"mailer.?daemon|post_?master|mail delivery (?:sub)?system|mail.?administrator", re.IGNORECASE
)
# A permanent failure (RFC 3464: "failed", perhaps with a comment).
_FAILED = re.compile(r"\s*(?:failed|failure|error|undeliverable|rejected)\b", re.IGNORECASE)
# Phrases of delays (the server keeps trying) and of automatic replies.
_STILL_TRYING = re.compile(
    r"(?:will|continue to) (?:keep |be )?(?:try|retr|attempt)(?!\w* to contact)|delivery attempts will continue"
    r"|has not yet been delivered|"
    r"no action is required|warning message only|do not need to resend|delayed \d+ hours|(?:message"
    r"|delivery) delayed",
    re.IGNORECASE,
)
# What mail programs send for a reader who presses "unsubscribe" (RFC 2369).
_UNSUBSCRIBES = re.compile(r"sent this e-?mail to unsubscribe|^\s*unsubscribe\s*$", re.IGNORECASE)
_UNDELIVERED = re.compile(r"undeliver|delivery (?:status|failure|failed)|failure notice|returned mail", re.IGNORECASE)
# From here on a report quotes our own mail, whose headers mention DKIM, SPF and spam too.
_QUOTED = re.compile(
    r"^.{0,12}(?:below (?:this line|is a copy)|this is a copy of|message headers? follow|original (?:message"
    r"|headers)(?! was received)|"
    r"returned message|(?:included|the) (?:is a )?copy of|unsent message|forwarded message"
    r"|start of (?:the )?returned|"
    r"-{3,} ?(?:message|original|header|returned|unsent|end of message)|received: from|return-path:|dkim-signature:|"
    r"content-type: (?:message/rfc822|text/rfc822-headers))",
    re.IGNORECASE | re.MULTILINE,
)
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
_MOST_PARTS = 40
_MOST_TEXT = 20_000
_FROM = re.compile(rb"(?mi)^From:[ \t]*(.*(?:\r?\n[ \t].*)*)")
ReportedBounce: TypeAlias = Bounce | SenderBounce


def read_bounces(raw: bytes) -> tuple[ReportedBounce, ...]:
    """The mails that a report is about; none if it is no report, does not concern our mails, or reports success."""
    report = message_from_bytes(raw, policy=policy.default)
    assert isinstance(report, EmailMessage)
    parts = list(_parts(report))
    kind = _header(report, "Content-Type").lower()
    mail = _mail_key(report, parts)
    if not mail:
        return ()
    if "feedback-report" in kind or any(p.get_content_type() == "message/feedback-report" for p in parts):
        return _complaint(mail, parts)
    if address := next((a for part in parts if (a := _header(part, "X-HmXmrOriginalRecipient"))), ""):
        return (Bounce(mail, BounceKind.COMPLAINT, "reported as spam at Hotmail or Outlook", parseaddr(address)[1]),)
    if _UNSUBSCRIBES.search(_server_text(parts)):
        return (Bounce(mail, BounceKind.COMPLAINT, "asked for no more mails"),)
    status = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if any(_header(fields, "Action") for fields in _fields(status, "message/delivery-status")):
        return _failed_recipients(mail, status, _server_text(parts))
    return _failure_in_text(mail, report, raw, _server_text(parts))


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= _MOST_PARTS:
            return
        yield part


def _mail_key(report: Message, parts: list[Message]) -> str:
    """The key of the mail: in its return path, else in the Message-ID that the report quotes."""
    for name in _ADDRESSED:
        for value in _headers(report, name):
            if found := _IN_ADDRESS.search(value):
                return _canonical_key(found[1])
    for part in parts[1:]:
        if found := _PLAIN_ID.fullmatch(_header(part, "Original-Envelope-Id").strip()):
            return _canonical_key(found[1])
        if found := _IN_MESSAGE_ID.search(_header(part, "Message-ID")):
            return _canonical_key(found[1])
        # Only the headers of our mail: that part is a text.
        if part.get_content_type() == "text/rfc822-headers" and (found := _IN_MESSAGE_ID.search(_text(part))):
            return _canonical_key(found[1])
    return ""


def _canonical_key(key: str) -> str:
    return str(UUID(key))


def _complaint(mail: str, parts: list[Message]) -> tuple[ReportedBounce, ...]:
    """A spam complaint. A report of another type, such as "not-spam", is none."""
    for fields in _fields(parts, "message/feedback-report"):
        if (
            _header(fields, "Feedback-Type").strip().lower() == "auth-failure"
        ):  # RFC 6591: our own configuration is at fault
            server_text = tidy(_header(fields, "Auth-Failure") or "authentication failed")
            return (
                SenderBounce(
                    mail,
                    SenderFault.AUTHENTICATION,
                    f"a report of failed authentication: {server_text}"[:LONGEST_REASON],
                ),
            )
        if _header(fields, "Feedback-Type").strip().lower() in {"abuse", "fraud", "complaint", "opt-out"}:
            who = tidy(_header(fields, "Reported-Domain") or _header(fields, "User-Agent"))
            address = parseaddr(_header(fields, "Original-Rcpt-To"))[1]
            return (Bounce(mail, BounceKind.COMPLAINT, f"reported as spam {who}".strip()[:LONGEST_REASON], address),)
    return ()


def _failed_recipients(mail: str, status: list[Message], words: str) -> tuple[ReportedBounce, ...]:
    """The recipients of a report whose delivery failed permanently."""
    for part in status:
        for fields in _fields([part], "message/delivery-status"):
            if not _FAILED.match(_header(fields, "Action")):
                continue
            server_text = _after_type(_header(fields, "Diagnostic-Code"))
            code = enhanced_status(_header(fields, "Status"))
            # The server's own text is more precise than the relay's "5.0.0".
            nearer = enhanced_status(server_text)
            if nearer and (not code or code.endswith(".0.0")):
                code = nearer
            address = _after_type(_header(fields, "Original-Recipient") or _header(fields, "Final-Recipient"))
            found = _judge(mail, code, server_text or words, parseaddr(address)[1])
            if found:
                return found
    return ()


def _failure_in_text(mail: str, report: Message, raw: bytes, words: str) -> tuple[ReportedBounce, ...]:
    """A report of a server without a report format. A reply of a person or a vacation program is none."""
    failed = _header(report, "X-Failed-Recipients")
    server = bool(_FROM_SERVERS.search(_raw_from_header(raw)))
    if _STILL_TRYING.search(words) or _STILL_TRYING.search(_header(report, "Subject")):
        return ()
    known = _known_form(raw)
    if not failed and not server and not known and not _UNDELIVERED.search(_header(report, "Subject")):
        return ()
    code = enhanced_status(words)
    if code.startswith("4.") and not known:
        return ()  # a delay
    line = next((line for line in words.splitlines() if code and code in line), words)
    found = _judge(mail, code, words, parseaddr(failed.partition(",")[0])[1] or known, line)
    plain = code or known or failed or _REPLY.search(words)
    # Without a code, a known form or a failure header only an unambiguous text counts as a failure.
    return found if plain else tuple(each for each in found if each.plain)


def _known_form(raw: bytes) -> str:
    """The permanently failed address in a report of one of the many known forms; empty if there is none."""
    try:
        _, permanent = all_failures(message_from_bytes(raw))
    except Exception:  # noqa: BLE001 - it parses untrusted mails; an unreadable one is ignored
        return ""
    return min((each.decode("ascii", "replace") for each in permanent), default="")


def _raw_from_header(raw: bytes) -> str:
    """The whole From: the parser returns nothing for a name without an address."""
    found = _FROM.search(raw[:_MOST_TEXT])
    return found[1].decode("utf-8", "replace") if found else ""


def _judge(mail: str, code: str, server_text: str, address: str, line: str = "") -> tuple[ReportedBounce, ...]:
    return _bounce(mail, verdict_of(code, server_text), _reason(code, line or server_text), address)


def _bounce(mail: str, verdict: Verdict, reason: str, address: str) -> tuple[ReportedBounce, ...]:
    if verdict.ours is not None:
        return (SenderBounce(mail, verdict.ours, reason, plain=verdict.plain),)
    return (Bounce(mail, verdict.reader, reason, address, plain=verdict.plain),) if verdict.reader is not None else ()


def _server_text(parts: list[Message]) -> str:
    """The text of a report; the quoted mail of ours is cut off."""
    text = next((server_text for part in parts if _is_text(part) and (server_text := _text(part)).strip()), "")
    cut = _QUOTED.search(text)
    return text[: cut.start()] if cut and cut.start() else text


def _is_text(part: Message) -> bool:
    """A text; or parts that could not be separated, because the boundary differs from the announced one."""
    return part.get_content_maintype() == "text" or (
        part.get_content_maintype() == "multipart" and not isinstance(part.get_payload(), list)
    )


def _reason(code: str, server_text: str) -> str:
    words = tidy(server_text)
    return (words if code in words else f"{code} {words}").strip()[:LONGEST_REASON] or "it came back without a reason"


def _fields(parts: list[Message], kind: str) -> Iterator[Message]:
    """The groups of fields of a report part: the parser reads them as messages, those of some servers as a text."""
    for part in parts:
        if part.get_content_type() != kind:
            continue
        content = part.get_payload()
        if isinstance(content, list):
            yield from (each for each in content if isinstance(each, Message))
        else:
            for group in re.split(r"\r?\n\r?\n", str(content)):
                yield message_from_bytes(group.encode("utf-8", "replace"), policy=policy.default)


def _header(message: Message, name: str) -> str:
    """A header as text; empty if it cannot be read."""
    try:
        return str(message.get(name, ""))
    except Exception:  # noqa: BLE001 - the library raises any exception for corrupt headers; a corrupt one is ignored
        return ""


def _headers(message: Message, name: str) -> list[str]:
    try:
        return [str(value) for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001 - the library raises any exception for corrupt bytes
        return []


def _after_type(text: str) -> str:
    """The value after the type: "smtp; 550 no" gives "550 no", "rfc822;a@b" gives "a@b"."""
    return text.partition(";")[2].strip() if ";" in text else text.strip()


def _text(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - the library raises any exception for corrupt bytes
        return ""
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")[:_MOST_TEXT]
    except LookupError:  # an unknown charset
        return content.decode("utf-8", "replace")[:_MOST_TEXT]
