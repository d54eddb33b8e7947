"""No endpoint takes values that cannot be stored, shown or compared: they count as missing, or are refused."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from tests.flow.conftest import Shop
from tests.flow.test_main_line import POSTED
from tests.web.apps import create_app
from tests.web.orders.test_table_import import field, upload
from tests.web.signing_in import enter

_NEVERS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "31/12/9999"]
_ODD = {
    "NUL": "1\x00",
    "CR": "1\r\nBcc: x",
    "LF": "1\n2",
    "control": "1\x1b[0m",
    "half": "1\ud83d",
}
_JSON, _FORM = {"Content-Type": "application/json"}, {"Content-Type": "application/x-www-form-urlencoded"}
_SAID = {"NUL": "NUL", "CR": "(CR)", "LF": "(LF)", "control": "U+001B", "half": ""}


@pytest.fixture
async def app(shop: Shop) -> FastAPI:
    return create_app(shop.context, real_clock)


@pytest.fixture
async def api(shop: Shop, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key, and signed in with it too."""
    async with transaction(shop.context.pool) as connection:
        scopes = ["read", "write"]
        await stores.add_api_key(connection, shop.store_id, name="erp", key="pk_erp", scopes=scopes, now=shop.clock())
    headers = {"X-API-Key": "pk_erp", "X-VTEX-API-AppKey": "x", "X-VTEX-API-AppToken": "pk_erp"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers, timeout=60) as client:
        await enter(client, shop.context, shop.store_id)
        yield client


def _sold(number: str = "1", **order: Any) -> dict[str, Any]:
    return {"carrier": "posta", "tracking_code": f"AA{number[:1]}", "order": {"number": number} | order}


async def _post(api: httpx.AsyncClient, path: str, body: Any, method: str = "POST") -> httpx.Response:
    """As JSON with escapes, as callers send it."""
    return await api.request(method, path, content=json.dumps(body), headers=_JSON)


async def _bulk(api: httpx.AsyncClient, path: str, *lines: Any) -> list[dict[str, Any]]:
    content = b"\n".join(json.dumps(line).encode() for line in lines)
    answer = await api.post(path, content=content, headers={"Content-Type": "application/x-ndjson"})
    return [json.loads(line) for line in answer.text.splitlines()]


async def _promises(shop: Shop) -> list[tuple[str, Any, Any]]:
    async with shop.context.pool.connection() as connection:
        sql = "SELECT number, ordered_at, promised_at FROM orders ORDER BY number"
        return await (await connection.execute(sql)).fetchall()


@pytest.mark.parametrize("never", _NEVERS)
async def test_a_date_that_means_never_is_none_and_stops_nothing_else(
    api: httpx.AsyncClient, shop: Shop, never: str
) -> None:
    taken = await _post(api, "/api/v1/shipments", _sold("1", promised_at=never, ordered_at=never))
    assert taken.status_code == 201, taken.text
    assert (await _post(api, "/api/v1/orders", {"number": "2", "promised_at": never})).status_code == 201
    said = await _bulk(api, "/api/v1/shipments/bulk", _sold("3", promised_at=never), _sold("4"))
    assert [line["status"] for line in said] == ["created", "created"]
    seen = await upload(api, f"pedido;transportadora;código;prazo;data\n5;posta;AA5;{never[:19]};31/12/9999 23:59\n")
    assert "1 linhas certas" in seen.text
    await api.post("/import/take", data={"form": field(seen.text, "form"), "table": field(seen.text, "table")})
    assert await _promises(shop) == [(str(n), None, None) for n in range(1, 6)]
    for code in ("AA1", "AA4"):
        shop.outside.say(code, POSTED)
    await shop.later(minutes=30)
    link = taken.json()["shipment"]["tracking_link"].rsplit("/", 1)[1]
    for path in ("/", "/orders/1", f"/t/{link}", "/api/v1/orders", "/api/v1/orders/1", "/api/oms/pvt/orders"):
        assert (await api.get(path)).status_code == 200, path
    effects = await shop.effects(taken.json()["id"])
    assert {e.state for e in effects if e.kind == "customer_mail"} <= {"done", "superseded", "refused"}


