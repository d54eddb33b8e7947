"""Orders by API: one, or many lines at once; keys that make a request happen once; the audit log."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.operations import idempotency
from paradeiro.db.pool import transaction
from paradeiro.web.api.orders.bulk import LARGEST_BULK, LONGEST_LINE
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import Shop
from tests.web.apps import create_app

NDJSON = {"Content-Type": "application/x-ndjson"}
ITEM = {"id": "1", "quantity": 2, "price": 90}
PACKAGE = {"carrier": "posta", "tracking_code": "AA1", "invoice": {"number": "NF-1", "items": [ITEM]}}
ORDER = {
    "number": "1001",
    "customer": {"name": "Ana", "email": "ana@example.com"},
    "marketplace": {"channel": "MKT", "order_number": "M-1"},
    "packages": [PACKAGE, PACKAGE | {"tracking_code": "AA2", "invoice": {"number": "NF-2"}}],
}


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with transaction(shop.context.pool) as connection:
        for name, key, scopes in (("erp", "pk_erp", ["read", "write"]), ("wms", "pk_wms", ["read", "write"])):
            await stores.add_api_key(connection, shop.store_id, name=name, key=key, scopes=scopes, now=shop.clock())
    transport = httpx.ASGITransport(create_app(shop.context, real_clock), client=("203.0.113.7", 999))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"X-API-Key": "pk_erp"}, timeout=60
    ) as client:
        yield client


def shipment(number: int, **more: Any) -> dict[str, Any]:
    return {"carrier": "posta", "tracking_code": f"AA{number}", "order": {"number": str(number)}} | more


def lines(each: Iterable[Any]) -> bytes:
    return b"\n".join(part if isinstance(part, bytes) else json.dumps(part).encode() for part in each)


def answers(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def count(api: httpx.AsyncClient) -> int:
    return len((await api.get("/api/v1/shipments", params={"limit": 200})).json()["items"])


async def test_an_order_with_its_packages_is_taken_once(api: httpx.AsyncClient) -> None:
    first = await api.post("/api/v1/orders", json=ORDER)
    assert first.status_code == 201, first.text
    said = first.json()
    assert said["created"]
    assert [each["created"] for each in said["packages"]] == [True, True]
    assert said["order"]["channel"] == "MKT"
    assert [s["tracking_code"] for s in said["order"]["shipments"]] == ["AA1", "AA2"]
    again = await api.post("/api/v1/orders", json=ORDER)
    assert again.status_code == 200
    assert [each["id"] for each in again.json()["packages"]] == [each["id"] for each in said["packages"]]
    assert not again.json()["created"]


async def test_an_order_is_all_or_nothing(api: httpx.AsyncClient) -> None:
    bad = ORDER | {"packages": [PACKAGE, PACKAGE | {"carrier": "nobody"}]}
    answer = await api.post("/api/v1/orders", json=bad)
    assert answer.status_code == 422
    assert "posta" in answer.json()["error"]["message"]
    assert (await api.get("/api/v1/orders")).json()["items"] == []
    assert [each["action"] for each in (await api.get("/api/v1/audit")).json()["items"]] == ["use_key"]


async def test_an_order_without_packages_is_kept(api: httpx.AsyncClient) -> None:
    assert (await api.post("/api/v1/orders", json={"number": "7"})).status_code == 201
    assert (await api.get("/api/v1/orders/7")).json()["shipments"] == []


async def test_each_line_is_answered_and_a_bad_one_spoils_no_other(api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/shipments", json=shipment(1))
    body = lines(
        [
            shipment(1),
            shipment(2),
            b"",
            b"{no json",
            shipment(3) | {"colour": "red"},
            shipment(4, carrier="nobody"),
            shipment(5, order={"number": "5", "customer": {"name": "a\x00b"}}),
            b'{"carrier": "' + b"x" * LONGEST_LINE + b'"}',
            b"\xff\xfe",
            shipment(6),
        ]
    )
    said = answers(await api.post("/api/v1/shipments/bulk", content=body, headers=NDJSON))
    assert [(each["line"], each["status"]) for each in said] == [
        (1, "known"),
        (2, "created"),
        (4, "refused"),
        (5, "refused"),
        (6, "refused"),
        (7, "refused"),
        (8, "refused"),
        (9, "refused"),
        (10, "created"),
    ]
    codes = [each["error"]["code"] for each in said if "error" in each]
    assert codes == ["not_json", "invalid", "unknown_carrier", "bad_text", "line_too_long", "not_json"]
    assert "colour" in said[3]["error"]["message"]
    assert "posta" in said[4]["error"]["message"], "it says which carriers there are"
    assert await count(api) == 3
    assert (await api.get("/api/v1/orders/5")).status_code == 404, "nothing half-done of a refused line"
    assert said[1]["id"] == (await api.get("/api/v1/orders/2")).json()["shipments"][0]["id"]


async def test_orders_in_bulk(api: httpx.AsyncClient) -> None:
    body = lines([ORDER, {"number": "7"}, ORDER | {"number": "8", "packages": [PACKAGE | {"carrier": "x"}]}])
    said = answers(await api.post("/api/v1/orders/bulk", content=body, headers=NDJSON))
    assert [each["status"] for each in said] == ["created", "created", "refused"]
    assert len(said[0]["shipment_ids"]) == 2
    assert [o["number"] for o in (await api.get("/api/v1/orders")).json()["items"]] == ["7", "1001"]


async def test_many_lines_come_in_chunks_without_a_length(api: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(250):
            yield json.dumps(shipment(number)).encode()[:20]
            yield json.dumps(shipment(number)).encode()[20:] + b"\n"

    said = answers(await api.post("/api/v1/shipments/bulk", content=parts(), headers=NDJSON))
    assert [each["line"] for each in said] == list(range(1, 251))
    assert {each["status"] for each in said} == {"created"}


async def test_too_many_lines_or_bytes_take_nothing(api: httpx.AsyncClient) -> None:
    many = (json.dumps(shipment(1)).encode() + b"\n") * 10_001
    answer = await api.post("/api/v1/shipments/bulk", content=many, headers=NDJSON)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "too_many_lines"

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BULK // (1 << 20) + 1):
            yield b" " * (1 << 20)

    assert (await api.post("/api/v1/shipments/bulk", content=endless(), headers=NDJSON)).status_code == 413
    assert (await api.post("/api/v1/shipments/bulk", json=shipment(1))).status_code == 415
    assert await count(api) == 0


async def test_bulks_beside_each_other_take_each_package_once(api: httpx.AsyncClient) -> None:
    numbers = range(1, 61)
    bodies = [lines(shipment(n) for n in numbers), lines(shipment(n) for n in reversed(numbers))] * 2
    found = await asyncio.gather(*(api.post("/api/v1/shipments/bulk", content=body, headers=NDJSON) for body in bodies))
    said = [each for answer in found for each in answers(answer)]
    assert {each["status"] for each in said} == {"created", "known"}
    assert sum(each["status"] == "created" for each in said) == 60
    assert await count(api) == 60


@pytest.mark.parametrize("bulk", [False, True])
async def test_the_same_key_gives_the_same_answer(api: httpx.AsyncClient, bulk: bool) -> None:
    path = "/api/v1/shipments/bulk" if bulk else "/api/v1/shipments"
    headers = NDJSON | {"Idempotency-Key": "k-1"} if bulk else {"Idempotency-Key": "k-1"}
    body = json.dumps(shipment(1)).encode()
    headers |= {} if bulk else {"Content-Type": "application/json"}
    first, second = [await api.post(path, content=body, headers=headers) for _ in range(2)]
    assert first.status_code == second.status_code == (200 if bulk else 201)
    assert first.content == second.content
    assert "created" in second.text
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    other = await api.post(path, content=json.dumps(shipment(2)).encode(), headers=headers)
    assert other.status_code == 422
    assert other.json()["error"]["code"] == "key_reused"
    assert await count(api) == 1
    neighbour = await api.post(path, content=body, headers=headers | {"X-API-Key": "pk_wms"})
    assert neighbour.status_code == 200, "another key of the store has idempotency keys of its own"
    assert "Idempotency-Replayed" not in neighbour.headers


async def test_an_event_without_a_time_is_stated_once_per_key(api: httpx.AsyncClient, shop: Shop) -> None:
    made = (await api.post("/api/v1/shipments", json=shipment(1))).json()["id"]
    path, body = f"/api/v1/shipments/{made}/events", {"status": "in_transit"}
    for _ in range(2):
        assert (await api.post(path, json=body, headers={"Idempotency-Key": "e"})).status_code == 201
        shop.clock.forward(minutes=5)
    assert len((await api.get(f"/api/v1/shipments/{made}")).json()["events"]) == 1


async def test_a_refused_request_frees_its_key(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k-1"}
    assert (await api.post("/api/v1/shipments", json=shipment(1, carrier="x"), headers=headers)).status_code == 422
    assert (await api.post("/api/v1/shipments", json=shipment(1), headers=headers)).status_code == 201
    for bad in ("", "a b", "x" * 256):
        answer = await api.post("/api/v1/shipments", json=shipment(1), headers={"Idempotency-Key": bad})
        assert answer.json()["error"]["code"] == "bad_key"
    nobody = {"Idempotency-Key": "k", "X-API-Key": "pk_wrong"}
    assert (await api.post("/api/v1/shipments", json=shipment(1), headers=nobody)).status_code == 401


async def test_a_request_under_way_is_not_begun_twice(api: httpx.AsyncClient) -> None:
    many = (api.post("/api/v1/shipments", json=shipment(1), headers={"Idempotency-Key": "k"}) for _ in range(6))
    found = await asyncio.gather(*many)
    assert {a.status_code for a in found} <= {201, 409}
    assert sum("Idempotency-Replayed" not in a.headers for a in found if a.status_code == 201) == 1


async def test_a_dead_workers_claim_ends(api: httpx.AsyncClient, shop: Shop) -> None:
    await api.post("/api/v1/shipments", json=shipment(1), headers={"Idempotency-Key": "k"})
    async with transaction(shop.context.pool) as connection:
        await connection.execute("UPDATE idempotency SET status = NULL, answer = NULL")
    again = {"Idempotency-Key": "k"}
    assert (await api.post("/api/v1/shipments", json=shipment(1), headers=again)).status_code == 409
    shop.clock.forward(minutes=11)
    assert (await api.post("/api/v1/shipments", json=shipment(2), headers=again)).status_code == 422
    assert (await api.post("/api/v1/shipments", json=shipment(1), headers=again)).status_code == 200


async def test_keys_are_forgotten_after_two_days(api: httpx.AsyncClient, shop: Shop) -> None:
    key = {"Idempotency-Key": "k"}
    await api.post("/api/v1/shipments", json=shipment(1), headers=key)
    shop.clock.forward(days=2, minutes=1)
    assert (await api.post("/api/v1/shipments", json=shipment(2), headers=key)).status_code == 201
    shop.clock.forward(days=2, minutes=1)
    await maintain(shop.context)
    async with transaction(shop.context.pool) as connection:
        holder = idempotency.RequestOwner(shop.store_id, 1, "k")
        assert await idempotency.stored_answer(connection, holder) is None
        row = await (await connection.execute("SELECT count(*) FROM idempotency")).fetchone()
    assert row == (0,)


async def test_the_audit_log_says_who_did_what_when_and_from_where(api: httpx.AsyncClient, shop: Shop) -> None:
    made = (await api.post("/api/v1/shipments", json=shipment(1))).json()["id"]
    await api.post("/api/v1/shipments", json=shipment(1))
    shop.clock.forward(hours=1)
    path = f"/api/v1/shipments/{made}"
    await api.post(f"{path}/events", json={"status": "in_transit"})
    shop.clock.forward(hours=1)
    await api.post(f"{path}/confirm-delivery", json={}, headers={"X-API-Key": "pk_wms"})
    await api.post(f"{path}/confirm-delivery", json={}, headers={"X-API-Key": "pk_wms"})
    shop.clock.forward(hours=1)
    await api.post(f"{path}/reopen", json={"reason": "wrong door"})
    log = (await api.get("/api/v1/audit")).json()
    assert log["next"] is None
    assert [(each["deed"], each["author"], each["said"]) for each in log["items"]] == [
        ("reopen", "erp", "wrong door"),
        ("confirm_delivery", "wms", "delivered"),
        ("use_key", "wms", ""),
        ("event", "erp", "in_transit"),
        ("register", "erp", "AA1"),
        ("order", "erp", ""),
        ("use_key", "erp", ""),
    ]
    assert {each["origin"] for each in log["items"]} == {"203.0.113.7"}
    assert {each["door"] for each in log["items"]} == {"api"}
    assert log["items"][0]["shipment_id"] == made


async def test_the_audit_log_is_read_page_by_page_while_it_grows(api: httpx.AsyncClient, shop: Shop) -> None:
    for number in range(6):
        await api.post("/api/v1/orders", json={"number": str(number)})
    page = (await api.get("/api/v1/audit", params={"limit": 4})).json()
    assert [each["order_number"] for each in page["items"]] == ["5", "4", "3", "2"]
    await api.post("/api/v1/orders", json={"number": "new"})
    rest = (await api.get("/api/v1/audit", params={"limit": 4, "cursor": page["next"]})).json()
    assert [each["order_number"] for each in rest["items"]] == ["1", "0", ""]
    assert rest["next"] is None
    one = (await api.get("/api/v1/audit", params={"order_number": "3"})).json()
    assert [each["deed"] for each in one["items"]] == ["order"]
    async with transaction(shop.context.pool) as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
        await stores.add_api_key(
            connection, other, name="o", key="pk_o", scopes=["read"], now=shop.clock() + timedelta(0)
        )
    theirs = (await api.get("/api/v1/audit", headers={"X-API-Key": "pk_o"})).json()["items"]
    assert [(each["action"], each["actor"]) for each in theirs] == [("use_key", "o")]
