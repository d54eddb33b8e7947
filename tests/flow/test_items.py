"""What was bought is kept line by line; what a party cannot be told for lack of something is refused unsent."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from paradeiro.app import real_clock
from paradeiro.cli.accounts import make_key
from paradeiro.db import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Item, Telling
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.refusals import resend
from paradeiro.sdk.contract import Request
from paradeiro.web.server import create_app
from tests.flow.conftest import Shop
from tests.flow.parties import render
from tests.flow.test_main_line import SOLD_ELSEWHERE


async def test_lines_come_by_api_and_a_statement_without_them_erases_none(shop: Shop) -> None:
    _, key = await make_key(shop.means, "Loja", name="erp")
    line = {"id": "sku-1", "quantity": 2, "price": 500, "line": "MKT-1"}
    order = {"number": "9", "items": [line, {"id": "sku-2", "quantity": 1, "price": 10}]}
    part = {"number": "NF-1", "items": [line | {"quantity": 1}]}
    package = {"carrier": "posta", "tracking_code": "AA1", "order": order, "invoice": part}
    transport = httpx.ASGITransport(create_app(shop.means, real_clock))
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client:
        made = (await client.post("/shipments", json=package)).json()
        assert (await client.post("/orders", json={"number": "9"})).is_success
        bad = order | {"items": [line | {"line": "x" * 101}]}
        assert (await client.post("/orders", json=bad)).status_code == 422
    kept = await shop.kept(made["id"])
    assert kept.order.items == (Item("sku-1", 2, 500, "", "MKT-1"), Item("sku-2", 1, 10))
    assert kept.shipment.invoice.items == (Item("sku-1", 1, 500, "", "MKT-1"),), "one of the two"


async def test_lines_of_another_version_are_none_and_the_order_is_told_all_the_same(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    async with transaction(shop.means.pool) as connection:
        await connection.execute("""UPDATE orders SET items = '[{"strange": 1}]'""")
        found = await orders.order_by_number(connection, shop.store_id, "1001")
    assert found is not None
    assert found[1].items == ()
    await shop.run()
    assert {e.state for e in await shop.effects(shipment)} == {"done"}


async def test_what_lacks_something_is_refused_unsent_and_goes_once_that_is_given(shop: Shop) -> None:
    known = shop.means.connectors

    def careful(telling: Telling, settings: Mapping[str, str]) -> Request:
        unfit = "" if telling.order.items else "give the items"
        return replace(render(telling, settings), unfit=unfit)

    there = replace(known["canal"], render=careful)
    shop = replace(shop, means=replace(shop.means, connectors={**known, "canal": there}))
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.run()
    assert shop.outside.told("canal") == [], "nothing was sent"
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    assert "give the items" in notice.message
    assert (await shop.account("canal")).state == "ok"
    await shop.register("AA1", replace(SOLD_ELSEWHERE, items=(Item("sku-1", 1, 100),)))
    assert (await resend(shop.means, shop.store_id, shop.accounts["canal"])).again == 2
    await shop.run()
    assert [b["kind"] for b in shop.outside.told("canal")] == ["marketplace_invoice", "marketplace_tracking_number"]
    assert {e.state for e in await shop.effects(shipment)} == {"done"}
