"""In: a test's database and folder; out: a store with an account at each of four fake parties."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.following import events, shipments
from paradeiro.db.following.events import EventLine
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import Notice
from paradeiro.db.outbox import effects
from paradeiro.db.outbox.effects import EffectLine
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import PartyKind
from paradeiro.flow.context import Context, Sessions
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.worker.drain import drain
from tests.databases import HandClock, open_context
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

    context: Context
    outside: Outside
    clock: HandClock
    store_id: int
    accounts: dict[str, int]

    async def register(self, code: str, order: Order | None = None, invoice: str = "NF-1") -> int:
        order = order or Order("1001", ANA)
        stated = Registration(order, "posta", code, Invoice(invoice, value=5000))
        return (await register(self.context, self.store_id, stated)).shipment_id

    async def run(self) -> int:
        return await drain(self.context)

    async def later(self, **step: float) -> None:
        """Time passes; whatever is due by then is done."""
        self.clock.forward(**step)
        await self.run()

    async def ask(self, shipment_id: int, **step: float) -> None:
        """Time passes, and this shipment is asked for whatever its schedule says."""
        self.clock.forward(**(step or {"minutes": 30}))
        async with transaction(self.context.pool) as connection:
            await shipments.make_due(connection, self.store_id, shipment_id, now=self.clock())
        await self.run()

    async def shipment_row(self, shipment_id: int) -> ShipmentRow:
        async with self.context.pool.connection() as connection:
            found = await shipments.shipment_row(connection, self.store_id, shipment_id)
        assert found is not None
        return found

    async def events(self, shipment_id: int) -> list[EventLine]:
        async with self.context.pool.connection() as connection:
            return await events.event_lines(connection, shipment_id)

    async def effects(self, shipment_id: int) -> list[EffectLine]:
        async with self.context.pool.connection() as connection:
            return await effects.effect_lines(connection, [shipment_id])

    async def notices(self) -> list[Notice]:
        async with self.context.pool.connection() as connection:
            return await notices.notices(connection, self.store_id)

    async def account(self, name: str) -> stores.Account:
        async with self.context.pool.connection() as connection:
            ids = [self.accounts[name]]
            return (await stores.accounts(connection, self.context.secret_key, ids=ids))[0]


async def furnish(context: Context) -> tuple[int, dict[str, int]]:
    """A store with an account at each party; the ids."""
    accounts = {}
    async with transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, "Loja", now=context.now())
        for name, kind in KINDS.items():
            accounts[name] = await stores.put_account(
                connection,
                store_id,
                connector=name,
                kind=kind,
                name=name,
                settings={},
                secrets={},
                key=context.secret_key,
                now=context.now(),
                channel="MKT" if kind is PartyKind.MARKETPLACE else None,
            )
    return store_id, accounts


@asynccontextmanager
async def open_shop(url: str, clock: HandClock, secret_key: str, folder: Path) -> AsyncIterator[Context]:
    """Means whose connectors are the parties in a folder."""
    async with open_context(url, clock, secret_key) as made:
        parties = connectors(folder)
        yield replace(made, connectors=parties, sessions=Sessions(parties, clock))


@pytest.fixture
async def shop(database: str, clock: HandClock, secret_key: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(database, clock, secret_key, tmp_path) as context:
        store_id, accounts = await furnish(context)
        yield Shop(context, Outside(tmp_path), clock, store_id, accounts)
