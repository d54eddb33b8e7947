"""In: a scratch database, a number of packages never asked about; out: how fast all are asked about, by either way."""

import time
from typing import Any

import httpx

from paradeiro.app import house
from paradeiro.cli.benches.collect import at_its_end, follow, world_of
from paradeiro.flow.collect import collect
from paradeiro.settings import Settings

_WAYS = {"by rastro-async": (), "fifty at a time": ("--without-async",)}
_QUESTIONS = ("srorastro", "async", "async_receipt")


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """The same packages, each way in a world and a store of its own; answers are kept, not yet recorded."""
    figures: dict[str, Any] = {"packages": size}
    for way, more in _WAYS.items():
        with world_of(size, *more) as world:
            took, questions = await _asked(settings, url, world, way)
        figures |= {f"questions, {way}": questions, f"seconds, {way}": took}
    fast, slow = (figures[f"questions, {way}"] for way in _WAYS)
    return figures | {"questions, ratio": fast / slow}


async def _asked(settings: Settings, url: str, world: dict[str, Any], store: str) -> tuple[float, int]:
    """Seconds until all were asked about, and how many questions that took."""
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client, house(settings, url) as means:
        account = await follow(means, world, await at_its_end(client, world), store)
        began = time.perf_counter()
        while await collect(means, account):
            pass
        took = time.perf_counter() - began
        calls = (await client.get(f"{world['urls']['admin']}/calls")).json()
    return took, sum(calls["correios"].get(each, 0) for each in _QUESTIONS)
