"""In: a mail that came to the return path; out: which of our mails came back and why, or that it is no such report.

Delivery status notifications (RFC 3464), abuse reports (RFC 5965), and what servers without either write. Pure.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr
from uuid import UUID

from paradeiro.domain.bounces import LONGEST_REASON, Bounce, bounce_kind, enhanced_status
from paradeiro.domain.words import BounceKind
from paradeiro.sdk.speech.places import tidy

_KEY = r"([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})"
_IN_ADDRESS = re.compile(rf"\+{_KEY}@", re.IGNORECASE)
_IN_MESSAGE_ID = re.compile(rf"<{_KEY}@", re.IGNORECASE)
_PLAIN_ID = re.compile(_KEY, re.IGNORECASE)
# Where servers write whom a report is for; the return path of ours names the mail.
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_FROM_SERVERS = ("mailer-daemon", "postmaster")
_MOST_PARTS = 40
_MOST_TEXT = 20_000


def bounces_in(raw: bytes) -> tuple[Bounce, ...]:
    """The mails that a report is about; none if it is no report, of none of ours, or says that all is well."""
    report = message_from_bytes(raw, policy=policy.default)
    assert isinstance(report, EmailMessage)
    parts = list(_parts(report))
    kind = _said(report, "Content-Type").lower()
    mail = _mail(report, parts)
    if not mail:
        return ()
    if "feedback-report" in kind or any(p.get_content_type() == "message/feedback-report" for p in parts):
        return _complaint(mail, parts)
    status = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if status:
        return _failures(mail, status)
    return _in_plain_words(mail, report, parts)


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= _MOST_PARTS:
            return
        yield part


def _mail(report: Message, parts: list[Message]) -> str:
    """The key of the mail: of its return path, else of the Message-ID that the report quotes."""
    for name in _ADDRESSED:
        for value in _all(report, name):
            if found := _IN_ADDRESS.search(value):
                return _plain(found[1])
    for part in parts[1:]:
        if found := _PLAIN_ID.fullmatch(_said(part, "Original-Envelope-Id").strip()):
            return _plain(found[1])
        if found := _IN_MESSAGE_ID.search(_said(part, "Message-ID")):
            return _plain(found[1])
        # The headers of ours alone: their part is a text.
        if part.get_content_type() == "text/rfc822-headers" and (found := _IN_MESSAGE_ID.search(_text(part))):
            return _plain(found[1])
    return ""


def _plain(key: str) -> str:
    return str(UUID(key))


def _complaint(mail: str, parts: list[Message]) -> tuple[Bounce, ...]:
    """Somebody called it spam. A report that calls it something else, "not-spam" above all, is none."""
    for fields in _fields(parts, "message/feedback-report"):
        if _said(fields, "Feedback-Type").strip().lower() in {"abuse", "fraud", "complaint", "opt-out"}:
            who = tidy(_said(fields, "Reported-Domain") or _said(fields, "User-Agent"))
            address = parseaddr(_said(fields, "Original-Rcpt-To"))[1]
            return (Bounce(mail, BounceKind.COMPLAINT, f"reported as spam {who}".strip()[:LONGEST_REASON], address),)
    return ()


def _failures(mail: str, status: list[Message]) -> tuple[Bounce, ...]:
    """Of each recipient the report says how it went: only what failed for good has come back."""
    for part in status:
        for fields in _fields([part], "message/delivery-status"):
            if _said(fields, "Action").strip().lower() != "failed":
                continue
            said = _after_type(_said(fields, "Diagnostic-Code"))
            code = enhanced_status(_said(fields, "Status"))
            # The server's own words are closer to the truth than the relay's "5.0.0".
            nearer = enhanced_status(said)
            if code.endswith(".0.0") and nearer:
                code = nearer
            kind = bounce_kind(code)
            if kind is None:
                continue
            address = _after_type(_said(fields, "Original-Recipient") or _said(fields, "Final-Recipient"))
            return (Bounce(mail, kind, _reason(code, said), parseaddr(address)[1]),)
    return ()


def _in_plain_words(mail: str, report: Message, parts: list[Message]) -> tuple[Bounce, ...]:
    """A server that knows no report formats. An answer of a person or of their vacation program is none of these."""
    sender = parseaddr(_said(report, "From"))[1].lower()
    failed = _said(report, "X-Failed-Recipients")
    if not failed and not sender.startswith(_FROM_SERVERS):
        return ()
    text = next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")
    code = enhanced_status(text)
    kind = bounce_kind(code)
    if kind is None or code.startswith("4."):
        return ()  # a delay, or about the sender
    line = next((line for line in text.splitlines() if code and code in line), text)
    return (Bounce(mail, kind, _reason(code, line), parseaddr(failed.partition(",")[0])[1]),)


def _reason(code: str, said: str) -> str:
    words = tidy(said)
    return (words if code in words else f"{code} {words}").strip()[:LONGEST_REASON] or "it came back without a reason"


def _fields(parts: list[Message], kind: str) -> Iterator[Message]:
    """The groups of fields of a report part: the parser reads them as messages, some servers' as a text."""
    for part in parts:
        if part.get_content_type() != kind:
            continue
        content = part.get_payload()
        if isinstance(content, list):
            yield from (each for each in content if isinstance(each, Message))
        else:
            for group in re.split(r"\r?\n\r?\n", str(content)):
                yield message_from_bytes(group.encode("utf-8", "replace"), policy=policy.default)


def _said(message: Message, name: str) -> str:
    """A header as text. One that cannot be read is none."""
    try:
        return str(message.get(name, ""))
    except Exception:  # noqa: BLE001 - the library raises of everything at spoilt headers; a spoilt one says nothing
        return ""


def _all(message: Message, name: str) -> list[str]:
    try:
        return [str(value) for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001 - spoilt bytes make the library raise of everything
        return []


def _after_type(text: str) -> str:
    """What stands after the type: "smtp; 550 no" gives "550 no", "rfc822;a@b" gives "a@b"."""
    return text.partition(";")[2].strip() if ";" in text else text.strip()


def _text(part: Message) -> str:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - spoilt bytes make the library raise of everything
        return ""
    return content.decode("utf-8", "replace")[:_MOST_TEXT] if isinstance(content, bytes) else ""
