"""In: histories that callers state (folder `histories`); out: what contradicts its neighbours is doubted, by name."""

import json
from pathlib import Path

import httpx
import pytest

from paradeiro.domain.words import NoticeKind
from tests.flow.conftest import Shop, shop
from tests.web.vtex.conftest import vtex

__all__ = ["shop", "vtex"]
HERE = Path(__file__).parent / "histories"


@pytest.mark.parametrize(("date", "delivered"), [("2026-11-19 03:22:31", False), ("2026-11-21 03:22:31", True)])
async def test_delivered_before_the_invoice(shop: Shop, vtex: httpx.AsyncClient, date: str, *, delivered: bool) -> None:
    case = json.loads((HERE / "delivered-before-the-invoice.json").read_text(encoding="utf-8"))
    shop.clock.forward(days=30)
    made = await shop.register("AA9", invoice="1")
    invoice = case["invoice"] | {"courier": "posta"}
    orders = "/api/oms/pvt/orders/1001/invoice"
    answer = await vtex.post(orders, json=invoice)
    assert answer.status_code == 200, answer.text
    told = await vtex.put(f"{orders}/8/tracking", json=case["tracking"] | {"deliveredDate": date})
    assert told.status_code == 200, told.text
    await shop.run()
    async with shop.means.pool.connection() as connection:
        sql = "SELECT id FROM shipment WHERE id <> %s"
        row = await (await connection.execute(sql, (made,))).fetchone()
    assert row is not None
    assert (await shop.kept(row[0])).shipment.snapshot.delivered is delivered
    doubted = [n for n in await shop.notices() if n.kind == NoticeKind.IMPLAUSIBLE_EVENT]
    assert bool(doubted) is not delivered
