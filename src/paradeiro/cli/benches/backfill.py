"""In: a scratch database, a number of packages never checked; out: seconds and requests to check all, by either way."""

import time
from typing import Any

import httpx

from paradeiro.app import open_app
from paradeiro.cli.benches.collect import at_its_end, follow, simulator_of
from paradeiro.flow.collect import collect
from paradeiro.settings import Settings

_WAYS = {"by rastro-async": (), "fifty at a time": ("--without-async",)}
_QUESTIONS = ("srorastro", "async", "async_receipt")


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """The same packages, each way in a simulator and a store of its own; answers are stored, not recorded."""
    figures: dict[str, Any] = {"packages": size}
    for way, more in _WAYS.items():
        with simulator_of(size, *more) as simulator:
            took, questions = await _asked(settings, url, simulator, way)
        figures |= {f"questions, {way}": questions, f"seconds, {way}": took}
    fast, slow = (figures[f"questions, {way}"] for way in _WAYS)
    return figures | {"questions, ratio": fast / slow}


async def _asked(settings: Settings, url: str, simulator: dict[str, Any], store: str) -> tuple[float, int]:
    """Seconds until all were checked, and how many requests that took."""
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client, open_app(settings, url) as context:
        account = await follow(context, simulator, await at_its_end(client, simulator), store)
        began = time.perf_counter()
        while await collect(context, account):
            pass
        took = time.perf_counter() - began
        calls = (await client.get(f"{simulator['urls']['admin']}/calls")).json()
    return took, sum(calls["correios"].get(each, 0) for each in _QUESTIONS)
