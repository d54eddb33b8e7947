"""In: a scratch database, a number of endpoints that never answer; out: how long a healthy store's mail takes beside
them, and beside half as many carriers that drip.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from time import perf_counter
from typing import Any

from paradeiro.app import house, set_up_logs
from paradeiro.cli.accounts import add_account
from paradeiro.db import benching, stores
from paradeiro.db.pool import transaction
from paradeiro.domain.codes import s10_check_digit
from paradeiro.domain.mailing import MailPolicy
from paradeiro.domain.records import Customer, Invoice, Order, Policy
from paradeiro.domain.words import Source, Status
from paradeiro.flow.endpoint import MOST_ENDPOINTS
from paradeiro.flow.intake import Registration, register
from paradeiro.flow.means import Means
from paradeiro.flow.statements import Statement, add_event
from paradeiro.settings import Settings
from paradeiro.worker.run import work
from paradeiro.world.mail import MailServer

_MAILS = 10
_PAUSE = 0.02
# Until every slot that can be held is held.
_SETTLED_SECONDS = 3.0
_LONGEST_SECONDS = 60.0
_AT_ANY_HOUR = MailPolicy(quiet_from=time(), quiet_to=time())
_DRIP = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@dataclass(slots=True)
class Outside:
    """Two kinds of parties that never end. `held`: connections that are open now, `most`: that ever were at once."""

    dead: int = 0
    drips: int = 0
    held: int = 0
    most: int = 0
    ports: dict[str, int] = field(default_factory=dict)

    async def never(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what comes, say nothing."""
        self.dead += 1
        await self._hold(reader, writer, b"")

    async def drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A byte now and then: each comes in time."""
        self.drips += 1
        writer.write(_DRIP)
        await self._hold(reader, writer, b"x")

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, byte: bytes) -> None:
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            while True:
                try:
                    if not await asyncio.wait_for(reader.read(4096), 1.0):
                        return
                except TimeoutError:
                    writer.write(byte)
        except OSError:
            return
        finally:
            self.held -= 1
            writer.close()


async def bench(settings: Settings, url: str, size: int) -> dict[str, Any]:
    """100 endpoints and 50 carriers unless `size` says otherwise; the worker runs in this process."""
    endpoints = min(size, 100)
    return await starve(settings, url, endpoints=endpoints, drips=endpoints // 2)


async def starve(settings: Settings, url: str, *, endpoints: int, drips: int) -> dict[str, Any]:
    """The figures: seconds from an event to its mail, the median and the slowest, while all the others hang."""
    settings = settings.model_copy(update={"webhook_hosts": "127.0.0.1", "world_file": None, "log_level": "error"})
    set_up_logs(settings)
    async with AsyncExitStack() as stack:
        outside, box = Outside(), MailServer(lambda: datetime.now(UTC))
        for name, talk in (("dead", outside.never), ("drip", outside.drip)):
            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            stack.push_async_callback(_shut, server)
            outside.ports[name] = server.sockets[0].getsockname()[1]
        mail = await asyncio.get_running_loop().create_server(box.protocol, "127.0.0.1", 0)
        stack.push_async_callback(_shut, mail)
        means = await stack.enter_async_context(house(settings, url, pool_size=20))
        healthy = await _furnish_healthy(means, mail.sockets[0].getsockname()[1])
        await _furnish_dead(means, outside.ports["dead"], endpoints)
        await _furnish_drips(means, outside.ports["drip"], drips)
        async with _working(means, url):
            await asyncio.sleep(_SETTLED_SECONDS)
            took = sorted([await _one_mail(means, healthy, box, number) for number in range(_MAILS)])
    return {
        "dead endpoints": endpoints,
        "dripping carriers": drips,
        "connections held at once": outside.most,
        "questions to dead endpoints": outside.dead,
        "questions to dripping carriers": outside.drips,
        "mails of the healthy store": len(box.mails),
        "seconds to its mail, median": took[len(took) // 2],
        "seconds to its mail, slowest": took[-1],
    }


async def _shut(server: asyncio.Server) -> None:
    server.close()


@asynccontextmanager
async def _working(means: Means, url: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(work(means, url, stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def _furnish_healthy(means: Means, port: int) -> int:
    """A store with nothing but mail; its id."""
    values = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from_address": "shop@example.com"}
    await add_account(means, "Healthy", means.connectors["email"], name="Mail", channel=None, values=values)
    async with transaction(means.pool) as connection:
        store_id = await stores.add_store(connection, "Healthy", now=means.now())
        await stores.set_policy(connection, store_id, Policy(mail=_AT_ANY_HOUR))
    return store_id


async def _furnish_dead(means: Means, port: int, count: int) -> None:
    """As many stores as it takes, each with as many endpoints as it may have, and news for each of them."""
    values = {"url": f"http://127.0.0.1:{port}/", "secret": "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIz"}
    for number in range(count):
        store = f"Dead {number // MOST_ENDPOINTS}"
        webhook = means.connectors["webhook"]
        await add_account(means, store, webhook, name=f"Endpoint {number}", channel=None, values=values)
    for number in range(-(-count // MOST_ENDPOINTS)):
        async with transaction(means.pool) as connection:
            store_id = await stores.add_store(connection, f"Dead {number}", now=means.now())
        for nth in range(3):
            await _news(means, store_id, nth)


async def _furnish_drips(means: Means, port: int, count: int) -> None:
    """A store each, with a package that is due."""
    values = {"base_url": f"http://127.0.0.1:{port}", "api_key": "cws-ch1_bench"}
    correios = means.connectors["correios"]
    for number in range(count):
        account = await add_account(means, f"Drip {number}", correios, name="Correios", channel=None, values=values)
        async with transaction(means.pool) as connection:
            await benching.add_packages(connection, account, [_code(number)], now=means.now())


def _code(number: int) -> str:
    return f"AA{number:08d}{s10_check_digit(f'{number:08d}')}BR"


async def _news(means: Means, store_id: int, number: int) -> None:
    """An order with a package that was just handed to its carrier."""
    order = Order(f"{store_id}-{number}", Customer("Ana", "ana@example.com"))
    stated = Registration(order, "correios", _code(1_000 * store_id + number), Invoice("1"))
    shipment = (await register(means, store_id, stated)).shipment_id
    await add_event(means, store_id, shipment, Statement(Status.ACCEPTED), source=Source.API, author="bench")


async def _one_mail(means: Means, store_id: int, box: MailServer, number: int) -> float:
    before, began = len(box.mails), perf_counter()
    await _news(means, store_id, number)
    while len(box.mails) == before and perf_counter() - began < _LONGEST_SECONDS:  # noqa: ASYNC110 - the server of the simulated world tells nobody
        await asyncio.sleep(_PAUSE)
    return perf_counter() - began