async def test_a_wrong_event_time_is_refused_with_the_reason(api: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA1")
    calls = [("events", "occurred_at"), ("confirm-delivery", "delivered_at")]
    for (path, name), when in product(calls, [*_NEVERS[:2], "1980-01-01T00:00:00Z"]):
        body = {name: when} | ({"status": "in_transit"} if path == "events" else {})
        answer = await _post(api, f"/api/v1/shipments/{shipment}/{path}", body)
        assert answer.status_code == 422
        assert "is outside the years 1990 to 2099" in answer.json()["error"]["message"]
    assert await shop.events(shipment) == []


async def test_every_endpoint_says_what_is_wrong_with_a_text(api: httpx.AsyncClient, shop: Shop) -> None:
    shipment = await shop.register("AA9")
    for odd, text in _ODD.items():
        await _refused_everywhere(api, shipment, text, _SAID[odd])
    assert {number for number, _, _ in await _promises(shop)} == {"1001"}, "nothing of it is kept"


async def _refused_everywhere(api: httpx.AsyncClient, shipment: int, text: str, said: str) -> None:
    item = {"id": text, "quantity": 1, "price": 1}
    bill = {"type": "Output", "issuanceDate": "2026-11-02", "invoiceNumber": text, "invoiceValue": 1, "items": []}
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/api/v1/shipments", _sold(text)),
        ("POST", "/api/v1/shipments", _sold("1", customer={"name": text})),
        ("POST", "/api/v1/shipments", _sold("1", customer={"email": text})),
        ("POST", "/api/v1/shipments", _sold("1", marketplace={"channel": text, "order_number": "1"})),
        ("POST", "/api/v1/shipments", _sold() | {"carrier": text}),
        ("POST", "/api/v1/shipments", _sold() | {"tracking_code": f"A{text}\x00"}),
        ("POST", "/api/v1/shipments", _sold() | {"tracking_url": text}),
        ("POST", "/api/v1/shipments", _sold() | {"invoice": {"number": text}}),
        ("POST", "/api/v1/shipments", _sold() | {"invoice": {"number": "1", "items": [item]}}),
        ("POST", "/api/v1/orders", {"number": text}),
        ("POST", "/api/v1/orders", {"number": "1", "packages": [{"carrier": text, "tracking_code": "AA1"}]}),
        ("POST", f"/api/v1/shipments/{shipment}/events", {"status": "in_transit", "city": text}),
        ("POST", "/api/v1/webhooks", {"name": text, "url": "https://example.com/"}),
        ("POST", "/api/v1/webhooks", {"name": "x", "url": f"https://example.com/{text}"}),
        ("POST", "/api/v1/customers/export", {"order": text}),
        ("POST", "/api/oms/pvt/orders/1/invoice", bill),
        ("PATCH", "/api/oms/pvt/orders/1/invoice/1", {"trackingNumber": text}),
    ]
    for method, path, body in calls:
        answer = await _post(api, path, body, method)
        assert 400 <= answer.status_code < 500, (path, body, answer.text)
        if "tracking_code" not in body or body["tracking_code"] == "AA1":
            assert said in answer.json()["error"]["message"], (path, body, answer.text)
    for line in await _bulk(api, "/api/v1/shipments/bulk", _sold(text), _sold("1", customer={"name": text})):
        assert line["status"] == "refused"
        assert said in line["error"]["message"], line


async def test_an_amount_beyond_64_bits_is_refused_and_no_list_breaks(api: httpx.AsyncClient) -> None:
    for value in (10**13 + 1, 2**64, 10**400, -1, "a lot"):
        answer = await _post(api, "/api/v1/shipments", _sold() | {"invoice": {"number": "1", "value": value}})
        assert answer.status_code in {400, 422}, value
    dear = {"id": "1", "quantity": 1_000_000, "price": 10**13}
    sold = {"type": "Output", "invoiceNumber": "1", "items": [dear] * 1000, "courier": "Posta"}
    assert (await _post(api, "/pvt/orders/1/invoice", sold)).status_code == 200
    assert (await api.get("/api/oms/pvt/orders")).status_code == 200


async def test_a_table_says_which_column_has_a_line_break(api: httpx.AsyncClient, shop: Shop) -> None:
    table = (
        'pedido;transportadora;código;valor\n"1\n2";posta;AA1;\n3;posta;AA3;"99999999999999999999,00"\n4;posta;AA4;1\n'
    )
    seen = await upload(api, table)
    assert "“pedido” tem quebra de linha" in seen.text
    assert "não é valor claro" in seen.text
    await api.post("/import/take", data={"form": field(seen.text, "form"), "table": field(seen.text, "table")})
    assert [number for number, _, _ in await _promises(shop)] == ["4"]


@dataclass(frozen=True, slots=True)
class _Operation:
    method: str
    path: str
    queries: tuple[str, ...]
    fields: tuple[str, ...]

    def at(self, odd: str) -> Iterator[str]:
        """Its address with each parameter of its path, then of its query, unusable."""
        for name in re.findall(r"{(\w+)(?::path)?}", self.path):
            yield _PARAMETER.sub("1", re.sub(rf"{{{name}(?::path)?}}", odd, self.path))
        for name in self.queries:
            yield f"{self.plain}?{name}={odd}"

    @property
    def plain(self) -> str:
        return _PARAMETER.sub("1", self.path)


_PARAMETER = re.compile(r"{\w+(?::path)?}")


def _operations(app: FastAPI) -> list[_Operation]:
    """All of them, but for the one whose answer has no end."""
    found = []
    for included in app.routes:
        contexts: Any = getattr(included, "effective_route_contexts", tuple)
        for route_context in contexts():
            route = route_context.original_route
            queries = {p.alias for p in route.dependant.query_params} | {"search", "q", "orderBy", "f_creationDate"}
            fields = tuple(p.alias for p in route.dependant.body_params)
            found += [_Operation(m, route_context.path, tuple(sorted(queries)), fields) for m in sorted(route.methods)]
    return [each for each in found if "/live" not in each.path]


@pytest.mark.parametrize("odd", ["a%00b", "%0d%0a%ED%A0%80"])
async def test_no_address_breaks_any_endpoint(api: httpx.AsyncClient, app: FastAPI, odd: str) -> None:
    """Every path parameter and every query parameter of every operation, and every field of every form."""
    form, tried = field((await api.get("/import")).text, "form"), 0
    for each in _operations(app):
        for path in each.at(odd):
            answer = await api.request(each.method, path, content=b"{}", headers=_JSON)
            assert answer.status_code < 500, (each.method, path, answer.text)
            tried += 1
        if each.method == "POST" and not each.path.startswith("/api/"):
            body = "&".join([f"form={form}", *(f"{name}={odd}" for name in each.fields if name != "form")])
            answer = await api.post(each.plain, content=body, headers=_FORM)
            assert answer.status_code < 500, (each.path, body, answer.text)
    assert tried > 300


async def test_no_unusual_field_name_breaks_an_endpoint(api: httpx.AsyncClient, app: FastAPI) -> None:
    odd = {"\ud800": 1, "\x00": "\x00", "name": "\x00", "reason": "\x00"}
    for each in _operations(app):
        if each.method in {"POST", "PUT", "PATCH"}:
            answer = await _post(api, each.plain, odd, each.method)
            assert answer.status_code < 500, each
