"""In: what was sent to the mail account's report address; out: the mails that bounced: a server's report, or a
provider's JSON.

The sender must know the report address; and a report counts only if it names the key of one of our mails, which is
known only to those who had that mail. Pure. Sources: connectors/email/README.md.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from paradeiro.connectors.email.dsn import ReportedBounce, read_bounces
from paradeiro.domain.customers.bounces import LONGEST_REASON, Bounce, SenderBounce, enhanced_status
from paradeiro.domain.customers.mail_refusals import SenderFault, Verdict, verdict_of
from paradeiro.domain.words import BounceKind, Outcome
from paradeiro.sdk.contract import Report
from paradeiro.sdk.wording.places import tidy

_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_AMAZON = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
# Amazon has suppression lists of its own: an address on one bounced hard before.
_SUPPRESSED = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})
_JSON = (b"{", b"[")
# Amazon's subtypes that concern this mail, not its recipient.
_AMAZON_OURS = {
    "MessageTooLarge": SenderFault.SIZE,
    "ContentRejected": SenderFault.CONTENT,
    "AttachmentRejected": SenderFault.CONTENT,
}
# SendGrid's `bounce_classification`, where the server's text is not conclusive.
_SENDGRID_OURS = {
    "Content": SenderFault.CONTENT,
    "Reputation": SenderFault.BLOCKED,
    "Frequency or Volume Too High": SenderFault.RATE,
}
_HARD, _COMPLAINT = Verdict(reader=BounceKind.HARD), Verdict(reader=BounceKind.COMPLAINT)
# The line may have been broken on its way.
_AMAZON_MAIL = re.compile(rb'(?ms)^(\{"notificationType":.*?\})\s*?(?:\r?\n--|\Z)')
_A_HEADER = re.compile(rb"(?m)\A(From |[!-9;-~]+:)")


def read_report(raw: bytes) -> Report:
    """The bounces in a report."""
    body = raw.lstrip()
    if body.startswith(_JSON):
        try:
            return _provider(msgspec.json.decode(body))
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            return Report(Outcome.MALFORMED, message=f"no JSON that we know: {error}"[:LONGEST_REASON])
    if not _A_HEADER.match(body):
        return Report(Outcome.MALFORMED, message="it is neither a mail nor JSON")
    if found := _AMAZON_MAIL.search(body):  # SNS can mail what it would post
        return read_report(re.sub(rb"\r?\n ?", b"", found[1]))
    return _report_of(read_bounces(body))


def _report_of(found: Sequence[ReportedBounce]) -> Report:
    bounces = tuple(each for each in found if isinstance(each, Bounce))
    blamed = tuple(each for each in found if isinstance(each, SenderBounce))
    return Report(Outcome.FOUND if found else Outcome.NOT_FOUND, bounces=bounces, blamed=blamed)


def _provider(said: Any) -> Report:
    """Amazon SNS posts an object, SendGrid a list of events."""
    if isinstance(said, list):
        return _report_of([b for each in said if isinstance(each, dict) for b in _sendgrid(each)])
    if not isinstance(said, dict):
        return Report(Outcome.MALFORMED, message="it is JSON, but of no provider that we know")
    match said.get("Type"):
        case "SubscriptionConfirmation":
            return _confirmation(_text(said, "SubscribeURL"))
        case "Notification":
            inner = msgspec.json.decode(_text(said, "Message"))
            return _report_of(_amazon(inner) if isinstance(inner, dict) else ())
    if "mail" in said:  # raw delivery: the same without the envelope
        return _report_of(_amazon(said))
    return Report(Outcome.MALFORMED, message="it is JSON, but of no provider that we know")


def _confirmation(url: str) -> Report:
    parts = urlsplit(url)
    if parts.scheme != "https" or not _AMAZON.fullmatch(parts.hostname or ""):
        return Report(Outcome.MALFORMED, message="a subscription to be confirmed at an address that is not Amazon's")
    return Report(Outcome.NOT_FOUND, confirm=url)


def _amazon(said: dict[str, Any]) -> Sequence[ReportedBounce]:
    """SES: notifications say `notificationType`, events `eventType`."""
    mail = _amazon_key(said.get("mail"))
    match said.get("notificationType") or said.get("eventType"):
        case "Bounce":
            bounce = _object(said, "bounce")
            first = _first_object(bounce, "bouncedRecipients")
            code = enhanced_status(_text(first, "status"))
            reason = _text(first, "diagnosticCode") or f"{_text(bounce, 'bounceType')} {_text(bounce, 'bounceSubType')}"
            verdict = _amazon_verdict(_text(bounce, "bounceType"), _text(bounce, "bounceSubType"), code, reason)
            return _bounces(mail, verdict, reason, _text(first, "emailAddress"))
        case "Complaint":
            complaint = _object(said, "complaint")
            if _text(complaint, "complaintFeedbackType") == "not-spam":
                return ()
            first = _first_object(complaint, "complainedRecipients")
            return _bounces(mail, _COMPLAINT, "reported as spam", _text(first, "emailAddress"))
    return ()


def _amazon_key(mail: object) -> str:
    if not isinstance(mail, dict):
        return ""
    common = _text(_object(mail, "commonHeaders"), "messageId")
    headers = mail.get("headers")
    named = (
        [_text(h, "value") for h in headers if isinstance(h, dict) and _text(h, "name").lower() == "message-id"]
        if isinstance(headers, list)
        else []
    )
    return _key([common, *named])


def _sendgrid(event: dict[str, Any]) -> Sequence[ReportedBounce]:
    mail = _key([_text(event, "paradeiro"), _text(event, "smtp-id")])
    reason, address = _text(event, "reason"), _text(event, "email")
    match event.get("event"):
        case "bounce":
            code = enhanced_status(_text(event, "status")) or enhanced_status(reason)
            verdict = verdict_of(code, reason)
            fault = _SENDGRID_OURS.get(_text(event, "bounce_classification"))
            if fault is not None and not verdict.plain:
                verdict = Verdict(ours=fault)
            # "blocked": the server refused this mail; only a "bounce" may concern the address.
            if event.get("type") == "blocked" and verdict.reader is BounceKind.HARD:
                verdict = Verdict(reader=BounceKind.SOFT)
            return _bounces(mail, verdict, reason, address)
        case "dropped" if reason in {"Bounced Address", "Invalid"}:
            return _bounces(mail, _HARD, reason, address)
        case "dropped" if reason in {"Spam Reporting Address", "Unsubscribed Address"}:
            return _bounces(mail, _COMPLAINT, reason, address)
        case "spamreport":
            return _bounces(mail, _COMPLAINT, "reported as spam", address)
    return ()


def _amazon_verdict(kind: str, sub_kind: str, code: str, said: str) -> Verdict:
    """`Permanent/General` is a hard bounce without details; the server's text may show that the sender is at fault all
    the same. `Transient` and `Undetermined` concern this mail only.
    """
    if kind == "Permanent" and sub_kind in _SUPPRESSED:
        return _HARD
    if sub_kind == "UnsubscribedRecipient":
        return _COMPLAINT
    if sub_kind in _AMAZON_OURS:
        return Verdict(ours=_AMAZON_OURS[sub_kind])
    verdict = verdict_of(code, said)
    if kind == "Permanent":
        return _HARD if sub_kind == "General" and verdict == Verdict(reader=BounceKind.SOFT) and not code else verdict
    return verdict if verdict.ours is not None else Verdict(reader=BounceKind.SOFT)


def _bounces(mail: str, verdict: Verdict, reason: str, address: str) -> Sequence[ReportedBounce]:
    words = tidy(reason)[:LONGEST_REASON] or "it came back without a reason"
    if mail and verdict.ours is not None:
        return (SenderBounce(mail, verdict.ours, words),)
    return (Bounce(mail, verdict.reader, words, address),) if mail and verdict.reader is not None else ()


def _key(texts: Sequence[str]) -> str:
    return next((found[0] for text in texts if (found := _KEY.search(text.lower()))), "")


def _object(of: dict[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _first_object(of: dict[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _text(of: dict[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""
