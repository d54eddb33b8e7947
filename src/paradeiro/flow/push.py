"""In: a push as it came to a door; out: it kept, and the shipments or orders it names due now. It states nothing."""

from datetime import datetime, timedelta

from paradeiro.db import hooks, jobs, notices, order_hints, shipments, stores
from paradeiro.db.hooks import Hook
from paradeiro.db.jobs import Job
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.words import NoticeKind, Outcome, PartyKind
from paradeiro.flow import bounces
from paradeiro.flow.means import Means, log
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

# However many pushes name a package, it is not asked for again sooner; the same bytes within it are one push.
_PAUSE = timedelta(seconds=30)
# One wrong signature may be anybody's; so many in a row, at an address that only the party knows, are our mistake.
_MANY_REFUSED = 5


async def take(means: Means, connector: str, token: str, push: Push) -> Outcome | None:
    """Take a push: what it is worth, or None if there is no such door. All that follows is committed when it returns.

    Only an authentic one is kept; what it names becomes due, and the carrier is asked. What it says moves nothing.
    """
    async with transaction(means.pool) as connection:
        hook = await hooks.behind(connection, token, means.secret_key)
        if hook is None or connector not in means.connectors:
            return None
        account = (await stores.accounts(connection, means.secret_key, ids=[hook.account_id]))[0]
        read_push = means.connectors[connector].read_push
        reports = means.connectors[connector].read_report is not None
        if account.connector != connector or (read_push is None and not reports):
            return None
        if read_push is not None:
            read = read_push(push, account.settings | {HOOK_SECRET: hook.secret})
            if read.outcome is Outcome.AUTH_FAILED:
                await _refuse(connection, hook, account, read, now=means.now())
            else:
                await _heed(connection, hook, account, push, read, now=means.now())
            return read.outcome
    return (await bounces.take(means, account, push.body, hook)).outcome


async def is_address(means: Means, token: str) -> bool:
    """Whether somebody was given an address with this token."""
    async with means.pool.connection() as connection:
        return await hooks.behind(connection, token, means.secret_key) is not None


async def _heed(
    connection: Connection, hook: Hook, account: Account, push: Push, read: PushRead, *, now: datetime
) -> None:
    """Keep it, make what it names due, have it asked for. The same push again does nothing."""
    mended = await hooks.trusted(connection, account.id)
    is_new = await hooks.keep(
        connection,
        hook,
        body=push.body,
        outcome=read.outcome,
        about=read.about,
        now=now,
        again_before=now - _PAUSE,
        identity=read.identity,
    )
    if is_new and read.about:
        await _due(connection, account, read, now=now)
    if mended:
        log.info("pushes are signed right again", account=account.name)
        await notices.resolve_subject(
            connection, account.store_id, (NoticeKind.PUSH_REFUSED,), _unsigned(account), now=now
        )
    if is_new and read.outcome is Outcome.MALFORMED:
        await notices.open_notices(connection, [_unreadable_notice(account, read)], now=now)
    elif is_new:
        await notices.resolve_subject(
            connection, account.store_id, (NoticeKind.PUSH_REFUSED,), _unreadable(account), now=now
        )


async def _due(connection: Connection, account: Account, read: PushRead, *, now: datetime) -> None:
    """What it names is asked for at once: orders of an order system, packages of a carrier."""
    if account.kind is PartyKind.ORDER_SYSTEM:
        await order_hints.hint(connection, account.store_id, account.id, read.about, now=now)
        await jobs.enqueue(connection, [Job(jobs.NAMED, str(account.id), once=True)])
    elif await shipments.hint(connection, account.id, read.about, now=now, pause=_PAUSE):
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])


async def _refuse(connection: Connection, hook: Hook, account: Account, read: PushRead, *, now: datetime) -> None:
    """Nothing proves that it is the party's: nothing of it is kept; many in a row ask for a person, once."""
    count = await hooks.count_refused(connection, hook.account_id, now=now)
    if count in {1, _MANY_REFUSED}:
        log.warning("a push was refused", account=account.name, why=read.message, in_a_row=count)
    if count >= _MANY_REFUSED:
        await notices.open_notices(connection, [_refused_notice(account, read, count)], now=now)


def _unsigned(account: Account) -> str:
    return f"account {account.id}"


def _unreadable(account: Account) -> str:
    return f"account {account.id} unreadable"


def _refused_notice(account: Account, read: PushRead, count: int) -> NoticeDraft:
    return NoticeDraft(
        account.store_id,
        NoticeKind.PUSH_REFUSED,
        _unsigned(account),
        f"{count} pushes in a row came for {account.name} without the right signature ({read.message}). Nothing was "
        "taken from them; we go on asking as always. The secret may be another: end the registration and register "
        f"again with `paradeiro hook {account.connector}`.",
        account_id=account.id,
        facts={
            "account": account.name,
            "connector": account.connector,
            "count": str(count),
            "why": read.message,
        },
    )


def _unreadable_notice(account: Account, read: PushRead) -> NoticeDraft:
    return NoticeDraft(
        account.store_id,
        NoticeKind.PUSH_REFUSED,
        _unreadable(account),
        f"{account.name} pushed something signed that we do not understand ({read.message}). It is kept; we go on "
        "asking as always. The format may have changed.",
        account_id=account.id,
        facts={"account": account.name, "why": read.message, "variant": "unreadable"},
    )
