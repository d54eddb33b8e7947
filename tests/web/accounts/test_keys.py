"""API keys are listed without their text, marked as used, and revoked: at once, everywhere."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from tests.flow.conftest import Shop
from tests.web.apps import create_app

_API = "/api/v1/keys"


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def _key(shop: Shop, name: str, *scopes: str, store: str = "Loja") -> tuple[int, dict[str, str]]:
    key_id, text = await make_key(shop.context, store, name=name, scopes=scopes or ("read", "write"))
    return key_id, {"X-API-Key": text}


async def test_keys_are_listed_without_their_text_and_of_the_own_store_only(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    _, mine = await _key(shop, "erp")
    await _key(shop, "foreign", store="Outra")
    said = await client.get(_API, headers=mine)
    assert [(k["name"], k["scopes"], k["state"]) for k in said.json()["items"]] == [
        ("erp", ["read", "write"], "active")
    ]
    assert mine["X-API-Key"] not in said.text
    assert "hash" not in said.text


async def test_when_a_key_was_used_is_written_once_a_minute(
    shop: Shop, client: httpx.AsyncClient, database: str
) -> None:
    key_id, mine = await _key(shop, "erp", "read")

    def written() -> tuple[object, str]:
        with psycopg.connect(database) as connection:
            row = connection.execute("SELECT last_used_at, xmin::text FROM api_key WHERE id = %s", (key_id,)).fetchone()
        assert row is not None
        return row[0], row[1]

    assert written()[0] is None
    await client.get("/api/v1/orders", headers=mine)
    first = written()
    assert first[0] == shop.clock()
    shop.clock.forward(seconds=59)
    await client.get("/api/v1/orders", headers=mine)
    assert written() == first
    shop.clock.forward(seconds=1)
    await client.get("/api/v1/orders", headers=mine)
    assert written()[0] == shop.clock()


async def test_a_revoked_key_is_refused_everywhere_at_once(
    shop: Shop, client: httpx.AsyncClient, database: str
) -> None:
    leaked, mine = await _key(shop, "leaked")
    _, other = await _key(shop, "boss")
    vtex = {"X-VTEX-API-AppToken": mine["X-API-Key"], "X-VTEX-API-AppKey": "x"}
    bearer = {"Authorization": f"Bearer {mine['X-API-Key']}"}
    doors = [("/api/v1/orders", mine), ("/api/v1/orders", bearer), ("/api/oms/pvt/orders", vtex)]
    for path, headers in doors:
        assert (await client.get(path, headers=headers)).status_code == 200
    ended = await client.delete(f"{_API}/{leaked}", headers=other)
    assert (ended.status_code, ended.json()["state"]) == (200, "revoked")
    for path, headers in doors:
        assert (await client.get(path, headers=headers)).status_code == 401
    again = await client.delete(f"{_API}/{leaked}", headers=other)
    assert again.json() == ended.json()
    with psycopg.connect(database) as connection:
        lines = connection.execute("SELECT actor, entry_point, said FROM audit WHERE action = 'revoke_key'").fetchall()
    assert lines == [("boss", "api", f"{leaked}: leaked")]


async def test_who_may_not_revoke(shop: Shop, client: httpx.AsyncClient) -> None:
    key_id, mine = await _key(shop, "erp")
    _, reader = await _key(shop, "reader", "read")
    _, foreign = await _key(shop, "foreign", store="Outra")
    assert (await client.delete(f"{_API}/{key_id}")).status_code == 401
    assert (await client.delete(f"{_API}/{key_id}", headers=reader)).status_code == 403
    assert (await client.delete(f"{_API}/{key_id}", headers=foreign)).status_code == 404
    assert (await client.get("/api/v1/orders", headers=mine)).status_code == 200
