"""Every sink fails in every way, relays die and run beside each other; in the end each shows what we show, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from paradeiro.cli.accounts import add_account
from paradeiro.connectors import discover
from paradeiro.db import events, stores
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.timeline import fold
from paradeiro.domain.words import NoticeKind, Reason, Source, Status
from paradeiro.flow import endpoint
from paradeiro.flow.intake import Registration, register
from paradeiro.flow.means import Means, Sessions
from paradeiro.flow.relay import relay
from paradeiro.flow.statements import Statement, add_event, reopen
from paradeiro.flow.tokens import Keeper
from paradeiro.sdk import http
from paradeiro.world.clock import WorldClock
from paradeiro.world.parties import World, make_world
from paradeiro.world.scenario import CHANNELS, MERCADO_LIVRE, Scenario
from paradeiro.world.server import serving
from paradeiro.world.truth import Package, SoldOrder
from tests.databases import START, HandClock, open_means
from tests.flow.chaos import SINKS, Deaf, Shown, lines_of, trouble, wrong_at_endpoint
from tests.flow.conftest import Shop
from tests.flow.endpoints import Receiver, receiver
from tests.flow.parties import Outside, connectors

INNER = frozenset({"127.0.0.1"})
STEPS = (
    Statement(Status.ACCEPTED),
    Statement(Status.IN_TRANSIT),
    Statement(Status.IN_TRANSIT, description="outra unidade"),
    Statement(Status.OUT_FOR_DELIVERY),
    Statement(Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    Statement(Status.OUT_FOR_DELIVERY),
    Statement(Status.DELIVERED),
    None,  # and then it was none
    Statement(Status.OUT_FOR_DELIVERY),
    Statement(Status.DELIVERED),
)
_ORDERS = 9
_WAITING = """
    SELECT a.connector, a.state, e.kind, e.state, e.attempts, e.doubts, e.not_before, e.message
    FROM effect e JOIN account a ON a.id = e.account_id WHERE e.state IN ('pending', 'sending') LIMIT 5"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A shop whose carrier is a folder and whose sinks are the world's."""

    shop: Shop
    world: World
    packages: tuple[tuple[SoldOrder, Package], ...]
    accounts: tuple[int, ...]
    there: Receiver
    deaf: Deaf


@asynccontextmanager
async def stage(database: str, secret_key: str, folder: Path, seed: int) -> AsyncIterator[Stage]:
    clock = HandClock()
    truth = Scenario(200, 12, 7, START - timedelta(days=12)).truth()
    world = make_world(truth, WorldClock(START))
    for party in (world.order_system, world.marketplace, world.mercado_livre, world.mail):
        party.clock = clock
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(world))
        there = await stack.enter_async_context(receiver())
        deaf = Deaf(Random(seed))
        there.decide = deaf
        means = await stack.enter_async_context(open_means(database, clock, secret_key))
        known = {**connectors(folder), **{name: discover()[name] for name in (*SINKS, "webhook")}}
        means = fresh(replace(means, connectors=known))
        ids = []
        for name in SINKS:
            values = world.accounts()[name]
            added = await add_account(means, "Loja", known[name], name=name, channel=CHANNELS.get(name), values=values)
            ids.append(added)
        added = await add_account(means, "Loja", known["posta"], name="posta", channel=None, values={})
        async with means.pool.connection() as connection:
            row = await (await connection.execute("SELECT store_id FROM store")).fetchone()
        assert row is not None
        ids.append((await endpoint.add(means, row[0], name="erp", url=there.url)).account_id)
        shop = Shop(means, Outside(folder), clock, row[0], {})
        yield Stage(shop, world, chosen(truth.orders), tuple(ids), there, deaf)
        await means.sessions.close()


def fresh(means: Means) -> Means:
    """As after a restart: no session is open."""
    keeper = Keeper(means.pool, means.secret_key, means.clock)
    return replace(means, sessions=Sessions(means.connectors, means.clock, inner_hosts=INNER, keeper=keeper))


