"""Sinks fail in every way, relays die and run concurrently; in the end each sink has every message once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from paradeiro.cli.accounts.accounts import add_account
from paradeiro.connectors import discover
from paradeiro.db.accounts import stores
from paradeiro.db.following import events
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import NoticeKind, Reason, Status
from paradeiro.flow.accounts.token_store import TokenStore
from paradeiro.flow.context import Context, Sessions
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.orders.statements import Statement, add_event, reopen
from paradeiro.flow.outbox import endpoints as endpoint
from paradeiro.flow.relay import relay
from paradeiro.sdk import http
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.parties import Simulator, make_simulator
from paradeiro.simulator.scenario.ground_truth import Package, SoldOrder
from paradeiro.simulator.scenario.scenario import CHANNELS, MERCADO_LIVRE, Scenario
from paradeiro.simulator.server import serving
from tests.databases import START, HandClock, open_context
from tests.flow.chaos import SINKS, Deaf, Shown, lines_of, problem, wrong_at_endpoint
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
    """A shop whose carrier is a folder and whose sinks are the simulator's."""

    shop: Shop
    simulator: Simulator
    packages: tuple[tuple[SoldOrder, Package], ...]
    accounts: tuple[int, ...]
    there: Receiver
    deaf: Deaf


@asynccontextmanager
async def stage(database: str, secret_key: str, folder: Path, seed: int) -> AsyncIterator[Stage]:
    clock = HandClock()
    ground_truth = Scenario(200, 12, 7, START - timedelta(days=12)).ground_truth()
    simulator = make_simulator(ground_truth, SimulatorClock(START))
    for party in (simulator.order_system, simulator.marketplace, simulator.mercado_livre, simulator.mail):
        party.clock = clock
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(simulator))
        there = await stack.enter_async_context(receiver())
        deaf = Deaf(Random(seed))
        there.decide = deaf
        context = await stack.enter_async_context(open_context(database, clock, secret_key))
        known = {**connectors(folder), **{name: discover()[name] for name in (*SINKS, "webhook")}}
        context = fresh(replace(context, connectors=known))
        ids = []
        for name in SINKS:
            values = simulator.accounts()[name]
            added = await add_account(
                context, "Loja", known[name], name=name, channel=CHANNELS.get(name), values=values
            )
            ids.append(added)
        added = await add_account(context, "Loja", known["posta"], name="posta", channel=None, values={})
        async with context.pool.connection() as connection:
            row = await (await connection.execute("SELECT store_id FROM store")).fetchone()
        assert row is not None
        ids.append((await endpoint.add(context, row[0], name="erp", url=there.url)).account_id)
        shop = Shop(context, Outside(folder), clock, row[0], {})
        yield Stage(shop, simulator, chosen(ground_truth.orders), tuple(ids), there, deaf)
        await context.sessions.close()


def fresh(context: Context) -> Context:
    """As after a restart: no session is open."""
    keeper = TokenStore(context.pool, context.secret_key, context.clock)
    return replace(context, sessions=Sessions(context.connectors, context.clock, inner_hosts=INNER, token_store=keeper))


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
        found[package.code] = (await register(at.shop.context, at.shop.store_id, stated)).shipment_id
    return found


async def go_on(at: Stage, shipment: int, step: Statement | None) -> None:
    """The next thing that happens to a package."""
    context, store = at.shop.context, at.shop.store_id
    at.shop.clock.forward(seconds=20)
    if step is None:
        await reopen(context, store, shipment, reason="não recebeu", by=Actor("erp", "api"))
    else:
        await add_event(context, store, shipment, step, by=Actor("erp", "api"))


async def carry_on(at: Stage, chance: Random, context: Context) -> Context:
    """Some relays run, some beside each other, some die on the way; time passes."""
    other = fresh(context)
    runs = [relay(m, account) for account in at.accounts for m in (context, other)[: chance.randint(1, 2)]]
    tasks = [asyncio.create_task(run) for run in runs]
    _, late = await asyncio.wait(tasks, timeout=chance.choice((0.05, 0.3, 3.0)))
    for task in late:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [e for e in ended if isinstance(e, Exception)] == []
    await other.sessions.close()
    at.shop.clock.forward(minutes=chance.randint(1, 40))
    if chance.random() < 0.3:
        await context.sessions.close()
        return fresh(context)
    return context


async def authorise_again(at: Stage) -> None:
    """What a person does whom a notice tells that a token was lost: the one loss that nobody can help."""
    context, there = at.shop.context, at.simulator.mercado_livre
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key)
    if any(a.connector == "mercado_livre" and a.state == "paused" for a in known):
        assert NoticeKind.CREDENTIALS_REFUSED in {n.kind for n in await at.shop.notices()}
        there.first_refresh = there.refresh = f"TG-{at.shop.clock().isoformat()}"
        values, connector = at.simulator.accounts()["mercado_livre"], context.connectors["mercado_livre"]
        await add_account(context, "Loja", connector, name=connector.name, channel=MERCADO_LIVRE, values=values)


async def settle(at: Stage, context: Context) -> None:
    """All is well again; whatever waits is told."""
    at.simulator.faults.clear()
    at.deaf.well = True
    for _ in range(60):
        at.shop.clock.forward(hours=3)
        await authorise_again(at)
        for account in at.accounts:
            await relay(context, account)
        async with context.pool.connection() as connection:
            waiting = await (await connection.execute(_WAITING)).fetchall()
        if not waiting:
            return
    pytest.fail(f"never told: {waiting}")


async def shown_now(at: Stage, ids: dict[str, int]) -> list[Shown]:
    found = []
    for sold, package in at.packages:
        row = await at.shop.shipment_row(ids[package.code])
        async with at.shop.context.pool.connection() as connection:
            known = await events.events_of(connection, [row.shipment.id])
        timeline = fold(
            known.get(row.shipment.id, []),
            now=at.shop.clock(),
            made_at=row.made_at,
            base=Status.REGISTERED,
        )
        once = any(e.status is Status.DELIVERED for e in timeline.events)
        found.append(Shown(sold, package, row, lines_of(timeline), once))
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_chaos(
    database: str, secret_key: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.5)
    chance = Random(seed)
    async with stage(database, secret_key, tmp_path, seed) as at:
        ids = await follow(at)
        context = at.shop.context
        said = dict.fromkeys(ids, 0)
        for _ in range(14):
            problem(at.simulator, chance)
            for code in chance.sample(sorted(ids), k=len(ids) // 2):
                if said[code] < len(STEPS):
                    await go_on(at, ids[code], STEPS[said[code]])
                    said[code] += 1
            context = await carry_on(at, chance, context)
        await settle(at, context)
        shown = await shown_now(at, ids)
        wrong = [
            f"{name}: {each.package.code} ({each.order.affiliate or 'own'}): {what}"
            for name, sink in SINKS.items()
            for each in shown
            for what in sink.wrong(at.simulator, each)
        ]
        wrong += [f"{name}: {what}" for name, sink in SINKS.items() for what in sink.twice(at.simulator)]
        wrong += list(wrong_at_endpoint(at.there, at.deaf, shown))
        await context.sessions.close()
        assert wrong == []
        # A relay that dies while it speaks leaves half a request; all others keep the contract.
        assert [b for b in at.simulator.breaches if "the body is not JSON" not in b] == []
