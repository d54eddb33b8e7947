"""Items are stored line by line; a message that lacks required data is refused unsent."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db.orders import orders
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Item, Message
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.outbox.refusals import resend
from paradeiro.sdk.contract import Request
from tests.flow.conftest import Shop
from tests.flow.parties import render
from tests.flow.test_main_line import SOLD_ELSEWHERE
from tests.web.apps import create_app


async def test_lines_come_by_api_and_a_statement_without_them_erases_none(shop: Shop) -> None:
    _, key = await make_key(shop.context, "Loja", name="erp")
    line = {"id": "sku-1", "quantity": 2, "price": 500, "line": "MKT-1"}
    order = {"number": "9", "items": [line, {"id": "sku-2", "quantity": 1, "price": 10}]}
    part = {"number": "NF-1", "items": [line | {"quantity": 1}]}
    package = {"carrier": "posta", "tracking_code": "AA1", "order": order, "invoice": part}
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client:
        made = (await client.post("/shipments", json=package)).json()
        assert (await client.post("/orders", json={"number": "9"})).is_success
        bad = order | {"items": [line | {"line": "x" * 101}]}
        assert (await client.post("/orders", json=bad)).status_code == 422
    row = await shop.shipment_row(made["id"])
    assert row.order.items == (Item("sku-1", 2, 500, "", "MKT-1"), Item("sku-2", 1, 10))
    assert row.shipment.invoice.items == (Item("sku-1", 1, 500, "", "MKT-1"),), "one of the two"


async def test_lines_of_another_version_are_none_and_the_order_is_sent_all_the_same(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    async with transaction(shop.context.pool) as connection:
        await connection.execute("""UPDATE orders SET items = '[{"strange": 1}]'""")
        found = await orders.order_by_number(connection, shop.store_id, "1001")
    assert found is not None
    assert found[1].items == ()
    await shop.run()
    assert {e.state for e in await shop.effects(shipment)} == {"done"}


async def test_what_lacks_something_is_refused_unsent_and_goes_once_that_is_given(shop: Shop) -> None:
    known = shop.context.connectors

    def careful(outgoing: Message, settings: Mapping[str, str]) -> Request:
        unfit = "" if outgoing.order.items else "give the items"
        return replace(render(outgoing, settings), unfit=unfit)

    there = replace(known["canal"], render=careful)
    shop = replace(shop, context=replace(shop.context, connectors={**known, "canal": there}))
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.run()
    assert shop.outside.told("canal") == [], "nothing was sent"
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    assert "give the items" in notice.message
    assert (await shop.account("canal")).state == "ok"
    await shop.register("AA1", replace(SOLD_ELSEWHERE, items=(Item("sku-1", 1, 100),)))
    assert (await resend(shop.context, shop.store_id, shop.accounts["canal"])).again == 2
    await shop.run()
    assert [b["kind"] for b in shop.outside.told("canal")] == ["marketplace_invoice", "marketplace_tracking_number"]
    assert {e.state for e in await shop.effects(shipment)} == {"done"}
