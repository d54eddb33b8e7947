"""In: requests of public callers of VTEX; out: accepted at our entry points as by VTEX, or refused in its format.

Each field that VTEX's description calls optional or defaulted, and each habit seen in public callers' code, has a case
here; docs/connectors/vtex-caller.md has them as a table.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flow.conftest import Shop
from tests.web.vtex.conftest import shop, vtex
from tests.web.vtex.test_caller import INVOICE, ORDER, the_package

__all__ = ["shop", "vtex"]

CASES = Path(__file__).parent / "histories"
TRACKING = f"{ORDER}/invoice/NF-1/tracking"
SOLD = "/pvt/orders/1001/invoice"
EVENT = {"city": "Itu", "state": "SP", "description": "Em trânsito", "date": "2026-11-02"}
KEY = "35261111222333000181550010000001231000001234"


def case(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


async def taken(asked: httpx.Response) -> None:
    assert asked.status_code == 200, asked.text
    assert set(asked.json()) == {"date", "orderId", "receipt"}


async def refused(asked: httpx.Response, *named: str) -> None:
    """400 in VTEX's form, naming the field."""
    assert asked.status_code == 400, asked.text
    assert set(asked.json()) == {"error"}
    assert set(asked.json()["error"]) == {"code", "message", "exception"}
    assert all(name in asked.json()["error"]["message"] for name in named), asked.text


async def lines_of(vtex: httpx.AsyncClient) -> list[str]:
    return [row["description"] for row in (await the_package(vtex))["courierStatus"]["data"]]


async def test_events_only(vtex: httpx.AsyncClient, shop: Shop) -> None:
    shop.clock.forward(days=30)
    invoice = INVOICE | {"invoiceNumber": "9"}
    await taken(await vtex.post(f"{ORDER}/invoice", json=invoice))
    await taken(await vtex.put(f"{ORDER}/invoice/9/tracking", json=case("events-only.json")))
    status = (await the_package(vtex))["courierStatus"]
    assert (status["finished"], [row["description"] for row in status["data"]]) == (False, ["Objeto em trânsito"])


async def test_invoice_without_type(vtex: httpx.AsyncClient, shop: Shop) -> None:
    shop.clock.forward(days=30)
    await taken(await vtex.post(f"{ORDER}/invoice", json=case("invoice-without-type.json")))
    package = await the_package(vtex)
    assert (package["type"], package["invoiceNumber"], package["invoiceValue"]) == ("Output", "9", 12000)


@pytest.mark.parametrize("path", [f"{ORDER}/invoice", SOLD])
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"type": None}, {"type": "Output"}),
        ({"type": ""}, {"type": "Output"}),
        ({"type": "output"}, {"type": "Output"}),
        ({"type": "input"}, {"type": "Input"}),
        ({"type": "INPUT"}, {"type": "Input"}),
        ({"items": None}, {"items": []}),
        ({"items": []}, {"items": []}),
        ({"invoiceNumber": 471}, {"invoiceNumber": "471"}),
        ({"invoiceValue": 3095.0}, {"invoiceValue": 3095}),
        ({"invoiceValue": " 3095 "}, {"invoiceValue": 3095}),
        ({"invoiceKey": int(KEY)}, {"invoiceKey": KEY}),
        ({"invoiceKey": "35" * 22}, {"invoiceKey": None}),
        ({"trackingNumber": 87658}, {"trackingNumber": "87658"}),
        ({"courier": None, "trackingNumber": None, "trackingUrl": None}, {"trackingNumber": None, "courier": None}),
        ({"embeddedInvoice": None, "dispatchedDate": "ontem", "extraValue": 1, "volumes": 1, "cfop": "6.104"}, {}),
        ({"issuanceDate": "2026-11-02T08:30:11-0300"}, {"issuanceDate": "2026-11-02T11:30:11.0000000+00:00"}),
        ({"issuanceDate": "2026-11-02T02:00:00.000Z"}, {"issuanceDate": "2026-11-02T02:00:00.0000000+00:00"}),
        (
            {"items": [{"id": 345117, "price": "2500", "quantity": "2", "description": None}]},
            {"items": [{"itemIndex": 0, "quantity": 2, "price": 2500, "description": None}]},
        ),
        (
            {"items": [{"id": "1", "price": 2500.0, "quantity": 2.0}]},
            {"items": [{"itemIndex": 0, "quantity": 2, "price": 2500, "description": None}]},
        ),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else None,
)
async def test_an_invoice_is_taken_as_callers_write_it(
    vtex: httpx.AsyncClient, path: str, change: dict[str, Any], shown: dict[str, Any]
) -> None:
    await taken(await vtex.post(path, json=INVOICE | change))
    package = await the_package(vtex)
    assert {name: package[name] for name in shown} == shown


