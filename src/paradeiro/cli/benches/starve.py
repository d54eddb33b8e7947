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

from paradeiro.app import open_app, set_up_logs
from paradeiro.cli.accounts.accounts import add_account
from paradeiro.db.accounts import stores
from paradeiro.db.measuring import bench_rows
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import transaction
from paradeiro.domain.following.tracking_codes import s10_check_digit
from paradeiro.domain.outbox.mail_policy import MailPolicy
from paradeiro.domain.records import Customer, Invoice, Order, Policy
from paradeiro.domain.words import Status
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.orders.statements import Statement, add_event
from paradeiro.flow.outbox.endpoints import MOST_ENDPOINTS
from paradeiro.settings import Settings
from paradeiro.simulator.mailboxes import MailServer
from paradeiro.worker.run import work

_MAILS = 10
_PAUSE = 0.02
# Until every slot that can be taken is taken.
_SETTLED_SECONDS = 3.0
_LONGEST_SECONDS = 60.0
_AT_ANY_HOUR = MailPolicy(quiet_from=time(), quiet_to=time())
_DRIP = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@dataclass(slots=True)
class Outside:
    """Two kinds of parties that never finish. `held`: open connections, `most`: the highest number at once."""

    dead: int = 0
    drips: int = 0
    held: int = 0
    most: int = 0
    ports: dict[str, int] = field(default_factory=dict)

    async def hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read everything, never answer."""
        self.dead += 1
        await self._hold_open(reader, writer, b"")

    async def drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a byte each second, so that no read times out."""
        self.drips += 1
        writer.write(_DRIP)
        await self._hold_open(reader, writer, b"x")

    async def _hold_open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, byte: bytes) -> None:
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
    """The figures: seconds from an event to its mail, median and slowest, while all other parties hang."""
    settings = settings.model_copy(update={"webhook_hosts": "127.0.0.1", "simulator_file": None, "log_level": "error"})
    set_up_logs(settings)
    async with AsyncExitStack() as stack:
        outside, box = Outside(), MailServer(lambda: datetime.now(UTC))
        for name, talk in (("dead", outside.hang), ("drip", outside.drip)):
            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            stack.push_async_callback(_close, server)
            outside.ports[name] = server.sockets[0].getsockname()[1]
        mail = await asyncio.get_running_loop().create_server(box.protocol, "127.0.0.1", 0)
        stack.push_async_callback(_close, mail)
        context = await stack.enter_async_context(open_app(settings, url, pool_size=20))
        healthy = await _furnish_healthy(context, mail.sockets[0].getsockname()[1])
        await _furnish_dead(context, outside.ports["dead"], endpoints)
        await _furnish_drips(context, outside.ports["drip"], drips)
        async with _working(context, url):
            await asyncio.sleep(_SETTLED_SECONDS)
            took = sorted([await _one_mail(context, healthy, box, number) for number in range(_MAILS)])
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


async def _close(server: asyncio.Server) -> None:
    server.close()


@asynccontextmanager
async def _working(context: Context, url: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(work(context, url, stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def _furnish_healthy(context: Context, port: int) -> int:
    """A store with nothing but mail; its id."""
    values = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from_address": "shop@example.com"}
    await add_account(context, "Healthy", context.connectors["email"], name="Mail", channel=None, values=values)
    async with transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, "Healthy", now=context.now())
        await stores.set_policy(connection, store_id, Policy(mail=_AT_ANY_HOUR))
    return store_id


async def _furnish_dead(context: Context, port: int, count: int) -> None:
    """As many stores as it takes, each with as many endpoints as it may have, and news for each of them."""
    values = {"url": f"http://127.0.0.1:{port}/", "secret": "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIz"}
    for number in range(count):
        store = f"Dead {number // MOST_ENDPOINTS}"
        webhook = context.connectors["webhook"]
        await add_account(context, store, webhook, name=f"Endpoint {number}", channel=None, values=values)
    for number in range(-(-count // MOST_ENDPOINTS)):
        async with transaction(context.pool) as connection:
            store_id = await stores.add_store(connection, f"Dead {number}", now=context.now())
        for nth in range(3):
            await _news(context, store_id, nth)


async def _furnish_drips(context: Context, port: int, count: int) -> None:
    """A store each, with a package that is due."""
    values = {"base_url": f"http://127.0.0.1:{port}", "api_key": "cws-ch1_bench"}
    correios = context.connectors["correios"]
    for number in range(count):
        account = await add_account(context, f"Drip {number}", correios, name="Correios", channel=None, values=values)
        async with transaction(context.pool) as connection:
            await bench_rows.add_packages(connection, account, [_code(number)], now=context.now())


def _code(number: int) -> str:
    return f"AA{number:08d}{s10_check_digit(f'{number:08d}')}BR"


async def _news(context: Context, store_id: int, number: int) -> None:
    """An order with a package that was just handed to its carrier."""
    order = Order(f"{store_id}-{number}", Customer("Ana", "ana@example.com"))
    stated = Registration(order, "correios", _code(1_000 * store_id + number), Invoice("1"))
    shipment = (await register(context, store_id, stated)).shipment_id
    await add_event(context, store_id, shipment, Statement(Status.ACCEPTED), by=Actor("bench", "api"))


async def _one_mail(context: Context, store_id: int, box: MailServer, number: int) -> float:
    before, began = len(box.mails), perf_counter()
    await _news(context, store_id, number)
    while len(box.mails) == before and perf_counter() - began < _LONGEST_SECONDS:  # noqa: ASYNC110 - the simulator's mail server has no event to wait for
        await asyncio.sleep(_PAUSE)
    return perf_counter() - began
