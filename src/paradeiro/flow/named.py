"""In: orders that a push or a feed named; out: each read at its order system and taken in. Named twice is read once.

The hint is kept before the push is answered or the feed committed; it goes in the transaction that takes the order.
"""

from datetime import datetime, timedelta
from functools import partial

from paradeiro.db import jobs, notices, order_hints
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow import aside, trouble, turns
from paradeiro.flow.bounded import BATCH_SECONDS, bounded
from paradeiro.flow.intake import take_orders
from paradeiro.flow.means import Means, log
from paradeiro.flow.visits import unread
from paradeiro.sdk.contract import FeedPage, FeedSession, HintedSession, NamedOrders, Subscribed

_AT_ONCE = 25
_LEASE = timedelta(minutes=2)
# One question of a feed; a lot takes two of them, and its lease lasts for both.
_CALL_SECONDS = 50.0
_FEED_EVERY = timedelta(minutes=1)
_FIRST_BACKOFF = timedelta(minutes=1)
_LONGEST_BACKOFF = timedelta(hours=1)
# An order that is not there after so many tries never will be: another account's, or of a test.
_GIVEN_UP_AFTER = 8


async def read_named(means: Means, account_id: int) -> int:
    """Read the orders of one account that were named and are due, for one turn. Returns how many were taken."""
    taken, turn = 0, turns.Turn()
    while True:
        claimed, count = await _one_batch(means, account_id)
        taken += count
        if not claimed:
            return taken
        if turn.over():
            await turns.go_on(means, jobs.NAMED, account_id)
            return taken


async def _one_batch(means: Means, account_id: int) -> tuple[bool, int]:
    """Whether there may be more, and how many orders were taken."""
    began = means.now()
    async with transaction(means.pool) as connection:
        account = await aside.open_account(means, connection, account_id, now=began)
        if account is None:
            return False, 0
        lease = means.lease(_LEASE)
        tries = await order_hints.claim(connection, account_id, now=began, lease=lease, limit=_AT_ONCE)
    if not tries:
        return False, 0
    session: HintedSession = await means.sessions.of(account)
    read = await bounded(lambda: session.named(sorted(tries)), BATCH_SECONDS, _unread)
    async with transaction(means.pool) as connection:
        now = means.now()
        if read.problem is not None:
            await order_hints.put_back(connection, account_id, list(tries), now=now)
            await _no_answer(connection, account, read, now=now)
            return False, 0
        await trouble.well(connection, account, now=now)
        await take_orders(means, connection, account.store_id, read.orders, account_id)
        gone = [n for n in read.missing if tries[n] + 1 >= _GIVEN_UP_AFTER]
        later = [n for n in (*read.missing, *read.unread) if n not in gone]
        done = [n for n in tries if n not in later]
        await order_hints.done(connection, account_id, done, began=began)
        await order_hints.again(connection, account_id, {n: now + _pause(tries[n]) for n in later})
        if read.message:
            await unread(connection, account, read.message, now=now)
    if gone:
        log.warning("orders that were named are not there", account=account.name, orders=gone)
    return True, len(read.orders)


def _unread(why: str) -> NamedOrders:
    return NamedOrders(problem=Outcome.RETRY, message=why)


def _unsaid(why: str) -> FeedPage:
    return FeedPage(problem=Outcome.RETRY, message=why)


def _undone(why: str) -> Subscribed:
    return Subscribed(Outcome.RETRY, message=why)


def _pause(tries: int) -> timedelta:
    return min(_FIRST_BACKOFF * float(2 ** min(tries, 10)), _LONGEST_BACKOFF)


async def read_feed(means: Means, account_id: int) -> int:
    """Empty the feed of one account: each lot is kept as hints, committed here, and only then there. How many orders
    it named. Whoever dies in between finds the lot again when its time there is over.
    """
    named = 0
    async with transaction(means.pool) as connection:
        now = means.now()
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return 0
        if not await order_hints.claim_feed(connection, account_id, now=now, lease=means.lease(_LEASE)):
            return 0
    session: FeedSession = await means.sessions.of(account)
    turn = turns.Turn()
    while True:
        page = await bounded(session.feed, _CALL_SECONDS, _unsaid)
        if page.problem is not None or not page.handles:
            break
        async with transaction(means.pool) as connection:
            await order_hints.hint(connection, account.store_id, account_id, page.about, now=means.now())
            await jobs.enqueue(connection, [Job(jobs.NAMED, str(account_id), once=True)])
        named += len(page.about)
        done = await bounded(partial(session.commit, page.handles), _CALL_SECONDS, _undone)
        if done.outcome is not Outcome.FOUND:
            page = FeedPage(problem=done.outcome, message=done.message)
            break
        if turn.over():
            async with transaction(means.pool) as connection:
                await order_hints.feed_read(connection, account_id, again_at=means.now())
            await turns.go_on(means, jobs.FEED, account_id)
            return named
    await _after_feed(means, account, page, session)
    return named


async def _after_feed(means: Means, account: Account, page: FeedPage, session: FeedSession) -> None:
    """When to read it again, and what a problem asks for. A feed that the party ended is begun anew."""
    problem, message = page.problem, page.message
    if problem is Outcome.NOT_FOUND:
        log.info("the feed had ended; it is begun anew, and the sweep finds what it missed", account=account.name)
        begun = await bounded(session.start_feed, _CALL_SECONDS, _undone)
        problem, message = (None, "") if begun.outcome is Outcome.FOUND else (begun.outcome, begun.message)
    async with transaction(means.pool) as connection:
        now = means.now()
        await order_hints.feed_read(connection, account.id, again_at=now + _FEED_EVERY)
        if problem is None:
            await trouble.well(connection, account, now=now)
            mended = (NoticeKind.PUSH_REFUSED,)
            await notices.resolve_subject(connection, account.store_id, mended, _feed_of(account), now=now)
        elif problem is Outcome.RETRY or (problem is Outcome.AUTH_FAILED and page.problem is Outcome.AUTH_FAILED):
            await trouble.unwell(connection, account, problem, message, now=now, retry_after=page.retry_after)
        elif problem is Outcome.MALFORMED:
            await unread(connection, account, message, now=now)
        else:
            await notices.open_notices(connection, [_no_feed(account, message)], now=now)


def _feed_of(account: Account) -> str:
    return f"account {account.id} feed"


def _no_feed(account: Account, why: str) -> NoticeDraft:
    words = (
        f"{account.name} does not let us read its feed: {why}. Orders still come with the sweep, every ten minutes. "
        "When that is mended this notice ends by itself; or give the feed up with "
        f"`paradeiro {account.connector} disconnect`."
    )
    facts = {"variant": "feed", "account": account.name, "connector": account.connector, "why": why}
    kind = NoticeKind.PUSH_REFUSED
    return NoticeDraft(account.store_id, kind, _feed_of(account), words, account_id=account.id, facts=facts)


async def _no_answer(connection: Connection, account: Account, read: NamedOrders, *, now: datetime) -> None:
    outcome = Outcome.AUTH_FAILED if read.problem is Outcome.AUTH_FAILED else Outcome.RETRY
    await trouble.unwell(connection, account, outcome, read.message, now=now, retry_after=read.retry_after)
    if read.problem not in {Outcome.RETRY, Outcome.AUTH_FAILED}:
        await unread(connection, account, read.message, now=now)
