"""Deadlines of channels are listed until the message is accepted: soonest first, and in metrics."""

from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.cli.accounts.webhooks import StoreContext
from paradeiro.cli.outbox.channel_commands import apply_changes
from paradeiro.cli.outbox.untold_commands import list_untold
from paradeiro.db.outbox import deadlines as rows
from paradeiro.db.pool import transaction
from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES, ChannelRules
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import DeadlineKind, DeadlineStart
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.intake import StatedOrder, register, state_order
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.outbox import deadlines
from paradeiro.flow.outbox.channel_rules import set_rules
from paradeiro.flow.outbox.refusals import resend
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, OUT, POSTED, SOLD_ELSEWHERE
from tests.web.apps import create_app

RULES = ChannelRules(number_hours=24)


async def due(shop: Shop, what: DeadlineKind = DeadlineKind.NUMBER, hours: int = 48) -> list[tuple[str, datetime, str]]:
    found = await deadlines.open_deadlines(shop.context, shop.store_id, what, within=timedelta(hours=hours))
    return [(line.order_number, line.due_at, line.state) for line in found]


async def ordered(shop: Shop, number: str, **more: object) -> None:
    order = replace(SOLD_ELSEWHERE, number=number, marketplace_number=f"M{number}", ordered_at=shop.clock())
    await state_order(shop.context, shop.store_id, StatedOrder(replace(order, **more)))  # type: ignore[arg-type] # fields


