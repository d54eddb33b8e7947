"""Every metric that docs/metrics.md names is on /metrics after a run of the flow, with the right value; no other is."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from paradeiro.app import real_clock
from paradeiro.cli.accounts.accounts import make_key
from paradeiro.db import jobs
from paradeiro.db.accounts import rate_limits
from paradeiro.db.carriers import quotas
from paradeiro.db.jobs import Job
from paradeiro.db.pool import transaction
from paradeiro.domain.tally import Metric, Tally
from paradeiro.flow.operations.counting import write_counts
from paradeiro.worker.failures import Failures
from paradeiro.worker.run import work
from tests.flow.conftest import Shop
from tests.web.apps import create_app

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
POSTED = ("PO", "2026-11-02T13:00:00+00:00", "Santos")


@pytest.fixture
async def api(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await make_key(shop.context, "Loja", name="prometheus")
    app = create_app(shop.context, real_clock)
    app.state.free_bytes = lambda: 7_000_000
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers={"Authorization": f"Bearer {key}"}
    ) as client:
        yield client


async def _values(api: httpx.AsyncClient) -> dict[str, float]:
    said = await api.get("/metrics")
    assert said.status_code == 200
    samples = [s for family in text_string_to_metric_families(said.text) for s in family.samples]
    return {f"{s.name}{{{_labels(s.labels)}}}": s.value for s in samples}


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))


def _posta(name: str, **labels: str) -> str:
    ofs = {"store": "1", "connector": "posta", "account": "posta"}
    return f"paradeiro_{name}{{{_labels(ofs | labels)}}}"


async def _names(api: httpx.AsyncClient) -> set[str]:
    """The names of metrics, as a query calls them (histograms without their suffixes)."""
    names = set()
    for family in text_string_to_metric_families((await api.get("/metrics")).text):
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return names


async def _a_package_that_moves(shop: Shop) -> None:
    shipment = await shop.register("AA1")
    await shop.run()
    shop.outside.say("AA1", POSTED)
    await shop.ask(shipment, hours=2)


async def test_what_is_documented_is_there_and_nothing_else(shop: Shop, api: httpx.AsyncClient) -> None:
    documented = set(re.findall(r"^\| `(\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(documented) > 20
    await _a_package_that_moves(shop)
    assert await _names(api) == documented


async def test_the_flow_is_counted(shop: Shop, api: httpx.AsyncClient) -> None:
    await _a_package_that_moves(shop)
    values = await _values(api)
    asked = {k: v for k, v in values.items() if k.startswith("paradeiro_questions_total")}
    assert asked[_posta("questions_total", outcome="found")] == 1.0
    assert sum(asked.values()) == len([code for batch in shop.outside.asked() for code in batch])
    assert values[_posta("news_total")] == 1.0
    told = {k: v for k, v in values.items() if k.startswith("paradeiro_effects_told_total")}
    assert sum(v for k, v in told.items() if 'account="mail"' in k) == len(shop.outside.told("mail")) == 1
    assert sum(v for k, v in told.items() if 'account="loja"' in k) == len(shop.outside.told("loja"))
    assert all('outcome="found"' in k for k in told)
    # Posted at 13:00, asked at 14:00 by the test's clock: an hour.
    assert values[_posta("detection_delay_seconds_sum")] == 3600.0
    assert values[_posta("detection_delay_seconds_bucket", le="1800.0")] == 0.0
    assert values[_posta("detection_delay_seconds_bucket", le="3600.0")] == 1.0
    assert values[_posta("detection_delay_seconds_bucket", le="+Inf")] == 1.0
    assert values[_posta("recording_delay_seconds_count")] == 1.0
    assert values["paradeiro_disk_free_bytes{}"] == 7_000_000
    assert values["paradeiro_shipments_followed{}"] == 1.0


async def test_what_may_still_be_asked(shop: Shop, api: httpx.AsyncClient) -> None:
    account, now = shop.accounts["posta"], shop.context.now()
    async with transaction(shop.context.pool) as connection:
        await rate_limits.take_request(connection, shop.store_id, account, per_minute=60, now=now)
        await quotas.set_quota(connection, shop.store_id, account, 100, month=date(2026, 11, 1))
        await quotas.spend(connection, account, 30, month=date(2026, 11, 1))
    values = await _values(api)
    assert values[_posta("requests_left")] == 9.0
    assert values[_posta("lookups_left")] == 70.0


async def test_how_long_a_package_has_been_due(shop: Shop, api: httpx.AsyncClient) -> None:
    await shop.register("AA1")
    shop.clock.forward(hours=3)
    assert (await _values(api))["paradeiro_oldest_due_shipment_seconds{}"] == 3 * 3600


async def test_a_real_worker_writes_what_it_counted(shop: Shop, api: httpx.AsyncClient, database: str) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(work(shop.context, database, stop))
    async with asyncio.timeout(60):
        while not (await _values(api)).get("paradeiro_workers{}"):
            await asyncio.sleep(0.05)
        async with transaction(shop.context.pool) as connection:
            await jobs.enqueue(connection, [Job(jobs.COLLECT, "no number", once=True)])
        while not shop.context.tally._counts:
            await asyncio.sleep(0.05)
        stop.set()
        await working
    assert (await _values(api))['paradeiro_jobs_failed_total{job="collect"}'] >= 1.0, "written at its end"


async def test_two_processes_are_added_up_and_a_failed_write_is_kept(shop: Shop, api: httpx.AsyncClient) -> None:
    context = shop.context
    for _ in range(2):
        context.tally.add(Metric.JOBS_FAILED, None, None, "sweep")
        await write_counts(context)
    context.tally.add(Metric.NEWS, shop.store_id, 999_999)
    with pytest.raises(psycopg.Error):
        await write_counts(context)
    assert list(context.tally.take().values()) == [1.0]
    assert (await _values(api))['paradeiro_jobs_failed_total{job="sweep"}'] == 2.0


async def test_a_failed_job_is_counted_each_time(shop: Shop, api: httpx.AsyncClient) -> None:
    async def fails() -> None:
        raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await Failures(shop.context).watch("upkeep", "", fails())
    await write_counts(shop.context)
    assert (await _values(api))['paradeiro_jobs_failed_total{job="upkeep"}'] == 3.0


async def test_no_key_no_figures(api: httpx.AsyncClient) -> None:
    assert (await api.get("/metrics", headers={"Authorization": ""})).status_code != 200


def test_a_clock_ahead_counts_as_no_delay() -> None:
    tally = Tally()
    tally.observe(Metric.DETECTION, 1, 1, -50.0)
    assert {(key.metric, key.label): value for key, value in tally.take().items()} == {(Metric.DETECTION, "60"): 1.0}
