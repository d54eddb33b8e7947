"""Refusals for one reason are one notice; after the fix all are sent again: in order, once, none superseded."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from paradeiro.domain.outbox.channel_rules import ChannelRules
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.orders import orders_set_aside
from paradeiro.flow.outbox import refusals
from paradeiro.flow.outbox.channel_rules import set_rules
from paradeiro.flow.outbox.refusals import resend, resend_by_notice
from paradeiro.sdk.wording.notices import notice_sentence
from tests.flow.conftest import Shop
from tests.flow.test_main_line import DELIVERED, MOVED, OUT, POSTED, SOLD_ELSEWHERE


async def sold(shop: Shop, count: int) -> list[int]:
    """So many orders of the marketplace, each with a package."""
    found = []
    for n in range(count):
        order = replace(SOLD_ELSEWHERE, number=f"20{n:02}", marketplace_number=f"M{n}")
        found.append(await shop.register(f"AA{n}X", order, f"NF-{n}"))
    return found


def told(shop: Shop) -> list[tuple[str, str]]:
    return [(b["order"], b["kind"].removeprefix("marketplace_")) for b in shop.outside.told("canal")]


async def refused(shop: Shop) -> list[str]:
    return [n.message for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]


async def test_a_wave_is_one_notice_and_goes_again_in_order_once_each(shop: Shop) -> None:
    shop.outside.fail("canal", "refused")
    shipments = await sold(shop, 5)
    await shop.run()
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    assert "10 messages for the same reason, of order 2000 first and 2004 last: Invoice Not Found" in notice.message
    portuguese = notice_sentence(notice.kind, notice.facts, notice.message)
    assert "recusou 10 mensagens pelo mesmo motivo, a primeira do pedido 2000" in portuguese
    assert (notice.account_id, notice.shipment_id) == (shop.accounts["canal"], None)

    shop.outside.fail("canal", "ok")
    await shop.later(days=1)
    assert told(shop) == [], "nothing of it goes by itself"
    done = await resend_by_notice(shop.context, shop.store_id, notice.id)
    assert (done.again, done.left, done.orders, done.first_order, done.last_order) == (10, 0, 5, "2000", "2004")
    assert await refused(shop) == [], "nothing of it is left"
    await shop.run()
    for n in range(5):
        assert [kind for order, kind in told(shop) if order == f"20{n:02}"] == ["invoice", "tracking_number"]
    keys = [line["key"] for line in shop.outside.accepted("canal")]
    assert len(keys) == len(set(keys)) == 10, "each once"
    states = [e.state for s in shipments for e in await shop.effects(s) if e.connector == "canal"]
    assert states == ["done"] * 10
    with pytest.raises(MissingError, match="no open notice"):
        await resend_by_notice(shop.context, shop.store_id, notice.id)
    again = await resend(shop.context, shop.store_id, shop.accounts["canal"])
    assert (again.again, again.left) == (0, 0)


async def test_one_refusal_is_said_as_one(shop: Shop) -> None:
    shop.outside.fail("canal", "refused-if-marketplace_invoice")
    [shipment] = await sold(shop, 1)
    await shop.run()
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    assert "refused 'marketplace_invoice' of order 2000" in notice.message
    assert notice.shipment_id == shipment, "its order is a click away"
    assert "do pedido 2000 (“marketplace_invoice”)" in notice_sentence(notice.kind, notice.facts, notice.message)


async def test_what_is_refused_again_waits_for_another_press(shop: Shop) -> None:
    shop.outside.fail("canal", "refused")
    await sold(shop, 2)
    await shop.run()
    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    await resend_by_notice(shop.context, shop.store_id, notice.id)
    await shop.run()
    [again] = await refused(shop)
    assert "4 messages" in again
    await shop.later(days=1)
    assert told(shop) == []


async def test_of_histories_only_the_newest_goes_and_none_that_an_accepted_one_follows(shop: Shop) -> None:
    [shipment] = await sold(shop, 1)
    await shop.run()
    shop.outside.fail("canal", "refused")
    for news in ((POSTED,), (POSTED, MOVED)):
        shop.outside.say("AA0X", *news)
        await shop.ask(shipment, hours=10)
    account = shop.accounts["canal"]
    looked = await resend(shop.context, shop.store_id, account, dry_run=True)
    assert (looked.again, looked.left) == (1, 1), "the older says nothing that the newer does not"
    assert len(await refused(shop)) == 1, "a look changes nothing"
    shop.outside.fail("canal", "ok")
    shop.outside.say("AA0X", POSTED, MOVED, OUT)
    await shop.ask(shipment, hours=10)
    before = told(shop)
    done = await resend(shop.context, shop.store_id, account)
    assert (done.again, done.left) == (0, 2)
    await shop.run()
    assert told(shop) == before, "not said twice"
    assert await refused(shop) == []


async def test_an_opening_goes_before_a_refused_history_and_never_after_a_reported_one(shop: Shop) -> None:
    await set_rules(shop.context, shop.store_id, "MKT", ChannelRules(shipped_first=True))
    first, second = await sold(shop, 2)
    await shop.run()
    shop.outside.fail("canal", "refused")
    shop.outside.say("AA0X", POSTED, OUT, DELIVERED)
    await shop.ask(first, days=2)
    shop.outside.fail("canal", "refused-if-opening")
    shop.outside.say("AA1X", POSTED, OUT, DELIVERED)
    await shop.ask(second, days=2)
    assert told(shop)[-1] == ("2001", "update")
    shop.outside.fail("canal", "ok")
    done = await resend(shop.context, shop.store_id, shop.accounts["canal"])
    assert (done.again, done.left) == (2, 1)
    await shop.run()
    assert told(shop)[-2:] == [("2000", "opening"), ("2000", "update")]
    assert ("2001", "opening") not in told(shop)


async def test_what_was_refused_before_an_instant_is_left_alone(shop: Shop) -> None:
    shop.outside.fail("canal", "refused")
    await sold(shop, 1)
    await shop.run()
    since = shop.clock() + timedelta(hours=1)
    done = await resend(shop.context, shop.store_id, shop.accounts["canal"], since=since)
    assert (done.again, done.left) == (0, 0)
    assert len(await refused(shop)) == 1


async def test_many_go_in_lots_from_where_the_call_before_ended(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_BATCH", 2)
    monkeypatch.setattr(refusals, "MOST_AT_ONCE", 4)
    shop.outside.fail("canal", "refused")
    await sold(shop, 5)
    await shop.run()
    shop.outside.fail("canal", "ok")
    figures, after = [], 0
    for _ in range(5):
        done = await resend(shop.context, shop.store_id, shop.accounts["canal"], after=after)
        figures.append(done.again)
        if done.after is None:
            break
        assert len(await refused(shop)) == 1, "the notice stays while some are left"
        after = done.after
    assert figures == [4, 4, 2]
    await shop.run()
    assert len(told(shop)) == 10
    assert await refused(shop) == []


async def test_two_presses_at_once_send_each_once(shop: Shop) -> None:
    shop.outside.fail("canal", "refused")
    await sold(shop, 4)
    await shop.run()
    shop.outside.fail("canal", "ok")
    account = shop.accounts["canal"]
    both = await asyncio.gather(*(resend(shop.context, shop.store_id, account) for _ in range(2)))
    assert sum(done.again for done in both) == 8
    await shop.run()
    assert len(told(shop)) == 8


async def test_ending_the_notice_lets_the_next_wave_count_its_own(shop: Shop) -> None:
    shop.outside.fail("canal", "refused")
    await sold(shop, 2)
    await shop.run()
    from paradeiro.db.operations import notices
    from paradeiro.db.pool import transaction

    [notice] = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    async with transaction(shop.context.pool) as connection:
        ended = await notices.resolve_notice(connection, shop.store_id, notice.id, by="ana", now=shop.clock())
        assert ended is not None
        await orders_set_aside.follow_up_notice(connection, ended, now=shop.clock())
    shop.outside.say("AA0X", POSTED)
    await shop.later(hours=3)
    [said] = await refused(shop)
    assert "refused 'marketplace_update' of order 2000" in said
    done = await resend(shop.context, shop.store_id, shop.accounts["canal"], dry_run=True)
    assert done.again == 5, "what was refused is found by its account all the same"


async def test_an_account_without_messages_has_nothing_to_be_sent_again(shop: Shop) -> None:
    with pytest.raises(InvalidError, match="told nothing"):
        await resend(shop.context, shop.store_id, shop.accounts["posta"])
    with pytest.raises(MissingError, match="no account 999"):
        await resend(shop.context, shop.store_id, 999)
    with pytest.raises(MissingError):
        await resend(shop.context, shop.store_id + 1, shop.accounts["canal"])
