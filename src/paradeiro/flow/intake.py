"""In: orders as an order system shows them, packages as somebody registers them; out: shipments that are followed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from paradeiro.db import audit, jobs, notices, orders, shipments, stores
from paradeiro.db.audit import By, Deed
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.bounds import bounded_order, number_problem
from paradeiro.domain.codes import CodeProblem, free_code_problem, tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import NoticeKind, Outcome, PartyKind
from paradeiro.flow import aside, deadlines, set_aside, trouble, turns
from paradeiro.flow.bounded import PAGE_SECONDS, bounded
from paradeiro.flow.carriers import default_courier
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.introduce import introduce_shipment
from paradeiro.flow.means import Means
from paradeiro.flow.record import Surroundings, surround
from paradeiro.sdk.contract import Connector, OrdersPage

# How often an order system is looked at for orders, and how many that wait for a code are read again each time.
_VISIT_EVERY = timedelta(minutes=10)
_WATCHED = 50
_WATCH_FOR = timedelta(days=60)
# Seconds that a backfill waits when it is asked to slow down; longer is for whoever started it to decide.
_PATIENCE = 300.0
_LONGEST_SAID = 500


@dataclass(frozen=True, slots=True)
class Registration:
    """A package as stated by somebody. `lenient` takes a code whose check digit is wrong."""

    order: Order
    carrier: str
    tracking_code: str
    invoice: Invoice
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    shipment_id: int
    created: bool


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """An order as stated by somebody, with all of its packages that are known by now. Each names this order."""

    order: Order
    packages: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenOrder:
    """An order that was taken; its packages in the order stated."""

    order_id: int
    created: bool
    packages: tuple[Registered, ...]


async def register(means: Means, store_id: int, stated: Registration, by: By | None = None) -> Registered:
    """Register a package of a store. Raises `InvalidError`; registering it again is the same shipment."""
    return (await state_order(means, store_id, StatedOrder(stated.order, (stated,)), by)).packages[0]


async def state_order(means: Means, store_id: int, stated: StatedOrder, by: By | None = None) -> TakenOrder:
    """Take an order with its packages, all or nothing. Raises `InvalidError`; stated again it is completed."""
    async with transaction(means.pool) as connection:
        around = await surround(means, connection, [store_id])
        return await take_stated(means, connection, around, store_id, stated, by)


async def take_stated(
    means: Means, connection: Connection, around: Surroundings, store_id: int, stated: StatedOrder, by: By | None
) -> TakenOrder:
    """The same inside the caller's transaction, and who stated it, if anybody did."""
    number = stated.order.number
    if not number:
        raise InvalidError("no_order", "An order number is needed: give order.number as the order system names it.")
    if problem := number_problem(number):
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    for package in stated.packages:
        _code_of(means, package)  # what cannot be taken is refused before anything is locked
    order_id, created = await orders.state_order(connection, store_id, stated.order, now=means.now())
    policy = around.stores[store_id].policy
    await deadlines.ordered(connection, store_id, order_id, stated.order, policy, now=means.now())
    taken = [await _register(means, connection, around, store_id, order_id, package) for package in stated.packages]
    if by is not None:
        deeds = [Deed("order", number)] if created else []
        deeds += [
            Deed("register", number, done.shipment_id, package.tracking_code[:_LONGEST_SAID])
            for done, package in zip(taken, stated.packages, strict=True)
            if done.created
        ]
        await audit.note(connection, store_id, by, deeds, now=means.now())
    return TakenOrder(order_id, created, tuple(taken))


def _code_of(means: Means, stated: Registration) -> tuple[Connector, str]:
    """The carrier and the tidied code of a package; raises `InvalidError`."""
    connector = carrier_named(means, stated.carrier)
    code = tidy_code(stated.tracking_code)
    problem = code_problem(connector, code)
    if problem is not None and (problem.hard or not stated.lenient):
        details = {"suggestion": problem.suggestion} if problem.suggestion else {}
        raise InvalidError("bad_tracking_code", problem.message, details)
    return connector, code


async def _register(
    means: Means, connection: Connection, around: Surroundings, store_id: int, order_id: int, stated: Registration
) -> Registered:
    now = means.now()
    connector, code = _code_of(means, stated)
    account = _follower(around, store_id, connector.name)
    invoice = stated.invoice
    if invoice.courier.strip().lower() in {"", connector.name}:
        invoice = replace(invoice, courier=default_courier(means.connectors, connector, code))
    if not invoice.tracking_url and connector.tracking_url is not None:
        invoice = replace(invoice, tracking_url=connector.tracking_url(code))
    shipment_id, created, invoiced = await shipments.register(
        connection,
        store_id,
        order_id,
        carrier=connector.name,
        tracking_code=code,
        invoice=invoice,
        account_id=account.id if account else None,
        token=means.new_token(),
        now=now,
        first_check=now,
    )
    kept = (await shipments.lock(connection, [shipment_id]))[0]
    await introduce_shipment(connection, around, kept, invoiced=invoiced, now=now)
    await deadlines.ordered(connection, store_id, order_id, kept.order, around.stores[store_id].policy, now=now)
    if account is None:
        await notices.open_notices(connection, [_unfollowed(store_id, connector.title)], now=now)
    elif created:
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
        await orders.settle_deliveries(connection, [order_id])
    return Registered(shipment_id, created)


