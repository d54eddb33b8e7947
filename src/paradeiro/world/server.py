"""In: a truth and a clock; out: all parties of the outside, answering on loopback until the end of the block."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from paradeiro.world.admin import admin_app
from paradeiro.world.clock import WorldClock
from paradeiro.world.correios_push import Pushes
from paradeiro.world.faults import Faulty
from paradeiro.world.mail import MailServer
from paradeiro.world.parties import HOST, World, make_world
from paradeiro.world.truth import Truth
from paradeiro.world.vtex_news import OrderNews

_BACKLOG = 2048
_START_SECONDS = 10.0


@asynccontextmanager
async def serve(truth: Truth, clock: WorldClock, *, admin_port: int = 0) -> AsyncIterator[World]:
    """A new world, listening on free loopback ports; `admin_port` may be chosen."""
    async with serving(make_world(truth, clock), admin_port=admin_port) as world:
        yield world


@asynccontextmanager
async def serving(world: World, *, admin_port: int = 0) -> AsyncIterator[World]:
    """A world that may have a past, listening; where it can, at the addresses that it had."""
    had = dict(world.urls)
    async with AsyncExitStack() as stack:
        apps = {
            "correios": world.post.app([*world.pushes.routes(), *world.bulk.routes(), *world.archive.routes()]),
            "seventeen_track": world.aggregator.app(),
            "vtex": world.order_system.app(world.news.routes()),
            "marketplace": world.marketplace.app(),
            "mercado_livre": world.mercado_livre.app(),
        }
        for name, app in apps.items():
            world.urls[name] = await stack.enter_async_context(
                listening(Faulty(app, name, world.faults), _again(had, name))
            )
        world.urls["admin"] = await stack.enter_async_context(
            listening(admin_app(world), admin_port or _again(had, "admin"))
        )
        world.smtp_port = await stack.enter_async_context(_mail(world.mail))
        if world.clock.speed:
            await stack.enter_async_context(_running(world.pushes))
            await stack.enter_async_context(_running(world.news))
        yield world


def _again(had: dict[str, str], name: str) -> int:
    """The port of last time; 0 if there was none."""
    return int(had[name].rsplit(":", 1)[1]) if name in had else 0


def _open(port: int) -> socket.socket:
    """A socket that listens at this port, or at any if somebody has it: copies of one world are played side by side."""
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


@asynccontextmanager
async def listening(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """An application at an address on loopback, until the end of the block."""
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1, backlog=_BACKLOG
    )
    opened = _open(port)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # older uvicorns install them here
    task = asyncio.create_task(server._serve([opened]))  # noqa: SLF001 - `serve` would take the process's signals
    async with asyncio.timeout(_START_SECONDS):
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
    try:
        yield f"http://{HOST}:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        opened.close()


@asynccontextmanager
async def _running(pushes: Pushes | OrderNews) -> AsyncIterator[None]:
    task = asyncio.create_task(pushes.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _mail(mail: MailServer) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(mail.protocol, HOST, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.sleep(0)
