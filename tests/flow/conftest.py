"""In: a test's database and folder; out: a store with an account at each of four small parties."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from paradeiro.db import effects, events, notices, shipments, stores
from paradeiro.db.effects import ShownEffect
from paradeiro.db.events import ShownEvent
from paradeiro.db.notices import Notice
from paradeiro.db.pool import transaction
from paradeiro.db.shipments import Kept
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import PartyKind
from paradeiro.flow.intake import Registration, register
from paradeiro.flow.means import Means, Sessions
from paradeiro.worker.drain import drain
from tests.databases import HandClock, open_means
from tests.flow.parties import Outside, connectors

ANA = Customer("Ana Souza", "ana@example.com")
KINDS = {
    "posta": PartyKind.CARRIER,
    "loja": PartyKind.ORDER_SYSTEM,
    "canal": PartyKind.MARKETPLACE,
    "mail": PartyKind.MAIL,
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A store, its means, the outside, and the clock: what a flow test works with."""

    means: Means
    outside: Outside
    clock: HandClock
    store_id: int
    accounts: dict[str, int]

    async def register(self, code: str, order: Order | None = None, invoice: str = "NF-1") -> int:
        order = order or Order("1001", ANA)
        stated = Registration(order, "posta", code, Invoice(invoice, value=5000))
        return (await register(self.means, self.store_id, stated)).shipment_id

    async def run(self) -> int:
        return await drain(self.means)

    async def later(self, **step: float) -> None:
        """Time passes; whatever is due by then is done."""
        self.clock.forward(**step)
        await self.run()

    async def ask(self, shipment_id: int, **step: float) -> None:
        """Time passes, and this shipment is asked for whatever its schedule says."""
        self.clock.forward(**(step or {"minutes": 30}))
        async with transaction(self.means.pool) as connection:
            await shipments.ask_now(connection, self.store_id, shipment_id, now=self.clock())
        await self.run()

    async def kept(self, shipment_id: int) -> Kept:
        async with self.means.pool.connection() as connection:
            found = await shipments.kept(connection, self.store_id, shipment_id)
        assert found is not None
        return found

    async def events(self, shipment_id: int) -> list[ShownEvent]:
        async with self.means.pool.connection() as connection:
            return await events.shown(connection, shipment_id)

    async def effects(self, shipment_id: int) -> list[ShownEffect]:
        async with self.means.pool.connection() as connection:
            return await effects.shown(connection, [shipment_id])

    async def notices(self) -> list[Notice]:
        async with self.means.pool.connection() as connection:
            return await notices.notices(connection, self.store_id)

    async def account(self, name: str) -> stores.Account:
        async with self.means.pool.connection() as connection:
            ids = [self.accounts[name]]
            return (await stores.accounts(connection, self.means.secret_key, ids=ids))[0]


async def furnish(means: Means) -> tuple[int, dict[str, int]]:
    """A store with an account at each party; the ids."""
    accounts = {}
    async with transaction(means.pool) as connection:
        store_id = await stores.add_store(connection, "Loja", now=means.now())
        for name, kind in KINDS.items():
            accounts[name] = await stores.put_account(
                connection,
                store_id,
                connector=name,
                kind=kind,
                name=name,
                settings={},
                secrets={},
                key=means.secret_key,
                now=means.now(),
                channel="MKT" if kind is PartyKind.MARKETPLACE else None,
            )
    return store_id, accounts


@asynccontextmanager
async def open_shop(url: str, clock: HandClock, secret_key: str, folder: Path) -> AsyncIterator[Means]:
    """Means whose connectors are the parties in a folder."""
    async with open_means(url, clock, secret_key) as made:
        parties = connectors(folder)
        yield replace(made, connectors=parties, sessions=Sessions(parties, clock))


@pytest.fixture
async def shop(database: str, clock: HandClock, secret_key: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(database, clock, secret_key, tmp_path) as means:
        store_id, accounts = await furnish(means)
        yield Shop(means, Outside(tmp_path), clock, store_id, accounts)
