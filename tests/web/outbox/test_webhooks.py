"""Webhook endpoints by API: added, listed, tested, replayed; enabled on the accounts page."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.accounts.webhooks import (
    StoreContext,
    add,
    endpoint_lines,
    find_store_id,
    parse_instant,
    remove_endpoint,
    replay_messages,
    rotate_secret,
    send_test,
    set_enabled,
)
from paradeiro.flow.errors import InvalidError, MissingError
from tests.flow.endpoints import status
from tests.flow.outbox.test_webhooks import PO, RO, Told, told
from tests.web.apps import create_app
from tests.web.signing_in import enter

__all__ = ["told"]
_API = "/api/v1/webhooks"


@pytest.fixture
async def client(told: Told) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(told.shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def _key(told: Told, *scopes: str, store: str = "Loja") -> dict[str, str]:
    return {"X-API-Key": (await make_key(told.shop.context, store, name="erp", scopes=scopes))[1]}


async def test_added_tested_listed_and_replayed(told: Told, client: httpx.AsyncClient) -> None:
    there, _, _ = await told.endpoint("other")
    write = await _key(told, "read", "write")
    added = await client.post(_API, json={"name": "erp", "url": there.url}, headers=write)
    assert added.status_code == 201
    assert added.json()["secret"].startswith("whsec_")
    address = f"{_API}/{added.json()['id']}"
    tested = await client.post(f"{address}/test", headers=write)
    assert tested.json() == {"accepted": True, "http_status": 204, "message": ""}
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    listing = await client.get(_API, headers=write)
    assert [(i["name"], i["state"], i["waiting"]) for i in listing.json()["items"]] == [
        ("other", "ok", 0),
        ("erp", "ok", 0),
    ]
    assert "whsec" not in listing.text
    again = await client.post(f"{address}/replay", json={"since": "2026-11-01T00:00:00Z"}, headers=write)
    assert again.json() == {"messages": 1}
    await told.shop.run()
    ids = [got.id for got in there.got if got.said["type"] == "shipment.accepted"]
    assert (len(ids), len(set(ids))) == (3, 2)
    one = await client.post(f"{address}/replay", json={"message": ids[-1]}, headers=write)
    assert one.json() == {"messages": 1}


async def test_scopes_stores_and_addresses_are_looked_at(told: Told, client: httpx.AsyncClient) -> None:
    there, account_id, _ = await told.endpoint()
    read, foreign = await _key(told, "read"), await _key(told, "read", "write", store="Outra")
    body = {"name": "x", "url": there.url}
    assert (await client.post(_API, json=body)).status_code == 401
    assert (await client.post(_API, json=body, headers=read)).status_code == 403
    assert (await client.post(f"{_API}/{account_id}/test", headers=read)).status_code == 403
    assert (await client.post(f"{_API}/{account_id}/test", headers=foreign)).status_code == 404
    assert (await client.get(_API, headers=foreign)).json() == {"items": []}
    inward = await client.post(_API, json={"name": "x", "url": "https://10.0.0.1/"}, headers=foreign)
    assert (inward.status_code, inward.json()["error"]["code"]) == (422, "bad_address")
    none = await client.post(f"{_API}/{account_id}/replay", json={}, headers=await _key(told, "write"))
    assert none.status_code == 422
    assert there.got == []


async def test_the_accounts_page_shows_what_waits_and_enables(told: Told, client: httpx.AsyncClient) -> None:
    there, account_id, _ = await told.endpoint()
    shipment = await told.shop.register("AA1")
    there.answer = status("410 Gone")
    await told.news(shipment, PO)
    await told.news(shipment, PO, RO)
    await enter(client, told.shop.context, told.shop.store_id)
    page = (await client.get("/accounts")).text
    assert "desligada: nada se pergunta nem se envia; as mensagens esperam" in page
    assert "Ligar de novo" in page
    assert "HTTP 410" in page
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    there.answer = status("200 OK")
    await client.post(f"/accounts/{account_id}/ask-now", data={"form": found[1]})
    await told.shop.run()
    assert there.types[1:] == ["shipment.accepted", "shipment.moved"]
    assert "desligada" not in (await client.get("/accounts")).text


async def test_by_the_command_line(told: Told) -> None:
    there, _, _ = await told.endpoint("other")
    context = told.shop.context
    at = StoreContext(context, await find_store_id(context, ""))
    assert "whsec_" in await add(at, "erp", there.url)
    assert "accepted the test message (HTTP 204)" in await send_test(at, "erp")
    assert "whsec_" in await rotate_secret(at, "erp", end=False)
    assert "Only the newest" in await rotate_secret(at, "erp", end=True)
    assert "its messages wait" in await set_enabled(at, "erp", on=False)
    shipment = await told.shop.register("AA1")
    await told.news(shipment, PO)
    assert "erp: " in await endpoint_lines(at)
    assert "disabled, 1 wait" in await endpoint_lines(at)
    assert "1 messages" in await set_enabled(at, "erp", on=True)
    await told.shop.run()
    assert "1 messages go" in await replay_messages(at, "erp", since="2026-11-01", message="")
    assert "1 messages that waited are not sent" in await remove_endpoint(at, "erp")
    with pytest.raises(MissingError, match="There are: other"):
        await send_test(at, "erp")
    with pytest.raises(MissingError, match="There are: Loja"):
        await find_store_id(context, "x")
    with pytest.raises(InvalidError, match="is no instant"):
        parse_instant("yesterday")
    there.answer = None
    assert "did not accept" in await send_test(replace(at), "other")