def carrier_named(means: Means, name: str) -> Connector:
    """The carrier's connector, by its name or as people call it and its services ("PAC", "Sedex"), as at every other
    door; raises `InvalidError` that names those there are.
    """
    connector = means.connectors.get(name.strip().lower()) or recognised(means, name)
    if connector is None or PartyKind.CARRIER not in connector.kinds:
        # Who stands in for others carries nothing itself.
        carriers = (c for c in means.connectors.values() if PartyKind.CARRIER in c.kinds and not c.stands_in_for)
        known = sorted(c.name for c in carriers)
        message = f"'{name[:64]}' is no carrier we can follow. Known carriers: {', '.join(known)}."
        raise InvalidError("unknown_carrier", message, {"known": known})
    return connector


def code_problem(connector: Connector, code: str) -> CodeProblem | None:
    """What is wrong with a (tidied) code at this carrier."""
    problem: CodeProblem | None = (connector.check_code or free_code_problem)(code)
    return problem


def _follower(around: Surroundings, store_id: int, connector: str) -> Account | None:
    mine = (a for a in around.accounts if a.store_id == store_id and a.connector == connector)
    return next(mine, None)


def _unfollowed(store_id: int, title: str) -> NoticeDraft:
    words = f"Packages of {title} are registered, but no account there is configured: nobody asks for them. Add one."
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"carrier {title}", words, facts={"carrier": title})


async def visit(means: Means, account_id: int) -> int:
    """Look for orders at an order system, page by page, for one turn. Returns how many orders were read."""
    read, turn = 0, turns.Turn()
    while True:
        count, more = await _one_page(means, account_id)
        read += count
        if not more:
            return read
        if turn.over():
            await turns.go_on(means, jobs.ORDERS, account_id)
            return read


async def _one_page(means: Means, account_id: int) -> tuple[int, bool]:
    now = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return 0, False
        watch = await orders.awaiting(connection, account.store_id, since=now - _WATCH_FOR, now=now, limit=_WATCHED)
    session = await means.sessions.of(account)
    page: OrdersPage = await bounded(lambda: session.orders(account.cursor, watch), PAGE_SECONDS, _no_end)
    async with transaction(means.pool) as connection:
        if page.problem is not None:
            await _no_page(connection, account, page, now=means.now())
            return 0, False
        await trouble.well(connection, account, now=means.now())
        await take_orders(means, connection, account.store_id, page.orders, account.id)
        await orders.looked_at(connection, account.store_id, watch, now=means.now())
        if page.message:
            await unread(connection, account, page.message, now=means.now())
        next_visit = means.now() if page.more else means.now() + _VISIT_EVERY
        await stores.visited(connection, account.id, cursor=page.cursor, next_visit=next_visit)
    return len(page.orders), page.more


def _no_end(why: str) -> OrdersPage:
    return OrdersPage(problem=Outcome.RETRY, message=why)


async def _no_page(connection: Connection, account: Account, page: OrdersPage, *, now: datetime) -> None:
    """No orders this time; the cursor stays, so that nothing is missed."""
    outcome = Outcome.AUTH_FAILED if page.problem is Outcome.AUTH_FAILED else Outcome.RETRY
    await trouble.unwell(connection, account, outcome, page.message, now=now, retry_after=page.retry_after)
    if page.problem is Outcome.MALFORMED:
        await unread(connection, account, page.message, now=now)


async def take_all(means: Means, account_id: int, days: int, tick: Callable[[int, int], None]) -> tuple[int, str]:
    """Take in every order of so many days, whatever the visits have seen. `tick` hears how many of how many were read.
    How many there were, and what stopped it (empty: nothing). Doing it again, or beside a visit, does no harm.
    """
    async with means.pool.connection() as connection:
        account = (await stores.accounts(connection, means.secret_key, ids=[account_id]))[0]
    session: Any = await means.sessions.of(account)
    cursor, more, read = session.beginning(days), True, 0
    while more:
        page: OrdersPage = await bounded(partial(session.orders, cursor, ()), PAGE_SECONDS, _no_end)
        if page.problem is Outcome.RETRY and page.retry_after and page.retry_after <= _PATIENCE:
            await asyncio.sleep(page.retry_after)
            continue
        if page.problem is not None:
            return read, page.message
        async with transaction(means.pool) as connection:
            await take_orders(means, connection, account.store_id, page.orders, account.id)
            if page.message:
                await unread(connection, account, page.message, now=means.now())
        cursor, more, read = page.cursor, page.more, read + len(page.orders)
        tick(read, max(page.total, read))
    return read, ""


