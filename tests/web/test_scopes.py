"""What a key may do, tried at every operation: its area alone, nothing beside it; keys that end, follow, make keys."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from paradeiro.app import real_clock
from paradeiro.db.accounts import stores
from paradeiro.flow.accounts import api_keys
from paradeiro.flow.accounts.scopes import SCOPES, Area
from paradeiro.web.areas import area_of
from tests.flow.conftest import Shop
from tests.web.apps import create_app
from tests.web.signing_in import sign_in
from tests.web.test_audit import walked

_KEYS = "/api/v1/keys"
_API = ("/api/", "/pvt/", "/pub/", "/shipping-network/")


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def _key(shop: Shop, *scopes: str, **more: Any) -> tuple[int, dict[str, str]]:
    made = await api_keys.make_key(shop.context, shop.store_id, name="erp", scopes=scopes, by=None, **more)
    return made.id, {"X-API-Key": made.text}


def _operations() -> list[tuple[str, str]]:
    """Every method and path of the API and of VTEX's doors, with numbers in the path."""
    app: Any = create_app(None, real_clock)
    found = [(method, path) for path, route in walked(app.router, "") for method in route.methods or ()]
    return sorted((m, re.sub(r"\{[^}]*\}", "77777", p)) for m, p in found if p.startswith(_API) and m != "HEAD")


def test_every_operation_belongs_to_an_area() -> None:
    operations = _operations()
    assert len(operations) > 60
    assert [path for _, path in operations if area_of(path) is None] == [], "name its area in web/areas.py"
    assert {area_of(path) for _, path in operations} == set(Area)


@pytest.mark.parametrize(
    "path", ["/new", "/profile", "/sign-in", "/api/v2/orders", "/api/v1/", "/api/v1/new", "/metrics", "/hooks/x"]
)
def test_what_is_not_named_belongs_to_no_area(path: str) -> None:
    assert area_of(path) is None


async def test_a_key_does_what_its_scope_says_and_nothing_beside(shop: Shop, client: httpx.AsyncClient) -> None:
    keys = {scope: (await _key(shop, scope))[1] for scope in SCOPES}
    wrong = []
    for method, path in _operations():
        # VTEX asks for a package's news by POST.
        asks = method == "GET" or (path.startswith("/shipping-network/") and path.endswith("/tracking"))
        verb = "read" if asks else "write"
        for scope, key in keys.items():
            answer = await client.request(method, path, headers=key, json={})
            allowed = scope in {verb, f"{area_of(path)}:{verb}"}
            if (answer.status_code == 403) is allowed:
                wrong.append((method, path, scope, answer.status_code))
    assert wrong == []


async def test_the_refusal_names_the_scope(shop: Shop, client: httpx.AsyncClient) -> None:
    _, key = await _key(shop, "shipments:write")
    refused = await client.post("/api/v1/customers/erase", headers=key, json={"email": "ana@example.com"})
    assert refused.status_code == 403
    assert "customers:write" in refused.text
    repeated = await client.post("/api/v1/orders", headers=key | {"Idempotency-Key": "1"}, json={"number": "1"})
    assert repeated.status_code == 403, "before its answer of another key could be given"


async def test_no_key_signs_in(shop: Shop, client: httpx.AsyncClient) -> None:
    made = await api_keys.make_key(shop.context, shop.store_id, name="erp", scopes=["read", "write"], by=None)
    assert (await sign_in(client, "erp", made.text)).status_code == 401
    assert (await sign_in(client, made.text, made.text)).status_code == 401


async def test_a_key_ends_by_itself(shop: Shop, client: httpx.AsyncClient, database: str) -> None:
    now = real_clock()
    key_id, key = await _key(shop, "read", ends_at=now + timedelta(hours=1))
    assert (await client.get("/api/v1/orders", headers=key)).status_code == 200
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE api_key SET ends_at = now() - interval '1 second' WHERE id = %s", (key_id,))
    assert (await client.get("/api/v1/orders", headers=key)).status_code == 401
    _, other = await _key(shop, "read")
    line = next(k for k in (await client.get(_KEYS, headers=other)).json()["items"] if k["id"] == key_id)
    assert line["state"] == "ended"


async def test_from_where_a_key_was_used_is_seen(shop: Shop, client: httpx.AsyncClient) -> None:
    _, key = await _key(shop, "read")
    await client.get("/api/v1/orders", headers=key)
    (line,) = (await client.get(_KEYS, headers=key)).json()["items"]
    assert line["last_used_from"] == "127.0.0.1"


async def test_a_key_is_rotated_and_the_former_holds_for_the_overlap(
    shop: Shop, client: httpx.AsyncClient, database: str
) -> None:
    key_id, key = await _key(shop, "read", "write")
    made = (await client.post(f"{_KEYS}/{key_id}/rotate", headers=key, json={"overlap_hours": 2})).json()
    assert (made["name"], made["scopes"]) == ("erp", ["read", "write"])
    new = {"X-API-Key": made["key"]}
    assert {(await client.get("/api/v1/orders", headers=each)).status_code for each in (key, new)} == {200}
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT ends_at - now() FROM api_key WHERE id = %s", (key_id,)).fetchone()
    assert row is not None
    assert timedelta(hours=1, minutes=50) < row[0] <= timedelta(hours=2)
    at_once = await client.post(f"{_KEYS}/{made['id']}/rotate", headers=new, json={"overlap_hours": 0})
    assert at_once.status_code == 201
    assert (await client.get("/api/v1/orders", headers=new)).status_code == 401
    again = await client.post(f"{_KEYS}/{made['id']}/rotate", headers=key, json={})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "no_such_key")


async def test_a_key_makes_none_that_may_more_than_itself(shop: Shop, client: httpx.AsyncClient) -> None:
    key_id, key = await _key(shop, "people:write", "orders:read")
    whole, _ = await _key(shop, "read", "write")
    for scopes in (["write"], ["read"], ["customers:write"], ["orders:read", "orders:write"]):
        refused = await client.post(_KEYS, headers=key, json={"name": "x", "scopes": scopes})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "beyond_own_scopes"), scopes
    stolen = await client.post(f"{_KEYS}/{whole}/rotate", headers=key, json={})
    assert stolen.json()["error"]["code"] == "beyond_own_scopes"
    made = await client.post(_KEYS, headers=key, json={"name": "bi", "scopes": ["orders:read"]})
    assert made.status_code == 201
    bi = {"X-API-Key": made.json()["key"]}
    assert (await client.get("/api/v1/orders", headers=bi)).status_code == 200
    assert (await client.get("/api/v1/shipments", headers=bi)).status_code == 403
    assert key_id != made.json()["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x", "scopes": ["everything"]}, "bad_scope"),
        ({"name": "x", "scopes": ["orders:erase"]}, "bad_scope"),
        ({"name": " ", "scopes": ["read"]}, "bad_name"),
    ],
)
async def test_what_is_no_key_is_refused(
    shop: Shop, client: httpx.AsyncClient, body: dict[str, Any], code: str
) -> None:
    _, key = await _key(shop, "read", "write")
    refused = await client.post(_KEYS, headers=key, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)


async def test_a_key_of_another_store_is_not_rotated(shop: Shop, client: httpx.AsyncClient) -> None:
    _, key = await _key(shop, "read", "write")
    async with shop.context.pool.connection() as connection:
        other = await stores.add_store(connection, "Outra", now=shop.clock())
    theirs = await api_keys.make_key(shop.context, other, name="erp", scopes=["read"], by=None)
    assert (await client.post(f"{_KEYS}/{theirs.id}/rotate", headers=key, json={})).status_code == 404
