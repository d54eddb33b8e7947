"""In: a carrier's feed that is due; out: its pages stored as answers before they count as read, then recorded.

A page and the cursor behind it are stored in one transaction: a crash before that reads the page again, one after it
reads on. Reading a page twice does no harm, since recording knows its events.
"""

from datetime import date, datetime, timedelta
from functools import partial

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import carrier_feeds
from paradeiro.db.following import contract_watches, replies
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import NoticeKind, Outcome, Way
from paradeiro.flow.answers import feed_health
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.operations.time_limit import PAGE_SECONDS, with_time_limit
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.ways_in import CarrierFeedSession, FeedAnswer

_LEASE = timedelta(minutes=3)
_NO_PAGE = frozenset({Outcome.RETRY, Outcome.AUTH_FAILED, Outcome.REFUSED})


async def read_carrier_feed(context: Context, account_id: int) -> int:
    """Read a carrier's feed page by page, for one job turn. Returns how many bodies were stored."""
    page = partial(_read_page, context, account_id)
    return await job_turns.run_batches(context, jobs.CARRIER_FEED, account_id, page)


async def _read_page(context: Context, account_id: int) -> tuple[int, bool]:
    """How many bodies of the next page were stored, and whether there is another page now."""
    async with transaction(context.pool) as connection:
        account = await unusable_rows.open_account(context, connection, account_id, now=context.now())
        if account is None or Way.FEED not in context.connectors[account.connector].ways:
            return 0, False
        cursor = await carrier_feeds.claim_feed(connection, account_id, now=context.now(), lease=context.lease(_LEASE))
    if cursor is None:
        return 0, False
    session: CarrierFeedSession = await context.sessions.of(account)
    read = await with_time_limit(lambda: session.read_feed(cursor), PAGE_SECONDS, _timed_out)
    async with transaction(context.pool) as connection:
        return await _store_page(connection, account, context.connectors[account.connector], read, now=context.now())


def _timed_out(why: str) -> FeedAnswer:
    return FeedAnswer(Outcome.RETRY, message=why)


async def _store_page(
    connection: Connection, account: Account, connector: Connector, read: FeedAnswer, *, now: datetime
) -> tuple[int, bool]:
    if read.outcome in _NO_PAGE:
        next_visit = await feed_health.mark_failed(connection, account, connector, read, now=now)
        await carrier_feeds.next_reading(connection, account.id, next_visit)
        return 0, False
    if read.outcome is Outcome.MALFORMED:
        await feed_health.mark_unreadable(connection, account, now=now)
        await _store_unreadable(connection, account, read, now=now)
        await carrier_feeds.next_reading(connection, account.id, now + connector.feed_every)
        return 0, False
    missed = await feed_health.mark_read(connection, account, connector, now=now)
    ids = [await _store(connection, account, body, Outcome.FOUND, now=now) for body in read.bodies]
    await jobs.enqueue(connection, [Job(jobs.RECORD, str(reply_id)) for reply_id in ids])
    await contract_watches.count_hour(connection, account.store_id, account.id, now=now, answers=1)
    if gap := read.gap or missed:
        await notices.open_notices(connection, [_gap_notice(account, gap)], now=now)
    next_visit = now if read.more else now + connector.feed_every
    await carrier_feeds.write_cursor(
        connection, account.id, cursor=read.cursor or account.cursor, next_visit=next_visit
    )
    return len(ids), read.more


async def _store(connection: Connection, account: Account, body: bytes, outcome: Outcome, *, now: datetime) -> int:
    return await replies.put_reply(
        connection,
        store_id=account.store_id,
        account_id=account.id,
        tracking_code="",
        outcome=outcome,
        body=body,
        now=now,
        to_record=outcome is Outcome.FOUND,
    )


async def _store_unreadable(connection: Connection, account: Account, read: FeedAnswer, *, now: datetime) -> None:
    """Keep the bytes of a page that nobody can read; the cursor stands, so nothing of it is lost."""
    reply_id = await _store(connection, account, b"".join(read.bodies), Outcome.MALFORMED, now=now)
    words = (
        f"{account.name}'s feed gave a page that cannot be read: {read.message}. It is kept and asked for again; the "
        "shipments wait. The interface may have changed: mend the connector."
    )
    facts = {"account": account.name, "why": read.message}
    kind, subject = NoticeKind.MALFORMED_REPLY, feed_health.notice_subject(account)
    draft = NoticeDraft(account.store_id, kind, subject, words, account_id=account.id, reply_id=reply_id, facts=facts)
    await notices.open_notices(connection, [draft], now=now)


def _gap_notice(account: Account, gap: str) -> NoticeDraft:
    words = (
        f"{account.name}'s feed has a gap: {gap}. What it no longer lists is not known here. Read those days again "
        f"(`paradeiro feed again {account.connector} --since DATE`), or look at the packages that have had no news."
    )
    facts = {"account": account.name, "why": gap, "command": f"paradeiro feed again {account.connector} --since DATE"}
    subject = feed_health.notice_subject(account)
    return NoticeDraft(account.store_id, NoticeKind.FEED_GAP, subject, words, account_id=account.id, facts=facts)


async def read_again(context: Context, account: Account, day: date) -> str:
    """Let the feed be read again from a day on. Returns the cursor. Raises `InvalidError` if there is no feed."""
    if Way.FEED not in context.connectors[account.connector].ways:
        raise InvalidError("no_feed", f"{account.name} has no feed: its carrier is asked about each package.")
    session: CarrierFeedSession = await context.sessions.of(account)
    cursor = session.feed_cursor(day)
    async with transaction(context.pool) as connection:
        await carrier_feeds.write_cursor(connection, account.id, cursor=cursor, next_visit=context.now())
        await jobs.enqueue(connection, [Job(jobs.CARRIER_FEED, str(account.id), once=True)])
        fresh = await stores.accounts(connection, context.secret_key, ids=[account.id])
        assert fresh, "it was read a moment ago"
        await notices.resolve_subject(
            connection, account.store_id, [NoticeKind.FEED_GAP], feed_health.notice_subject(account), now=context.now()
        )
    return cursor
