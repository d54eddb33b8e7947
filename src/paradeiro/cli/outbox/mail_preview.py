"""In: a store, optionally one of its orders; out: each mail in each language as HTML and text, and an index page.

With a real order, all mails show its goods and numbers, and one named `now` its own position.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email import policy
from email.parser import BytesParser
from html import escape
from pathlib import Path

from paradeiro.domain.customers.brand import Brand
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.outbox.mail_policy import StoreTemplates
from paradeiro.domain.records import AddressConfirmation, Message, Order, Place, Shipment, Timeline, TrackingEvent
from paradeiro.domain.words import EffectKind, MailKind, Reason, Status, Withdraws
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases import NOW, hard_cases

LANGUAGES = ("pt-BR", "en", "es")
_CITY = Place("CAMPINAS", "SP", "BR", "CDD Campinas")
_GOAL = Place("CAMPINAS", "SP", "BR")
_BEGIN = NOW - timedelta(days=4)
_LAST_DAY = date(2026, 3, 12)
_SENDER = {"from_address": "loja@example.com"}


@dataclass(frozen=True, slots=True)
class PreviewData:
    """The data of the mails; `order`, `shipment` and `timeline` of a real order, if one is shown."""

    name: str = "Loja Exemplo"
    zone: str = "America/Sao_Paulo"
    brand: Brand = field(default_factory=Brand)
    templates: StoreTemplates = field(default_factory=StoreTemplates)
    order: Order | None = None
    shipment: Shipment | None = None
    timeline: Timeline | None = None
    now: datetime = NOW


def _happened(status: Status, hours: int, reason: Reason | None = None, **more: object) -> TrackingEvent:
    plain = TrackingEvent(_BEGIN + timedelta(hours=hours), f"P/{status}", status, reason, _CITY)
    return replace(plain, **more)  # type: ignore[arg-type] # the names of the fields are checked by replace itself


_UNIT = Place("CAJAMAR", "SP", "BR", "Centro de Tratamento")
_SENT = (
    _happened(Status.ACCEPTED, 1, place=Place("SAO PAULO", "SP", "BR", "Agência Vila Mariana")),
    _happened(Status.IN_TRANSIT, 20, place=_UNIT, destination=_GOAL),
)
_OUT = _happened(Status.OUT_FOR_DELIVERY, 92)
_DONE = _happened(Status.DELIVERED, 95)
_WAITS = _happened(
    Status.AVAILABLE_FOR_PICKUP,
    70,
    pickup_deadline=_LAST_DAY,
    pickup_address="RUA BARAO DE JAGUARA, 1000 - CENTRO - CAMPINAS/SP",
)
_UNDONE = TrackingEvent(_BEGIN + timedelta(hours=95, minutes=30), "P/EST", None, withdraws=Withdraws.PREVIOUS)
_MAIL, _REMINDER, _CORRECTION = EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER, EffectKind.CUSTOMER_CORRECTION
_ASKED = AddressConfirmation("nova@example.com", "https://rastreio.example/t/confirm/c0-de")
_STORIES: tuple[tuple[str, EffectKind, tuple[TrackingEvent, ...]], ...] = (
    (MailKind.SHIPPED, _MAIL, _SENT[:1]),
    (MailKind.IN_TRANSIT, _MAIL, _SENT),
    (MailKind.OUT_FOR_DELIVERY, _MAIL, (*_SENT, _OUT)),
    (MailKind.AVAILABLE_FOR_PICKUP, _MAIL, (*_SENT, _WAITS)),
    (MailKind.PICKUP_REMINDER, _REMINDER, (*_SENT, _WAITS)),
    (MailKind.ATTEMPT_FAILED, _MAIL, (*_SENT, _happened(Status.ATTEMPT_FAILED, 94, Reason.RECIPIENT_ABSENT))),
    ("problem-payment", _MAIL, (*_SENT, _happened(Status.EXCEPTION, 80, Reason.PAYMENT_DUE))),
    ("problem-address", _MAIL, (*_SENT, _happened(Status.EXCEPTION, 90, Reason.ADDRESS_PROBLEM))),
    ("problem-moved", _MAIL, (*_SENT, _happened(Status.ATTEMPT_FAILED, 90, Reason.RECIPIENT_MOVED))),
    ("problem-name", _MAIL, (*_SENT, _happened(Status.RETURNING, 90, Reason.RECIPIENT_UNKNOWN))),
    ("problem-delay", _MAIL, (*_SENT, _happened(Status.IN_TRANSIT, 90, Reason.DELAYED, destination=_GOAL))),
    ("problem-lost", _MAIL, (*_SENT, _happened(Status.EXCEPTION, 90, Reason.LOST))),
    (MailKind.DELIVERED, _MAIL, (*_SENT, _OUT, _DONE)),
    (MailKind.RETURNED, _MAIL, (*_SENT, _happened(Status.RETURNING, 90, Reason.PICKUP_EXPIRED))),
    (MailKind.CORRECTION, _CORRECTION, (*_SENT, _OUT, _DONE, _UNDONE)),
    (MailKind.ADDRESS, EffectKind.CUSTOMER_ADDRESS, _SENT),
)


def preview_messages(data: PreviewData) -> Iterator[tuple[str, str, Message]]:
    """Each mail in each language: its name, the language, the message to render."""
    plain = dict(hard_cases(_MAIL))["plain"]
    order = data.order or replace(plain.order, channel=None, number="v1002003-01")
    shipment = data.shipment or plain.shipment
    shown = [(name, kind, fold(events, now=NOW, base=Status.REGISTERED), NOW) for name, kind, events in _STORIES]
    if data.timeline is not None and data.timeline.snapshot.status is not Status.UNKNOWN:
        shown.insert(0, ("now", _MAIL, data.timeline, data.now))
    for name, kind, timeline, now in shown:
        for language in LANGUAGES:
            yield (
                name,
                language,
                replace(
                    plain,
                    kind=kind,
                    order=replace(order, customer=replace(order.customer, locale=language)),
                    shipment=shipment,
                    timeline=timeline,
                    now=now,
                    store_name=data.name,
                    store_zone=data.zone,
                    brand=data.brand,
                    templates=data.templates,
                    asked=_ASKED if kind is EffectKind.CUSTOMER_ADDRESS else None,
                ),
            )


def mail_parts(body: bytes) -> tuple[str, str, str]:
    """A mail's subject, text and HTML; the embedded logo becomes a link to a file."""
    message = BytesParser(policy=policy.default).parsebytes(body)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None, "a mail has a text"
    assert html is not None, "a mail has a page"
    page = html.get_content()
    for part in message.walk():
        if part["Content-ID"] == "<logo>":
            page = page.replace("cid:logo", f"logo.{part.get_content_subtype()}")
    return str(message["Subject"]), text.get_content(), page


