"""In: a scratch database, a number of replies; out: bytes and microseconds per reply, for each compression."""

import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from paradeiro.app import open_app
from paradeiro.db.following.compression import compress, decompress
from paradeiro.db.measuring import bench_rows
from paradeiro.settings import Settings
from paradeiro.simulator.carriers.correios import Contract, PostOffice
from paradeiro.simulator.scenario.recorded_answers import RecordedAnswers
from paradeiro.simulator.scenario.scenario import Scenario

_START = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
_KEY = "cws-ch1_bench"
_ZLIB_LEVELS = (1, 6, 9)


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """Answers of the simulated post office, one after each event of each package, as they would be stored."""
    bodies = [body async for body in _answers(size)]
    plain = sum(map(len, bodies)) / len(bodies)
    figures: dict[str, Any] = {"replies": len(bodies), "plain: bytes": plain}
    for level in _ZLIB_LEVELS:
        figures |= _timed(f"zlib {level}", bodies, partial(zlib.compress, level=level), zlib.decompress)
    figures |= _timed("zlib 6 with dictionary", bodies, compress, _open)
    packed = [compress(body)[1] for body in bodies]
    async with open_app(settings, url) as context, context.pool.connection() as connection:
        for name, values, target in (
            ("table, plain", bodies, None),
            ("table, PostgreSQL's own (pglz)", bodies, 128),
            ("table, packed", packed, None),
        ):
            began = time.perf_counter()
            stored = await bench_rows.stored_bytes(connection, values, toast_target=target)
            took = time.perf_counter() - began
            figures |= {f"{name}: bytes": stored, f"{name}: us to write and read": took / len(bodies) * 1e6}
    return figures


def _open(packed: tuple[int, bytes]) -> bytes:
    return decompress(*packed)


def _timed(
    name: str, bodies: Sequence[bytes], make: Callable[[bytes], Any], undo: Callable[[Any], bytes]
) -> dict[str, float]:
    began = time.perf_counter()
    small = [make(body) for body in bodies]
    made = time.perf_counter()
    undone = [undo(each) for each in small]
    ended = time.perf_counter()
    assert undone == list(bodies)
    size = sum(len(each[1]) if isinstance(each, tuple) else len(each) for each in small)
    count = len(bodies)
    return {
        f"{name}: bytes": size / count,
        f"{name}: us to pack": (made - began) / count * 1e6,
        f"{name}: us to unpack": (ended - made) / count * 1e6,
    }


async def _answers(size: int) -> AsyncIterator[bytes]:
    """Each package's object, as the client cuts it out of an answer, whenever there is an event more in it."""
    ground_truth = Scenario(size, 12, 7, _START).ground_truth()
    now = _START
    contract = Contract("user", "code", "card", api_key=_KEY)
    post = PostOffice(ground_truth, contract, lambda: now, RecordedAnswers())
    made = 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(post.app()), base_url="http://post") as client:
        for package in ground_truth.packages:
            for happening in package.happenings:
                now = happening.visible_at + timedelta(seconds=1)
                params = {"codigosObjetos": package.code, "resultado": "T"}
                answer = await client.get(
                    "/srorastro/v1/objetos", params=params, headers={"Authorization": f"Bearer {_KEY}"}
                )
                told = answer.json()["objetos"][0]
                yield json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
                made += 1
                if made == size:
                    return
