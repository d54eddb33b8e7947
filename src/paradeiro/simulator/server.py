"""In: a ground truth and a clock; out: all simulated parties, listening on loopback until the end of the block."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from paradeiro.simulator.admin import admin_app
from paradeiro.simulator.carriers.correios_push import PushService
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Faulty
from paradeiro.simulator.mailboxes import MailServer
from paradeiro.simulator.order_systems.vtex_news import OrderNews
from paradeiro.simulator.parties import HOST, Simulator, make_simulator
from paradeiro.simulator.scenario.ground_truth import GroundTruth

_BACKLOG = 2048
_START_SECONDS = 10.0


@asynccontextmanager
async def serve(ground_truth: GroundTruth, clock: SimulatorClock, *, admin_port: int = 0) -> AsyncIterator[Simulator]:
    """A new simulator, listening on free loopback ports; `admin_port` may be chosen."""
    async with serving(make_simulator(ground_truth, clock), admin_port=admin_port) as simulator:
        yield simulator


@asynccontextmanager
async def serving(simulator: Simulator, *, admin_port: int = 0) -> AsyncIterator[Simulator]:
    """A new or restored simulator, listening; a restored one at its earlier addresses where they are free."""
    had = dict(simulator.urls)
    async with AsyncExitStack() as stack:
        apps = {
            "correios": simulator.post.app(
                [*simulator.pushes.routes(), *simulator.bulk.routes(), *simulator.archive.routes()]
            ),
            "seventeen_track": simulator.aggregator.app(),
            "vtex": simulator.order_system.app(simulator.news.routes()),
            "marketplace": simulator.marketplace.app(),
            "mercado_livre": simulator.mercado_livre.app(),
            **{name: carrier.app() for name, carrier in simulator.carriers.items()},
        }
        doors: dict[str, ASGIApp] = {name: Faulty(app, name, simulator.faults) for name, app in apps.items()}
        doors["admin"] = admin_app(simulator)
        servers = []
        for name, app in doors.items():
            port = (admin_port if name == "admin" else 0) or _earlier_port(had, name)
            simulator.urls[name], server = await stack.enter_async_context(_open_server(app, port))
            servers.append(server)
        simulator.smtp_port = await stack.enter_async_context(_run_mail(simulator.mail))
        if simulator.clock.speed:
            await stack.enter_async_context(_run_pushes(simulator.pushes))
            await stack.enter_async_context(_run_pushes(simulator.news))
        stack.callback(_end_all, servers)
        yield simulator


def _earlier_port(had: dict[str, str], name: str) -> int:
    """The port of the earlier run; 0 if there was none."""
    return int(had[name].rsplit(":", 1)[1]) if name in had else 0


def _listening_socket(port: int) -> socket.socket:
    """A socket that listens at this port, or at any if it is taken: copies of one simulator may run side by side."""
    for wanted in (port, 0):
        # Named as TCP: else asyncio leaves out TCP_NODELAY, and each answer waits for an acknowledgement (40 ms).
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((HOST, wanted))
            opened.listen(_BACKLOG)
        except OSError:
            opened.close()
            continue
        return opened
    message = f"no port can be opened on {HOST}"
    raise OSError(message)


class _Server(uvicorn.Server):
    """Ends as soon as `end` is called: uvicorn's own loop checks only every 0.1 s, and a simulator has six servers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._asked.set()

    async def main_loop(self) -> None:
        tenths = 0
        while not await self.on_tick(tenths):
            tenths += 10
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._asked.wait()


def _end_all(servers: list[_Server]) -> None:
    """Signal all servers to end; each is awaited where it was opened, while the others end too."""
    for server in servers:
        server.end()


@asynccontextmanager
async def listening(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """An application at a loopback address, until the end of the block."""
    async with _open_server(app, port) as (address, _):
        yield address


@asynccontextmanager
async def _open_server(app: ASGIApp, port: int) -> AsyncIterator[tuple[str, _Server]]:
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1, backlog=_BACKLOG
    )
    opened = _listening_socket(port)
    server = _Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # older uvicorns install them here
    task = asyncio.create_task(server._serve([opened]))  # noqa: SLF001 - `serve` would take the process's signals
    async with asyncio.timeout(_START_SECONDS):
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
    try:
        yield f"http://{HOST}:{opened.getsockname()[1]}", server
    finally:
        server.end()
        await task
        opened.close()


@asynccontextmanager
async def _run_pushes(pushes: PushService | OrderNews) -> AsyncIterator[None]:
    task = asyncio.create_task(pushes.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _run_mail(mail: MailServer) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(mail.protocol, HOST, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.sleep(0)
