"""In: a migrated database; out: a store with simulated parties on its second day, and a client of its API."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from paradeiro.app import open_app, real_clock
from paradeiro.cli.accounts.accounts import SIMULATED_STORE, make_key
from paradeiro.cli.demo import run_days
from paradeiro.cli.running.simulated_store import add_accounts
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice
from paradeiro.flow.context import Context
from paradeiro.flow.outbox.mail_policy import set_mail_policy
from paradeiro.settings import Settings
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.scenario import CHANNELS, Scenario
from paradeiro.simulator.server import listening, serving
from paradeiro.web.server import create_app

_START = datetime(2026, 10, 19, 6, 0, tzinfo=UTC)  # a Monday
_PAST = timedelta(days=1)
_SEED = 20261127
_STEP = timedelta(hours=1)
# Within it each package whose code a case uses has been shown by the carrier.
NEWS_HOURS = 48.0


@dataclass(slots=True)
class CaseResult:
    """The result of a case. All numbers but `tried` must be 0. `stopped`: healthy orders, mails, pages or stores that
    the bad one kept from being served.
    """

    tried: int = 0
    lost: int = 0
    told_twice: int = 0
    leaked: int = 0
    stopped: int = 0
    misses: list[str] = field(default_factory=list)

    def expect(self, right: bool, words: str) -> None:
        """Add `words` to the misses unless `right`."""
        if not right:
            self.misses.append(words)


@dataclass(frozen=True, slots=True)
class Place:
    """A case's settings, and its own database and folder."""

    settings: Settings
    url: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Case:
    """One failure case. `short`: part of the short form too, which takes seconds."""

    name: str
    section: int
    what: str
    play: Callable[[Place], Awaitable[CaseResult]]
    short: bool = True


@dataclass(slots=True)
class Day:
    """A store on its second day. `client`: of its API and pages, with a key of the store."""

    context: Context
    simulator: Simulator
    client: httpx.AsyncClient
    store_id: int
    hand: set[str]  # packages registered by hand

    async def hours(self, number: float = 1.0) -> None:
        """Move the clock on and run all that is due."""
        await run_days(
            self.context, self.simulator, self.simulator.clock() + timedelta(hours=number), _no_tick, self.hand, _STEP
        )

    def codes(self, number: int) -> list[str]:
        """Tracking codes that the carrier will soon show something of, the soonest first."""
        coming = [
            (p.happenings[0].visible_at, p.code)
            for p in self.simulator.ground_truth.packages
            if p.happenings and not p.visible(self.simulator.clock())
        ]
        assert len(coming) >= number, f"a world with more packages: only {len(coming)} are still to come"
        return [code for _, code in sorted(coming)[:number]]

    async def register(self, number: str, code: str, **order: Any) -> httpx.Response:
        """Register a package through the API; its customer's address is `address_of(number)`."""
        stated = {"number": number, "customer": {"name": "Ana", "email": address_of(number)}} | order
        return await self.client.post(
            "/api/v1/shipments", json={"carrier": "correios", "tracking_code": code, "order": stated}
        )

    def mails(self, number: str) -> int:
        """How many mails the customer of an order of ours has got."""
        return len(self.simulator.mail.to(address_of(number)))

    async def notices(self) -> list[Notice]:
        async with self.context.pool.connection() as connection:
            return await notices.notices(connection, self.store_id)

    async def account(self, connector: str) -> Account:
        async with self.context.pool.connection() as connection:
            known = await stores.accounts(connection, self.context.secret_key)
        return next(a for a in known if a.connector == connector)

    async def answers(self, *paths: str) -> dict[str, int]:
        """The status of each path."""
        return {path: (await self.client.get(path)).status_code for path in paths}


def address_of(number: str) -> str:
    """The mail address of the customer of a registered order."""
    return re.sub(r"\W", "", number).lower() + "@example.com"


async def _no_tick(_: float) -> None:
    """No progress is shown."""


@asynccontextmanager
async def open_day(place: Place, *, packages: int = 8, connected: bool = True) -> AsyncIterator[Day]:
    """A store on its second day. Not `connected`: no order system, all packages are registered by the case."""
    clock = SimulatorClock(_START + _PAST)
    ground_truth = Scenario(packages=packages, days=4, seed=_SEED, start=_START).ground_truth()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(serving(make_simulator(ground_truth, clock)))
        context = await stack.enter_async_context(open_app(place.settings, place.url, clock=clock))
        accounts = simulator.accounts()
        if not connected:
            accounts = {name: accounts[name] for name in ("correios", "email")}
        await add_accounts(context, accounts, CHANNELS)
        _, key = await make_key(context, SIMULATED_STORE, name="drill")
        async with context.pool.connection() as connection:
            store = next(s for s in (await stores.stores(connection)).values() if s.name == SIMULATED_STORE)
        at_once = replace(store.policy.mail, quiet_from=store.policy.mail.quiet_to, moves_a_day=False)
        await set_mail_policy(context, store.id, at_once)
        address = await stack.enter_async_context(listening(create_app(context, real_clock)))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=address, headers={"X-API-Key": key}, timeout=30, trust_env=False)
        )
        # Without an order system `run_days` registers no packages.
        known = set() if connected else {p.code for p in ground_truth.packages}
        yield Day(context, simulator, client, store.id, known)
