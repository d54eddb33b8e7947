"""The worker on the real queue: jobs come with the facts or not at all, and whatever is due is found."""

import asyncio

import psycopg
import pytest
from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import Queries

from paradeiro.db import jobs
from paradeiro.db.following import shipments
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.domain.words import Status
from paradeiro.worker.handlers import handle
from paradeiro.worker.run import work
from paradeiro.worker.sweep import sweep
from tests.flow.conftest import Shop, shop
from tests.flow.test_main_line import POSTED

__all__ = ["shop"]
_PATIENCE = 20.0


async def _waiting(shop: Shop) -> int:
    async with shop.context.pool.connection() as connection:
        return await jobs.waiting_count(connection)


async def test_a_transaction_that_is_rolled_back_leaves_no_job(shop: Shop) -> None:
    async with transaction(shop.context.pool, commit=False) as connection:
        assert await jobs.enqueue(connection, [Job(jobs.RELAY, "1")]) == 1
    assert await _waiting(shop) == 0
    async with transaction(shop.context.pool) as connection:
        assert await jobs.enqueue(connection, [Job(jobs.RELAY, "1"), Job(jobs.RELAY, "1")]) == 2
    assert await _waiting(shop) == 2


async def test_a_job_that_waits_already_is_not_enqueued_again(shop: Shop) -> None:
    once = Job(jobs.COLLECT, "7", once=True)
    async with transaction(shop.context.pool) as connection:
        assert await jobs.enqueue(connection, [once, once]) == 1
        assert await jobs.enqueue(connection, [once]) == 0


async def test_the_worker_does_what_is_due_and_stops_when_told(shop: Shop, database: str) -> None:
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    stop = asyncio.Event()
    working = asyncio.create_task(work(shop.context, database, stop))
    async with asyncio.timeout(_PATIENCE):
        while (await shop.shipment_row(shipment)).shipment.snapshot.status is not Status.ACCEPTED:
            await asyncio.sleep(0.05)
        while not shop.outside.told("mail") or len(shop.outside.told("loja")) < 2:
            await asyncio.sleep(0.05)
        stop.set()
        await working
    assert [m["status"] for m in shop.outside.told("mail")] == ["accepted"]


async def test_what_a_dead_worker_left_is_found_by_the_sweep(shop: Shop, database: str) -> None:
    """Jobs that are lost altogether cost nothing: the tables say what waits."""
    shop.outside.say("AA1", POSTED)
    shipment = await shop.register("AA1")
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await Queries(PsycopgDriver(connection)).clear_queue()
    assert await _waiting(shop) == 0
    assert await sweep(shop.context) >= 2
    await shop.run()
    assert (await shop.shipment_row(shipment)).shipment.snapshot.status is Status.ACCEPTED


async def test_two_workers_ask_for_each_shipment_once(shop: Shop) -> None:
    for number in range(9):
        await shop.register(f"AB{number}")
    await asyncio.gather(*(handle(shop.context, jobs.COLLECT, str(shop.accounts["posta"])) for _ in range(4)))
    asked = [code for batch in shop.outside.asked() for code in batch]
    assert sorted(asked) == sorted(set(asked))
    assert len(asked) == 9
    async with shop.context.pool.connection() as connection:
        assert await shipments.due_accounts(connection, now=shop.clock()) == []


async def test_a_job_that_this_worker_does_not_know_says_so(shop: Shop) -> None:
    with pytest.raises(ValueError, match="older"):
        await handle(shop.context, "teleport", "1")
