"""In: a message; out: a whole RFC 5322 message with its envelope, the same bytes for the same message. Pure."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial

import idna

from paradeiro.connectors.email.asking import address_question
from paradeiro.connectors.email.layout import LayoutError, render_built_in, render_own
from paradeiro.connectors.email.letter import Letter, letter, moment_of, safe_link
from paradeiro.connectors.email.markup import parcel_delivery
from paradeiro.connectors.email.text import text_of
from paradeiro.domain.records import Message
from paradeiro.domain.words import EffectKind, Status
from paradeiro.sdk.contract import Request
from paradeiro.sdk.wording.places import tidy

_KINDS = frozenset(
    {
        EffectKind.CUSTOMER_MAIL,
        EffectKind.CUSTOMER_CORRECTION,
        EffectKind.CUSTOMER_REMINDER,
        EffectKind.CUSTOMER_ADDRESS,
    }
)
_SENDGRID = "sendgrid.net"
_NO_KEY = re.compile(r"[^A-Za-z0-9-]+")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f<>,;\"]+")


def render(outgoing: Message, settings: Mapping[str, str]) -> Request:
    """The mail of one message. An unknown position gives no mail: the request then has no body, and the client refuses
    it. Raises ValueError for an effect that is no mail.
    """
    if outgoing.kind not in _KINDS:
        raise ValueError(f"{outgoing.kind} is not told by mail")
    asks = outgoing.kind is EffectKind.CUSTOMER_ADDRESS
    to = address((outgoing.asked.address if outgoing.asked else "") if asks else outgoing.order.customer.email or "")
    sender = address(settings.get("from_address") or outgoing.mail_from)
    envelope: tuple[tuple[str, str], ...] = (("To", to), ("From", sender))
    back = return_path(settings.get("return_path", ""), outgoing.effect_key)
    if back:
        envelope += (("Return", back),)
    nothing_known = outgoing.timeline.snapshot.status is Status.UNKNOWN
    if (nothing_known and outgoing.kind is EffectKind.CUSTOMER_MAIL) or (asks and outgoing.asked is None):
        return Request("MAIL", "", envelope)
    said = letter(outgoing)
    if outgoing.asked is not None:
        said = address_question(said, outgoing.asked)
    parts, remark = parts_of(outgoing, said)
    message = _message(outgoing, said, parts, to, sender, settings)
    return Request("MAIL", "", envelope, message.as_bytes(), remark)


def return_path(text: str, key: str) -> str:
    """The address that this one mail bounces to: "bounces@shop" gives "bounces+KEY@shop"; empty if there is none."""
    local, at, domain = address(text).rpartition("@")
    return f"{local}+{key}{at}{domain}" if local and domain and key else ""


def address(text: str) -> str:
    """An address on one line, with its domain in ASCII; "Name <a@b>" gives "a@b"."""
    inner = text.rpartition("<")[2].partition(">")[0] if text.rstrip().endswith(">") else text
    local, at, domain = _BLANKS.sub("", inner).rpartition("@")
    return f"{local}{at}{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    """The domain as registered (IDNA 2008). Python's codec is IDNA 2003: it turns faß.de into fass.de, a different
    domain; it is used only for what IDNA 2008 has no rule for, such as the symbols in some old domains.
    """
    if domain.isascii():
        return domain
    for encode in (partial(idna.encode, domain, uts46=True), partial(domain.encode, "idna")):
        with suppress(UnicodeError):
            return encode().decode("ascii")
    return domain  # no domain at all: the server will refuse it


@dataclass(frozen=True, slots=True)
class Parts:
    """What a mail consists of."""

    text: str
    html: str


def parts_of(outgoing: Message, said: Letter) -> tuple[Parts, str]:
    """The parts in the store's layout, else in ours; and the problem of the store's layout."""
    parts, remarks = {}, []
    for part, source, ours in (
        ("text", outgoing.templates.text, text_of),
        ("html", outgoing.templates.html, render_built_in),
    ):
        try:
            parts[part] = render_own(part, source, said) if source else ours(said)
        except LayoutError as error:
            remarks.append(f"{part}, {error}")
            parts[part] = ours(said)
    marked = "" if outgoing.asked else parcel_delivery(outgoing, said)
    head, close, rest = parts["html"].partition("</head>")
    html = f"{head}{marked}\n{close}{rest}" if close and marked else parts["html"]
    return Parts(parts["text"], html), "; ".join(remarks)


def _message(
    outgoing: Message, said: Letter, parts: Parts, to: str, sender: str, settings: Mapping[str, str]
) -> EmailMessage:
    key = _NO_KEY.sub("-", outgoing.effect_key) or f"effect-{outgoing.effect_id}"
    domain = sender.rpartition("@")[2] or "localhost"
    # An address beyond ASCII needs SMTPUTF8 anyway (RFC 6531), and only then are headers written in UTF-8.
    message = EmailMessage(policy=SMTP if (to + sender).isascii() else SMTP.clone(utf8=True))
    message["From"] = _mailbox(settings.get("from_name") or outgoing.store_name, sender)
    message["To"] = _mailbox("" if outgoing.asked else outgoing.order.customer.name, to)
    answers = settings.get("reply_to") or outgoing.brand.email
    if answers:
        message["Reply-To"] = _mailbox("", address(answers))
    message["Subject"] = tidy(said.subject)
    message["Date"] = format_datetime(moment_of(outgoing))
    message["Message-ID"] = f"<{key}@{domain}>"
    thread = f"<{_NO_KEY.sub('-', outgoing.thread_key)}@{domain}>" if outgoing.thread_key and not outgoing.asked else ""
    if thread:
        message["In-Reply-To"] = thread
        message["References"] = thread
    stop = "" if outgoing.asked else safe_link(outgoing.tracking_link)
    if stop.startswith("https://"):
        # One click of the mail program's own button ends the mails about this order (RFC 8058).
        message["List-Unsubscribe"] = f"<{stop}/unsubscribe>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if settings.get("host", "").strip().lower().endswith(_SENDGRID):
        # Its events then name the mail, even if the Message-ID is replaced.
        message["X-SMTPAPI"] = f'{{"unique_args": {{"paradeiro": "{key}"}}}}'
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if not outgoing.asked:
        message["X-Paradeiro-Status"] = outgoing.timeline.snapshot.status.value
        message["X-Paradeiro-Tracking-Code"] = _header_text(outgoing.shipment.tracking_code)
    message["X-Paradeiro-Kind"] = said.kind.value
    _set_content(message, outgoing, parts, key)
    message["Content-Language"] = said.language  # after the content: setting that clears every Content-… header
    return message


def _set_content(message: EmailMessage, outgoing: Message, parts: Parts, key: str) -> None:
    """Both parts, and the logo that the HTML shows: embedded, so that nothing is fetched."""
    message.set_content(parts.text, cte="quoted-printable")
    message.add_alternative(parts.html, subtype="html", cte="quoted-printable")
    # "=" is always escaped in quoted-printable, so the boundary cannot be in a part.
    message.set_boundary(f"=_{key[:60]}")
    logo = outgoing.brand.logo
    if logo is None or "cid:logo" not in parts.html:
        return
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    kind = logo.media_type.partition("/")[2]
    page.add_related(logo.content, "image", kind, cid="<logo>", disposition="inline", filename=f"logo.{kind}")
    page.set_boundary(f"=_r{key[:59]}")


def _mailbox(name: str, mailbox: str) -> Address | str:
    """A name and an address for a header. An invalid address is replaced by one that cannot exist."""
    local, _, domain = mailbox.rpartition("@")
    usable = local and domain and _ATOM.fullmatch(domain) and (_ATOM.fullmatch(local) or not local.isascii())
    if not usable:
        return Address(_header_text(name), "undisclosed", "invalid.invalid")
    return Address(_header_text(name), local, domain)


def _header_text(text: str) -> str:
    return tidy(text)[:200]
