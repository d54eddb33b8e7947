"""In: a shop; out: a package in every position that a customer can see, and the token of its page."""

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec

from paradeiro.db.customers.brands import put_brand
from paradeiro.db.following import shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.customers.brand import Brand, logo_of
from paradeiro.domain.records import Customer, Invoice, Item, Order, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome, ProofKind, Reason, Status, Withdraws
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.simulator.carriers.correios_proofs import draw_picture
from tests.flow.conftest import Shop

_GOAL = Place("CAMPINAS", "SP", "BR")
_DEPOT = Place("CAMPINAS", "SP", "BR", "CDD Campinas")
_ITEMS = (
    Item("1", 1, 12900, "Moka italiana de alumínio, 6 xícaras"),
    Item("2", 2, 3900, "Café em grãos, torra média, 500 g"),
)
BRAND = Brand(
    footer="Ateliê Ñandú Ltda · CNPJ 00.000.000/0001-00\nRua das Flores, 10 · Campinas/SP",
    email="oi@loja.example",
    phone="+55 19 5555-0100",
    site="https://loja.example",
)
NAME = "Ateliê Ñandú"
SEVERAL = "several"


def _happened(
    day: int, hour: int, status: Status | None, reason: Reason | None = None, place: Place = _DEPOT, **more: object
) -> TrackingEvent:
    at = datetime(2026, 11, day, hour + 3, 20, tzinfo=UTC)  # `hour` as it is in São Paulo
    return replace(TrackingEvent(at, f"P/{status}", status, reason, place), **more)  # type: ignore[arg-type]  # replace checks


_ACCEPTED = _happened(2, 10, Status.ACCEPTED, place=Place("SAO PAULO", "SP", "BR", "Agência Vila Mariana"))
_MOVED = _happened(
    3, 18, Status.IN_TRANSIT, place=Place("CAJAMAR", "SP", "BR", "Centro de Tratamento"), destination=_GOAL
)
_ARRIVED = _happened(4, 6, Status.IN_TRANSIT)
_OUT = _happened(5, 8, Status.OUT_FOR_DELIVERY)
_DONE = _happened(5, 13, Status.DELIVERED)
_WAITS = _happened(
    5,
    11,
    Status.AVAILABLE_FOR_PICKUP,
    pickup_deadline=date(2026, 11, 12),
    pickup_address="RUA BARAO DE JAGUARA, 1000 - CENTRO - CAMPINAS/SP",
)
_WAY = (_ACCEPTED, _MOVED, _ARRIVED)
_ABROAD = Place("CURITIBA", "PR", "BR", "Unidade Internacional")
_ABSENT = _happened(5, 13, Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)
_BACK = _happened(5, 9, Status.RETURNING, Reason.PICKUP_EXPIRED)
_TAKEN_BACK = _happened(5, 14, None, withdraws=Withdraws.PREVIOUS)

# What happened in each state; the clock stands at Thursday, November 5, 15:00 in São Paulo.
STATES: dict[str, tuple[TrackingEvent, ...]] = {
    "registered": (),
    "accepted": (_ACCEPTED,),
    "in-transit": _WAY,
    "out-for-delivery": (*_WAY, _OUT),
    "available-for-pickup": (*_WAY, _WAITS),
    "attempt-failed": (*_WAY, _OUT, _ABSENT),
    "payment-due": (_ACCEPTED, _MOVED, _happened(5, 9, Status.EXCEPTION, Reason.PAYMENT_DUE, _ABROAD)),
    "address-problem": (*_WAY, _OUT, _happened(5, 12, Status.EXCEPTION, Reason.ADDRESS_PROBLEM)),
    "delayed": (_ACCEPTED, _MOVED, _happened(5, 9, Status.IN_TRANSIT, Reason.DELAYED, _ABROAD, destination=_GOAL)),
    "lost": (*_WAY, _happened(5, 9, Status.EXCEPTION, Reason.LOST)),
    "returning": (*_WAY, _BACK),
    "returned": (*_WAY, _BACK, _happened(5, 14, Status.RETURNED, place=_ACCEPTED.place)),
    "cancelled": (_happened(3, 9, Status.CANCELLED),),
    "delivered": (*_WAY, _OUT, _DONE),
    "delivery-taken-back": (*_WAY, _OUT, _DONE, _TAKEN_BACK),
}
_SEVERAL = {"one": (*_WAY, _OUT), "two": (*_WAY, _OUT, _DONE), "three": ()}


def _parse(body: bytes) -> list[ParsedAnswer]:
    code, events = msgspec.json.decode(body, type=tuple[str, tuple[TrackingEvent, ...]])
    delivered = any(each.status is Status.DELIVERED for each in events)
    return [ParsedAnswer(code, Outcome.FOUND, events, proofs=frozenset({ProofKind.IMAGE} if delivered else ()))]


async def every_state(shop: Shop, *, with_logo: bool) -> dict[str, str]:
    """The token of each state's page; `SEVERAL` is an order of three packages."""
    posta = replace(shop.context.connectors["posta"], title="Correios", parse=_parse, fields={}, batch_size=1)
    shop.context.connectors["posta"] = posta  # type: ignore[index]  # a dictionary of this test's own
    shop.clock.at = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    logo = logo_of(draw_picture("LOJA"))
    assert not isinstance(logo, str), logo
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE store SET name = %s", (NAME,))
        await put_brand(connection, shop.store_id, replace(BRAND, logo=logo if with_logo else None))
    found: dict[str, int] = {}
    for at, (name, events) in enumerate([*STATES.items(), *((f"{SEVERAL}-{n}", e) for n, e in _SEVERAL.items())]):
        code = f"AA{at:09}BR"
        number = f"13074635{99 if name.startswith(SEVERAL) else at:02}-01"
        order = Order(
            number,
            Customer("Maria Aparecida", "maria@example.com"),
            ordered_at=shop.clock(),
            promised_at=datetime(2026, 11, 6, 15, tzinfo=UTC),
        )
        if events:
            shop.outside.say_raw(code, msgspec.json.encode((code, events)).decode())
        shop.outside.show(code, ProofKind.IMAGE, draw_picture("door"))
        stated = Registration(order, "posta", code, Invoice(f"NF-{at}", 12900, items=_ITEMS))
        found[name] = (await register(shop.context, shop.store_id, stated)).shipment_id
    shop.clock.at = datetime(2026, 11, 5, 18, 0, tzinfo=UTC)
    async with transaction(shop.context.pool) as connection:
        for shipment in found.values():
            await shipments.make_due(connection, shop.store_id, shipment, now=shop.clock())
    await shop.run()
    tokens = {name: (await shop.shipment_row(shipment)).shipment.tracking_token for name, shipment in found.items()}
    return {name: token for name, token in tokens.items() if name in STATES} | {SEVERAL: tokens[f"{SEVERAL}-one"]}
