"""An accepted message without effect is never done; an interface switched off stops its account, once."""

from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Order
from paradeiro.domain.words import NoticeKind
from tests.flow.conftest import ANA, Shop
from tests.flow.following.test_one_bad_answer import orders, told
from tests.flow.test_main_line import MOVED, POSTED


async def test_what_is_accepted_and_never_written_is_refused_in_the_end_with_one_notice(shop: Shop) -> None:
    shop.outside.fail("loja", "unwritten-if-1001")
    shipment = await shop.register("AA1X", Order("1001", ANA))
    await orders(shop, 1, first=2)
    await shop.run()
    for _ in range(30):
        await shop.later(minutes=5)
    found = await shop.effects(shipment)
    assert [(e.kind, e.state, e.attempts) for e in found] == [("tracking_number", "refused", 8)], "never done"
    assert told(shop, "loja") == {"1002"}
    assert (await shop.account("loja")).state == "ok"
    told_of = [n for n in await shop.notices() if n.kind == NoticeKind.EFFECT_REFUSED]
    assert len(told_of) == 1
    assert "said yes 8 times and shows nothing of it" in told_of[0].message


async def test_what_is_written_late_is_found_by_reading_and_not_sent_twice(shop: Shop) -> None:
    shop.outside.fail("loja", "unwritten")
    shipment = await shop.register("AA1X", Order("1001", ANA))
    await shop.run()
    (waiting,) = await shop.effects(shipment)
    assert (waiting.state, waiting.attempts) == ("sending", 1), "in doubt: read before it is told again"
    shop.outside.fail("loja", "broken")  # whoever tells it now fails
    from paradeiro.sdk.contract import Request

    async with shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT key::text FROM effect")).fetchone()
    assert row is not None
    shop.outside.accept("loja", row[0], Request("POST", "/tracking_number", body=b'{"order":"1001"}'))
    await shop.later(minutes=2)
    assert [(e.state, e.receipt) for e in await shop.effects(shipment)] == [("done", "found by reading back")]


async def test_an_ended_interface_stops_its_account_with_one_notice_and_all_go_in_order_afterwards(shop: Shop) -> None:
    shop.outside.fail("loja", "ended")
    ids = await orders(shop, 12)
    shop.outside.say("AA1X", POSTED)
    await shop.ask(ids[0])
    for _ in range(5):
        await shop.later(minutes=30)
    account = await shop.account("loja")
    assert (account.state, "set api_version to v2" in account.problem) == ("outage", True)
    open_ones = [n for n in await shop.notices() if n.account_id == account.id]
    assert [n.kind for n in open_ones] == [NoticeKind.INTERFACE_ENDED], "one, not one for each effect"
    assert "set api_version to v2" in open_ones[0].message
    assert {e.state for shipment in ids for e in await shop.effects(shipment) if e.account == "loja"} == {"pending"}
    shop.outside.fail("loja", "ok")
    async with transaction(shop.context.pool) as connection:  # a person gives the account new settings
        await stores.put_account(
            connection,
            shop.store_id,
            connector="loja",
            kind=account.kind,
            name="loja",
            settings={"api_version": "v2"},
            secrets={},
            key=shop.context.secret_key,
            now=shop.clock(),
        )
    await shop.later(minutes=2)
    lines = shop.outside.told("loja")
    assert sorted(line["order"] for line in lines if line["kind"] == "tracking_number") == sorted(
        f"10{n:02}" for n in range(1, 13)
    )
    assert [line["kind"] for line in lines if line["order"] == "1001"] == ["tracking_number", "order_update"]
    assert len(shop.outside.accepted("loja")) == len(lines), "once each"
    assert not [n for n in await shop.notices() if n.kind == NoticeKind.INTERFACE_ENDED], "it ends itself"


def sold(number: int) -> Order:
    return Order(f"10{number:02}", ANA, channel="MKT", marketplace_number=f"M{number}")


async def test_what_needs_no_message_does_not_end_the_notice_of_an_ended_interface(shop: Shop) -> None:
    shop.outside.fail("canal", "ended")
    await shop.register("AA1X", sold(1))
    await shop.later(minutes=1)
    shop.outside.fail("canal", "nothing")
    await shop.register("AA2X", sold(2))
    await shop.later(hours=2)
    assert [n.kind for n in await shop.notices()] == [NoticeKind.INTERFACE_ENDED]
    shop.outside.fail("canal", "ok")
    await shop.register("AA3X", sold(3))
    await shop.later(minutes=1)
    assert await shop.notices() == []


async def test_one_order_s_ended_answer_while_others_are_taken_stops_nobody(shop: Shop) -> None:
    shop.outside.fail("loja", "ended-if-1001")
    ids = await orders(shop, 3)
    await shop.run()
    assert (await shop.account("loja")).state == "ok"
    assert told(shop, "loja") == {"1002", "1003"}
    shop.outside.say("AA2X", POSTED, MOVED)
    shop.outside.fail("loja", "ok")
    await shop.ask(ids[1])
    await shop.later(minutes=5)
    assert told(shop, "loja") == {"1001", "1002", "1003"}