@pytest.mark.parametrize("name", ["type", "items", "invoiceKey", "invoiceUrl", "trackingUrl"])
async def test_an_invoice_is_taken_without(vtex: httpx.AsyncClient, name: str) -> None:
    await taken(await vtex.post(f"{ORDER}/invoice", json={k: v for k, v in INVOICE.items() if k != name}))
    assert (await the_package(vtex))["trackingNumber"] == "AA1"


@pytest.mark.parametrize("name", ["invoiceNumber", "invoiceValue", "issuanceDate"])
async def test_what_vtex_requires_is_required(vtex: httpx.AsyncClient, name: str) -> None:
    await refused(await vtex.post(f"{ORDER}/invoice", json={k: v for k, v in INVOICE.items() if k != name}), name)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": "Saida"}, "type"),
        ({"type": 1}, "type"),
        ({"invoiceNumber": True}, "invoiceNumber"),
        ({"invoiceNumber": 1.5}, "invoiceNumber"),
        ({"invoiceValue": "30,95"}, "invoiceValue"),
        ({"invoiceValue": "3095.00"}, "invoiceValue"),
        ({"invoiceValue": 30.95}, "invoiceValue"),
        ({"invoiceValue": -1}, "invoiceValue"),
        ({"invoiceValue": True}, "invoiceValue"),
        ({"items": {}}, "items"),
        ({"items": [{"id": "1", "price": 1}]}, "items.0.quantity"),
        ({"items": [{"id": "1", "price": 1, "quantity": "one"}]}, "items.0.quantity"),
    ],
    ids=str,
)
async def test_what_is_really_wrong_is_refused(vtex: httpx.AsyncClient, change: dict[str, Any], named: str) -> None:
    await refused(await vtex.post(f"{ORDER}/invoice", json=INVOICE | change), named)


async def test_names_are_read_in_any_case(vtex: httpx.AsyncClient) -> None:
    """As .NET writes and reads them."""
    said = {name[:1].upper() + name[1:]: value for name, value in INVOICE.items() if name != "items"}
    said["Items"] = [{"Id": "345117", "Price": 2500, "Quantity": 2}]
    await taken(await vtex.post(f"{ORDER}/invoice", json=said))
    history = {"IsDelivered": True, "DeliveredDate": "2026-11-02 08:45", "Events": []}
    await taken(await vtex.put(TRACKING, json=history))
    assert (await the_package(vtex))["courierStatus"]["finished"] is True


async def test_the_name_that_is_spelt_right_counts(vtex: httpx.AsyncClient) -> None:
    await taken(await vtex.post(f"{ORDER}/invoice", json={"INVOICENUMBER": "2"} | INVOICE | {"invoicenumber": "3"}))
    assert (await the_package(vtex))["invoiceNumber"] == "NF-1"


@pytest.mark.parametrize("path", [TRACKING, f"{SOLD}/NF-1/tracking"])
@pytest.mark.parametrize(
    ("said", "finished", "lines"),
    [
        ({"events": [EVENT]}, False, ["Em trânsito"]),
        ({"isDelivered": None, "deliveredDate": None, "events": [EVENT]}, False, ["Em trânsito"]),
        ({"isDelivered": "false", "events": [EVENT]}, False, ["Em trânsito"]),
        ({"isDelivered": False}, False, []),
        ({"isDelivered": False, "events": None}, False, []),
        ({"isDelivered": "true"}, True, None),
        ({"isDelivered": "True", "events": [EVENT]}, True, None),
        ({"isDelivered": 1}, True, None),
        ({"isDelivered": True, "deliveredDate": "0001-01-01T00:00:00"}, True, None),
        ({"isDelivered": False, "deliveredDate": "2026-11-02 08:45", "events": [EVENT]}, False, ["Em trânsito"]),
        ({"deliveredDate": "2026-11-02 08:45", "events": [EVENT]}, False, ["Em trânsito"]),
        ({"events": [{"date": "2026-11-02T11:05:00Z", "description": "Coletado"}]}, False, ["Coletado"]),
        ({"events": [EVENT | {"city": None, "state": None}]}, False, ["Em trânsito"]),
    ],
    ids=lambda value: json.dumps(value, ensure_ascii=False)[:60] if isinstance(value, dict) else None,
)
async def test_a_history_is_taken_as_callers_write_it(
    vtex: httpx.AsyncClient, path: str, said: dict[str, Any], finished: bool, lines: list[str] | None
) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await taken(await (vtex.put if path == TRACKING else vtex.post)(path, json=said))
    assert (await the_package(vtex))["courierStatus"]["finished"] is finished
    if lines is not None:
        assert await lines_of(vtex) == lines


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "isDelivered"),
        ({"events": []}, "isDelivered"),
        ({"deliveredDate": "2026-11-02 08:45"}, "isDelivered"),
        ({"isDelivered": "yes"}, "isDelivered"),
        ({"isDelivered": 2}, "isDelivered"),
        ({"isDelivered": []}, "isDelivered"),
        ({"isDelivered": True, "deliveredDate": "amanhã"}, "deliveredDate"),
        ({"events": {}}, "events"),
        ({"events": [{"description": "Coletado"}]}, "events.0.date"),
    ],
    ids=str,
)
async def test_a_history_that_is_wrong_is_refused(vtex: httpx.AsyncClient, said: dict[str, Any], named: str) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await refused(await vtex.put(TRACKING, json=said), named)
    assert await lines_of(vtex) == []


