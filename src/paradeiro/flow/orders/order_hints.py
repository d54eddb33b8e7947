"""In: orders named by a push or a feed; out: each read from its order system and stored. Duplicates are read once.

A hint is stored before the push is answered or the feed committed, and deleted in the transaction that takes the order.
"""

from datetime import datetime, timedelta
from functools import partial

from paradeiro.db import jobs
from paradeiro.db.accounts.stores import Account
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import order_hints
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.accounts import account_health
from paradeiro.flow.context import Context, log
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import BATCH_SECONDS, with_time_limit
from paradeiro.flow.orders.intake import take_orders
from paradeiro.flow.orders.order_sweep import open_unreadable_notice
from paradeiro.sdk.order_systems import FeedPage, FeedSession, HintedSession, NamedOrders
from paradeiro.sdk.sessions import Subscribed

_BATCH = 25
_LEASE = timedelta(minutes=2)
# One request to a feed; a batch takes two, within one lease.
_CALL_SECONDS = 50.0
_FEED_EVERY = timedelta(minutes=1)
_FIRST_BACKOFF = timedelta(minutes=1)
_LONGEST_BACKOFF = timedelta(hours=1)
# An order not found after this many tries belongs to another account or to a test.
_GIVEN_UP_AFTER = 8


async def read_hinted_orders(context: Context, account_id: int) -> int:
    """Read the named orders that are due at one account, for one job turn. Returns how many were taken."""
    return await job_turns.run_batches(context, jobs.NAMED, account_id, partial(_read_batch, context, account_id))


async def _read_batch(context: Context, account_id: int) -> tuple[int, bool]:
    """How many orders were taken, and whether there may be more."""
    began = context.now()
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=began)
        if account is None:
            return 0, False
        lease = context.lease(_LEASE)
        tries = await order_hints.claim_hints(connection, account_id, now=began, lease=lease, limit=_BATCH)
    if not tries:
        return 0, False
    session: HintedSession = await context.sessions.of(account)
    read = await with_time_limit(lambda: session.named(sorted(tries)), BATCH_SECONDS, _no_orders)
    async with transaction(context.pool) as connection:
        now = context.now()
        if read.problem is not None:
            await order_hints.release_hints(connection, account_id, list(tries), now=now)
            await _record_failure(connection, account, read, now=now)
            return 0, False
        await account_health.mark_healthy(connection, account, now=now)
        await take_orders(context, connection, account.store_id, read.orders, account_id)
        gone = [n for n in read.missing if tries[n] + 1 >= _GIVEN_UP_AFTER]
        later = [n for n in (*read.missing, *read.unread) if n not in gone]
        done = [n for n in tries if n not in later]
        await order_hints.remove_read_hints(connection, account_id, done, began=began)
        await order_hints.postpone_hints(connection, account_id, {n: now + _pause(tries[n]) for n in later})
        if read.message:
            await open_unreadable_notice(connection, account, read.message, now=now)
    if gone:
        log.warning("orders that were named are not there", account=account.name, orders=gone)
    return len(read.orders), True


def _no_orders(why: str) -> NamedOrders:
    return NamedOrders(problem=Outcome.RETRY, message=why)


def _no_feed_page(why: str) -> FeedPage:
    return FeedPage(problem=Outcome.RETRY, message=why)


def _not_done(why: str) -> Subscribed:
    return Subscribed(Outcome.RETRY, message=why)


def _pause(tries: int) -> timedelta:
    return min(_FIRST_BACKOFF * float(2 ** min(tries, 10)), _LONGEST_BACKOFF)


async def read_feed(context: Context, account_id: int) -> int:
    """Read the feed of one account until it is empty: each page is stored as hints before it is committed at the party.
    Returns how many orders it named. After a crash in between the party offers the page again.
    """
    named = 0
    async with transaction(context.pool) as connection:
        now = context.now()
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None:
            return 0
        if not await order_hints.claim_feed(connection, account_id, now=now, lease=context.lease(_LEASE)):
            return 0
    session: FeedSession = await context.sessions.of(account)
    turn = job_turns.JobTurn()
    while True:
        page = await with_time_limit(session.feed, _CALL_SECONDS, _no_feed_page)
        if page.problem is not None or not page.handles:
            break
        async with transaction(context.pool) as connection:
            await order_hints.add_hints(connection, account.store_id, account_id, page.about, now=context.now())
            await jobs.enqueue(connection, [Job(jobs.NAMED, str(account_id), once=True)])
        named += len(page.about)
        done = await with_time_limit(partial(session.commit, page.handles), _CALL_SECONDS, _not_done)
        if done.outcome is not Outcome.FOUND:
            page = FeedPage(problem=done.outcome, message=done.message)
            break
        if turn.over():
            async with transaction(context.pool) as connection:
                await order_hints.schedule_feed(connection, account_id, again_at=context.now())
            await job_turns.continue_job(context, jobs.FEED, account_id)
            return named
    await _settle_feed(context, account, page, session)
    return named


async def _settle_feed(context: Context, account: Account, page: FeedPage, session: FeedSession) -> None:
    """Schedule the next read and handle a problem. A feed that the party ended is started again."""
    problem, message = page.problem, page.message
    if problem is Outcome.NOT_FOUND:
        log.info("the feed had ended; it is begun anew, and the sweep finds what it missed", account=account.name)
        begun = await with_time_limit(session.start_feed, _CALL_SECONDS, _not_done)
        problem, message = (None, "") if begun.outcome is Outcome.FOUND else (begun.outcome, begun.message)
    async with transaction(context.pool) as connection:
        now = context.now()
        await order_hints.schedule_feed(connection, account.id, again_at=now + _FEED_EVERY)
        if problem is None:
            await account_health.mark_healthy(connection, account, now=now)
            resolved = (NoticeKind.PUSH_REFUSED,)
            await notices.resolve_subject(connection, account.store_id, resolved, _feed_subject(account), now=now)
        elif problem is Outcome.RETRY or (problem is Outcome.AUTH_FAILED and page.problem is Outcome.AUTH_FAILED):
            await account_health.mark_unhealthy(
                connection, account, problem, message, now=now, retry_after=page.retry_after
            )
        elif problem is Outcome.MALFORMED:
            await open_unreadable_notice(connection, account, message, now=now)
        else:
            await notices.open_notices(connection, [_feed_notice(account, message)], now=now)


def _feed_subject(account: Account) -> str:
    return f"account {account.id} feed"


def _feed_notice(account: Account, why: str) -> NoticeDraft:
    words = (
        f"{account.name} does not let us read its feed: {why}. Orders still come with the sweep, every ten minutes. "
        "When that is mended this notice ends by itself; or give the feed up with "
        f"`paradeiro {account.connector} disconnect`."
    )
    facts = {"variant": "feed", "account": account.name, "connector": account.connector, "why": why}
    kind = NoticeKind.PUSH_REFUSED
    return NoticeDraft(account.store_id, kind, _feed_subject(account), words, account_id=account.id, facts=facts)


async def _record_failure(connection: Connection, account: Account, read: NamedOrders, *, now: datetime) -> None:
    outcome = Outcome.AUTH_FAILED if read.problem is Outcome.AUTH_FAILED else Outcome.RETRY
    await account_health.mark_unhealthy(
        connection, account, outcome, read.message, now=now, retry_after=read.retry_after
    )
    if read.problem not in {Outcome.RETRY, Outcome.AUTH_FAILED}:
        await open_unreadable_notice(connection, account, read.message, now=now)
