"""In: requests to the order system over real HTTP; out: its answers; what breaks the contract is refused, counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from paradeiro.world.parties import World

from .parties import JSON, a_package, order_keys, orders_url, tracking

INVOICE = {
    "type": "Output",
    "issuanceDate": "2026-10-07T10:00:00-03:00",
    "invoiceNumber": "NF-NEW",
    "invoiceValue": "4990",
    "items": [{"id": "100", "price": 4990, "quantity": 1, "description": "Produto"}],
}


async def order(world: World, http: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    answer = await http.get(orders_url(world, f"/{order_id}"), headers=order_keys(world))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def put(world: World, http: httpx.AsyncClient, rest: str, body: object) -> httpx.Response:
    return await http.put(orders_url(world, f"{rest}/tracking"), headers=order_keys(world), json=body)


def path_of(world: World, **wanted: Any) -> str:
    package = a_package(world, **wanted)
    return f"/{package.order_id}/invoice/{package.invoice_number}"


async def listed(world: World, http: httpx.AsyncClient, **params: str | int) -> httpx.Response:
    return await http.get(orders_url(world), headers=order_keys(world), params=params)


async def test_an_order_has_what_a_tracker_needs(world: World, http: httpx.AsyncClient) -> None:
    package = a_package(world, by_hand=False)
    found = await order(world, http, package.order_id)
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


async def test_an_order_by_its_sequence(world: World, http: httpx.AsyncClient) -> None:
    known = await order(world, http, a_package(world).order_id)
    assert (await order(world, http, f"seq{known['sequence']}"))["orderId"] == known["orderId"]


async def test_without_keys_or_without_the_right_to_write(world: World, http: httpx.AsyncClient) -> None:
    path = path_of(world, by_hand=False)
    refused = await http.get(orders_url(world), headers=JSON)
    assert refused.status_code == 401
    assert refused.json() == {"error": {"code": "1", "message": "Unauthorized access", "exception": None}}
    world.order_system.writes = False
    assert (await put(world, http, path, tracking())).status_code == 403
    assert (await listed(world, http)).status_code == 200
    assert world.breaches == []


async def test_what_is_not_there(world: World, http: httpx.AsyncClient) -> None:
    package = a_package(world)
    assert (await http.get(orders_url(world, "/nothing"), headers=order_keys(world))).status_code == 404
    answer = await put(world, http, f"/{package.order_id}/invoice/nothing", tracking())
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invoice Not Found"
    later = next(o for o in world.truth.orders if o.invoiced_at > world.clock())
    assert (await http.get(orders_url(world, f"/{later.order_id}"), headers=order_keys(world))).status_code == 404


async def test_the_list_lags_by_four_minutes(world: World, http: httpx.AsyncClient) -> None:
    newest = max((o for o in world.truth.orders), key=lambda o: o.invoiced_at)
    world.clock.set(newest.invoiced_at + timedelta(minutes=3, seconds=59))
    assert newest.order_id not in (await listed(world, http, per_page=100)).text
    world.clock.set(newest.invoiced_at + timedelta(minutes=4))
    assert newest.order_id in (await listed(world, http, per_page=100)).text


async def test_the_list_by_pages(world: World, http: httpx.AsyncClient) -> None:
    world.clock.set(world.truth.end)
    one, two = [(await listed(world, http, page=page, per_page=10)).json() for page in (1, 2)]
    total = len(world.truth.orders)
    assert one["paging"] == {"total": total, "pages": -(-total // 10), "currentPage": 1, "perPage": 10}
    ids = [o["orderId"] for o in one["list"] + two["list"]]
    assert len(set(ids)) == 20
    assert all("packageAttachment" not in o and o["items"] is None for o in one["list"])


async def test_the_list_in_a_window_of_a_status_in_an_order(world: World, http: httpx.AsyncClient) -> None:
    world.clock.set(world.truth.end)
    since, until = world.truth.start + timedelta(days=1), world.truth.start + timedelta(days=2)
    window = f"[{since:%Y-%m-%dT%H:%M:%S}.000Z TO {until:%Y-%m-%dT%H:%M:%S}.000Z]"
    truth = {o.order_id for o in world.truth.orders if since <= o.invoiced_at <= until}
    found = (await listed(world, http, f_invoicedDate=f"invoicedDate:{window}", per_page=100)).json()["list"]
    assert {o["orderId"] for o in found} == truth
    made = {o.order_id for o in world.truth.orders if since <= o.created_at <= until}
    found = (await listed(world, http, f_creationDate=f"creationDate:{window}", per_page=100)).json()["list"]
    assert {o["orderId"] for o in found} == made
    assert (await listed(world, http, f_status="canceled")).json()["paging"]["total"] == 0
    found = (await listed(world, http, orderBy="creationDate,asc", f_status="invoiced")).json()["list"]
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
async def test_a_list_that_nobody_documents(world: World, http: httpx.AsyncClient, asked: dict[str, Any]) -> None:
    assert (await listed(world, http, **asked)).status_code == 400
    assert len(world.breaches) == 1


async def test_an_update_replaces_the_history(world: World, http: httpx.AsyncClient) -> None:
    package = a_package(world, by_hand=False)
    path = f"/{package.order_id}/invoice/{package.invoice_number}"
    await put(world, http, path, tracking(events=3))
    answer = await put(world, http, path, tracking(delivered=True, events=2, when="2026-10-07 14:20"))
    assert answer.status_code == 200
    assert answer.json().keys() == {"date", "orderId", "receipt"}
    found = await order(world, http, package.order_id)
    shown = next(p for p in found["packageAttachment"]["packages"] if p["invoiceNumber"] == package.invoice_number)
    status = shown["courierStatus"]
    assert (status["finished"], status["deliveredDate"], len(status["data"])) == (
        True,
        "2026-10-07T14:20:00.0000000+00:00",
        2,
    )
    assert status["data"][0].keys() == {"lastChange", "city", "state", "description", "createDate"}
    assert found["status"] == "invoiced"  # confirming a delivery does not change it
    assert world.breaches == []


async def test_a_number_comes_before_events(world: World, http: httpx.AsyncClient) -> None:
    path = path_of(world, by_hand=True)
    assert (await put(world, http, path, tracking())).status_code == 400
    number = {"trackingNumber": "AA123456785BR", "trackingUrl": None, "dispatchedDate": None, "courier": "Correios"}
    answer = await http.patch(orders_url(world, path), headers=order_keys(world), json=number)
    assert answer.status_code == 200
    assert (await put(world, http, path, tracking())).status_code == 200
    assert len(world.breaches) == 1


async def test_a_new_invoice_and_the_same_again(world: World, http: httpx.AsyncClient) -> None:
    order_id = a_package(world).order_id
    before = len((await order(world, http, order_id))["packageAttachment"]["packages"])
    url = orders_url(world, f"/{order_id}/invoice")
    receipts = {(await http.post(url, headers=order_keys(world), json=INVOICE)).json()["receipt"] for _ in range(2)}
    assert len(receipts) == 2  # a second one only makes a new receipt (facts/vtex, 2.3)
    assert len((await order(world, http, order_id))["packageAttachment"]["packages"]) == before + 1


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
async def test_an_update_that_breaks_the_contract(world: World, http: httpx.AsyncClient, body: object) -> None:
    assert (await put(world, http, path_of(world, by_hand=False), body)).status_code == 400
    assert len(world.breaches) == 1
    assert "PUT" in world.breaches[0]
    assert world.order_system.told == []


async def test_requests_without_the_headers_it_demands_or_without_json(world: World, http: httpx.AsyncClient) -> None:
    keys = {name: value for name, value in order_keys(world).items() if name != "content-type"}
    assert (await http.get(orders_url(world), headers=keys)).status_code == 400
    url = orders_url(world, f"{path_of(world, by_hand=False)}/tracking")
    assert (await http.put(url, headers=order_keys(world), content=b"{")).status_code == 400
    assert len(world.breaches) == 2


async def test_dates_are_read_whatever_their_fraction(world: World, http: httpx.AsyncClient) -> None:
    found = await order(world, http, a_package(world).order_id)
    invoiced = next(o for o in world.truth.orders if o.order_id == found["orderId"]).invoiced_at
    assert datetime.fromisoformat(found["invoicedDate"]) == invoiced.astimezone(UTC)
