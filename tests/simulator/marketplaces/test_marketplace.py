"""In: requests to the marketplace over real HTTP; out: receipts, if invoice, number and events come in that order."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from paradeiro.connectors import discover
from paradeiro.domain.words import EffectKind, Outcome
from paradeiro.sdk.contract import AccountRef
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import JSON, market_keys

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


def url(simulator: Simulator, rest: str = "", order: str | None = None) -> str:
    sold = next(o for o in simulator.ground_truth.orders if o.affiliate).marketplace_number
    return f"{simulator.urls['marketplace']}/pvt/orders/{order or sold}/invoice{rest}"


async def post(
    simulator: Simulator, http: httpx.AsyncClient, rest: str, body: Any, *, order: str | None = None, **headers: str
) -> httpx.Response:
    return await http.post(url(simulator, rest, order), json=body, headers=market_keys(simulator) | headers)


async def test_the_three_steps(simulator: Simulator, http: httpx.AsyncClient) -> None:
    for rest, body in (("", INVOICE), ("/NF1", NUMBER), ("/NF1/tracking", EVENTS)):
        answer = await post(simulator, http, rest, body)
        assert answer.status_code == 200
        assert answer.json().keys() == {"date", "orderId", "receipt"}
    (known,) = simulator.marketplace.invoices.values()
    assert (known["number"], known["delivered"], len(known["events"])) == ("AA123456785BR", True, 1)
    assert [t["what"] for t in simulator.marketplace.told] == ["invoice", "number", "tracking"]
    assert simulator.breaches == []


async def test_steps_in_another_order_are_refused(simulator: Simulator, http: httpx.AsyncClient) -> None:
    assert (await post(simulator, http, "/NF1", NUMBER)).status_code == 400
    assert (await post(simulator, http, "/NF1/tracking", EVENTS)).status_code == 400
    await post(simulator, http, "", INVOICE)
    assert (await post(simulator, http, "/NF1/tracking", EVENTS)).status_code == 400
    assert len(simulator.breaches) == 3


async def test_the_same_again_makes_a_new_receipt_and_changes_nothing(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    """No document of VTEX has a key that makes two calls one, so none does here."""
    first, again = [await post(simulator, http, "", INVOICE, **{"Idempotency-Key": "e1"}) for _ in range(2)]
    assert first.json()["receipt"] != again.json()["receipt"]
    assert simulator.marketplace.repeats == 1
    assert len(simulator.marketplace.told) == 1
    other = {**INVOICE, "invoiceNumber": "NF2"}
    await post(simulator, http, "", other, **{"Idempotency-Key": "e1"})
    assert len(simulator.marketplace.told) == 2, "another statement is another, whatever its key"


async def test_an_invoice_may_bring_its_number(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await post(simulator, http, "", {**INVOICE, "trackingNumber": "AA123456785BR"})
    assert (await post(simulator, http, "/NF1/tracking", EVENTS)).status_code == 200
    (known,) = simulator.marketplace.invoices.values()
    assert known["number"] == "AA123456785BR"


CONNECTOR = {
    **INVOICE,
    "courier": None,
    "trackingNumber": None,
    "trackingUrl": None,
    "issuanceDate": None,
    "invoiceValue": None,
}


async def test_a_connector_gets_invoice_and_number_by_one_call(simulator: Simulator, http: httpx.AsyncClient) -> None:
    where = url(simulator).replace("/pvt/", "/pub/")
    numbered = CONNECTOR | {"courier": "Correios", "trackingNumber": "AA1", "trackingUrl": "https://example.com"}
    for body in (CONNECTOR, numbered):
        answer = await http.post(where, json=body, headers=market_keys(simulator))
        assert (answer.status_code, answer.json()["receipt"]) == (200, None)
    assert [t["what"] for t in simulator.marketplace.told] == ["invoice", "number"]
    lacking = {name: value for name, value in numbered.items() if name != "trackingUrl"}
    assert (await http.post(where, json=lacking, headers=market_keys(simulator))).status_code == 400
    assert (await http.post(where, json=[], headers=market_keys(simulator))).status_code == 400
    assert len(simulator.breaches) == 2
    events = [await http.post(f"{where}/NF1/tracking", json=EVENTS, headers=market_keys(simulator))]
    simulator.marketplace.news = True
    events.append(await http.post(f"{where}/NF1/tracking", json=EVENTS, headers=market_keys(simulator)))
    assert [a.status_code for a in events] == [404, 200]


async def test_our_connector_keeps_both_protocols(simulator: Simulator) -> None:
    """What it sends is taken as the documents have it; where they have no address it is refused, and said so."""
    order, channel = (
        next(o for o in simulator.ground_truth.orders if o.affiliate),
        simulator.accounts()["vtex_marketplace"],
    )
    case = next(t for name, t in hard_cases(EffectKind.MARKETPLACE_UPDATE) if name == "plain")
    outgoing = replace(case, order=replace(case.order, marketplace_number=order.marketplace_number))
    kinds = ("MARKETPLACE_INVOICE", "MARKETPLACE_TRACKING_NUMBER", "MARKETPLACE_UPDATE")
    for protocol, last in (("", Outcome.FOUND), ("connector", Outcome.REFUSED)):
        simulator.marketplace.invoices.clear()
        settings = {**channel, "protocol": protocol}
        session = discover()["vtex_marketplace"].open(
            AccountRef(1, 1, "vtex_marketplace", "M", settings), simulator.clock
        )
        render = discover()["vtex_marketplace"].render
        assert render is not None
        told = [render(replace(outgoing, kind=EffectKind[kind]), settings) for kind in kinds]
        sent = [await session.send(request, f"e{n}{protocol}") for n, request in enumerate(told)]
        await session.close()
        assert [s.outcome for s in sent] == [Outcome.FOUND, Outcome.FOUND, last], [s.message for s in sent]
    assert simulator.breaches == []


async def test_an_order_it_did_not_sell(simulator: Simulator, http: httpx.AsyncClient) -> None:
    assert (await post(simulator, http, "", INVOICE, order="nothing")).status_code == 404


async def test_without_keys(simulator: Simulator, http: httpx.AsyncClient) -> None:
    assert (await http.post(url(simulator), json=INVOICE, headers=JSON)).status_code == 401


@pytest.mark.parametrize("body", [{}, {**INVOICE, "items": [{}]}, {**INVOICE, "invoiceValue": "10"}, [], "text"])
async def test_what_breaks_the_contract_is_counted(simulator: Simulator, http: httpx.AsyncClient, body: Any) -> None:
    assert (await post(simulator, http, "", body)).status_code == 400
    assert len(simulator.breaches) == 1


async def test_what_is_no_json_is_counted(simulator: Simulator, http: httpx.AsyncClient) -> None:
    assert (await http.post(url(simulator), content=b"{", headers=market_keys(simulator))).status_code == 400
    assert len(simulator.breaches) == 1
