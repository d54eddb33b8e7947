"""In: requests to the marketplace over real HTTP; out: receipts, if invoice, number and events come in that order."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from paradeiro.connectors import discover
from paradeiro.domain.words import EffectKind, Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.world.parties import World

from .parties import JSON, market_keys

INVOICE = {"type": "Output", "invoiceNumber": "NF1", "items": [{"id": "6", "quantity": 1, "price": 5500}]}
NUMBER = {
    "courier": "Correios",
    "trackingNumber": "AA123456785BR",
    "trackingUrl": "https://example.com",
    "dispatchedDate": "2026-10-06",
}
EVENTS = {
    "isDelivered": True,
    "events": [{"city": "Campinas", "state": "SP", "description": "Entregue", "date": "2026-10-07"}],
}


def url(world: World, rest: str = "", order: str | None = None) -> str:
    sold = next(o for o in world.truth.orders if o.affiliate).marketplace_number
    return f"{world.urls['marketplace']}/pvt/orders/{order or sold}/invoice{rest}"


async def post(
    world: World, http: httpx.AsyncClient, rest: str, body: Any, *, order: str | None = None, **headers: str
) -> httpx.Response:
    return await http.post(url(world, rest, order), json=body, headers=market_keys(world) | headers)


async def test_the_three_steps(world: World, http: httpx.AsyncClient) -> None:
    for rest, body in (("", INVOICE), ("/NF1", NUMBER), ("/NF1/tracking", EVENTS)):
        answer = await post(world, http, rest, body)
        assert answer.status_code == 200
        assert answer.json().keys() == {"date", "orderId", "receipt"}
    (known,) = world.marketplace.invoices.values()
    assert (known["number"], known["delivered"], len(known["events"])) == ("AA123456785BR", True, 1)
    assert [t["what"] for t in world.marketplace.told] == ["invoice", "number", "tracking"]
    assert world.breaches == []


async def test_steps_in_another_order_are_refused(world: World, http: httpx.AsyncClient) -> None:
    assert (await post(world, http, "/NF1", NUMBER)).status_code == 400
    assert (await post(world, http, "/NF1/tracking", EVENTS)).status_code == 400
    await post(world, http, "", INVOICE)
    assert (await post(world, http, "/NF1/tracking", EVENTS)).status_code == 400
    assert len(world.breaches) == 3


async def test_the_same_again_makes_a_new_receipt_and_changes_nothing(world: World, http: httpx.AsyncClient) -> None:
    """No document of VTEX has a key that makes two calls one, so none does here."""
    first, again = [await post(world, http, "", INVOICE, **{"Idempotency-Key": "e1"}) for _ in range(2)]
    assert first.json()["receipt"] != again.json()["receipt"]
    assert world.marketplace.repeats == 1
    assert len(world.marketplace.told) == 1
    other = {**INVOICE, "invoiceNumber": "NF2"}
    await post(world, http, "", other, **{"Idempotency-Key": "e1"})
    assert len(world.marketplace.told) == 2, "another statement is another, whatever its key"


async def test_an_invoice_may_bring_its_number(world: World, http: httpx.AsyncClient) -> None:
    await post(world, http, "", {**INVOICE, "trackingNumber": "AA123456785BR"})
    assert (await post(world, http, "/NF1/tracking", EVENTS)).status_code == 200
    (known,) = world.marketplace.invoices.values()
    assert known["number"] == "AA123456785BR"


CONNECTOR = {
    **INVOICE,
    "courier": None,
    "trackingNumber": None,
    "trackingUrl": None,
    "issuanceDate": None,
    "invoiceValue": None,
}


async def test_a_connector_is_told_invoice_and_number_by_one_call(world: World, http: httpx.AsyncClient) -> None:
    where = url(world).replace("/pvt/", "/pub/")
    numbered = CONNECTOR | {"courier": "Correios", "trackingNumber": "AA1", "trackingUrl": "https://example.com"}
    for body in (CONNECTOR, numbered):
        answer = await http.post(where, json=body, headers=market_keys(world))
        assert (answer.status_code, answer.json()["receipt"]) == (200, None)
    assert [t["what"] for t in world.marketplace.told] == ["invoice", "number"]
    lacking = {name: value for name, value in numbered.items() if name != "trackingUrl"}
    assert (await http.post(where, json=lacking, headers=market_keys(world))).status_code == 400
    assert (await http.post(where, json=[], headers=market_keys(world))).status_code == 400
    assert len(world.breaches) == 2
    events = [await http.post(f"{where}/NF1/tracking", json=EVENTS, headers=market_keys(world))]
    world.marketplace.news = True
    events.append(await http.post(f"{where}/NF1/tracking", json=EVENTS, headers=market_keys(world)))
    assert [a.status_code for a in events] == [404, 200]


async def test_our_connector_keeps_both_protocols(world: World) -> None:
    """What it sends is taken as the documents have it; where they have no address it is refused, and said so."""
    order, channel = next(o for o in world.truth.orders if o.affiliate), world.accounts()["vtex_marketplace"]
    case = next(t for name, t in hard_cases(EffectKind.MARKETPLACE_UPDATE) if name == "plain")
    telling = replace(case, order=replace(case.order, marketplace_number=order.marketplace_number))
    kinds = ("MARKETPLACE_INVOICE", "MARKETPLACE_TRACKING_NUMBER", "MARKETPLACE_UPDATE")
    for protocol, last in (("", Outcome.FOUND), ("connector", Outcome.REFUSED)):
        world.marketplace.invoices.clear()
        settings = {**channel, "protocol": protocol}
        session = discover()["vtex_marketplace"].open(AccountRef(1, 1, "vtex_marketplace", "M", settings), world.clock)
        render = discover()["vtex_marketplace"].render
        assert render is not None
        told = [render(replace(telling, kind=EffectKind[kind]), settings) for kind in kinds]
        sent = [await session.send(request, f"e{n}{protocol}") for n, request in enumerate(told)]
        await session.close()
        assert [s.outcome for s in sent] == [Outcome.FOUND, Outcome.FOUND, last], [s.message for s in sent]
    assert world.breaches == []


async def test_an_order_it_did_not_sell(world: World, http: httpx.AsyncClient) -> None:
    assert (await post(world, http, "", INVOICE, order="nothing")).status_code == 404


async def test_without_keys(world: World, http: httpx.AsyncClient) -> None:
    assert (await http.post(url(world), json=INVOICE, headers=JSON)).status_code == 401


@pytest.mark.parametrize("body", [{}, {**INVOICE, "items": [{}]}, {**INVOICE, "invoiceValue": "10"}, [], "text"])
async def test_what_breaks_the_contract_is_counted(world: World, http: httpx.AsyncClient, body: Any) -> None:
    assert (await post(world, http, "", body)).status_code == 400
    assert len(world.breaches) == 1


async def test_what_is_no_json_is_counted(world: World, http: httpx.AsyncClient) -> None:
    assert (await http.post(url(world), content=b"{", headers=market_keys(world))).status_code == 400
    assert len(world.breaches) == 1
