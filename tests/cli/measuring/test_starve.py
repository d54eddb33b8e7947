"""The bench that shows fairness, in small: what matters is who came first, not how fast this machine is."""

import asyncio
from pathlib import Path

from paradeiro.cli.benches.starve import starve
from paradeiro.settings import Settings


async def test_a_healthy_store_is_sent_mails_while_dead_endpoints_and_dripping_carriers_hang(
    database: str, tmp_path: Path
) -> None:
    """More endpoints hang than one store may be sent to at once. Each holds its job for 20 s, each carrier for 40: all
    mails are there before the first of them ends.
    """
    async with asyncio.timeout(18):
        figures = await starve(Settings(data_dir=tmp_path), database, endpoints=20, drips=8)
    assert figures["mails of the healthy store"] == 10
    assert figures["questions to dripping carriers"] == 8, "nobody was given up yet"
    assert 6 <= figures["questions to dead endpoints"] <= 20
