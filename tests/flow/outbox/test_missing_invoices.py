"""A package without an invoice: sent to sinks that need none, a notice for others, all sent when it comes."""

from dataclasses import replace

from paradeiro.connectors import discover
from paradeiro.domain.outbox.channel_rules import PRESETS
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.outbox.channel_rules import set_rules
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED, SOLD_ELSEWHERE


def kinds(shop: Shop, party: str = "canal") -> list[str]:
    return [body["kind"].removeprefix("marketplace_") for body in shop.outside.told(party)]


async def lacking(shop: Shop) -> list[str]:
    return [n.message for n in await shop.notices() if n.kind == NoticeKind.NO_INVOICE]


def needless(shop: Shop) -> Shop:
    """The same shop, whose marketplace needs no invoice."""
    canal = replace(shop.context.connectors["canal"], needs_invoice=False)
    return replace(shop, context=replace(shop.context, connectors={**shop.context.connectors, "canal": canal}))


async def test_a_sink_that_needs_no_invoice_gets_messages_without(shop: Shop) -> None:
    shop = needless(shop)
    shipment = await shop.register("AA1", SOLD_ELSEWHERE, "")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    assert kinds(shop) == ["tracking_number", "update"], "there is no invoice to tell"
    assert await shop.notices() == []
    await shop.register("AA1", SOLD_ELSEWHERE, "NF-7")
    await shop.run()
    assert kinds(shop) == ["tracking_number", "update", "invoice"], "the news is not said twice"


async def test_a_sink_that_needs_it_has_one_notice_and_gets_all_when_it_comes(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE, "")
    other = await shop.register("AA2", SOLD_ELSEWHERE, "")
    assert await lacking(shop) == [], "the invoice may come any moment"
    for news in ((POSTED,), (POSTED, MOVED)):
        for code, each in (("AA1", shipment), ("AA2", other)):
            shop.outside.say(code, *news)
            await shop.ask(each, hours=10)
    assert kinds(shop) == []
    [said] = await lacking(shop)
    assert "canal is told nothing of AA2, of order 2001: it takes news only with the number" in said
    notice = next(n for n in await shop.notices() if n.kind == NoticeKind.NO_INVOICE)
    assert "só aceita notícias com o número da nota" in notice_sentence(notice.kind, notice.facts, notice.message)
    assert (notice.account_id, notice.seen) == (shop.accounts["canal"], 4)

    await shop.register("AA1", SOLD_ELSEWHERE, "NF-7")
    await shop.run()
    assert kinds(shop) == ["invoice", "tracking_number", "update"]
    assert shop.outside.told("canal")[-1]["events"] == ["PO", "RO"]
    assert kinds(shop, "loja") == ["tracking_number", "order_update"], "the order had to wait too"
    assert await lacking(shop) == []
    await shop.register("AA1", SOLD_ELSEWHERE, "NF-7")
    await shop.run()
    assert len(kinds(shop)) == 3, "stated again, told no more"


async def test_a_delivery_that_was_before_the_invoice_is_reported_in_the_channel_s_steps(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", replace(PRESETS["magalu"], delivered_after_dispatch=False))
    shipment = await shop.register("AA1", SOLD_ELSEWHERE, "")
    shop.outside.say("AA1", POSTED, OUT, DELIVERED)
    await shop.ask(shipment, days=2)
    await shop.register("AA1", SOLD_ELSEWHERE, "NF-7")
    await shop.run()
    assert kinds(shop) == ["invoice", "tracking_number", "opening", "update"]
    assert shop.outside.told("canal")[-1]["delivered"] is True


async def test_an_invoice_before_the_first_news_is_all_that_was_missing(shop: Shop) -> None:
    shipment = await shop.register("AA1", SOLD_ELSEWHERE, "")
    await shop.register("AA1", SOLD_ELSEWHERE, "NF-7")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=3)
    assert kinds(shop) == ["invoice", "tracking_number", "update"]


async def test_a_channel_that_without_topics_lacks_nothing(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", PRESETS["mercado_livre_me2"])
    shipment = await shop.register("AA1", SOLD_ELSEWHERE, "")
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=3)
    assert await lacking(shop) == []


def test_which_marketplaces_need_it() -> None:
    known = discover()
    assert known["vtex_marketplace"].needs_invoice
    assert not known["mercado_livre"].needs_invoice