def chosen(orders: list[SoldOrder]) -> tuple[tuple[SoldOrder, Package], ...]:
    """Orders of each channel, some in several packages."""
    picked: list[SoldOrder] = []
    for channel in ("", *CHANNELS.values()):
        mine = sorted((o for o in orders if o.affiliate == channel), key=lambda o: -len(o.packages))
        picked += [mine[0], *mine[-(_ORDERS // 3 - 1) :]]
    return tuple((order, package) for order in picked for package in order.packages)


async def follow(at: Stage) -> dict[str, int]:
    """The packages, registered with their orders."""
    found = {}
    for sold, package in at.packages:
        customer = Customer(sold.customer.first_name, sold.customer.email, sold.customer.locale)
        order = Order(sold.order_id, customer, sold.affiliate or None, sold.marketplace_number, sold.created_at)
        invoice = Invoice(package.invoice_number, value=4990, issued_at=sold.invoiced_at)
        stated = Registration(order, "posta", package.code, invoice)
        found[package.code] = (await register(at.shop.means, at.shop.store_id, stated)).shipment_id
    return found


async def go_on(at: Stage, shipment: int, step: Statement | None) -> None:
    """The next thing that happens to a package."""
    means, store = at.shop.means, at.shop.store_id
    at.shop.clock.forward(seconds=20)
    if step is None:
        await reopen(means, store, shipment, why="não recebeu", source=Source.API, author="erp")
    else:
        await add_event(means, store, shipment, step, source=Source.API, author="erp")


async def carry_on(at: Stage, chance: Random, means: Means) -> Means:
    """Some relays run, some beside each other, some die on the way; time passes."""
    other = fresh(means)
    runs = [relay(m, account) for account in at.accounts for m in (means, other)[: chance.randint(1, 2)]]
    tasks = [asyncio.create_task(run) for run in runs]
    _, late = await asyncio.wait(tasks, timeout=chance.choice((0.05, 0.3, 3.0)))
    for task in late:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [e for e in ended if isinstance(e, Exception)] == []
    await other.sessions.close()
    at.shop.clock.forward(minutes=chance.randint(1, 40))
    if chance.random() < 0.3:
        await means.sessions.close()
        return fresh(means)
    return means


async def authorise_again(at: Stage) -> None:
    """What a person does whom a notice tells that a token was lost: the one loss that nobody can help."""
    means, there = at.shop.means, at.world.mercado_livre
    async with means.pool.connection() as connection:
        known = await stores.accounts(connection, means.secret_key)
    if any(a.connector == "mercado_livre" and a.state == "paused" for a in known):
        assert NoticeKind.CREDENTIALS_REFUSED in {n.kind for n in await at.shop.notices()}
        there.first_refresh = there.refresh = f"TG-{at.shop.clock().isoformat()}"
        values, connector = at.world.accounts()["mercado_livre"], means.connectors["mercado_livre"]
        await add_account(means, "Loja", connector, name=connector.name, channel=MERCADO_LIVRE, values=values)


async def settle(at: Stage, means: Means) -> None:
    """All is well again; whatever waits is told."""
    at.world.faults.clear()
    at.deaf.well = True
    for _ in range(60):
        at.shop.clock.forward(hours=3)
        await authorise_again(at)
        for account in at.accounts:
            await relay(means, account)
        async with means.pool.connection() as connection:
            waiting = await (await connection.execute(_WAITING)).fetchall()
        if not waiting:
            return
    pytest.fail(f"never told: {waiting}")


async def shown_now(at: Stage, ids: dict[str, int]) -> list[Shown]:
    found = []
    for sold, package in at.packages:
        kept = await at.shop.kept(ids[package.code])
        async with at.shop.means.pool.connection() as connection:
            known = await events.known(connection, [kept.shipment.id])
        timeline = fold(
            known.get(kept.shipment.id, []),
            now=at.shop.clock(),
            made_at=kept.made_at,
            base=Status.REGISTERED,
        )
        once = any(e.status is Status.DELIVERED for e in timeline.events)
        found.append(Shown(sold, package, kept, lines_of(timeline), once))
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_chaos(
    database: str, secret_key: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.5)
    chance = Random(seed)
    async with stage(database, secret_key, tmp_path, seed) as at:
        ids = await follow(at)
        means = at.shop.means
        said = dict.fromkeys(ids, 0)
        for _ in range(14):
            trouble(at.world, chance)
            for code in chance.sample(sorted(ids), k=len(ids) // 2):
                if said[code] < len(STEPS):
                    await go_on(at, ids[code], STEPS[said[code]])
                    said[code] += 1
            means = await carry_on(at, chance, means)
        await settle(at, means)
        shown = await shown_now(at, ids)
        wrong = [
            f"{name}: {each.package.code} ({each.order.affiliate or 'own'}): {what}"
            for name, sink in SINKS.items()
            for each in shown
            for what in sink.wrong(at.world, each)
        ]
        wrong += [f"{name}: {what}" for name, sink in SINKS.items() for what in sink.twice(at.world)]
        wrong += list(wrong_at_endpoint(at.there, at.deaf, shown))
        await means.sessions.close()
        assert wrong == []
        # A relay that dies while it speaks leaves half a request; all others keep the contract.
        assert [b for b in at.world.breaches if "the body is not JSON" not in b] == []
