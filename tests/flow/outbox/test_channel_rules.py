"""Each channel gets messages by its rules; postponed ones are sent later, with a notice where needed."""

from dataclasses import replace

import pytest

from paradeiro.cli.outbox.channel_commands import apply_changes
from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES, PRESETS, ChannelRules
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import NoticeKind, Topic
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.outbox.channel_rules import rules_of_store, set_rules
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED, SOLD_ELSEWHERE

SAME_DAY = ("BDE", "2026-11-02T20:00:00+00:00", "Itu")


def kinds(shop: Shop, party: str = "canal") -> list[str]:
    return [body["kind"].removeprefix("marketplace_") for body in shop.outside.told(party)]


async def test_rules_are_stored_per_channel_and_end(shop: Shop) -> None:
    context, store = shop.context, shop.store_id
    await set_rules(context, store, "MKT", PRESETS["magalu"])
    await set_rules(context, store, "AMZ", PRESETS["amazon"])
    assert await rules_of_store(context, store) == {"MKT": PRESETS["magalu"], "AMZ": PRESETS["amazon"]}
    await set_rules(context, store, "MKT", DEFAULT_RULES)
    assert await rules_of_store(context, store) == {"AMZ": PRESETS["amazon"]}
    with pytest.raises(InvalidError, match="as the order system names it"):
        await set_rules(context, store, " ", DEFAULT_RULES)


async def test_a_channel_that_asks_the_carrier_itself_is_reported_the_number_only(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["amazon"])
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    assert kinds(shop) == ["invoice", "tracking_number"]
    assert shop.outside.told("loja")[-1]["delivered"] is True, "the order hears all the same"


async def test_shipped_is_reported_before_delivered_however_late_it_is_known(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", ChannelRules(shipped_first=True))
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    assert kinds(shop) == ["invoice", "tracking_number", "opening", "update"]


async def test_an_unsent_opening_is_not_replaced_by_the_delivery(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", ChannelRules(shipped_first=True))
    shop.outside.fail("canal", "retry")
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    for news in ((POSTED,), (POSTED, MOVED), (POSTED, MOVED, OUT), (POSTED, MOVED, OUT, DELIVERED)):
        shop.outside.say("AA1", *news)
        await shop.ask(shipment, hours=10)
    shop.outside.fail("canal", "ok")
    await shop.later(days=1)
    await shop.later(days=1)
    assert kinds(shop) == ["invoice", "tracking_number", "opening", "update"]


async def test_a_delivery_on_the_day_of_the_dispatch_waits_for_the_next_and_nobody_is_bothered(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["magalu"])
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, SAME_DAY)
    await shop.ask(shipment, hours=9)
    assert kinds(shop)[-1] == "opening"
    assert not any(body["delivered"] for body in shop.outside.told("loja")[1:]), "the order passes it on as well"
    assert [m["status"] for m in shop.outside.told("mail")] == ["delivered"], "the customer need not wait"
    waiting = next(e for e in await shop.effects(shipment) if e.kind == "marketplace_update")
    assert (waiting.state, waiting.attempts) == ("pending", 0)
    assert waiting.message == "MKT takes this delivery from 2026-11-03 on"
    await shop.later(hours=12)
    assert kinds(shop)[-1] == "update"
    assert shop.outside.told("loja")[-1]["delivered"] is True
    assert await shop.notices() == []


async def test_what_waits_for_its_day_lets_a_withdrawal_go(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["magalu"])
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED, SAME_DAY)
    await shop.ask(shipment, hours=9)
    shop.outside.say("AA1", POSTED, SAME_DAY, ("EST", "2026-11-02T20:30:00+00:00", "Itu"))
    await shop.ask(shipment, minutes=40)
    updates = [body["delivered"] for body in shop.outside.told("canal") if body["kind"] == "marketplace_update"]
    assert updates == [False]


async def test_a_number_waits_for_the_invoices_key_and_a_person_is_reported(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["via"])
    shipment = await shop.register("AA1", SOLD_ELSEWHERE)
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)
    assert kinds(shop) == ["invoice"]
    notice = next(n for n in await shop.notices() if n.kind == NoticeKind.NO_INVOICE_KEY)
    assert "44 dígitos" in notice_sentence(notice.kind, notice.facts, notice.message)
    assert "2001" in notice.message
    await shop.later(hours=3)
    assert kinds(shop) == ["invoice"]
    assert len([n for n in await shop.notices() if n.kind == NoticeKind.NO_INVOICE_KEY]) == 1

    key = "35260312345678000195550010001234561123456786"
    stated = Registration(SOLD_ELSEWHERE, "posta", "AA1", Invoice("NF-1", value=5000, key=key))
    await register(shop.context, shop.store_id, stated)
    await shop.later(hours=1, minutes=1)
    assert kinds(shop) == ["invoice", "tracking_number", "update"]
    assert await shop.notices() == []


async def test_other_orders_do_not_wait(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["via"])
    for at in range(12):  # more than one claim takes
        await shop.register(f"AA{at}", replace(SOLD_ELSEWHERE, number=f"{at}"))
    key = "35260312345678000195550010001234561123456786"
    stated = Registration(Order("z", channel="MKT", marketplace_number="Z"), "posta", "AAZ", Invoice("1", key=key))
    await register(shop.context, shop.store_id, stated)
    await shop.run()
    assert kinds(shop).count("tracking_number") == 1


async def test_what_a_connector_cannot_tell_is_not_planned_for_it(shop: Shop) -> None:
    canal = replace(shop.context.connectors["canal"], effects=shop.context.connectors["loja"].effects)
    context = replace(shop.context, connectors={**shop.context.connectors, "canal": canal})
    stated = Registration(SOLD_ELSEWHERE, "posta", "AA1", Invoice("NF-1", value=5000))
    shipment = (await register(context, shop.store_id, stated)).shipment_id
    assert {e.connector for e in await shop.effects(shipment)} == {"loja"}


def test_what_is_typed_changes_the_rest_not() -> None:
    magalu = apply_changes(DEFAULT_RULES, "magalu", {})
    assert apply_changes(magalu, None, {"topics": "number, delivery"}) == replace(
        magalu, topics=frozenset({Topic.NUMBER, Topic.DELIVERY})
    )
    assert apply_changes(magalu, None, {"topics": "nothing", "shipped_first": False}).topics == frozenset()
    with pytest.raises(InvalidError, match="'sms' is none of"):
        apply_changes(DEFAULT_RULES, None, {"topics": "sms"})
    with pytest.raises(InvalidError, match="There are: amazon"):
        apply_changes(DEFAULT_RULES, "shein", {})
