"""Which notice holds which reply, and when a replay may end a notice."""

import asyncio

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.following import retention_holds
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind
from paradeiro.flow.context import Context
from tests.databases import START

KIND = NoticeKind.UNKNOWN_CODE


@pytest.fixture
async def store(context: Context) -> int:
    async with transaction(context.pool) as connection:
        return await stores.add_store(connection, "Loja", now=START)


async def say(connection: Connection, store: int, reply_id: int | None) -> None:
    await notices.open_notices(connection, [NoticeDraft(store, KIND, "it", "", reply_id=reply_id)], now=START)


async def waiting(context: Context, store: int) -> list[int]:
    async with context.pool.connection() as connection:
        found = await retention_holds.unread_holds(connection, [store], after_reply=0, limit=99)
    return [hold.reply_id for hold in found]


async def test_a_notice_holds_every_reply_that_ever_opened_it_or_counted_it_up(context: Context, store: int) -> None:
    async with transaction(context.pool) as connection:
        for reply_id in (3, None, 5, 3):
            await say(connection, store, reply_id)
        await retention_holds.hold_replies(connection, store, KIND, "it", [9, 5, 8])
        await retention_holds.hold_replies(connection, store, KIND, "something else", [11])
    assert await waiting(context, store) == [3, 5, 8, 9]


@pytest.mark.parametrize("again", ["named", "held"])
async def test_a_reply_that_was_understood_and_is_not_any_more_waits_again(
    context: Context, store: int, again: str
) -> None:
    async with transaction(context.pool) as connection:
        for reply_id in (3, 5):
            await say(connection, store, reply_id)
        found = await retention_holds.unread_holds(connection, [store], after_reply=0, limit=1)
        await retention_holds.mark_understood(connection, found, now=START)
    assert await waiting(context, store) == [5]
    async with transaction(context.pool) as connection:
        if again == "named":
            await say(connection, store, 3)
        else:
            await retention_holds.hold_replies(connection, store, KIND, "it", [3])
    assert await waiting(context, store) == [3, 5]


async def test_a_notice_ends_only_when_all_it_holds_is_understood(context: Context, store: int) -> None:
    async with transaction(context.pool) as connection:
        for reply_id in (3, 5):
            await say(connection, store, reply_id)
        for left in (1, 0):
            assert await retention_holds.resolve_understood(connection, [store], by="replay", now=START) == 0
            found = await retention_holds.unread_holds(connection, [store], after_reply=0, limit=1)
            await retention_holds.mark_understood(connection, found, now=START)
            assert list((await retention_holds.unread_counts(connection, [store])).values()) == [left]
        assert await retention_holds.resolve_understood(connection, [store + 1], by="replay", now=START) == 0
        assert await retention_holds.resolve_understood(connection, [store], by="replay", now=START) == 1
        assert await retention_holds.resolve_understood(connection, [store], by="replay", now=START) == 0


async def test_a_notice_that_is_just_being_counted_up_does_not_end(context: Context, store: int) -> None:
    """While a replay ends it, one more reply comes that nobody understands."""
    async with transaction(context.pool) as connection:
        await say(connection, store, 3)
        found = await retention_holds.unread_holds(connection, [store], after_reply=0, limit=1)
        await retention_holds.mark_understood(connection, found, now=START)

    async def end() -> int:
        async with transaction(context.pool) as connection:
            return await retention_holds.resolve_understood(connection, [store], by="replay", now=START)

    async with transaction(context.pool) as connection:
        await say(connection, store, 5)
        ending = asyncio.create_task(end())
        await asyncio.sleep(0.3)
        assert not ending.done(), "it waits for what is being said"
    assert await ending == 0
    assert await waiting(context, store) == [5]
