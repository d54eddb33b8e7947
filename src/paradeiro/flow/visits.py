"""In: the time to look for orders at an order system, or to read all it has; out: its orders, taken page by page."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from paradeiro.db import jobs, notices, orders, stores
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow import aside, trouble, turns
from paradeiro.flow.bounded import PAGE_SECONDS, bounded
from paradeiro.flow.intake import take_orders
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import OrdersPage

# How often an order system is looked at for orders, and how many that wait for a code are read again each time.
_VISIT_EVERY = timedelta(minutes=10)
_WATCHED = 50
_WATCH_FOR = timedelta(days=60)
# Seconds that a backfill waits when it is asked to slow down; longer is for whoever started it to decide.
_PATIENCE = 300.0


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