async def test_a_number_is_waited_for_from_the_order_until_it_is_taken(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", RULES)
    began = shop.clock()
    await ordered(shop, "1")
    assert await due(shop) == [("1", began + timedelta(hours=24), "")], "there is no package yet"
    shop.outside.fail("canal", "refused")
    order = replace(SOLD_ELSEWHERE, number="1", marketplace_number="M1")
    await shop.register("AA1", order)
    await shop.run()
    assert await due(shop) == [("1", began + timedelta(hours=24), "refused")]
    shop.outside.fail("canal", "ok")
    await resend(shop.context, shop.store_id, shop.accounts["canal"])
    await shop.run()
    assert await due(shop) == []
    await shop.register("AA1", order)
    assert await due(shop) == [], "stated again, it is taken all the same"


async def test_each_package_s_number_counts(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", RULES)
    await ordered(shop, "1")
    order = replace(SOLD_ELSEWHERE, number="1", marketplace_number="M1")
    await shop.register("AA1", order)
    shop.outside.fail("canal", "refused-if-AA2")
    await shop.register("AA2", order, "NF-2")
    await shop.run()
    assert [line[2] for line in await due(shop)] == ["refused"]


async def test_from_the_invoice_it_counts_once_there_is_one(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", replace(RULES, number_after=DeadlineStart.INVOICED))
    shop.outside.fail("canal", "retry")
    await ordered(shop, "1")
    assert await due(shop) == []
    issued = shop.clock() - timedelta(hours=3)
    order = replace(SOLD_ELSEWHERE, number="1", marketplace_number="M1")
    stated = Registration(order, "posta", "AA1", Invoice("NF-1", value=1, issued_at=issued))
    await register(shop.context, shop.store_id, stated)
    assert await due(shop) == [("1", issued + timedelta(hours=24), "pending")]


async def test_a_delivery_is_waited_for_until_it_is_taken_or_taken_back(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", ChannelRules(delivery_hours=6))
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    await shop.run()
    shop.outside.fail("canal", "retry")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    delivered = datetime.fromisoformat(DELIVERED[1])
    assert [line[:2] for line in await due(shop, DeadlineKind.DELIVERY)] == [("2001", delivered + timedelta(hours=6))]
    assert await due(shop) == [], "no number is waited for in this channel"
    shop.outside.fail("canal", "ok")
    await shop.later(hours=2)
    assert await due(shop, DeadlineKind.DELIVERY) == []

    other = await shop.register("AA2", replace(SOLD_ELSEWHERE, number="2002"))
    await shop.run()
    shop.outside.fail("canal", "retry")
    shop.outside.say("AA2", POSTED, OUT, DELIVERED)
    await shop.ask(other, hours=2)
    assert len(await due(shop, DeadlineKind.DELIVERY)) == 1
    shop.outside.say("AA2", POSTED, OUT, DELIVERED, ("EST", "2026-11-04T20:00:00+00:00", "Itu"))
    await shop.ask(other, days=2)
    assert await due(shop, DeadlineKind.DELIVERY) == []


async def test_a_rule_reaches_back_and_its_end_ends_the_list(shop: Shop) -> None:
    shop.outside.fail("canal", "retry")
    await ordered(shop, "1")
    await ordered(shop, "2", channel="OTHER")
    assert await due(shop) == []
    await set_rules(shop.context, shop.store_id, "MKT", RULES)
    assert [line[0] for line in await due(shop)] == ["1"]
    await set_rules(shop.context, shop.store_id, "MKT", replace(RULES, number_hours=1))
    assert [line[1] for line in await due(shop)] == [shop.clock() + timedelta(hours=1)]
    shop.clock.forward(days=32)
    assert await due(shop) == [], "nobody waits for it any more"
    shop.clock.forward(days=-32)
    await set_rules(shop.context, shop.store_id, "MKT", DEFAULT_RULES)
    assert await due(shop) == []


async def test_where_nobody_sells_under_the_channel_the_order_system_is_who_takes_it(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "VIA", RULES)
    shop.outside.fail("loja", "retry")
    await ordered(shop, "1", channel="VIA")
    order = replace(SOLD_ELSEWHERE, number="1", marketplace_number="M1", channel="VIA")
    await shop.register("AA1", order)
    await shop.run()
    assert [(line[0], line[2]) for line in await due(shop)] == [("1", "pending")]
    shop.outside.fail("loja", "ok")
    await shop.later(hours=1)
    assert await due(shop) == []


async def test_pages_figures_and_metrics(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", RULES)
    for n in range(5):
        await ordered(shop, str(n))
        shop.clock.forward(hours=6)
    async with transaction(shop.context.pool) as connection:
        counted = await rows.deadline_counts(connection, now=shop.clock())
    assert [(c.connector, c.overdue, c.soon) for c in counted] == [("canal", 1, 4)]
    _, key = await make_key(shop.context, "Loja", name="bi", scopes=["read"])
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        seen, cursor = [], ""
        for _ in range(4):
            page = (await client.get("/api/v1/untold", params={"limit": 2, "cursor": cursor})).json()
            seen += [item["order_number"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = page["next"]
        assert seen == ["0", "1", "2", "3", "4"], "soonest first, each once"
        late = (await client.get("/api/v1/untold", params={"hours": 0})).json()["items"]
        assert [item["order_number"] for item in late] == ["0"]
        for bad in ({"cursor": "x"}, {"cursor": cursor, "what": "delivery"}, {"what": "mail"}, {"hours": -1}):
            assert (await client.get("/api/v1/untold", params=bad)).status_code == 422
        metrics = (await client.get("/metrics")).text
    labels = f'{{connector="canal",store="{shop.store_id}"}}'
    assert f"paradeiro_untold_overdue{labels} 1.0" in metrics
    assert f"paradeiro_untold_due_soon{labels} 4.0" in metrics
    found, is_late = await list_untold(StoreContext(shop.context, shop.store_id), timedelta(hours=0))
    assert is_late
    assert found.words.endswith("number of order 0 (MKT): nothing to tell yet")


def test_what_is_typed() -> None:
    rules = apply_changes(DEFAULT_RULES, None, {"number_hours": 24, "number_after": "invoiced", "delivery_hours": 8})
    assert (rules.number_hours, rules.number_after, rules.delivery_hours) == (24, DeadlineStart.INVOICED, 8)
    with pytest.raises(InvalidError, match="none of: ordered, invoiced"):
        apply_changes(DEFAULT_RULES, None, {"number_after": "posted"})


async def test_what_a_channel_does_not_subscribe_to_has_no_time(shop: Shop) -> None:
    for rules in (ChannelRules(frozenset(), number_hours=1), ChannelRules(delivery_hours=99_999)):
        with pytest.raises(InvalidError):
            await set_rules(shop.context, shop.store_id, "MKT", rules)
