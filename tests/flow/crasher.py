"""In: the step to crash at; out: a process that runs the main flow and kills itself there, or completes."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import holidays
import psycopg

from paradeiro.connectors import discover
from paradeiro.db.following import shipments
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import ProofKind
from paradeiro.flow.context import Context
from paradeiro.flow.following import proofs_of_delivery
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.worker.drain import drain
from tests.databases import HandClock
from tests.flow import parties
from tests.flow.conftest import ANA, furnish, open_shop

# The processes of a test are forked from one that has loaded this: what each of them would load itself is here by then.
discover()
holidays.country_holidays("BR", years=2026)
PICTURE = b"\x89PNG\r\n\x1a\nhouse"
ANSWERS = (
    (("PO", "2026-11-02T13:00:00+00:00", "Santos"),),
    (
        ("PO", "2026-11-02T13:00:00+00:00", "Santos"),
        ("RO", "2026-11-02T20:00:00+00:00", "Itu"),
        ("BDE", "2026-11-03T14:00:00+00:00", "Itu"),
    ),
)


# Instead of a step: when the first mail was accepted, and nobody knows it yet.
AFTER_A_MAIL = -1


def play(url: str, secret_key: str, folder: str, clock: HandClock, die_at: int) -> None:
    """The whole main job in a process of its own. It may be played again after it died: everything is stated anew."""
    if die_at == AFTER_A_MAIL:
        _die_after_a_mail()
    steps = count(1)

    def step() -> None:
        if next(steps) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    proofs_of_delivery._PAUSE_SECONDS = 0.0  # in this process only; the pause is for real parties
    _die_around(psycopg.AsyncTransaction, "__aexit__", step)
    _die_around(parties.CarrierParty, "fetch", step)
    _die_around(parties.CarrierParty, "fetch_proofs", step)
    _die_around(parties.SinkParty, "send", step)
    asyncio.run(_play(url, secret_key, Path(folder), clock))


def _die_after_a_mail() -> None:
    original = parties.SinkParty.send

    async def send(self: parties.SinkParty, request: Any, key: str) -> Any:
        result = await original(self, request, key)
        if self.name == "mail":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    parties.SinkParty.send = send  # type: ignore[method-assign]


def _die_around(cls: type, name: str, step: Callable[[], None]) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(cls, name)

    async def recording(self: object, *args: Any) -> Any:
        step()
        result = await original(self, *args)
        step()
        return result

    setattr(cls, name, recording)


async def _play(url: str, secret_key: str, folder: Path, clock: HandClock) -> None:
    async with open_shop(url, clock, secret_key, folder) as context:
        store_id, _ = await furnish(context)
        order = Order("2001", ANA, channel="MKT", marketplace_number="M-9")
        stated = Registration(order, "posta", "AA1", Invoice("NF-1", 5000))
        shipment_id = (await register(context, store_id, stated)).shipment_id
        await drain(context)
        for answer in ANSWERS:
            parties.Outside(folder).say("AA1", *answer, proofs=[ProofKind.IMAGE])
            parties.Outside(folder).show("AA1", ProofKind.IMAGE, PICTURE)
            clock.at = max(clock.at + timedelta(minutes=10), clock.at.fromisoformat(answer[-1][1]) + timedelta(hours=1))
            await _ask(context, store_id, shipment_id, clock)


async def _ask(context: Context, store_id: int, shipment_id: int, clock: HandClock) -> None:
    async with transaction(context.pool) as connection:
        await shipments.make_due(connection, store_id, shipment_id, now=clock())
    # Whatever a dead process had leased comes back after minutes; then everything is due.
    for _ in range(2):
        await drain(context)
        clock.forward(minutes=5)
    await drain(context)
