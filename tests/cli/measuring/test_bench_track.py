"""The bench of the tracking page measures the real page with its style and script."""

import asyncio
from pathlib import Path

import pytest

from paradeiro.cli.benches.track import bench
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings
from tests.databases import TEMPLATE

LARGEST = 50_000


@pytest.mark.slow
def test_a_customers_page_is_small_and_soon_there(postgres: Embedded, tmp_path: Path) -> None:
    url = postgres.fresh_url("bench_track", TEMPLATE)
    figures = asyncio.run(bench(Settings(data_dir=tmp_path), url, 100))
    assert figures["page: events on it"] == 6
    assert figures["page: bytes"] + 10_000 < figures["page with style and script: bytes"] < LARGEST
    assert 0 < figures["page: ms alone, median"] <= figures["page: ms alone, 95th percentile"]
    # How long it takes is no test's business on a shared machine; that it was measured is.
    assert all(value > 0 for value in figures.values())
    assert figures["ratio"] == figures["page: requests/s"] / figures["file of the same size: requests/s"]
