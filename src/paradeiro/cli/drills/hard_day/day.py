"""In: a migrated database; out: a store with a simulated outside, a day in, and a client of its real API."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from paradeiro.app import house, real_clock
from paradeiro.cli.accounts import WORLD_STORE, make_key
from paradeiro.cli.demo import run_days
from paradeiro.cli.worlds import add_accounts
from paradeiro.db import notices, stores
from paradeiro.db.notices import Notice
from paradeiro.db.stores import Account
from paradeiro.flow.mailing import set_mail_policy
from paradeiro.flow.means import Means
from paradeiro.settings import Settings
from paradeiro.web.server import create_app
from paradeiro.world.clock import WorldClock
from paradeiro.world.parties import World, make_world
from paradeiro.world.scenario import CHANNELS, Scenario
from paradeiro.world.server import listening, serving

_START = datetime(2026, 10, 19, 6, 0, tzinfo=UTC)  # a Monday
_PAST = timedelta(days=1)
_SEED = 20261127
_STEP = timedelta(hours=1)
# Within it each package whose code a case uses has been shown by the carrier.
NEWS_HOURS = 48.0


@dataclass(slots=True)
class Found:
    """What a case gave. All but `tried` must be 0: `stopped` counts the others (orders, mails, pages, stores) that the
    bad one kept from being served.
    """

    tried: int = 0
    lost: int = 0
    told_twice: int = 0
    leaked: int = 0
    stopped: int = 0
    misses: list[str] = field(default_factory=list)

    def expect(self, right: bool, words: str) -> None:
        """Note what is not as it must be."""
        if not right:
            self.misses.append(words)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is played: the settings, a database of its own, a folder of its own."""

    settings: Settings
    url: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that may go wrong. `short`: it belongs to the short form too, which takes seconds."""

    name: str
    section: int
    what: str
    play: Callable[[Place], Awaitable[Found]]
    short: bool = True


@dataclass(slots=True)
class Day:
    """A store on its second day. `client` speaks with its real API and pages, with a key of the store."""

    means: Means
    world: World
    client: httpx.AsyncClient
    store_id: int
    hand: set[str]  # packages registered by hand

    async def hours(self, number: float = 1.0) -> None:
        """Time goes by; all that is due is done."""
        await run_days(self.means, self.world, self.world.clock() + timedelta(hours=number), _no_tick, self.hand, _STEP)

    def codes(self, number: int) -> list[str]:
        """Tracking codes that the carrier will soon show something of, the soonest first."""
        coming = [
            (p.happenings[0].visible_at, p.code)
            for p in self.world.truth.packages
            if p.happenings and not p.visible(self.world.clock())
        ]
        assert len(coming) >= number, f"a world with more packages: only {len(coming)} are still to come"
        return [code for _, code in sorted(coming)[:number]]

    async def register(self, number: str, code: str, **order: Any) -> httpx.Response:
        """A package of an order of ours, registered by the API; its customer is mailed at `address_of` it."""
        stated = {"number": number, "customer": {"name": "Ana", "email": address_of(number)}} | order
        return await self.client.post(
            "/api/v1/shipments", json={"carrier": "correios", "tracking_code": code, "order": stated}
        )

    def mails(self, number: str) -> int:
        """How many mails the customer of an order of ours has got."""
        return len(self.world.mail.to(address_of(number)))

    async def notices(self) -> list[Notice]:
        async with self.means.pool.connection() as connection:
            return await notices.notices(connection, self.store_id)

    async def account(self, connector: str) -> Account:
        async with self.means.pool.connection() as connection:
            known = await stores.accounts(connection, self.means.secret_key)
        return next(a for a in known if a.connector == connector)

    async def answers(self, *paths: str) -> dict[str, int]:
        """The status of each path."""
        return {path: (await self.client.get(path)).status_code for path in paths}


def address_of(number: str) -> str:
    """Where the customer of an order of ours reads mail."""
    return re.sub(r"\W", "", number).lower() + "@example.com"


async def _no_tick(_: float) -> None:
    """Nobody watches."""


@asynccontextmanager
async def open_day(place: Place, *, packages: int = 8, connected: bool = True) -> AsyncIterator[Day]:
    """A day that may become a hard one. Not `connected`: no order system, the packages are the case's own."""
    clock = WorldClock(_START + _PAST)
    truth = Scenario(packages=packages, days=4, seed=_SEED, start=_START).truth()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(serving(make_world(truth, clock)))
        means = await stack.enter_async_context(house(place.settings, place.url, clock=clock))
        accounts = world.accounts()
        if not connected:
            accounts = {name: accounts[name] for name in ("correios", "email")}
        await add_accounts(means, accounts, CHANNELS)
        _, key = await make_key(means, WORLD_STORE, name="drill")
        async with means.pool.connection() as connection:
            store = next(s for s in (await stores.stores(connection)).values() if s.name == WORLD_STORE)
        at_once = replace(store.policy.mail, quiet_from=store.policy.mail.quiet_to, moves_a_day=False)
        await set_mail_policy(means, store.id, at_once)
        address = await stack.enter_async_context(listening(create_app(means, real_clock)))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=address, headers={"X-API-Key": key}, timeout=30, trust_env=False)
        )
        # Without an order system nobody else registers packages.
        known = set() if connected else {p.code for p in truth.packages}
        yield Day(means, world, client, store.id, known)