def write(folder: Path, connector: Connector, data: PreviewData) -> int:
    """Write all into a folder; how many mails."""
    assert connector.render is not None, "mails are rendered"
    folder.mkdir(parents=True, exist_ok=True)
    if data.brand.logo is not None:
        kind = data.brand.logo.media_type.partition("/")[2]
        (folder / f"logo.{kind}").write_bytes(data.brand.logo.content)
    rows: dict[str, list[str]] = {}
    for name, language, message in preview_messages(data):
        subject, text, html = mail_parts(connector.render(message, _SENDER).body)
        base = f"{name}.{language}"
        (folder / f"{base}.html").write_text(html, encoding="utf-8")
        (folder / f"{base}.txt").write_text(text, encoding="utf-8")
        links = f'<a href="{base}.html">{escape(subject)}</a> (<a href="{base}.txt">{language}, txt</a>)'
        rows.setdefault(name, []).append(f"<td>{links}</td>")
    table = "".join(f"<tr><th>{name}</th>{''.join(cells)}</tr>" for name, cells in rows.items())
    page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{escape(data.name)}</title>{_STYLE}'
    (folder / "index.html").write_text(f"{page}<h1>{escape(data.name)}</h1><table>{table}</table>", encoding="utf-8")
    return sum(len(cells) for cells in rows.values())


_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:32px;color:#1a1c20}th,td{text-align:left;"
    "padding:8px 24px 8px 0;border-top:1px solid #e4e1da;font-weight:400}a{color:#0b6e6e}</style>"
)