@pytest.mark.parametrize(
    "said",
    [
        {"trackingNumber": "AA1", "courier": "Posta"},
        {"trackingNumber": "AA1", "courier": "Posta", "trackingUrl": None, "dispatchedDate": "ontem"},
        {"TrackingNumber": "AA1", "Courier": "Posta"},
    ],
)
async def test_a_number_is_taken_as_callers_write_it(vtex: httpx.AsyncClient, said: dict[str, Any]) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"courier": "", "trackingNumber": ""})
    await taken(await vtex.patch(f"{ORDER}/invoice/NF-1", json=said))
    assert (await the_package(vtex))["trackingNumber"] == "AA1"


@pytest.mark.parametrize("number", [None, "", "  "])
async def test_no_number_is_refused(vtex: httpx.AsyncClient, number: str | None) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"courier": "", "trackingNumber": ""})
    await refused(await vtex.patch(f"{ORDER}/invoice/NF-1", json={"trackingNumber": number}), "trackingNumber")


async def test_an_external_sellers_line_may_have_no_day(vtex: httpx.AsyncClient, shop: Shop) -> None:
    """VTEX's description requires nothing of a line there. It is kept, once, before the delivery."""
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    undated = {"events": [{"description": "Coletado"}, {"description": "A caminho", "date": "0001-01-01T00:00:00"}]}
    for _ in range(2):
        await taken(await vtex.post(f"{SOLD}/NF-1/tracking", json=undated))
        await shop.later(hours=30)
    assert await lines_of(vtex) == ["Coletado", "A caminho"]
    dated = [{"description": "Entregue", "date": "2026-11-03"}]
    said = {"isDelivered": True, "events": [*undated["events"], {"description": "Em rota"}, *dated]}
    await taken(await vtex.post(f"{SOLD}/NF-1/tracking", json=said))
    status = (await the_package(vtex))["courierStatus"]
    assert status["finished"] is True
    assert sorted(row["description"] for row in status["data"]) == ["A caminho", "Coletado", "Em rota", "Entregue"]
    assert status["data"][-1]["description"] == "Entregue"
    assert status["deliveredDate"].startswith("2026-11-0")
    assert not [n for n in await shop.notices() if n.kind == "contradicted_delivery"]


async def test_a_slash_behind_the_address_is_none(vtex: httpx.AsyncClient) -> None:
    """Public apps write `…/orders/{id}/?_=1700000000000`."""
    await taken(await vtex.post(f"{ORDER}/invoice/", json=INVOICE | {"trackingNumber": "", "courier": ""}))
    await taken(await vtex.patch(f"{ORDER}/invoice/NF-1/", json={"trackingNumber": "AA1", "courier": "Posta"}))
    await taken(await vtex.put(f"{TRACKING}/", json={"events": [EVENT]}))
    assert (await the_package(vtex, f"{ORDER}/?_=1700000000000"))["trackingNumber"] == "AA1"
    for where in ("/", "?_=1700000000000", "/?&page=1&f_status=invoiced"):
        listed = await vtex.get(f"{ORDER.removesuffix('/1001')}{where}")
        assert [each["orderId"] for each in listed.json()["list"]] == ["1001"], where


async def test_a_slash_that_is_a_numbers_own_stays(vtex: httpx.AsyncClient) -> None:
    await taken(await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"invoiceNumber": "1/"}))
    await taken(await vtex.patch(f"{ORDER}/invoice/1%2F", json={"trackingNumber": "AA2", "courier": "Posta"}))
    assert (await the_package(vtex))["trackingNumber"] == "AA2"


async def test_the_hub_may_leave_lists_empty(vtex: httpx.AsyncClient) -> None:
    package = {"id": "p-1", "orderId": 1001, "items": None, "invoiceData": {"number": 7}, "trackingData": None}
    body = {"dispatchOrder": {"id": "d-1", "packages": [package], "packageIds": None}}
    answer = await vtex.post("/shipping-network/carrier/v1/loja/master/notify", json=body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"p-1"}
