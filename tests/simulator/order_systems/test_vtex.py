"""In: requests to the order system over real HTTP; out: its answers; what breaks the contract is refused, counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from paradeiro.simulator.parties import Simulator
from tests.simulator.parties import JSON, a_package, order_keys, orders_url, tracking

INVOICE = {
    "type": "Output",
    "issuanceDate": "2026-10-07T10:00:00-03:00",
    "invoiceNumber": "NF-NEW",
    "invoiceValue": "4990",
    "items": [{"id": "100", "price": 4990, "quantity": 1, "description": "Produto"}],
}


async def order(simulator: Simulator, http: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    answer = await http.get(orders_url(simulator, f"/{order_id}"), headers=order_keys(simulator))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def put(simulator: Simulator, http: httpx.AsyncClient, rest: str, body: object) -> httpx.Response:
    return await http.put(orders_url(simulator, f"{rest}/tracking"), headers=order_keys(simulator), json=body)


def path_of(simulator: Simulator, **wanted: Any) -> str:
    package = a_package(simulator, **wanted)
    return f"/{package.order_id}/invoice/{package.invoice_number}"


async def listed(simulator: Simulator, http: httpx.AsyncClient, **params: str | int) -> httpx.Response:
    return await http.get(orders_url(simulator), headers=order_keys(simulator), params=params)


async def test_an_order_has_what_a_tracker_needs(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = a_package(simulator, by_hand=False)
    found = await order(simulator, http, package.order_id)
    wanted = (
        "orderId sequence origin affiliateId marketplaceOrderId marketplaceServicesEndpoint sellerOrderId status value "
        "creationDate lastChange invoicedDate hostname clientProfileData clientPreferencesData storePreferencesData "
        "items sellers shippingData packageAttachment"
    )
    assert set(wanted.split()) <= found.keys()
    shown = next(p for p in found["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number)
    assert shown["trackingNumber"] == package.code
    assert package.code in shown["trackingUrl"]
    assert shown["courierStatus"] == {"status": "unknown", "finished": False, "data": []}
    assert len(found["invoicedDate"].split(".")[1].split("+")[0]) == 7


async def test_an_order_by_its_sequence(simulator: Simulator, http: httpx.AsyncClient) -> None:
    known = await order(simulator, http, a_package(simulator).order_id)
    assert (await order(simulator, http, f"seq{known['sequence']}"))["orderId"] == known["orderId"]


async def test_without_keys_or_without_the_right_to_write(simulator: Simulator, http: httpx.AsyncClient) -> None:
    path = path_of(simulator, by_hand=False)
    refused = await http.get(orders_url(simulator), headers=JSON)
    assert refused.status_code == 401
    assert refused.json() == {"error": {"code": "1", "message": "Unauthorized access", "exception": None}}
    simulator.order_system.writes = False
    assert (await put(simulator, http, path, tracking())).status_code == 403
    assert (await listed(simulator, http)).status_code == 200
    assert simulator.breaches == []


async def test_what_is_not_there(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = a_package(simulator)
    assert (await http.get(orders_url(simulator, "/nothing"), headers=order_keys(simulator))).status_code == 404
    answer = await put(simulator, http, f"/{package.order_id}/invoice/nothing", tracking())
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invoice Not Found"
    later = next(o for o in simulator.ground_truth.orders if o.invoiced_at > simulator.clock())
    assert (
        await http.get(orders_url(simulator, f"/{later.order_id}"), headers=order_keys(simulator))
    ).status_code == 404


async def test_the_list_lags_by_four_minutes(simulator: Simulator, http: httpx.AsyncClient) -> None:
    newest = max((o for o in simulator.ground_truth.orders), key=lambda o: o.invoiced_at)
    simulator.clock.set(newest.invoiced_at + timedelta(minutes=3, seconds=59))
    assert newest.order_id not in (await listed(simulator, http, per_page=100)).text
    simulator.clock.set(newest.invoiced_at + timedelta(minutes=4))
    assert newest.order_id in (await listed(simulator, http, per_page=100)).text


async def test_the_list_by_pages(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.clock.set(simulator.ground_truth.end)
    one, two = [(await listed(simulator, http, page=page, per_page=10)).json() for page in (1, 2)]
    total = len(simulator.ground_truth.orders)
    assert one["paging"] == {"total": total, "pages": -(-total // 10), "currentPage": 1, "perPage": 10}
    ids = [o["orderId"] for o in one["list"] + two["list"]]
    assert len(set(ids)) == 20
    assert all("packageAttachment" not in o and o["items"] is None for o in one["list"])


async def test_the_list_in_a_window_of_a_status_in_an_order(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.clock.set(simulator.ground_truth.end)
    since, until = simulator.ground_truth.start + timedelta(days=1), simulator.ground_truth.start + timedelta(days=2)
    window = f"[{since:%Y-%m-%dT%H:%M:%S}.000Z TO {until:%Y-%m-%dT%H:%M:%S}.000Z]"
    ground_truth = {o.order_id for o in simulator.ground_truth.orders if since <= o.invoiced_at <= until}
    found = (await listed(simulator, http, f_invoicedDate=f"invoicedDate:{window}", per_page=100)).json()["list"]
    assert {o["orderId"] for o in found} == ground_truth
    made = {o.order_id for o in simulator.ground_truth.orders if since <= o.created_at <= until}
    found = (await listed(simulator, http, f_creationDate=f"creationDate:{window}", per_page=100)).json()["list"]
    assert {o["orderId"] for o in found} == made
    assert (await listed(simulator, http, f_status="canceled")).json()["paging"]["total"] == 0
    found = (await listed(simulator, http, orderBy="creationDate,asc", f_status="invoiced")).json()["list"]
    assert [o["creationDate"] for o in found] == sorted(o["creationDate"] for o in found)


@pytest.mark.parametrize(
    "asked",
    [
        {"page": 31},
        {"page": 0},
        {"per_page": 101},
        {"page": "x"},
        {"f_invoicedDate": "2026-10-05"},
        {"f_invoicedDate": "creationDate:[2026-10-05T00:00:00Z TO 2026-10-06T00:00:00Z]"},
        {"f_invoicedDate": "invoicedDate:[2026-10-05T00:00:00 TO 2026-10-06T00:00:00]"},
        {"orderBy": "colour,asc"},
    ],
)
async def test_a_list_that_nobody_documents(
    simulator: Simulator, http: httpx.AsyncClient, asked: dict[str, Any]
) -> None:
    assert (await listed(simulator, http, **asked)).status_code == 400
    assert len(simulator.breaches) == 1


async def test_an_update_replaces_the_history(simulator: Simulator, http: httpx.AsyncClient) -> None:
    package = a_package(simulator, by_hand=False)
    path = f"/{package.order_id}/invoice/{package.invoice_number}"
    await put(simulator, http, path, tracking(events=3))
    answer = await put(simulator, http, path, tracking(delivered=True, events=2, when="2026-10-07 14:20"))
    assert answer.status_code == 200
    assert answer.json().keys() == {"date", "orderId", "receipt"}
    found = await order(simulator, http, package.order_id)
    shown = next(p for p in found["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number)
    status = shown["courierStatus"]
    assert (status["finished"], status["deliveredDate"], len(status["data"])) == (
        True,
        "2026-10-07T14:20:00.0000000+00:00",
        2,
    )
    assert status["data"][0].keys() == {"lastChange", "city", "state", "description", "createDate"}
    assert found["status"] == "invoiced"  # confirming a delivery does not change it
    assert simulator.breaches == []


async def test_a_number_comes_before_events(simulator: Simulator, http: httpx.AsyncClient) -> None:
    path = path_of(simulator, by_hand=True)
    assert (await put(simulator, http, path, tracking())).status_code == 400
    number = {"trackingNumber": "AA123456785BR", "trackingUrl": None, "dispatchedDate": None, "courier": "Correios"}
    answer = await http.patch(orders_url(simulator, path), headers=order_keys(simulator), json=number)
    assert answer.status_code == 200
    assert (await put(simulator, http, path, tracking())).status_code == 200
    assert len(simulator.breaches) == 1


async def test_a_new_invoice_and_the_same_again(simulator: Simulator, http: httpx.AsyncClient) -> None:
    order_id = a_package(simulator).order_id
    before = len((await order(simulator, http, order_id))["packageAttachment"]["packages"])
    url = orders_url(simulator, f"/{order_id}/invoice")
    receipts = {(await http.post(url, headers=order_keys(simulator), json=INVOICE)).json()["receipt"] for _ in range(2)}
    assert len(receipts) == 2  # a second one only makes a new receipt (facts/vtex, 2.3)
    assert len((await order(simulator, http, order_id))["packageAttachment"]["packages"]) == before + 1


@pytest.mark.parametrize(
    "body",
    [
        {"events": []},
        {"isDelivered": "yes", "deliveredDate": None, "events": []},
        {"isDelivered": True, "events": []},
        {"isDelivered": False, "deliveredDate": None, "events": [{"city": "Campinas"}]},
        tracking(delivered=True, when="2026-10-07T14:20:00Z"),
        {**tracking(), "events": [{**tracking()["events"][0], "date": "2026-10-06T10:00"}]},
        {**tracking(), "events": [{**tracking()["events"][0], "description": "x" * 5001}]},
        "text",
    ],
)
async def test_an_update_that_breaks_the_contract(simulator: Simulator, http: httpx.AsyncClient, body: object) -> None:
    assert (await put(simulator, http, path_of(simulator, by_hand=False), body)).status_code == 400
    assert len(simulator.breaches) == 1
    assert "PUT" in simulator.breaches[0]
    assert simulator.order_system.told == []


async def test_requests_without_the_headers_it_demands_or_without_json(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    keys = {name: value for name, value in order_keys(simulator).items() if name != "content-type"}
    assert (await http.get(orders_url(simulator), headers=keys)).status_code == 400
    url = orders_url(simulator, f"{path_of(simulator, by_hand=False)}/tracking")
    assert (await http.put(url, headers=order_keys(simulator), content=b"{")).status_code == 400
    assert len(simulator.breaches) == 2


async def test_dates_are_read_whatever_their_fraction(simulator: Simulator, http: httpx.AsyncClient) -> None:
    found = await order(simulator, http, a_package(simulator).order_id)
    invoiced = next(o for o in simulator.ground_truth.orders if o.order_id == found["orderId"]).invoiced_at
    assert datetime.fromisoformat(found["invoicedDate"]) == invoiced.astimezone(UTC)
