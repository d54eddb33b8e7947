"""In: orders as an order system shows them, packages as somebody registers them; out: shipments that are followed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db import jobs, notices, orders, shipments, stores
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.codes import CodeProblem, free_code_problem, tidy_code
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import NoticeKind, Outcome, PartyKind
from paradeiro.flow import trouble
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.flow.record import Surroundings, introduce_shipment, surround
from paradeiro.sdk.contract import Connector, OrdersPage

# How often an order system is looked at for orders, and how many that wait for a code are read again each time.
_VISIT_EVERY = timedelta(minutes=10)
_WATCHED = 25
_WATCH_FOR = timedelta(days=60)
_MOST_PAGES = 40


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


async def register(means: Means, store_id: int, stated: Registration) -> Registered:
    """Register a package of a store. Raises `InvalidError`; registering it again is the same shipment."""
    async with transaction(means.pool) as connection:
        around = await surround(means, connection, [store_id])
        return await _register(means, connection, around, store_id, stated)


async def _register(
    means: Means, connection: Connection, around: Surroundings, store_id: int, stated: Registration
) -> Registered:
    now = means.now()
    connector = carrier_named(means, stated.carrier)
    code = tidy_code(stated.tracking_code)
    problem = code_problem(connector, code)
    if problem is not None and (problem.hard or not stated.lenient):
        details = {"suggestion": problem.suggestion} if problem.suggestion else {}
        raise InvalidError("bad_tracking_code", problem.message, details)
    if not stated.order.number:
        raise InvalidError("no_order", "An order number is needed: give order.number as the order system names it.")
    account = _follower(around, store_id, connector.name)
    order_id = await orders.put_order(connection, store_id, stated.order, now=now)
    invoice = stated.invoice
    if invoice.courier.strip().lower() in {"", connector.name}:
        invoice = replace(invoice, courier=connector.title)
    if not invoice.tracking_url and connector.tracking_url is not None:
        invoice = replace(invoice, tracking_url=connector.tracking_url(code))
    shipment_id, created = await shipments.register(
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
    await introduce_shipment(connection, around, kept, now=now)
    if account is None:
        await notices.open_notices(connection, [_unfollowed(store_id, connector.title)], now=now)
    elif created:
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
        await orders.settle_deliveries(connection, [order_id])
    return Registered(shipment_id, created)


def carrier_named(means: Means, name: str) -> Connector:
    """The carrier's connector; raises `InvalidError` that names those there are."""
    connector = means.connectors.get(name.strip().lower())
    if connector is None or PartyKind.CARRIER not in connector.kinds:
        known = sorted(c.name for c in means.connectors.values() if PartyKind.CARRIER in c.kinds)
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
    """Look for orders at an order system, page by page. Returns how many orders were read."""
    read = 0
    for _ in range(_MOST_PAGES):
        count, more = await _one_page(means, account_id)
        read += count
        if not more:
            break
    return read


async def _one_page(means: Means, account_id: int) -> tuple[int, bool]:
    now = means.now()
    async with transaction(means.pool) as connection:
        account = (await stores.accounts(connection, means.secret_key, ids=[account_id]))[0]
        if account.open_at is not None and account.open_at > now:
            return 0, False
        watch = await orders.awaiting(connection, account.store_id, since=now - _WATCH_FOR, limit=_WATCHED)
    session = await means.sessions.of(account)
    page: OrdersPage = await session.orders(account.cursor, watch)
    async with transaction(means.pool) as connection:
        if page.problem is not None:
            await _no_page(connection, account, page, now=means.now())
            return 0, False
        await trouble.well(connection, account, now=means.now())
        around = await surround(means, connection, [account.store_id])
        for order in page.orders:
            await take_order(means, connection, around, account.store_id, order)
        if page.message:
            await _unread(connection, account, page.message, now=means.now())
        next_visit = means.now() if page.more else means.now() + _VISIT_EVERY
        await stores.visited(connection, account.id, cursor=page.cursor, next_visit=next_visit)
    return len(page.orders), page.more


async def _no_page(connection: Connection, account: Account, page: OrdersPage, *, now: datetime) -> None:
    """No orders this time; the cursor stays, so that nothing is missed."""
    outcome = Outcome.AUTH_FAILED if page.problem is Outcome.AUTH_FAILED else Outcome.RETRY
    await trouble.unwell(connection, account, outcome, page.message, now=now, retry_after=page.retry_after)
    if page.problem is Outcome.MALFORMED:
        await _unread(connection, account, page.message, now=now)


async def _unread(connection: Connection, account: Account, message: str, *, now: datetime) -> None:
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
    """Take an order as its order system shows it: keep it, follow its packages. Ids of its shipments."""
    awaits = any(not invoice.tracking_code and not invoice.finished for invoice in order.invoices)
    await orders.put_order(connection, store_id, order, now=means.now(), awaits_code=awaits)
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
            taken.append((await _register(means, connection, around, store_id, stated)).shipment_id)
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
