"""In: a mail that came to the return path; out: which of our mails came back and whose fault it is, if any did.

Delivery status notifications (RFC 3464), abuse reports (RFC 5965, and Hotmail's own), and what servers without either
write, whose forms `flufl.bounce` knows. Pure.
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

from paradeiro.domain.bounces import LONGEST_REASON, Blamed, Bounce, enhanced_status
from paradeiro.domain.mail_refusals import SenderFault, Verdict, verdict_of
from paradeiro.domain.words import BounceKind
from paradeiro.sdk.speech.places import tidy

_KEY = r"([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})"
_IN_ADDRESS = re.compile(rf"\+{_KEY}@", re.IGNORECASE)
_IN_MESSAGE_ID = re.compile(rf"<{_KEY}@", re.IGNORECASE)
_PLAIN_ID = re.compile(_KEY, re.IGNORECASE)
# It logs a trace for each of its readers that meets what it does not expect; those send strangers.
logging.getLogger("flufl.bounce").disabled = True
# Where servers write whom a report is for; the return path of ours names the mail.
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_FROM_SERVERS = re.compile(
    r"mailer.?daemon|post_?master|mail delivery (?:sub)?system|mail.?administrator", re.IGNORECASE
)
# What servers call a failure for good (RFC 3464: "failed", perhaps with a comment).
_FAILED = re.compile(r"\s*(?:failed|failure|error|undeliverable|rejected)\b", re.IGNORECASE)
# A server that says so goes on trying; who answers so was not asked.
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
# From here on a report quotes our own mail, whose headers speak of DKIM, SPF and spam too.
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
CameBack: TypeAlias = Bounce | Blamed


def came_back(raw: bytes) -> tuple[CameBack, ...]:
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
    if address := next((a for part in parts if (a := _said(part, "X-HmXmrOriginalRecipient"))), ""):
        return (Bounce(mail, BounceKind.COMPLAINT, "reported as spam at Hotmail or Outlook", parseaddr(address)[1]),)
    if _UNSUBSCRIBES.search(_words(parts)):
        return (Bounce(mail, BounceKind.COMPLAINT, "asked for no more mails"),)
    status = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if any(_said(fields, "Action") for fields in _fields(status, "message/delivery-status")):
        return _failures(mail, status, _words(parts))
    return _in_plain_words(mail, report, raw, _words(parts))


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


def _complaint(mail: str, parts: list[Message]) -> tuple[CameBack, ...]:
    """Somebody called it spam. A report that calls it something else, "not-spam" above all, is none."""
    for fields in _fields(parts, "message/feedback-report"):
        if _said(fields, "Feedback-Type").strip().lower() == "auth-failure":  # RFC 6591: it is ours that is broken
            said = tidy(_said(fields, "Auth-Failure") or "authentication failed")
            return (
                Blamed(mail, SenderFault.AUTHENTICATION, f"a report of failed authentication: {said}"[:LONGEST_REASON]),
            )
        if _said(fields, "Feedback-Type").strip().lower() in {"abuse", "fraud", "complaint", "opt-out"}:
            who = tidy(_said(fields, "Reported-Domain") or _said(fields, "User-Agent"))
            address = parseaddr(_said(fields, "Original-Rcpt-To"))[1]
            return (Bounce(mail, BounceKind.COMPLAINT, f"reported as spam {who}".strip()[:LONGEST_REASON], address),)
    return ()


def _failures(mail: str, status: list[Message], words: str) -> tuple[CameBack, ...]:
    """Of each recipient the report says how it went: only what failed for good has come back."""
    for part in status:
        for fields in _fields([part], "message/delivery-status"):
            if not _FAILED.match(_said(fields, "Action")):
                continue
            said = _after_type(_said(fields, "Diagnostic-Code"))
            code = enhanced_status(_said(fields, "Status"))
            # The server's own words are closer to the truth than the relay's "5.0.0".
            nearer = enhanced_status(said)
            if nearer and (not code or code.endswith(".0.0")):
                code = nearer
            address = _after_type(_said(fields, "Original-Recipient") or _said(fields, "Final-Recipient"))
            found = _judged(mail, code, said or words, parseaddr(address)[1])
            if found:
                return found
    return ()


def _in_plain_words(mail: str, report: Message, raw: bytes, words: str) -> tuple[CameBack, ...]:
    """A server that knows no report formats. An answer of a person or of their vacation program is none of these."""
    failed = _said(report, "X-Failed-Recipients")
    server = bool(_FROM_SERVERS.search(_raw_from(raw)))
    if _STILL_TRYING.search(words) or _STILL_TRYING.search(_said(report, "Subject")):
        return ()
    known = _known_form(raw)
    if not failed and not server and not known and not _UNDELIVERED.search(_said(report, "Subject")):
        return ()
    code = enhanced_status(words)
    if code.startswith("4.") and not known:
        return ()  # a delay
    line = next((line for line in words.splitlines() if code and code in line), words)
    found = _judged(mail, code, words, parseaddr(failed.partition(",")[0])[1] or known, line)
    plain = code or known or failed or _REPLY.search(words)
    # Without a code, a form or a header of a failure only words that leave no doubt are one.
    return found if plain else tuple(each for each in found if each.plain)


def _known_form(raw: bytes) -> str:
    """The address that a report of one of the many forms says has failed for good; empty if there is none."""
    try:
        _, permanent = all_failures(message_from_bytes(raw))
    except Exception:  # noqa: BLE001 - it reads whatever strangers send; what it cannot read says nothing
        return ""
    return min((each.decode("ascii", "replace") for each in permanent), default="")


def _raw_from(raw: bytes) -> str:
    """The whole From: one with a name and no address has none for the parser."""
    found = _FROM.search(raw[:_MOST_TEXT])
    return found[1].decode("utf-8", "replace") if found else ""


def _judged(mail: str, code: str, said: str, address: str, line: str = "") -> tuple[CameBack, ...]:
    return _came_back(mail, verdict_of(code, said), _reason(code, line or said), address)


def _came_back(mail: str, verdict: Verdict, reason: str, address: str) -> tuple[CameBack, ...]:
    if verdict.ours is not None:
        return (Blamed(mail, verdict.ours, reason, plain=verdict.plain),)
    return (Bounce(mail, verdict.reader, reason, address, plain=verdict.plain),) if verdict.reader is not None else ()


def _words(parts: list[Message]) -> str:
    """What a report says for people; what follows of our own mail is not said by the server."""
    text = next((said for part in parts if _is_text(part) and (said := _text(part)).strip()), "")
    cut = _QUOTED.search(text)
    return text[: cut.start()] if cut and cut.start() else text


def _is_text(part: Message) -> bool:
    """A text; or parts that could not be told apart, because their boundary is not the one that is announced."""
    return part.get_content_maintype() == "text" or (
        part.get_content_maintype() == "multipart" and not isinstance(part.get_payload(), list)
    )


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
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")[:_MOST_TEXT]
    except LookupError:  # a charset that nobody knows
        return content.decode("utf-8", "replace")[:_MOST_TEXT]
