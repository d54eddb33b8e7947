"""A job that always fails is logged once, counted, told at the third time, and over when it gets through."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db import jobs
from paradeiro.db.jobs import Job
from paradeiro.db.operations import health
from paradeiro.db.pool import as_owner, transaction
from paradeiro.flow.context import Context
from paradeiro.worker.failures import Failures
from paradeiro.worker.run import work
from tests.databases import HandClock
from tests.flow.conftest import Shop, shop
from tests.web.apps import create_app

__all__ = ["shop"]


async def _fails() -> None:
    raise RuntimeError("of no use")


async def _well() -> None:
    pass


async def _watch(failures: Failures, payload: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(RuntimeError):
            await failures.watch("collect", payload, _fails())


async def test_it_is_logged_once_told_at_the_third_time_and_ends(shop: Shop, clock: HandClock) -> None:
    failures, payload = Failures(shop.context), str(shop.accounts["posta"])
    with capture_logs() as lines:
        await _watch(failures, payload, 2)
        assert await shop.notices() == []
        await _watch(failures, payload, 3)
        clock.forward(hours=2)
        await _watch(failures, payload, 1)
    assert [line["times"] for line in lines if line["event"] == "a job failed"] == [1, 6], "not every second"
    (notice,) = await shop.notices()
    assert notice.kind == "job_failing"
    assert "RuntimeError: of no use" in notice.message
    await failures.watch("collect", payload, _well())
    assert await shop.notices() == []
    async with shop.context.pool.connection() as connection:
        assert await health.job_failures(connection) == []


@pytest.mark.parametrize("lost", [psycopg.OperationalError("gone"), psycopg.errors.AdminShutdown("ended")])
async def test_a_job_that_lost_the_database_shows_no_code(shop: Shop, lost: Exception) -> None:
    async def loses() -> None:
        raise lost

    with capture_logs() as lines, pytest.raises(type(lost)):
        await Failures(shop.context).watch("collect", str(shop.accounts["posta"]), loses())
    (line,) = [line for line in lines if line["event"].startswith("a job")]
    assert line["log_level"] == "warning"
    assert "exc_info" not in line


async def test_a_full_disk_is_not_a_lost_database(shop: Shop) -> None:
    async def fails() -> None:
        raise psycopg.errors.DiskFull("no space")

    with capture_logs() as lines, pytest.raises(psycopg.errors.DiskFull):
        await Failures(shop.context).watch("collect", str(shop.accounts["posta"]), fails())
    assert [line["log_level"] for line in lines if line["event"] == "a job failed"] == ["error"]


async def test_a_database_that_takes_nothing_is_said_once_a_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise psycopg.errors.DiskFull("no space")

    monkeypatch.setattr(health, "count_failure", full)
    with capture_logs() as lines:
        await _watch(Failures(shop.context), "1", 5)
    assert len([line for line in lines if "takes nothing" in line["event"]]) == 1


async def test_another_worker_hears_of_it_and_ends_it(shop: Shop) -> None:
    payload, stop = str(shop.accounts["posta"]), asyncio.Event()
    await _watch(Failures(shop.context), payload, 3)
    other = Failures(shop.context)
    beating = asyncio.create_task(other.beat("w2", stop))
    async with asyncio.timeout(10):
        while not other._failing:
            await asyncio.sleep(0.01)
    await other.watch("collect", payload, _well())
    assert await shop.notices() == []
    stop.set()
    await beating


async def test_a_job_of_no_store_is_told_to_all(shop: Shop) -> None:
    failures = Failures(shop.context)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await failures.watch("upkeep", "", _fails())
    assert [n.kind for n in await shop.notices()] == ["job_failing"]


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await make_key(shop.context, "Loja", name="t")
    transport = httpx.ASGITransport(create_app(shop.context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-API-Key": key}) as client:
        yield client


async def test_a_real_worker_says_that_it_lives_and_what_fails(
    shop: Shop, database: str, api: httpx.AsyncClient
) -> None:
    assert (await api.get("/health/live")).json() == {"status": "alive"}
    assert (await api.get("/health/ready")).json() == {"status": "ready"}
    assert "no worker is running" in (await api.get("/health")).json()["problems"]
    stop = asyncio.Event()
    working = asyncio.create_task(work(shop.context, database, stop))
    async with asyncio.timeout(60):
        while (await api.get("/health")).json()["status"] != "ok":
            await asyncio.sleep(0.05)
        while not await shop.notices():
            async with transaction(shop.context.pool) as connection:
                await jobs.enqueue(connection, [Job(jobs.COLLECT, "no number", once=True)])
            await asyncio.sleep(0.1)
        assert (await api.get("/health")).json()["status"] == "degraded"
    said = (await api.get("/metrics")).text
    assert 'paradeiro_failing_jobs{job="collect"} 1.0' in said
    assert "paradeiro_workers 1.0" in said
    assert (await api.get("/metrics", headers={"X-API-Key": ""})).status_code != 200
    stop.set()
    await working
    assert "no worker is running" in (await api.get("/health")).json()["problems"], "it said good-bye"


async def test_a_clock_that_is_not_trusted_is_told(shop: Shop, api: httpx.AsyncClient) -> None:
    async with transaction(shop.context.pool) as connection:
        await connection.execute("INSERT INTO clock_seen (boot, since_boot, problem) VALUES ('b', 1, 'a year ahead')")
    assert any("a year ahead" in each for each in (await api.get("/health")).json()["problems"])


async def test_a_database_without_schema_is_not_ready(context: Context, clock: HandClock) -> None:
    async with transaction(context.pool) as connection, as_owner(connection):
        await connection.execute("DROP TABLE worker_heartbeat")
    transport = httpx.ASGITransport(create_app(context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for path in ("/health/ready", "/health"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert "paradeiro migrate" in answer.json()["status"]
    assert timedelta(0) == clock() - context.now()
