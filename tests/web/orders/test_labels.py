"""Packages, invoices and labels by API, in bulk, by table, on the order's page and the tracking page."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.following import shipments
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.flow.orders.table_import import check_table, import_table
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.orders.test_table_import import field
from tests.web.signing_in import enter

PACKAGE: dict[str, Any] = {
    "carrier": "posta",
    "tracking_code": "AA1",
    "order": {"number": "1001", "customer": {"name": "Ana", "email": "ana@example.com"}},
    "invoice": {"number": "NF-1", "value": 5000},
}


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed in; the API takes the same cookie's key."""
    async with transaction(shop.context.pool) as connection:
        await stores.add_api_key(
            connection, shop.store_id, name="Bia", key="pk_bia", scopes=["read", "write"], now=shop.clock()
        )
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": "pk_bia"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", follow_redirects=True, headers=headers
    ) as client:
        await enter(client, shop.context, shop.store_id)
        yield client


async def the_order(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The shipments of the order by code."""
    answer = await client.get("/api/v1/orders/1001")
    return {each["tracking_code"]: each for each in answer.json()["shipments"]}


async def test_several_codes_at_the_api_are_several_packages(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/shipments", json=PACKAGE | {"tracking_code": "AA1, AA2"})
    assert answer.status_code == 201, answer.text
    assert [each["created"] for each in answer.json()["packages"]] == [True, True]
    assert {code: s["invoice_numbers"] for code, s in (await the_order(client)).items()} == {
        "AA1": ["NF-1"],
        "AA2": ["NF-1"],
    }
    doubtful = PACKAGE | {"tracking_code": "1001234567 1001234568"}
    refused = await client.post("/api/v1/shipments", json=doubtful)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_tracking_code")
    assert "Write a comma between codes" in refused.json()["error"]["message"]


async def test_a_second_invoice_of_a_box_is_the_same_shipment(client: httpx.AsyncClient, shop: Shop) -> None:
    first = (await client.post("/api/v1/shipments", json=PACKAGE)).json()
    second = await client.post("/api/v1/shipments", json=PACKAGE | {"invoice": {"number": "NF-2"}})
    assert (second.status_code, second.json()["id"]) == (200, first["id"])
    assert second.json()["shipment"]["invoice_numbers"] == ["NF-1", "NF-2"]
    assert second.json()["shipment"]["invoice_number"] == "NF-1"
    shop.clock.forward(minutes=5)
    done = await client.post("/api/v1/orders/1001/invoices/NF-2/confirm-delivery", json={})
    assert done.status_code == 200, done.text
    assert done.json()["shipment"]["id"] == first["id"]
    assert len((await client.get("/api/v1/shipments")).json()["items"]) == 1
    (line,) = (await client.get("/api/v1/orders")).json()["items"]
    assert (line["shipments"], line["delivered"], line["tracking_codes"]) == (1, 1, ["AA1"])


async def test_by_api_a_label_is_replaced_and_restored(client: httpx.AsyncClient) -> None:
    old = (await client.post("/api/v1/shipments", json=PACKAGE)).json()["id"]
    answer = await client.post(f"/api/v1/shipments/{old}/replace", json={"tracking_code": "AA2"})
    assert answer.status_code == 200, answer.text
    new = answer.json()["by"]
    assert (new["tracking_code"], new["invoice_numbers"]) == ("AA2", ["NF-1"])
    assert answer.json()["replaced"]["replaced_by"] == new["id"]
    assert answer.json()["replaced"]["next_check"] is None
    assert (await client.get("/api/v1/orders")).json()["items"][0]["tracking_codes"] == ["AA2"]
    again = await client.post(f"/api/v1/shipments/{old}/restore")
    assert (again.status_code, again.json()["by"], again.json()["replaced"]["replaced_by"]) == (200, None, None)
    refused = await client.post(f"/api/v1/shipments/{old}/restore")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_replaced")
    log = [line["deed"] for line in (await client.get("/api/v1/audit")).json()["items"]]
    assert {"replace", "restore"} <= set(log)


async def test_many_at_once_say_what_they_replace(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/shipments", json=PACKAGE)
    lines = [
        PACKAGE | {"tracking_code": "AA2", "replaces": "AA1"},
        PACKAGE | {"tracking_code": "AA3", "replaces": "ZZ9"},
        PACKAGE | {"tracking_code": "AA4; AA5"},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    answer = await client.post("/api/v1/shipments/bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    said = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["status"] for each in said] == ["created", "refused", "created"]
    assert said[1]["error"]["code"] == "unknown_label"
    assert len(said[2]["shipment_ids"]) == 2
    packages = await the_order(client)
    assert packages["AA1"]["replaced_by"] == packages["AA2"]["id"]
    assert "AA3" not in packages, "nothing of a refused line is kept"


async def test_a_table_has_several_codes_in_a_cell_and_names_what_a_label_replaces(shop: Shop) -> None:
    table = 'pedido;transportadora;código;nota;substitui\n1001;posta;"AA1, AA2";NF-1;\n1001;posta;AA3;NF-1;AA2\n'
    doubtful = "1002;posta;1001234567 1001234568;NF-2;\n"
    sheet = await check_table(shop.context, shop.store_id, (table + doubtful).encode())
    assert [[fault.problem for fault in row.faults] for row in sheet.rows] == [[], [], ["several"]]
    taken = await import_table(shop.context, shop.store_id, (table + doubtful).encode(), Actor("ana", "cli"))
    assert (taken.created, taken.known, taken.refused) == (2, 0, ())
    async with shop.context.pool.connection() as connection:
        row = {k.shipment.tracking_code: k for k in await shipments.of_order(connection, shop.store_id, "1001")}
    assert set(row) == {"AA1", "AA2", "AA3"}
    assert row["AA2"].shipment.replaced_by == row["AA3"].shipment.id


async def test_the_orders_page_replaces_a_label_and_takes_it_back(client: httpx.AsyncClient) -> None:
    old = (await client.post("/api/v1/shipments", json=PACKAGE)).json()["id"]
    html = (await client.get("/orders/1001?lang=en")).text
    assert "Label made again" in html
    here = f"/orders/1001/packages/{old}"
    seen = await client.post(f"{here}/replace", data={"form": field(html, "form"), "code": "AA2"})
    assert seen.status_code == 200
    assert "AA2 is the code now" in seen.text
    assert "In the place of" in seen.text
    assert "label replaced" in seen.text, "the log says who did it"
    again = await client.post(f"{here}/replace", data={"form": field(html, "form"), "code": "AA1"})
    assert again.status_code != 200
    assert "own code" in again.text
    back = await client.post(f"{here}/restore", data={"form": field(html, "form")})
    assert "is the code now" not in back.text


async def test_the_customer_sees_the_successor_under_the_old_link(client: httpx.AsyncClient, shop: Shop) -> None:
    old = (await client.post("/api/v1/shipments", json=PACKAGE)).json()
    token = old["shipment"]["tracking_link"].rpartition("/")[2]
    version = (await client.get(f"/t/{token}.json")).headers["etag"]
    await client.post(f"/api/v1/shipments/{old['id']}/replace", json={"tracking_code": "AA2"})
    page = await client.get(f"/t/{token}.json")
    assert [each["tracking_code"] for each in page.json()["packages"]] == ["AA2"]
    assert page.headers["etag"] != version
    assert "AA2" in (await client.get(f"/t/{token}")).text
    await client.post(f"/api/v1/shipments/{old['id']}/restore")
    both = (await client.get(f"/t/{token}.json")).json()["packages"]
    assert [each["tracking_code"] for each in both] == ["AA1", "AA2"]
