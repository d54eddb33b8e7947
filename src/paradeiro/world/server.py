"""In: a truth and a clock; out: all parties of the outside, answering on loopback until the end of the block."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp

from paradeiro.world.admin import admin_app
from paradeiro.world.clock import WorldClock
from paradeiro.world.correios import Contract, Post
from paradeiro.world.correios_bulk import Bulk, Counter
from paradeiro.world.correios_proofs import Archive, service_of
from paradeiro.world.correios_push import Pushes
from paradeiro.world.faults import Faults, Faulty
from paradeiro.world.mail import MailServer
from paradeiro.world.marketplace import Marketplace
from paradeiro.world.mercado_livre import MercadoLivre
from paradeiro.world.recorded import Recorded
from paradeiro.world.scenario import CHANNELS
from paradeiro.world.seventeen_track import Aggregator
from paradeiro.world.truth import Truth
from paradeiro.world.vtex import OrderSystem
from paradeiro.world.vtex_news import OrderNews

_HOST = "127.0.0.1"
_BACKLOG = 2048
_START_SECONDS = 10.0


@dataclass(slots=True)
class World:
    """The parties, where they listen, and what opens their doors."""

    clock: WorldClock
    truth: Truth
    recorded: Recorded
    faults: Faults
    post: Post
    order_system: OrderSystem
    marketplace: Marketplace
    mercado_livre: MercadoLivre
    mail: MailServer
    pushes: Pushes
    bulk: Bulk
    archive: Archive
    aggregator: Aggregator
    news: OrderNews
    urls: dict[str, str] = field(default_factory=dict)
    smtp_port: int = 0

    def accounts(self) -> dict[str, dict[str, str]]:
        """The settings of an account at each party, by connector."""
        keys = {"app_key": self.order_system.app_key, "app_token": self.order_system.app_token}
        contract = self.post.contract
        return {
            "correios": {
                "base_url": self.urls["correios"],
                "user": contract.user,
                "access_code": contract.access_code,
                "posting_card": contract.posting_card,
            },
            "vtex": {"base_url": self.urls["vtex"], **keys},
            "vtex_marketplace": {
                "base_url": self.urls["marketplace"],
                "app_key": self.marketplace.app_key,
                "app_token": self.marketplace.app_token,
            },
            "mercado_livre": {
                "base_url": self.urls["mercado_livre"],
                "client_id": self.mercado_livre.client_id,
                "client_secret": self.mercado_livre.client_secret,
                "refresh_token": self.mercado_livre.first_refresh,
            },
            "email": {
                "host": _HOST,
                "port": str(self.smtp_port),
                "tls": "none",
                "from_address": "entregas@loja.example.com",
                "from_name": "Loja",
            },
        }

    def stand_in(self) -> dict[str, str]:
        """The settings of an account at the aggregator, for who wants a second source."""
        return {"base_url": self.urls["seventeen_track"], "token": self.aggregator.token}

    def described(self) -> dict[str, object]:
        """All that another process needs: addresses, credentials, the clock, the marketplaces' channels."""
        return {
            "urls": self.urls,
            "accounts": self.accounts(),
            "stand_in": self.stand_in(),
            "clock": self.clock.described(),
            "channels": CHANNELS,
        }

    @property
    def breaches(self) -> list[str]:
        return self.order_system.breaches + self.marketplace.breaches + self.mercado_livre.breaches


def make_world(truth: Truth, clock: WorldClock) -> World:
    """The parties, not listening yet."""
    recorded, faults = Recorded(), Faults(clock=clock)
    contract = Contract("loja-exemplo", "codigo-de-acesso-do-mundo", "0099999999", api_key="cws-ch1_do-mundo")
    order_system = OrderSystem(truth, clock, "vtexappkey-loja-MUNDO", "token-do-mundo")
    post = Post(truth, contract, clock, recorded, service_of=service_of)
    return World(
        clock,
        truth,
        recorded,
        faults,
        post,
        order_system,
        Marketplace(truth, clock, "vtexappkey-mkt-MUNDO", "token-do-mercado"),
        MercadoLivre(truth, clock),
        MailServer(clock, faults=faults),
        Pushes(post),
        Bulk(post, Counter(post, looks=1)),
        Archive(post, Counter(post)),
        Aggregator(truth, "chave-do-agregador", clock),
        OrderNews(order_system),
    )


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
            opened.bind((_HOST, wanted))
            opened.listen(_BACKLOG)
        except OSError:
            opened.close()
            continue
        return opened
    message = f"no port can be opened on {_HOST}"
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
        yield f"http://{_HOST}:{opened.getsockname()[1]}"
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
    server = await asyncio.get_running_loop().create_server(mail.protocol, _HOST, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.sleep(0)
