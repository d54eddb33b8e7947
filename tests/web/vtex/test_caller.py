"""VTEX's callers: an ERP sends invoices and numbers, a carrier sends histories, both read orders."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from paradeiro.connectors.vtex.parse import parse_order
from paradeiro.db.following import shipments
from paradeiro.db.operations import audit
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.flow.orders.intake import take_orders
from tests.flow.conftest import ANA, Shop
from tests.web.vtex.conftest import add_key, vtex_headers

ORDERS = "/api/oms/pvt/orders"
ORDER = f"{ORDERS}/1001"
ORDER_OF_ANA = Order("1001", ANA)
INVOICE: dict[str, Any] = {
    "type": "Output",
    "issuanceDate": "2026-11-02T08:30:11-0300",
    "invoiceNumber": "NF-1",
    "invoiceValue": "5000",
    "invoiceKey": None,
    "invoiceUrl": None,
    "courier": "Transportadora Posta",
    "trackingNumber": "AA1",
    "trackingUrl": None,
    "items": [{"id": "345117", "price": 2500, "quantity": 2}],
}
BARE = INVOICE | {"courier": "", "trackingNumber": "", "trackingUrl": ""}
NUMBER = {"trackingNumber": "AA1", "trackingUrl": None, "dispatchedDate": None, "courier": "Posta"}


async def the_package(vtex: httpx.AsyncClient, order: str = ORDER) -> dict[str, Any]:
    answer = await vtex.get(order)
    assert answer.status_code == 200, answer.text
    (package,) = answer.json()["packageAttachment"]["packages"]
    return dict(package)


async def test_an_invoice_with_a_number_is_followed_and_shown(vtex: httpx.AsyncClient, shop: Shop) -> None:
    answer = await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"date", "orderId", "receipt"}
    assert answer.json()["orderId"] == "1001"
    package = await the_package(vtex)
    assert package["trackingNumber"] == "AA1"
    assert package["courierStatus"] == {"status": "ok", "finished": False, "data": []}
    assert package["items"] == [{"itemIndex": 0, "quantity": 2, "price": 2500, "description": None}]
    assert package["issuanceDate"] == "2026-11-02T11:30:11.0000000+00:00"
    shop.outside.say("AA1", ("PO", "2026-11-02T13:00:00+00:00", "Recife"))
    await shop.later(hours=2)
    data = (await the_package(vtex))["courierStatus"]["data"]
    assert [(row["city"], row["createDate"]) for row in data] == [("Recife", "2026-11-02T10:00:00-03:00")]


async def test_the_same_invoice_again_only_makes_a_new_receipt(vtex: httpx.AsyncClient, shop: Shop) -> None:
    first = (await vtex.post(f"{ORDER}/invoice", json=INVOICE)).json()
    await shop.later(minutes=5)
    told = shop.outside.told("loja")
    assert [t["kind"] for t in told] == ["tracking_number"]
    second = (await vtex.post(f"{ORDER}/invoice", json=INVOICE)).json()
    await shop.later(minutes=5)
    assert first["receipt"] != second["receipt"]
    assert len(first["receipt"]) == 32
    assert shop.outside.told("loja") == told
    await the_package(vtex)


async def test_an_invoice_without_a_number_is_remembered_and_completed(vtex: httpx.AsyncClient, shop: Shop) -> None:
    assert (await vtex.post(f"{ORDER}/invoice", json=BARE)).status_code == 200
    package = await the_package(vtex)
    assert (package["trackingNumber"], package["courierStatus"]) == (None, None)
    assert package["invoiceValue"] == 5000
    early = await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json={"isDelivered": True, "deliveredDate": None})
    assert early.status_code == 409
    assert "PATCH" in early.json()["error"]["message"]
    assert (await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER)).status_code == 200
    package = await the_package(vtex)
    assert (package["trackingNumber"], package["courier"]) == ("AA1", "Posta")
    assert package["items"], "what the PATCH does not know erases nothing"
    await shop.run()
    assert [t["kind"] for t in shop.outside.told("loja")] == ["tracking_number"]
    assert ["AA1"] in shop.outside.asked()


@pytest.mark.parametrize("number", ["12/3", "NF 1", "NF#1?x", "a/tracking"])
async def test_an_invoice_number_with_special_characters_can_be_completed(vtex: httpx.AsyncClient, number: str) -> None:
    """VTEX itself takes such an invoice and can never complete it."""
    assert (await vtex.post(f"{ORDER}/invoice", json=BARE | {"invoiceNumber": number})).status_code == 200
    escaped = quote(number, safe="")
    assert (await vtex.patch(f"{ORDER}/invoice/{escaped}", json=NUMBER)).status_code == 200
    assert (await vtex.put(f"{ORDER}/invoice/{escaped}/tracking", json=HISTORY)).status_code == 200
    package = await the_package(vtex)
    assert (package["invoiceNumber"], package["trackingNumber"]) == (number, "AA1")
    assert len(package["courierStatus"]["data"]) == 2
    sold = f"/pvt/orders/1001/invoice/{escaped}"
    assert (await vtex.post(f"{sold}/tracking", json=HISTORY)).status_code == 200
    if not number.endswith("/tracking"):  # there the two calls of the protocol are one address
        assert (await vtex.post(sold, json=NUMBER)).status_code == 200


HISTORY: dict[str, Any] = {
    "isDelivered": False,
    "deliveredDate": None,
    "events": [
        {"city": "Rio de Janeiro", "state": "RJ", "description": "Coletado pela transportadora", "date": "2026-11-01"},
        {"city": "Sao Paulo", "state": "SP", "description": "A caminho de Curitiba", "date": "2026-11-02"},
    ],
}


async def _the_shipment(shop: Shop, order: str = "1001") -> int:
    async with shop.context.pool.connection() as connection:
        (row,) = await shipments.of_order(connection, shop.store_id, order)
    return row.shipment.id


async def test_a_history_goes_the_way_of_any_news_and_twice_adds_nothing(vtex: httpx.AsyncClient, shop: Shop) -> None:
    shop.outside.order(ORDER_OF_ANA)
    await shop.run()
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await shop.later(minutes=5)
    tracking = f"{ORDER}/invoice/NF-1/tracking"
    assert (await vtex.put(tracking, json=HISTORY)).status_code == 200
    await shop.later(minutes=5)
    shipment = await _the_shipment(shop)
    effects = [(e.kind, e.connector) for e in await shop.effects(shipment)]
    assert sorted(effects) == [("customer_mail", "mail"), ("order_update", "loja"), ("tracking_number", "loja")]
    assert shop.outside.told("loja")[-1]["status"] == "in_transit"
    data = (await the_package(vtex))["courierStatus"]["data"]
    assert [(r["description"], r["city"], r["state"]) for r in data] == [
        ("Coletado pela transportadora", "Rio de Janeiro", "RJ"),
        ("A caminho de Curitiba", "Sao Paulo", "SP"),
    ]
    assert data[0]["createDate"].startswith("2026-11-01T12:00:00"), "a day has no hour: noon in the store's zone"
    await shop.later(hours=30)
    backwards = HISTORY | {"events": HISTORY["events"][::-1]}
    for again in (HISTORY, backwards):
        assert (await vtex.put(tracking, json=again)).status_code == 200
    await shop.later(minutes=5)
    assert [(e.kind, e.connector) for e in await shop.effects(shipment)] == effects
    assert (await the_package(vtex))["courierStatus"]["data"] == data
    assert {e.actor for e in await shop.events(shipment)} == {"erp"}


async def test_is_delivered_confirms_with_the_delivered_date(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    arrived = HISTORY | {"isDelivered": True, "deliveredDate": "2026-11-02 08:45"}
    arrived["events"] = [
        *HISTORY["events"],
        {"city": "Curitiba", "state": "PR", "description": "Entregue", "date": "2026-11-02"},
    ]
    for _ in range(2):
        assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=arrived)).status_code == 200
        await shop.later(minutes=5)
    status = (await the_package(vtex))["courierStatus"]
    assert status["finished"] is True
    assert status["deliveredDate"] == "2026-11-02T11:45:00.0000000+00:00", "the store's zone is three hours behind"
    assert [r["description"] for r in status["data"]] == [e["description"] for e in arrived["events"]]
    assert [t["delivered"] for t in shop.outside.told("loja") if t["kind"] == "order_update"] == [True]
    assert [n.kind for n in await shop.notices()] == ["no_address"], "of an order that only a caller knows"


def lines(*said: str, delivered: bool, day: str = "2026-11-02") -> dict[str, Any]:
    events = [{"city": "Curitiba", "state": "PR", "description": text, "date": day} for text in said]
    return {"isDelivered": delivered, "deliveredDate": "2026-11-02 08:45" if delivered else None, "events": events}


async def test_what_a_caller_states_is_in_the_audit_log(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    for _ in range(2):
        await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=lines("Saiu", "Entregue", delivered=True))
    async with shop.context.pool.connection() as connection:
        log = await audit.audit_lines(connection, shop.store_id, order_number="1001")
    assert [(line.action, line.said) for line in reversed(log)] == [
        ("order", ""),
        ("register", "AA1"),
        ("invoice", "NF-1"),
        ("event", "Saiu"),
        ("confirm_delivery", "Entregue"),
    ]
    assert {(line.actor, line.entry_point) for line in log} == {("erp", "api")}


GONE, THERE, PAPER = "Saiu", "Entregue", "Comprovante"


@pytest.mark.parametrize(
    ("first", "second", "shown", "more"),
    [
        (lines(GONE, THERE, delivered=True), lines(GONE, THERE, delivered=False), [GONE, THERE], 0),
        # Of one day without hours, both before the delivery: what was stated later stands first.
        (lines(GONE, THERE, delivered=True), lines(GONE, THERE, PAPER, delivered=True), [PAPER, GONE, THERE], 1),
        (lines(THERE, GONE, delivered=True), lines(THERE, GONE, delivered=True), [GONE, THERE], 0),
        # The text comes before the flag: it is not sent until it is true.
        # What was stated today without an hour got the hour of its stating, which may be after the delivery's.
        (lines(GONE, THERE, delivered=False), lines(GONE, THERE, delivered=True), [THERE, GONE], 1),
        (lines(THERE, delivered=False), lines(GONE, THERE, delivered=True), [GONE, THERE], 1),
    ],
    ids=["no longer flagged", "a line after it", "newest first on one day", "said before", "said alone before"],
)
async def test_a_delivery_is_one_line_however_it_is_stated(
    vtex: httpx.AsyncClient, shop: Shop, first: dict[str, Any], second: dict[str, Any], shown: list[str], more: int
) -> None:
    shop.outside.order(ORDER_OF_ANA)
    await shop.run()
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    counts = []
    for said in (first, second):
        assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=said)).status_code == 200
        await shop.later(minutes=5)
        told = [t for t in shop.outside.told("loja") if t["kind"] == "order_update"]
        counts.append(len(told))
    data = (await the_package(vtex))["courierStatus"]["data"]
    assert [r["description"] for r in data if r["description"] in {GONE, THERE, PAPER}] == shown
    assert counts[1] - counts[0] == more
    assert (await the_package(vtex))["courierStatus"]["finished"] is True


@pytest.mark.parametrize("text", ["Objeto entregue ao destinatário", "Delivered to neighbour"])
async def test_a_sentence_alone_delivers_nothing(vtex: httpx.AsyncClient, shop: Shop, text: str) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    said = {"isDelivered": False, "events": [{"date": "2026-11-02", "description": text, "city": "X", "state": "SP"}]}
    assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=said)).status_code == 200
    assert (await the_package(vtex))["courierStatus"]["finished"] is False
    row = await shop.shipment_row(await _the_shipment(shop))
    assert row.shipment.snapshot.status == "registered"
    assert (await the_package(vtex))["courierStatus"]["data"] == [], "nobody is told what is not confirmed"
    assert [e.event.description for e in await shop.events(row.shipment.id)] == [text], "the shop's people see it"


async def test_both_endpoints_lead_to_one_package(vtex: httpx.AsyncClient, shop: Shop) -> None:
    """The ERP sends it to VTEX and to us; VTEX sends it to us too."""
    shop.outside.order(replace(ORDER_OF_ANA, invoices=(Invoice("NF-1", 5000, courier="Posta", tracking_code="AA1"),)))
    await shop.run()
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER | {"trackingNumber": "aa 1"})
    await shop.later(minutes=30)
    await the_package(vtex)
    assert shop.outside.told("loja") == [], "the order system has the number already"


async def test_an_own_orders_prefix_and_a_marketplaces_number_name_the_same_order(
    vtex: httpx.AsyncClient, shop: Shop
) -> None:
    sold = replace(ORDER_OF_ANA, number="00-1001", channel="MKT", marketplace_number="M-77")
    shop.outside.order(sold)
    await shop.run()
    for name in ("1001", "00-1001", "M-77"):
        answer = await vtex.post(f"{ORDERS}/{name}/invoice", json=INVOICE)
        assert answer.json()["orderId"] == "00-1001"
    await the_package(vtex, f"{ORDERS}/M-77")
    await the_package(vtex, f"{ORDERS}/1001")


async def test_a_returns_invoice_is_kept_but_not_followed(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"type": "Input"})
    package = await the_package(vtex)
    assert (package["type"], package["courierStatus"]) == ("Input", None)
    assert (await vtex.get(ORDER)).json()["status"] == "handling"
    await shop.run()
    assert shop.outside.asked() == []
    assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=HISTORY)).status_code == 409
    assert (await vtex.post(f"{ORDER}/invoice", json=INVOICE)).status_code == 409


async def test_an_unknown_carrier_is_left_to_a_person(vtex: httpx.AsyncClient, shop: Shop) -> None:
    assert (await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"courier": "Kangu"})).status_code == 200
    assert [n.kind for n in await shop.notices()] == ["no_account"]
    assert (await the_package(vtex))["trackingNumber"] == "AA1"
    answer = await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=HISTORY)
    assert answer.status_code == 409
    assert "Kangu" in answer.json()["error"]["message"]


async def test_the_number_that_was_stated_last_is_the_packages(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER | {"trackingNumber": "AA2", "courier": None})
    assert (await the_package(vtex))["trackingNumber"] == "AA2"
    assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=HISTORY)).status_code == 200
    assert len((await the_package(vtex))["courierStatus"]["data"]) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"invoiceValue": "24.99"}, "invoiceValue"),
        ({"invoiceValue": 0}, "invoiceValue"),
        ({"invoiceValue": None}, "invoiceValue"),
        ({"invoiceNumber": None}, "invoiceNumber"),
        ({"invoiceNumber": " "}, "invoiceNumber"),
        ({"invoiceNumber": "NF\x00"}, "invoiceNumber"),
        ({"courier": "\ud83d"}, "courier"),
        ({"type": "Saida"}, "type"),
        ({"issuanceDate": "ontem"}, "issuanceDate"),
        ({"issuanceDate": "0001-01-01T00:00:00+14:00"}, "issuanceDate"),
        ({"items": [{"id": "1", "price": 1.5, "quantity": 1}]}, "items.0.price"),
        ({"courier": ""}, "courier"),
        ({"trackingNumber": "A" * 201}, "trackingNumber"),
    ],
)
async def test_a_bad_invoice_is_refused_with_the_reason(
    vtex: httpx.AsyncClient, change: dict[str, Any], named: str
) -> None:
    body = json.dumps(INVOICE | change)  # which escapes half a character, as some callers do
    answer = await vtex.post(f"{ORDER}/invoice", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "exception"}
    assert named in error["message"], error
    assert (await vtex.get(ORDER)).status_code == 404, "nothing half-done is kept"


@pytest.mark.parametrize("date", ["", "amanhã", "2026-11-03", "23/11/2026", "1999-12-31", "9999-12-31T23:59:59"])
async def test_a_bad_date_is_refused_with_the_reason(vtex: httpx.AsyncClient, shop: Shop, date: str) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    said = HISTORY | {"events": [HISTORY["events"][0], HISTORY["events"][1] | {"date": date}]}
    answer = await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=said)
    assert answer.status_code == 400
    assert "events[].date" in answer.json()["error"]["message"]
    assert not await shop.events(await _the_shipment(shop))


async def test_anonymous_callers_are_refused_in_vtexs_form(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await add_key(shop, "pk_read", ["read"])
    await add_key(shop, "pk_other", ["read", "write"], store="Outra")
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    assert (await vtex.get(ORDER, headers=vtex_headers("pk_read"))).status_code == 200
    refused = await vtex.post(f"{ORDER}/invoice", json=INVOICE, headers=vtex_headers("pk_read"))
    nobody = await vtex.get(ORDER, headers=vtex_headers("pk_wrong"))
    other = await vtex.get(ORDER, headers=vtex_headers("pk_other"))
    nowhere = await vtex.patch(f"{ORDER}/invoice/NF-2", json=NUMBER)
    assert [a.status_code for a in (refused, nobody, other, nowhere)] == [403, 401, 404, 404]
    assert all(set(a.json()["error"]) == {"code", "message", "exception"} for a in (refused, nobody, other, nowhere))
    assert "Invoice Not Found" in nowhere.json()["error"]["message"]


async def test_our_own_order_connector_reads_what_we_answer(vtex: httpx.AsyncClient) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    read = parse_order((await vtex.get(ORDER)).content)
    (invoice,) = read.invoices
    assert (read.number, invoice.number, invoice.value, invoice.tracking_code) == ("1001", "NF-1", 5000, "AA1")
    assert [(i.id, i.quantity, i.price) for i in invoice.items] == [("345117", 2, 2500)]
    assert invoice.issued_at == datetime(2026, 11, 2, 11, 30, 11, tzinfo=UTC)


async def test_the_list_shows_pages_of_orders(vtex: httpx.AsyncClient, shop: Shop) -> None:
    for number in range(1, 5):
        bill = INVOICE | {"trackingNumber": f"AA{number}", "issuanceDate": f"2026-11-0{number}T10:00:00Z"}
        await vtex.post(f"{ORDERS}/100{number}/invoice", json=bill)
        shop.clock.forward(hours=1)
    await vtex.post(f"{ORDERS}/2000/invoice", json=BARE | {"type": "Input"})

    async def numbers(**asked: str | int) -> list[str]:
        answer = await vtex.get(ORDERS, params=asked)
        assert answer.status_code == 200, answer.text
        return [each["orderId"] for each in answer.json()["list"]]

    everything = (await vtex.get(ORDERS)).json()
    assert everything["paging"] == {"total": 5, "pages": 1, "currentPage": 1, "perPage": 15}
    assert everything["list"][1]["totalValue"] == 5000
    assert everything["list"][1]["totalItems"] == 2
    assert await numbers() == ["2000", "1004", "1003", "1002", "1001"]
    assert await numbers(per_page=2, page=2, orderBy="orderId,asc") == ["1003", "1004"]
    assert (await vtex.get(ORDERS, params={"page": 9})).json()["paging"]["total"] == 5
    assert await numbers(q="aa3") == ["1003"]
    assert await numbers(q="%") == []
    assert await numbers(f_status="handling") == ["2000"]
    assert await numbers(f_status="invoiced,canceled", orderBy="orderId,asc") == ["1001", "1002", "1003", "1004"]
    assert await numbers(f_status="canceled") == []
    assert await numbers(f_hasInputInvoice="true") == ["2000"]
    issued = "invoicedDate:[2026-11-02T00:00:00.000Z TO 2026-11-03T23:59:59.999Z]"
    assert await numbers(f_invoicedDate=issued) == ["1003", "1002"]
    created = "creationDate:[2026-11-02T12:30:00.000Z TO 2026-11-02T14:30:00.000Z]"
    assert await numbers(f_creationDate=created) == ["1003", "1002"]


@pytest.mark.parametrize(
    "asked",
    [
        {"page": "0"},
        {"page": "31"},
        {"per_page": "101"},
        {"per_page": "ten"},
        {"orderBy": "totalValue,desc"},
        {"f_sellerNames": "Loja"},
        {"f_invoicedDate": "yesterday"},
        {"f_creationDate": "creationDate:[x TO y]"},
        {"f_hasInputInvoice": "perhaps"},
        {"q": "\x00"},
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(vtex: httpx.AsyncClient, asked: dict[str, str]) -> None:
    answer = await vtex.get(ORDERS, params=asked)
    assert answer.status_code == 400
    assert next(iter(asked)) in answer.json()["error"]["message"]


async def test_an_external_seller_says_the_same_by_post(vtex: httpx.AsyncClient, shop: Shop) -> None:
    base = "/pvt/orders/1001/invoice"
    sold = {"type": "output", "invoiceNumber": "NF-1", "items": INVOICE["items"]}
    assert (await vtex.post(base, json=sold)).status_code == 200
    assert (await the_package(vtex))["invoiceValue"] == 5000, "two of 2500"
    assert (await vtex.post(f"{base}/NF-1", json=NUMBER | {"trackingUrl": "https://x.example/AA1"})).status_code == 200
    bare = {"isDelivered": True, "events": [{"date": "2026-11-01", "description": "Entregue"}]}
    receipt = await vtex.post(f"{base}/NF-1/tracking", json=bare)
    assert (receipt.status_code, set(receipt.json())) == (200, {"date", "orderId", "receipt"})
    package = await the_package(vtex)
    assert package["trackingUrl"] == "https://x.example/AA1"
    status = package["courierStatus"]
    assert (status["finished"], status["deliveredDate"][:10]) == (True, "2026-11-02"), "the end of the day, São Paulo"
    assert (await vtex.post(f"{base}/NF-1/tracking", json={})).json()["error"]["message"].count("isDelivered") == 1


async def _parts(body: bytes, size: int = 100) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def test_a_body_in_chunks_is_read_whole_and_bounded(vtex: httpx.AsyncClient) -> None:
    body = json.dumps(INVOICE).encode()
    answer = await vtex.post(f"{ORDER}/invoice", content=_parts(body))
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.status_code == 200, answer.text
    assert (await the_package(vtex))["trackingNumber"] == "AA1"
    large = b'{"type":"' + b"x" * (5 * 1024 * 1024) + b'"}'
    answer = await vtex.post(f"{ORDER}/invoice", content=_parts(large, 1 << 20))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("named", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_json_under_another_name_is_json(vtex: httpx.AsyncClient, named: str | None) -> None:
    headers = {"Content-Type": named} if named else {}
    answer = await vtex.post(f"{ORDER}/invoice", content=json.dumps(INVOICE).encode(), headers=headers)
    assert answer.status_code == 200, answer.text
    for body in (b"invoiceNumber=1", b"", b"\xff"):
        answer = await vtex.post(f"{ORDER}/invoice", content=body, headers=headers)
        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"code", "message", "exception"}
        assert answer.json()["error"]["message"]


async def test_another_number_replaces_a_label_that_never_went(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    answer = await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER | {"trackingNumber": "AA2"})
    assert answer.status_code == 200, answer.text
    assert (await the_package(vtex))["trackingNumber"] == "AA2"
    shop.outside.say("AA2", ("BDE", "2026-11-02T13:00:00+00:00", "Recife"))
    await shop.later(hours=2)
    assert (await the_package(vtex))["courierStatus"]["finished"] is True
    async with shop.context.pool.connection() as connection:
        row = {k.shipment.tracking_code: k for k in await shipments.of_order(connection, shop.store_id, "1001")}
        entries = await audit.audit_lines(connection, shop.store_id, order_number="1001", limit=20)
    assert row["AA1"].shipment.replaced_by == row["AA2"].shipment.id
    assert ("replace", "AA1 → AA2") in [(each.action, each.said) for each in entries]


async def test_two_numbers_in_the_field_are_two_packages_of_one_invoice(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"trackingNumber": "AA1, AA2"})
    assert (await the_package(vtex))["trackingNumber"] == "AA1, AA2"
    shop.outside.say(
        "AA1", ("PO", "2026-11-02T12:30:00+00:00", "Recife"), ("BDE", "2026-11-02T13:00:00+00:00", "Olinda")
    )
    shop.outside.say("AA2", ("PO", "2026-11-02T12:40:00+00:00", "Recife"))
    await shop.later(hours=2)
    status = (await the_package(vtex))["courierStatus"]
    assert status["finished"] is False, "one of the two is on its way"
    assert [row["description"].rpartition(" · ")[2] for row in status["data"]] == ["AA1", "AA2", "AA1"]
    told = {"isDelivered": True, "deliveredDate": "2026-11-02 10:50", "events": []}
    assert (await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json=told)).status_code == 200
    assert (await the_package(vtex))["courierStatus"]["finished"] is True, "the invoice is delivered: both boxes are"
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"trackingNumber": "AA1, AA2"})
    async with shop.context.pool.connection() as connection:
        assert len(await shipments.of_order(connection, shop.store_id, "1001")) == 2


async def test_a_line_that_names_a_code_is_of_that_package(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"trackingNumber": "AA1, AA2"})
    lines = [{"date": "2026-11-02", "city": "", "state": "", "description": f"Coletado · {c}"} for c in ("AA1", "AA2")]
    await vtex.put(f"{ORDER}/invoice/NF-1/tracking", json={"isDelivered": False, "events": lines})
    async with shop.context.pool.connection() as connection:
        row = await shipments.of_order(connection, shop.store_id, "1001")
    assert [len(await shop.events(k.shipment.id)) for k in row] == [1, 1]


async def test_two_invoices_of_one_box_are_shown_as_two_with_its_news(vtex: httpx.AsyncClient, shop: Shop) -> None:
    await vtex.post(f"{ORDER}/invoice", json=INVOICE)
    await vtex.post(f"{ORDER}/invoice", json=INVOICE | {"invoiceNumber": "NF-2"})
    shop.outside.say("AA1", ("BDE", "2026-11-02T13:00:00+00:00", "Recife"))
    await shop.later(hours=2)
    packages = (await vtex.get(ORDER)).json()["packageAttachment"]["packages"]
    assert [(p["invoiceNumber"], p["trackingNumber"], p["courierStatus"]["finished"]) for p in packages] == [
        ("NF-1", "AA1", True),
        ("NF-2", "AA1", True),
    ]
    assert (await vtex.get(ORDER)).json()["value"] == 10000


async def test_what_the_order_system_shows_late_puts_no_label_back(vtex: httpx.AsyncClient, shop: Shop) -> None:
    shown = Order("1001", ANA, invoices=(Invoice("NF-1", 5000, courier="Posta", tracking_code="AA1"),))
    async with transaction(shop.context.pool) as connection:
        await take_orders(shop.context, connection, shop.store_id, [shown])
    await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER | {"trackingNumber": "AA2"})
    async with transaction(shop.context.pool) as connection:
        await take_orders(shop.context, connection, shop.store_id, [shown])
    async with shop.context.pool.connection() as connection:
        row = {k.shipment.tracking_code: k for k in await shipments.of_order(connection, shop.store_id, "1001")}
    assert row["AA1"].shipment.replaced_by == row["AA2"].shipment.id
    assert row["AA2"].shipment.replaced_by is None
    await vtex.patch(f"{ORDER}/invoice/NF-1", json=NUMBER)
    async with shop.context.pool.connection() as connection:
        row = {k.shipment.tracking_code: k for k in await shipments.of_order(connection, shop.store_id, "1001")}
    assert row["AA2"].shipment.replaced_by == row["AA1"].shipment.id, "the caller put it back itself"
