"""In: requests to the marketplace over real HTTP; out: receipts, if invoice, number and events come in that order."""

from typing import Any

import httpx
import pytest

from paradeiro.world.server import World

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


async def test_the_same_idempotency_key_changes_nothing_twice(world: World, http: httpx.AsyncClient) -> None:
    first, again = [await post(world, http, "", INVOICE, **{"Idempotency-Key": "e1"}) for _ in range(2)]
    assert first.json()["receipt"] == again.json()["receipt"]
    assert world.marketplace.repeats == 1
    assert len(world.marketplace.told) == 1


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
