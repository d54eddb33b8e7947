"""The public API: keys and scopes, registration, statements, and errors that say what to do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.connectors import discover
from paradeiro.db.accounts import api_keys, stores
from paradeiro.db.pool import transaction
from tests.flow.conftest import Shop
from tests.web.apps import create_app

ORDER = {"number": "1001", "customer": {"name": "Ana", "email": "ana@example.com"}}
BODY = {"carrier": "posta", "tracking_code": "AA1", "order": ORDER, "invoice": {"number": "NF-1", "value": 5000}}


async def _key(shop: Shop, key: str, scopes: list[str], store: str = "Loja") -> None:
    async with transaction(shop.context.pool) as connection:
        store_id = await stores.add_store(connection, store, now=shop.clock())
        await stores.add_api_key(connection, store_id, name="erp", key=key, scopes=scopes, now=shop.clock())


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    await _key(shop, "pk_both", ["read", "write"])
    await _key(shop, "pk_read", ["read"])
    await _key(shop, "pk_other", ["read", "write"], store="Outra")
    context = replace(shop.context, connectors={**shop.context.connectors, "correios": discover()["correios"]})
    transport = httpx.ASGITransport(create_app(context, real_clock))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"X-API-Key": "pk_both"}
    ) as client:
        yield client


async def test_only_health_and_the_tracking_page_need_no_key(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    paths = [*document["paths"], "/", "/docs", "/openapi.json", "/notices", "/accounts", "/orders/1", "/replies/1"]
    del api.headers["X-API-Key"]
    assert (await api.get("/health")).json() == {
        "status": "degraded",
        "jobs_waiting": 0,
        "workers": 0,
        "problems": ["no worker is running"],
    }, "it names nobody"
    for path in paths:
        concrete = path.replace("{shipment_id}", "1").replace("{reply_id}", "1").replace("{notice_id}", "1")
        for method in ("GET", "POST"):
            answer = await api.request(method, concrete)
            turned_away = answer.status_code in {401, 405} or answer.headers.get("location") == "/sign-in"
            assert turned_away, f"{method} {concrete} answered {answer.status_code}"


@pytest.mark.parametrize("header", [{"X-API-Key": "pk_wrong"}, {"Authorization": "Bearer pk_wrong"}, {"X-API-Key": ""}])
async def test_a_wrong_key_is_turned_away(api: httpx.AsyncClient, header: dict[str, str]) -> None:
    answer = await api.get("/api/v1/orders", headers={"X-API-Key": ""} | header)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "no_key"


async def test_scopes_and_stores_are_kept_apart(api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/v1/shipments", json=BODY)).json()
    read_only = {"X-API-Key": "pk_read"}
    assert (await api.get(f"/api/v1/shipments/{made['id']}", headers=read_only)).status_code == 200
    refused = await api.post("/api/v1/shipments", json=BODY, headers=read_only)
    assert refused.status_code == 403
    assert "write" in refused.json()["error"]["message"]
    other = {"X-API-Key": "pk_other"}
    assert (await api.get(f"/api/v1/shipments/{made['id']}", headers=other)).status_code == 404
    assert (await api.get("/api/v1/shipments", headers=other)).json() == {"items": [], "next": None}
    assert (await api.get("/api/v1/shipments", headers={"X-API-Key": "", "Authorization": "Bearer pk_both"})).json()[
        "items"
    ]


async def test_keys_are_kept_as_hashes_and_can_be_revoked(api: httpx.AsyncClient, shop: Shop) -> None:
    async with transaction(shop.context.pool) as connection:
        rows = await (
            await connection.execute("SELECT id, hash, api_key::text FROM api_key WHERE name = 'erp'")
        ).fetchall()
        assert all(b"pk_" not in row[1] and "pk_both" not in row[2] for row in rows)
        assert await api_keys.revoke_key(connection, rows[0][0], now=shop.clock()) == shop.store_id
    assert (await api.get("/api/v1/orders")).status_code == 401


async def test_registering_twice_is_one_shipment(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post("/api/v1/shipments", json=BODY) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [200] * 5 + [201]
    assert len({a.json()["id"] for a in answers}) == 1
    assert answers[0].json()["shipment"]["status"] == "registered"


async def test_a_wrong_check_digit_is_refused_with_the_right_one_named(api: httpx.AsyncClient) -> None:
    body = BODY | {"carrier": "correios", "tracking_code": "AA123456789BR"}
    answer = await api.post("/api/v1/shipments", json=body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "bad_tracking_code"
    assert "AA123456785BR" in error["message"]
    assert error["details"] == {"suggestion": "AA123456785BR"}
    assert (await api.get("/api/v1/orders")).json()["items"] == [], "nothing half-done is kept"
    lenient = await api.post("/api/v1/shipments", json=body | {"lenient": True})
    assert lenient.status_code == 201
    for hopeless in ("Cliente retirou !", "AAAA", "12345"):
        answer = await api.post("/api/v1/shipments", json=body | {"tracking_code": hopeless, "lenient": True})
        assert answer.status_code == 422
    tidied = await api.post("/api/v1/shipments", json=body | {"tracking_code": " aa 123.456.785-br\u200b"})
    assert tidied.json()["shipment"]["tracking_code"] == "AA123456785BR"


async def test_an_unknown_carrier_names_those_there_are(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/shipments", json=BODY | {"carrier": "rapidao"})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["known"] == ["correios", "posta"], "who stands in carries nothing"


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (b"{not json", 400, "not JSON"),
        (b"", 422, "body"),
        (b"[]", 422, "body"),
        (b'{"carrier": "posta"}', 422, "order"),
        (b'{"carrier": "posta", "tracking_code": "A", "order": {"number": "1"}, "colour": 1}', 422, "colour"),
    ],
)
async def test_a_body_that_cannot_be_taken_says_why(
    api: httpx.AsyncClient, content: bytes, status: int, says: str
) -> None:
    answer = await api.post("/api/v1/shipments", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


async def test_a_huge_body_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/shipments", content=b" " * (5 * 1024 * 1024))
    assert answer.status_code == 413


async def test_an_event_and_a_delivery_by_api_go_the_whole_way(api: httpx.AsyncClient, shop: Shop) -> None:
    sold = ORDER | {"marketplace": {"channel": "MKT", "order_number": "M-1"}}
    made = (await api.post("/api/v1/shipments", json=BODY | {"order": sold})).json()
    await shop.later(hours=1)
    event = {"status": "out_for_delivery", "city": "Itu", "state": "SP", "occurred_at": shop.clock().isoformat()}
    for expected in (1, 0):
        answer = await api.post("/api/v1/orders/1001/invoices/NF-1/events", json=event)
        assert answer.status_code == 201
        assert answer.json()["events"] == expected, "the same statement twice is one event"
    await shop.later(hours=1)
    confirmed = await api.post(f"/api/v1/shipments/{made['id']}/confirm-delivery", json={})
    assert confirmed.json()["shipment"]["status"] == "delivered"
    await shop.run()
    assert [m["status"] for m in shop.outside.told("mail")] == ["out_for_delivery", "delivered"]
    assert shop.outside.told("canal")[-1]["delivered"] is True
    assert shop.outside.told("loja")[-1]["delivered"] is True
    reopened = await api.post(f"/api/v1/shipments/{made['id']}/reopen", json={"reason": "was the neighbour's"})
    assert reopened.json()["shipment"]["status"] == "out_for_delivery"
    again = await api.post(f"/api/v1/shipments/{made['id']}/reopen", json={"reason": "x"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_delivered")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/orders/1001/invoices/NF-9/events", "no_such_invoice"),
        ("/api/v1/orders/9999/invoices/NF-1/events", "no_such_order"),
        ("/api/v1/shipments/99999/events", "no_such_shipment"),
    ],
)
async def test_an_update_for_what_does_not_exist_says_so(api: httpx.AsyncClient, path: str, code: str) -> None:
    await api.post("/api/v1/shipments", json=BODY)
    answer = await api.post(path, json={"status": "in_transit"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"status": "unknown"}, "status"),
        ({"status": "lost in space"}, "status"),
        ({"status": "delivered", "occurred_at": "2036-01-01T00:00:00Z"}, "future"),
        ({"status": "delivered", "occurred_at": "2026-11-02T10:00:00"}, "occurred_at"),
    ],
)
async def test_an_event_that_cannot_be_is_refused(api: httpx.AsyncClient, event: dict[str, str], says: str) -> None:
    made = (await api.post("/api/v1/shipments", json=BODY)).json()
    answer = await api.post(f"/api/v1/shipments/{made['id']}/events", json=event)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]


async def test_lists_have_pages_and_an_order_shows_its_timeline_with_raw_answers(
    api: httpx.AsyncClient, shop: Shop
) -> None:
    for n in range(5):
        await api.post("/api/v1/shipments", json=BODY | {"tracking_code": f"AB{n}", "order": {"number": f"20{n}"}})
    first = (await api.get("/api/v1/shipments", params={"limit": 3})).json()
    rest = (await api.get("/api/v1/shipments", params={"limit": 3, "cursor": first["next"]})).json()
    codes = [item["tracking_code"] for item in first["items"] + rest["items"]]
    assert codes == ["AB4", "AB3", "AB2", "AB1", "AB0"]
    assert rest["next"] is None
    shop.outside.say("AB0", ("PO", "2026-11-02T12:05:00+00:00", "Santos"))
    await shop.later(minutes=10)
    await shop.later(hours=3)
    order = (await api.get("/api/v1/orders/200")).json()
    event = order["shipments"][0]["events"][0]
    assert (event["code"], event["city"], event["occurred_at"]) == ("PO", "Santos", "2026-11-02T12:05:00Z")
    raw = await api.get(event["reply"])
    assert raw.text == shop.outside.read("answer-AB0")
    assert raw.headers["content-type"].startswith("text/plain")
    assert (await api.get("/api/v1/orders", params={"search": "AB3"})).json()["items"][0]["number"] == "203"


async def test_notices_and_accounts_can_be_read_and_ended(api: httpx.AsyncClient, shop: Shop) -> None:
    await api.post("/api/v1/shipments", json=BODY)
    shop.outside.fail("carrier", "auth")
    await shop.later(minutes=1)
    accounts = (await api.get("/api/v1/accounts")).json()
    posta = next(a for a in accounts if a["connector"] == "posta")
    assert (posta["state"], posta["following"]) == ("paused", 1)
    shipment = (await api.get("/api/v1/shipments")).json()["items"][0]
    assert shipment["waits_for"].startswith("posta")
    notice = (await api.get("/api/v1/notices")).json()["items"][0]
    assert notice["kind"] == "credentials_refused"
    shop.outside.fail("carrier", "ok")
    assert (await api.post(f"/api/v1/notices/{notice['id']}/resolve")).status_code == 200
    assert (await api.post(f"/api/v1/notices/{notice['id']}/resolve")).status_code == 404
    await shop.run()
    accounts = (await api.get("/api/v1/accounts")).json()
    assert next(a for a in accounts if a["connector"] == "posta")["state"] == "ok"


async def test_an_anonymous_read_by_tracking_code_gets_nothing(api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/v1/shipments", json=BODY)).json()
    link = made["shipment"]["tracking_link"].removeprefix("https://rastreio.example.com")
    del api.headers["X-API-Key"]
    assert (await api.get(link)).status_code == 200
    by_code = await api.get("/t/AA1")
    assert by_code.status_code == 404
    assert by_code.text == (await api.get("/t/wrong")).text
    assert (await api.get("/api/v1/shipments", params={"tracking_code": "AA1"})).status_code == 401


async def test_the_reference_shows_every_operation(api: httpx.AsyncClient) -> None:
    page = await api.get("/docs")
    assert page.status_code == 200
    document = (await api.get("/openapi.json")).json()
    assert all(path in page.text for path in document["paths"])
    assert "<script" not in page.text
