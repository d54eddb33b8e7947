"""In: an effect kind; out: named messages that have broken rendering before. Pure, always the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import (
    AddressConfirmation,
    Customer,
    Invoice,
    Item,
    Message,
    Order,
    Place,
    Shipment,
    Timeline,
    TrackingEvent,
)
from paradeiro.domain.words import EffectKind, Reason, Source, Status, Withdraws

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
_BEGIN = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
_CITY = Place("São Paulo", "SP", "BR", "Unidade de Tratamento")
# Accents, markup, both quotes, a right-to-left mark, an emoji, and a line break that would start another header.
ODD_TEXT = 'Zoë D\'Ávila & "filhos" <b>%s</b> {{7*7}} \u200f\U0001f4e6'
INJECTED = "X-Injected"
_BREAK = f"Ana\r\n{INJECTED}: yes"
ODD_NUMBER = "v1/../é 2?x=1#y%00"

_REASONS = {
    Status.ATTEMPT_FAILED: Reason.RECIPIENT_ABSENT,
    Status.EXCEPTION: Reason.PAYMENT_DUE,
    Status.RETURNING: Reason.REFUSED,
}


def event(status: Status | None, after_hours: int, place: Place = _CITY, **more: object) -> TrackingEvent:
    """A tracking event so many hours after the posting; `more` replaces any of its fields."""
    plain = TrackingEvent(
        _BEGIN + timedelta(hours=after_hours),
        code=f"T/{status or 'none'}",
        status=status,
        reason=_REASONS.get(status) if status else None,
        place=place,
        description=f"Objeto: {status or 'nota'}",
    )
    return replace(plain, **more)  # type: ignore[arg-type] # the names of the fields are checked by replace itself


_QUESTION = AddressConfirmation("nova@example.com", "https://rastreio.example/t/confirm/c0-de")


def _message(kind: EffectKind, events: tuple[TrackingEvent, ...]) -> Message:
    invoice = Invoice(
        number="000123456",
        value=25990,
        issued_at=_BEGIN - timedelta(days=1),
        key="35260312345678000195550010001234561123456786",
        courier="Correios",
        tracking_code="AA123456785BR",
        tracking_url="https://rastreio.example/AA123456785BR",
        items=(Item("sku-1", 2, 9995, "Caneca"), Item("sku-2", 1, 6000, "Pires")),
    )
    timeline = fold(events, now=NOW, made_at=_BEGIN - timedelta(days=2), base=Status.REGISTERED)
    order = Order(
        number="v100200300-01",
        customer=Customer("Ana Souza", "ana@example.com"),
        channel="MKP",
        marketplace_number="MKP-100200300",
        ordered_at=_BEGIN - timedelta(days=2),
        promised_at=_BEGIN + timedelta(days=9),
        invoices=(invoice,),
    )
    registered_at = _BEGIN - timedelta(hours=3)
    shipment = Shipment(
        7, 1, "correios", "AA123456785BR", order.number, invoice, registered_at, "tok-en", timeline.snapshot
    )
    return Message(
        effect_id=42,
        asked=_QUESTION if kind is EffectKind.CUSTOMER_ADDRESS else None,
        effect_key="6f1ed002-ab55-4cbb-8e5a-0c2f3d1b7a10",
        kind=kind,
        order=order,
        shipment=shipment,
        timeline=timeline,
        store_name="Loja Exemplo",
        store_zone="America/Sao_Paulo",
        tracking_link="https://loja.example/t/tok-en",
        mail_from="Loja Exemplo <loja@example.com>",
        thread_key="7d1ed002-ab55-4cbb-8e5a-0c2f3d1b7a11",
        now=NOW,
    )


def _with_order(message: Message, *, order: Order | None = None, invoice: Invoice | None = None) -> Message:
    """The message with another order or invoice in all its fields."""
    order = order or message.order
    invoice = invoice or message.shipment.invoice
    order = replace(order, invoices=(invoice,))
    return replace(message, order=order, shipment=replace(message.shipment, order_number=order.number, invoice=invoice))


def hard_cases(kind: EffectKind) -> Iterator[tuple[str, Message]]:
    """Every case by name. All have what `plan` requires for the kind, except where the name says so."""
    journey = (event(Status.ACCEPTED, 0), event(Status.IN_TRANSIT, 20), event(Status.OUT_FOR_DELIVERY, 44))
    plain = _message(kind, journey)
    yield "plain", plain
    yield from _odd_texts(plain)
    yield from _missing_values(plain)
    for status in Status:
        yield f"status {status}", _message(kind, (*journey[:1], event(status, 50)))
    for reason in Reason:
        yield f"reason {reason}", _message(kind, (*journey, event(Status.EXCEPTION, 50, reason=reason)))
    yield from _long_histories(kind, journey)


def _odd_texts(plain: Message) -> Iterator[tuple[str, Message]]:
    odd_place = Place(ODD_TEXT, "??", None, ODD_TEXT, ODD_TEXT)
    odd_event = event(Status.IN_TRANSIT, 5, odd_place, description=ODD_TEXT, detail=f"{ODD_TEXT}\r\n<a href='x'>y</a>")
    odd_story = replace(plain, timeline=fold((odd_event,), now=NOW))
    yield "odd words in an event", odd_story
    yield (
        "odd customer",
        _with_order(plain, order=replace(plain.order, customer=Customer(ODD_TEXT, "ana+x@example.com"))),
    )
    yield (
        "line break in names",
        replace(
            _with_order(plain, order=replace(plain.order, customer=Customer(_BREAK, "ana@example.com"))),
            store_name=_BREAK,
        ),
    )
    yield "odd store", replace(plain, store_name=ODD_TEXT)
    yield (
        "60 letters of name",
        _with_order(plain, order=replace(plain.order, customer=Customer("Ã" * 60, "a@example.com"))),
    )
    odd_order = replace(plain.order, number=ODD_NUMBER, marketplace_number=ODD_NUMBER)
    yield "odd order number", _with_order(plain, order=odd_order)
    yield (
        "odd invoice number",
        _with_order(plain, invoice=replace(plain.shipment.invoice, number=ODD_NUMBER, courier=ODD_TEXT)),
    )
    yield (
        "another locale",
        _with_order(plain, order=replace(plain.order, customer=Customer("Ana", "a@example.com", "zz-ZZ"))),
    )


def _missing_values(plain: Message) -> Iterator[tuple[str, Message]]:
    yield "no e-mail", _with_order(plain, order=replace(plain.order, customer=Customer()))
    yield "no name", _with_order(plain, order=replace(plain.order, customer=Customer("", "ana@example.com")))
    yield (
        "no link",
        replace(
            _with_order(plain, invoice=replace(plain.shipment.invoice, tracking_url=None, url=None)), tracking_link=""
        ),
    )
    bare = Invoice(plain.shipment.invoice.number)
    yield "bare invoice", _with_order(plain, invoice=bare)
    yield "bare order", _with_order(plain, order=replace(plain.order, ordered_at=None, promised_at=None))
    first_moment = event(
        Status.ACCEPTED, -61
    )  # of a day that is all that is known of it; the order is of later that day
    yield "an event before the order", replace(plain, timeline=fold((first_moment,), now=NOW))
    yield "no events", replace(plain, timeline=Timeline(replace(plain.timeline.snapshot, news_at=None), ()))
    nowhere = fold((event(Status.IN_TRANSIT, 1, Place(), description=""),), now=NOW)
    yield "no place and no words", replace(plain, timeline=nowhere)


def _long_histories(kind: EffectKind, journey: tuple[TrackingEvent, ...]) -> Iterator[tuple[str, Message]]:
    many = tuple(event(Status.IN_TRANSIT, hour % 190, Place(f"Cidade {hour}", "MG", "BR")) for hour in range(299))
    yield "300 events", _message(kind, (*journey[:1], *many))
    delivered = event(Status.DELIVERED, 50)
    yield "delivered", _message(kind, (*journey, delivered))
    reversal = event(None, 52, code="T/reversal", withdraws=Withdraws.PREVIOUS)
    yield "withdrawn delivery", _message(kind, (*journey, delivered, reversal))
    named = event(None, 52, code="T/reversal", withdraws=Withdraws.NAMED, reference="p-1")
    yield "delivery withdrawn by name", _message(kind, (*journey, replace(delivered, reference="p-1"), named))
    reopened = event(
        Status.EXCEPTION, 60, code="T/reopened", withdraws=Withdraws.DELIVERY, source=Source.OPERATOR, reason=None
    )
    yield "reopened by an operator", _message(kind, (*journey, delivered, reopened))
    same_second = tuple(event(status, 44) for status in (Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.DELIVERED))
    yield "three events in one second", _message(kind, (*journey[:1], *same_second))
    pickup = event(Status.AVAILABLE_FOR_PICKUP, 60, pickup_deadline=NOW.date(), pickup_address=f"Rua {ODD_TEXT}, 1")
    yield "pickup with deadline", _message(kind, (*journey, pickup))
    yield (
        "destination and estimate",
        replace(
            _message(kind, (*journey, event(Status.IN_TRANSIT, 61, destination=Place("Ilhéus", "BA", "BR")))),
            timeline=fold(journey, now=NOW, estimate=NOW + timedelta(days=2)),
        ),
    )
