"""A feed fails and answers apart from the questions about single packages of the same account."""

import asyncio
from datetime import timedelta

import pytest

from paradeiro.db.carriers import carrier_feeds
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import transaction
from paradeiro.domain.words import NoticeKind, Outcome, Way
from paradeiro.flow.answers.carrier_feed import read_carrier_feed
from paradeiro.flow.answers.feed_health import notice_subject
from paradeiro.sdk.ways_in import FeedAnswer
from tests.flow.conftest import Shop
from tests.flow.following.regional import KEY, body, said
from tests.flow.following.test_ways_in import ASKED_AND_FED, Place, open_place

_DOWN = FeedAnswer(Outcome.RETRY, message="HTTP 500")
_PAGE = FeedAnswer(Outcome.FOUND, (), cursor="7")


async def play(place: Place, pages: list[FeedAnswer], *, hours: float) -> None:
    """Let time pass in steps of ten minutes; the feed gives these, the last again and again."""
    for step in range(round(hours * 6)):
        place.carrier.standing = pages[min(step, len(pages) - 1)]
        await place.shop.later(minutes=10)
        await place.run()


async def told(place: Place) -> list[tuple[str, str]]:
    return [(n.kind, n.facts.get("variant", "")) for n in await place.shop.notices()]


async def outages(place: Place) -> int:
    """How many were told, those that ended among them."""
    async with place.shop.context.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM notice WHERE kind = 'outage'")).fetchone()
    return int(row[0]) if row else 0


async def test_a_feed_that_fails_while_questions_are_answered_is_one_outage(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)))
    shipment_id = await place.register()
    await play(place, [_PAGE, _DOWN], hours=1)
    for _ in range(8):
        await play(place, [_DOWN], hours=1)
        await place.shop.ask(shipment_id)
        assert await told(place) == [("outage", "feed")]
        assert (await place.account()).state == "ok", "its packages are asked about as ever"
    notice = (await place.shop.notices())[0]
    assert "HTTP 500" in notice.message
    await play(place, [_PAGE], hours=1)
    assert await told(place) == []
    assert await outages(place) == 1


async def test_a_short_failure_of_a_feed_is_told_to_nobody(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    await play(place, [_PAGE, _DOWN, _PAGE], hours=1)
    assert await outages(place) == 0


async def test_a_feed_that_refuses_us_does_not_stop_questions(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    await play(place, [FeedAnswer(Outcome.AUTH_FAILED, message="HTTP 403")], hours=2)
    assert await told(place) == [("credentials_refused", "feed")]
    place.carrier.answers[KEY] = said(("in_transit", place.at(-3)))
    shipment_id = await place.register()
    await place.run()
    assert (await place.status(shipment_id)).value == "in_transit"


async def test_an_outage_of_the_whole_carrier_is_told_once(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)))
    shipment_id = await place.register()
    await place.run()
    place.carrier.down = True
    for _ in range(12):
        await place.shop.ask(shipment_id)
        await play(place, [_DOWN], hours=0.5)
    assert await told(place) == [("outage", "")]


async def test_a_feed_alone_has_the_health_of_its_account(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    await play(place, [_DOWN], hours=2)
    assert await told(place) == [("outage", "")]
    assert (await place.account()).state == "outage"
    await play(place, [_PAGE], hours=1)
    assert (await told(place), (await place.account()).state) == ([], "ok")


@pytest.mark.parametrize("broken", [_DOWN, FeedAnswer(Outcome.MALFORMED, (b"<html>",), message="HTML")])
async def test_days_without_a_reading_are_a_gap_though_questions_are_answered(shop: Shop, broken: FeedAnswer) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    page = body(said(("in_transit", place.at(-9)), ids=[KEY]))
    place.carrier.answers[KEY] = said(("accepted", place.at(-30)))
    shipment_id = await place.register()
    await play(place, [FeedAnswer(Outcome.FOUND, (page,), cursor="7")], hours=0.5)
    for _ in range(4):
        place.carrier.standing = broken
        await place.shop.later(minutes=24 * 60)
        await place.run()
        await place.shop.ask(shipment_id)
    await play(place, [_PAGE], hours=1)
    gap = next(n for n in await place.shop.notices() if n.kind == "feed_gap")
    assert "was not read from" in gap.message


async def test_since_when_a_feed_fails_and_when_it_was_read(shop: Shop) -> None:
    place = await open_place(shop, ways=ASKED_AND_FED)
    now = shop.clock()
    async with transaction(shop.context.pool) as connection:
        assert await carrier_feeds.mark_read(connection, place.account_id, now=now) is None
        assert await carrier_feeds.mark_read(connection, place.account_id, now=now + timedelta(days=1)) == now
        since = await carrier_feeds.mark_failing(connection, place.account_id, now=now)
        assert await carrier_feeds.mark_failing(connection, place.account_id, now=now + timedelta(days=1)) == since
        await carrier_feeds.mark_read(connection, place.account_id, now=now)
        later = now + timedelta(days=2)
        assert await carrier_feeds.mark_failing(connection, place.account_id, now=later) == later


async def test_a_page_is_stored_beside_one_who_holds_the_account_and_tells_of_it(shop: Shop) -> None:
    place = await open_place(shop, ways=frozenset({Way.FEED}))
    place.carrier.hold = asyncio.Event()
    place.carrier.standing = FeedAnswer(Outcome.FOUND, (), cursor="9", gap="lots 3 to 8 are gone")
    reading = asyncio.create_task(read_carrier_feed(place.shop.context, place.account_id))
    await place.carrier.reading.wait()
    subject = notice_subject(await place.account())
    draft = NoticeDraft(shop.store_id, NoticeKind.FEED_GAP, subject, "the same", account_id=place.account_id)
    async with transaction(shop.context.pool) as connection:
        await connection.execute("SELECT 1 FROM account WHERE id = %s FOR UPDATE", (place.account_id,))
        place.carrier.hold.set()
        await asyncio.sleep(0.5)  # it waits for the account now, and must not hold the notice meanwhile
        await notices.open_notices(connection, [draft], now=shop.clock())
    await reading
    assert (await place.account()).cursor == "9"
