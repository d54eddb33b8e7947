"""In: a push received by a webhook; out: stored; what it names is due now, what it states is recorded."""

from datetime import datetime, timedelta

from paradeiro.db import jobs
from paradeiro.db.accounts import hooks, stores
from paradeiro.db.accounts.hooks import Hook
from paradeiro.db.accounts.stores import Account
from paradeiro.db.following import replies, shipments
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import order_hints
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.store_pool import narrow_to
from paradeiro.domain.words import NoticeKind, Outcome, PartyKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.customers import bounces
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

# A package is not checked again sooner, however many pushes name it; equal bytes within it are one push.
_PAUSE = timedelta(seconds=30)
# One wrong signature may come from anyone; this many in a row at a secret URL mean that our secret is wrong.
_MANY_REFUSED = 5


async def take_push(context: Context, connector: str, token: str, push: Push) -> Outcome | None:
    """Take a push, committed on return. Returns its outcome, or None for an unknown token.

    Only an authentic push is stored; what it names becomes due. Where the party states facts and proves itself (signed,
    or with its key), its bytes are recorded like an answer; any other push changes no timeline.
    """
    async with transaction(context.pool) as connection:
        hook = await hooks.hook_by_token(connection, token, context.secret_key)
        if hook is None or connector not in context.connectors:
            return None
        account = (await stores.accounts(connection, context.secret_key, ids=[hook.account_id]))[0]
        if context.pool.has_roles:
            await narrow_to(connection, account.store_id)
        read_push = context.connectors[connector].read_push
        reports = context.connectors[connector].read_report is not None
        if account.connector != connector or (read_push is None and not reports):
            return None
        if read_push is not None:
            read = read_push(push, account.settings | {HOOK_SECRET: hook.secret})
            if read.outcome is Outcome.AUTH_FAILED:
                await _refuse_push(connection, hook, account, read, now=context.now())
            else:
                await _accept_push(connection, hook, account, push, read, now=context.now())
            return read.outcome
    return (await bounces.take_report(context, account, push.body, hook)).outcome


async def hook_exists(context: Context, token: str) -> bool:
    """Whether a webhook with this token exists."""
    async with context.pool.connection() as connection:
        return await hooks.hook_by_token(connection, token, context.secret_key) is not None


async def _accept_push(
    connection: Connection, hook: Hook, account: Account, push: Push, read: PushRead, *, now: datetime
) -> None:
    """Store a push and make what it names due. A repetition does nothing."""
    was_refused = await hooks.reset_refused(connection, account.id)
    is_new = await hooks.put_push(
        connection,
        hook,
        body=push.body,
        outcome=read.outcome,
        about=read.about,
        now=now,
        again_before=now - _PAUSE,
        identity=read.identity,
    )
    if is_new and read.states_facts:
        await _store_facts(connection, account, push.body, now=now)
    if is_new and read.about:
        await _make_due(connection, account, read, now=now)
    if was_refused:
        log.info("pushes are signed right again", account=account.name)
        await notices.resolve_subject(
            connection, account.store_id, (NoticeKind.PUSH_REFUSED,), _signature_subject(account), now=now
        )
    if is_new and read.outcome is Outcome.MALFORMED:
        await notices.open_notices(connection, [_unreadable_notice(account, read)], now=now)
    elif is_new:
        await notices.resolve_subject(
            connection, account.store_id, (NoticeKind.PUSH_REFUSED,), _format_subject(account), now=now
        )


async def _store_facts(connection: Connection, account: Account, body: bytes, *, now: datetime) -> None:
    """Store a push that states facts like an answer that nobody asked for; it is recorded in any order, and again."""
    reply_id = await replies.put_reply(
        connection,
        store_id=account.store_id,
        account_id=account.id,
        tracking_code="",
        outcome=Outcome.FOUND,
        body=body,
        now=now,
        to_record=True,
    )
    await jobs.enqueue(connection, [Job(jobs.RECORD, str(reply_id))])


async def _make_due(connection: Connection, account: Account, read: PushRead, *, now: datetime) -> None:
    """Make what a push names due now: orders of an order system, packages of a carrier."""
    if account.kind is PartyKind.ORDER_SYSTEM:
        await order_hints.add_hints(connection, account.store_id, account.id, read.about, now=now)
        await jobs.enqueue(connection, [Job(jobs.NAMED, str(account.id), once=True)])
    elif await shipments.hint_codes(connection, account.id, read.about, now=now, pause=_PAUSE):
        await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])


async def _refuse_push(connection: Connection, hook: Hook, account: Account, read: PushRead, *, now: datetime) -> None:
    """Count a push with an invalid signature and store nothing of it; many in a row open one notice."""
    count = await hooks.count_refused(connection, hook.account_id, now=now)
    if count in {1, _MANY_REFUSED}:
        log.warning("a push was refused", account=account.name, why=read.message, in_a_row=count)
    if count >= _MANY_REFUSED:
        await notices.open_notices(connection, [_refused_notice(account, read, count)], now=now)


def _signature_subject(account: Account) -> str:
    return f"account {account.id}"


def _format_subject(account: Account) -> str:
    return f"account {account.id} unreadable"


def _refused_notice(account: Account, read: PushRead, count: int) -> NoticeDraft:
    return NoticeDraft(
        account.store_id,
        NoticeKind.PUSH_REFUSED,
        _signature_subject(account),
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
        _format_subject(account),
        f"{account.name} pushed something signed that we do not understand ({read.message}). It is kept; we go on "
        "asking as always. The format may have changed.",
        account_id=account.id,
        facts={"account": account.name, "why": read.message, "variant": "unreadable"},
    )
