"""In: which step to die at; out: a process that takes one push and kills itself there with SIGKILL, or ends well."""

import asyncio
import hmac
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg

from paradeiro.app import real_clock
from paradeiro.connectors import discover
from paradeiro.db.accounts import hooks
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.worker.drain import drain
from tests.databases import HandClock
from tests.flow import parties
from tests.flow.conftest import ANA, furnish, open_shop
from tests.web.apps import create_app

CODE, TOKEN, SECRET = "AA123456785BR", "the-doors-token", "the-doors-secret"
LAST = 3  # after the answer
NEWS = ("PO", "2026-11-02T11:00:00+00:00", "Santos")


def play(url: str, secret_key: str, folder: str, clock: HandClock, die_at: int) -> None:
    """Follow a package, take a push about it, ask. It may be played again after it died."""
    asyncio.run(_play(url, secret_key, Path(folder), clock, die_at))


async def _play(url: str, secret_key: str, folder: Path, clock: HandClock, die_at: int) -> None:
    async with open_shop(url, clock, secret_key, folder) as opened:
        posta = replace(opened.connectors["posta"], read_push=discover()["correios"].read_push)
        context = replace(opened, connectors={**opened.connectors, "posta": posta})
        store_id, accounts = await furnish(context)
        await register(context, store_id, Registration(Order("1", ANA), "posta", CODE, Invoice("NF-1", 1)))
        async with transaction(context.pool) as connection:
            await hooks.put_hook(
                connection, store_id, accounts["posta"], token=TOKEN, secret=SECRET, key=secret_key, now=clock()
            )
        if die_at:
            await drain(context)
            clock.forward(minutes=1)
            _die_around_commits(die_at)
        parties.Outside(folder).say(CODE, NEWS)
        assert await _push(context) == 200
        if die_at == LAST:
            os.kill(os.getpid(), signal.SIGKILL)
        await drain(context)


def _die_around_commits(die_at: int) -> None:
    steps = count(1)
    original: Callable[..., Any] = psycopg.AsyncTransaction.__aexit__

    async def recording(self: object, *args: Any) -> Any:
        if next(steps) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(self, *args)
        if next(steps) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    psycopg.AsyncTransaction.__aexit__ = recording  # type: ignore[method-assign] # this process dies of it


async def _push(context: Context) -> int:
    body = json.dumps({"codigoObjeto": CODE, "tipoEvento": "PO-1"}).encode()
    headers = {"x-correios-signature": hmac.new(SECRET.encode(), body, sha256).hexdigest()}
    transport = httpx.ASGITransport(create_app(context, real_clock))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.post(f"/hooks/posta/{TOKEN}", content=body, headers=headers)).status_code
