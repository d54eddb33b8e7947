"""In: a due sweep of an order system, or a backfill; out: its orders, stored page by page."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import orders
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.accounts import account_health
from paradeiro.flow.context import Context
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import PAGE_SECONDS, with_time_limit
from paradeiro.flow.orders.intake import take_orders
from paradeiro.sdk.order_systems import OrdersPage

# How often an order system is swept, and how many orders without a tracking code are read again each time.
_SWEEP_EVERY = timedelta(minutes=10)
_WATCHED_AT_ONCE = 50
_WATCH_FOR = timedelta(days=60)
# Longest Retry-After in seconds that a backfill waits; a longer one ends it.
_MAX_WAIT = 300.0


async def sweep_orders(context: Context, account_id: int) -> int:
    """Sweep an order system page by page, for one job turn. Returns how many orders were read."""
    return await job_turns.run_batches(context, jobs.ORDERS, account_id, partial(_sweep_page, context, account_id))


async def _sweep_page(context: Context, account_id: int) -> tuple[int, bool]:
    now = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None:
            return 0, False
        watch = await orders.orders_awaiting_code(
            connection, account.store_id, since=now - _WATCH_FOR, now=now, limit=_WATCHED_AT_ONCE
        )
    session = await context.sessions.of(account)
    page: OrdersPage = await with_time_limit(
        lambda: session.orders(account.cursor, watch), PAGE_SECONDS, _timed_out_page
    )
    async with transaction(context.pool) as connection:
        if page.problem is not None:
            await _record_failure(connection, account, page, now=context.now())
            return 0, False
        await account_health.mark_healthy(connection, account, now=context.now())
        await take_orders(context, connection, account.store_id, page.orders, account.id)
        await orders.mark_orders_read(connection, account.store_id, watch, now=context.now())
        if page.message:
            await open_unreadable_notice(connection, account, page.message, now=context.now())
        next_visit = context.now() if page.more else context.now() + _SWEEP_EVERY
        await stores.write_sweep_cursor(connection, account.id, cursor=page.cursor, next_visit=next_visit)
    return len(page.orders), page.more


def _timed_out_page(why: str) -> OrdersPage:
    return OrdersPage(problem=Outcome.RETRY, message=why)


async def _record_failure(connection: Connection, account: Account, page: OrdersPage, *, now: datetime) -> None:
    """Record a failed page; the cursor stays, so no order is missed."""
    outcome = Outcome.AUTH_FAILED if page.problem is Outcome.AUTH_FAILED else Outcome.RETRY
    await account_health.mark_unhealthy(
        connection, account, outcome, page.message, now=now, retry_after=page.retry_after
    )
    if page.problem is Outcome.MALFORMED:
        await open_unreadable_notice(connection, account, page.message, now=now)


async def backfill_orders(
    context: Context, account_id: int, days: int, on_progress: Callable[[int, int], None]
) -> tuple[int, str]:
    """Store every order of the last `days`, independently of the sweep's cursor. `on_progress(read, total)` is called
    per page. Returns how many orders were read and the error that stopped it (empty: none). Idempotent.
    """
    async with context.pool.connection() as connection:
        account = (await stores.accounts(connection, context.secret_key, ids=[account_id]))[0]
    session: Any = await context.sessions.of(account)
    cursor, more, read = session.beginning(days), True, 0
    while more:
        page: OrdersPage = await with_time_limit(partial(session.orders, cursor, ()), PAGE_SECONDS, _timed_out_page)
        if page.problem is Outcome.RETRY and page.retry_after and page.retry_after <= _MAX_WAIT:
            await asyncio.sleep(page.retry_after)
            continue
        if page.problem is not None:
            return read, page.message
        async with transaction(context.pool) as connection:
            await take_orders(context, connection, account.store_id, page.orders, account.id)
            if page.message:
                await open_unreadable_notice(connection, account, page.message, now=context.now())
        cursor, more, read = page.cursor, page.more, read + len(page.orders)
        on_progress(read, max(page.total, read))
    return read, ""


async def open_unreadable_notice(connection: Connection, account: Account, message: str, *, now: datetime) -> None:
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
