"""In: which step to die at; out: a process that gets orders, reads them, and kills itself there with SIGKILL."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import holidays
import psycopg

from paradeiro.cli.accounts.hooks import choose_account
from paradeiro.connectors import discover
from paradeiro.connectors.vtex.client import VtexSession
from paradeiro.worker.drain import drain
from tests.databases import HandClock, open_context

discover()
holidays.country_holidays("BR", years=2026)


def play(url: str, secret_key: str, _: str, clock: HandClock, die_at: int) -> None:
    """Read the feed and its orders, and send all messages; again after it died."""
    steps = count(1)

    def step() -> None:
        if next(steps) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if die_at:
        _die_around(psycopg.AsyncTransaction, "__aexit__", step)
        for name in ("feed", "commit", "named", "send"):
            _die_around(VtexSession, name, step)
    asyncio.run(_play(url, secret_key, clock))


def _die_around(cls: type, name: str, step: Callable[[], None]) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(cls, name)

    async def recording(self: object, *args: Any) -> Any:
        step()
        result = await original(self, *args)
        step()
        return result

    setattr(cls, name, recording)


async def _play(url: str, secret_key: str, clock: HandClock) -> None:
    async with open_context(url, clock, secret_key) as context:
        await choose_account(context, "vtex", store="", name="")
        await drain(context)
