"""Slots are shared: no store, account or party holds all; a worker ends in time and outlives its connections."""

import asyncio

import psycopg
import pytest

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.pool import transaction
from paradeiro.domain.words import PartyKind, Status
from paradeiro.flow.errors import ConflictError
from paradeiro.flow.outbox import endpoints
from paradeiro.worker import handlers, queue, slots
from paradeiro.worker.run import work
from paradeiro.worker.slots import Group, Slots
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import POSTED

__all__ = ["shop"]
_PATIENCE = 20.0
_MANY = 7
_GROUP = Group((jobs.COLLECT,), at_once=20, per_store=2)


async def _accounts(shop: Shop, store: str, count: int) -> list[int]:
    async with transaction(shop.context.pool) as connection:
        store_id = await stores.add_store(connection, store, now=shop.clock())
        return [
            await stores.put_account(
                connection,
                store_id,
                connector="posta",
                kind=PartyKind.CARRIER,
                name=f"{store} {number}",
                settings={},
                secrets={},
                key=shop.context.secret_key,
                now=shop.clock(),
            )
            for number in range(count)
        ]


async def _queued(shop: Shop) -> list[tuple[str, bool]]:
    """Payloads of what waits in the queue, and whether its time has come."""
    async with shop.context.pool.connection() as connection:
        sql = "SELECT convert_from(payload, 'UTF8'), execute_after <= now() FROM pgqueuer ORDER BY id"
        return [(row[0], row[1]) async for row in await connection.execute(sql)]


async def test_a_store_runs_no_more_than_its_share_and_another_store_is_not_held_up(shop: Shop) -> None:
    mine, begun, hang = Slots(shop.context, _GROUP), list[int](), asyncio.Event()
    greedy, modest = await _accounts(shop, "Greedy", _MANY), await _accounts(shop, "Modest", 1)

    async def one(account: int) -> None:
        begun.append(account)
        await hang.wait()

    def run(account: int) -> asyncio.Task[None]:
        return asyncio.create_task(mine.run(jobs.COLLECT, str(account), lambda: one(account)))

    tasks = [run(account) for account in greedy]
    async with asyncio.timeout(_PATIENCE):
        while sum(task.done() for task in tasks) < 3 or len(begun) < 2:
            await asyncio.sleep(0.01)
        assert len(begun) == _GROUP.per_store
        tasks.append(run(modest[0]))
        while modest[0] not in begun:
            await asyncio.sleep(0.01)
        # Two run, two wait, three were put off: they come again later, and not at once.
        put_off = await _queued(shop)
        assert len(put_off) == 3
        assert not any(due for _, due in put_off)
        hang.set()
        await asyncio.gather(*tasks)
    assert len(begun) == 5


async def test_jobs_of_a_busy_account_are_folded_into_one_that_comes_after(shop: Shop) -> None:
    mine, hang, begun = Slots(shop.context, _GROUP), asyncio.Event(), 0
    account = str((await _accounts(shop, "Busy", 1))[0])

    async def one() -> None:
        nonlocal begun
        begun += 1
        await hang.wait()

    tasks = [asyncio.create_task(mine.run(jobs.COLLECT, account, one)) for _ in range(9)]
    async with asyncio.timeout(_PATIENCE):
        while sum(task.done() for task in tasks) < 7 or begun < 2:
            await asyncio.sleep(0.01)
        hang.set()
        await asyncio.gather(*tasks)
    assert begun == 2
    assert await _queued(shop) == [(account, True)], "what came meanwhile is looked at once more"


async def test_every_kind_of_job_has_slots_that_no_other_can_take() -> None:
    named = [name for group in slots.GROUPS for name in group.entrypoints]
    assert sorted(named) == sorted(handlers.ENTRYPOINTS), "each kind of job once: one without slots is never run"
    assert all(group.at_once >= 2 * queue._BATCH for group in slots.GROUPS)
    assert all(group.per_store * 2 < group.at_once for group in slots.GROUPS if jobs.RECORD not in group.entrypoints)


async def test_a_worker_that_hangs_ends_and_what_it_sent_counts_as_a_doubt(
    shop: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_GRACE_SECONDS", 0.3)
    shop.outside.fail("loja", "hang")
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    stop = asyncio.Event()
    working = asyncio.create_task(work(shop.context, database, stop))
    async with asyncio.timeout(_PATIENCE):
        while not any(e.state == "sending" for e in await shop.effects(shipment)):
            await asyncio.sleep(0.05)
        stop.set()
        await working
    shop.outside.fail("loja", "ok")
    await shop.later(hours=1)
    told = [e for e in await shop.effects(shipment) if e.connector == "loja"]
    assert any(e.doubts for e in told)
    assert all(e.state in {"done", "superseded"} for e in told)


async def test_a_worker_outlives_every_connection_to_its_database(shop: Shop, database: str) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(work(shop.context, database, stop))
    async with asyncio.timeout(_PATIENCE):
        await _until_listening(database, shop)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            killed = await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert killed.rowcount > len(slots.GROUPS)
        shop.outside.say("AA1", POSTED)
        shipment = await shop.register("AA1")
        while (await shop.shipment_row(shipment)).shipment.snapshot.status is not Status.ACCEPTED:
            await asyncio.sleep(0.05)
        assert not working.done()
        stop.set()
        await working


async def _until_listening(database: str, shop: Shop) -> None:
    """Until a first package came through the worker."""
    shop.outside.say("AA0", POSTED)
    shipment = await shop.register("AA0", invoice="0")
    while (await shop.shipment_row(shipment)).shipment.snapshot.status is not Status.ACCEPTED:
        await asyncio.sleep(0.05)


async def test_a_store_has_only_so_many_endpoints(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async with transaction(shop.context.pool) as connection:
        for number in range(endpoints.MOST_ENDPOINTS):
            await stores.put_account(
                connection,
                shop.store_id,
                connector="webhook",
                kind=PartyKind.WEBHOOK,
                name=f"endpoint {number}",
                settings={"url": "https://example.com"},
                secrets={},
                key=shop.context.secret_key,
                now=shop.clock(),
            )

    async def fine(*_: object) -> None:
        """The address is looked at elsewhere."""

    monkeypatch.setattr(endpoints, "_check_address", fine)
    with pytest.raises(ConflictError, match="at most 20 endpoints"):
        await endpoints.add(shop.context, shop.store_id, name="one more", url="https://example.com/")
