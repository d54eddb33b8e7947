"""`paradeiro status`: problems are printed, with exit status 1; the same as JSON."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from paradeiro.app import real_clock
from paradeiro.cli.commands import app
from paradeiro.db.operations import health
from paradeiro.db.pool import open_pool


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> CliRunner:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path))
    return CliRunner()


async def _prepare(url: str, *, fails: int) -> None:
    pool = await open_pool(url, size=1)
    async with pool.connection() as connection:
        await health.put_heartbeat(connection, "w1")
        for _ in range(fails):
            await health.count_failure(
                connection,
                "relay",
                "7",
                store_id=None,
                error="KeyError",
                message="x",
                now=real_clock(),
                log_again=real_clock() - real_clock(),
            )
    await pool.close()


def test_without_a_worker(run: CliRunner) -> None:
    said = run.invoke(app, ["status"])
    assert said.exit_code == 1
    assert "No worker runs" in said.stdout


def test_all_is_well(run: CliRunner, database: str) -> None:
    asyncio.run(_prepare(database, fails=0))
    said = run.invoke(app, ["status"])
    assert said.exit_code == 0, said.output
    assert "All is well" in said.stdout


def test_what_fails_is_named(run: CliRunner, database: str) -> None:
    asyncio.run(_prepare(database, fails=3))
    said = run.invoke(app, ["status", "--json"])
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert found["workers"] == 1
    assert [(f["job"], f["about"], f["times"]) for f in found["failures"]] == [("relay", "7", 3)]
    assert any("relay" in words for words in found["problems"])