async def take_orders(
    means: Means, connection: Connection, store_id: int, found: Sequence[Order], account_id: int | None = None
) -> None:
    """Take orders of one store. In the order of their numbers, so that two who take the same never wait crosswise. One
    that cannot be taken is set aside with a notice, and the others go on.
    """
    around = await surround(means, connection, [store_id])
    taken: list[str] = []
    for order in sorted(found, key=lambda each: each.number):
        try:
            async with connection.transaction():
                await take_order(means, connection, around, store_id, order)
            taken.append(order.number)
        except Exception as error:  # whatever one order does to us, the others of its page are taken
            if not set_aside.is_of_one(error):
                raise
            await set_aside.put(means, connection, store_id, account_id, order.number, error)
    await set_aside.taken(connection, store_id, taken, now=means.now())


async def unread(connection: Connection, account: Account, message: str, *, now: datetime) -> None:
    words = f"{account.name} showed us something that we cannot read: {message}"
    draft = NoticeDraft(
        account.store_id,
        NoticeKind.MALFORMED_REPLY,
        f"account {account.id}",
        words,
        account_id=account.id,
        facts={"account": account.name, "why": message},
    )
    await notices.open_notices(connection, [draft], now=now)


async def take_order(
    means: Means, connection: Connection, around: Surroundings, store_id: int, order: Order
) -> list[int]:
    """Take an order as its order system shows it: keep it, follow its packages. Ids of its shipments. One that others
    ship is none of ours: a seller's has a notice, a channel was named by a person. Raises for one that cannot be kept.
    """
    problem = number_problem(order.number)
    if problem:
        raise InvalidError("bad_number", f"The order's number cannot be kept: {problem}.")
    order = bounded_order(order)
    if order.shipped_by:
        if order.shipped_by.startswith("seller "):
            await _open(means, connection, _not_ours(store_id, order))
        return []
    awaits = any(not (i.tracking_code or i.finished or i.fetched) for i in order.invoices)
    order_id = await orders.put_order(connection, store_id, order, now=means.now(), awaits_code=awaits)
    policy = around.stores[store_id].policy
    await deadlines.ordered(connection, store_id, order_id, order, policy, now=means.now())
    taken: list[int] = []
    followed = {kept.shipment.tracking_code for kept in await shipments.of_order(connection, store_id, order.number)}
    for invoice in order.invoices:
        if not invoice.tracking_code or invoice.finished:
            continue
        connector = recognised(means, invoice.courier)
        if connector is None:
            await _open(means, connection, strange_courier(store_id, order, invoice))
            continue
        # What is followed already was taken once, by somebody who knew: it is not refused for its check digit now.
        known = tidy_code(invoice.tracking_code) in followed
        stated = Registration(order, connector.name, invoice.tracking_code, invoice, lenient=known)
        try:
            taken.append((await _register(means, connection, around, store_id, order_id, stated)).shipment_id)
        except InvalidError as error:
            await _open(means, connection, _bad_code(store_id, order, invoice, error.message))
    return taken


def recognised(means: Means, courier: str) -> Connector | None:
    """The carrier that an order system's free text names; None rather than a guess."""
    for connector in means.connectors.values():
        if connector.recognises_courier is not None and connector.recognises_courier(courier):
            return connector
    return None


async def _open(means: Means, connection: Connection, draft: NoticeDraft) -> None:
    await notices.open_notices(connection, [draft], now=means.now())


def _not_ours(store_id: int, order: Order) -> NoticeDraft:
    who = order.shipped_by.removeprefix("seller ")
    words = (
        f"Orders of the seller {who} (the first was {order.number}) are fulfilled in that seller's own account: their "
        "invoices and news belong there, so they are not followed here. Add that account, or end this notice."
    )
    facts = {"variant": "seller", "seller": who, "order": order.number}
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"seller {who}", words, facts=facts)


def strange_courier(store_id: int, order: Order, invoice: Invoice) -> NoticeDraft:
    """What a person is told of a package whose carrier nobody here knows."""
    words = (
        f"Order {order.number} goes by '{invoice.courier}', which no connector recognises, so {invoice.tracking_code} "
        "is not followed. Register the package with its carrier's name, or add a connector."
    )
    facts = {
        "variant": "courier",
        "order": order.number,
        "courier": invoice.courier,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.NO_ACCOUNT, f"courier {invoice.courier}", words, facts=facts)


def _bad_code(store_id: int, order: Order, invoice: Invoice, message: str) -> NoticeDraft:
    words = f"Order {order.number}, invoice {invoice.number}: {message} The package is not followed until then."
    subject = f"order {order.number} {invoice.number}"
    facts = {
        "variant": "refused",
        "order": order.number,
        "invoice": invoice.number,
        "code": invoice.tracking_code or "",
    }
    return NoticeDraft(store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)
