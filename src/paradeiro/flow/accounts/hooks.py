"""In: an account, our public URL; out: its webhook registration or feed created, tested, checked or removed."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from paradeiro.db.accounts import hooks
from paradeiro.db.accounts.hooks import Hook
from paradeiro.db.accounts.stores import Account
from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.orders import order_hints
from paradeiro.db.pool import transaction
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.operations import unusable_rows
from paradeiro.flow.operations.time_limit import BATCH_SECONDS, with_time_limit
from paradeiro.sdk.contract import Subscriber
from paradeiro.sdk.order_systems import FeedSession, HintedSession, Permission
from paradeiro.sdk.sessions import Subscribed

_CHECK_INTERVAL = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class HookState:
    """A registered webhook address (its URL is secret). `notes`: remarks for the operator. `url`, `secret`: what a
    person has to enter at a party that takes no registration by program; else empty.
    """

    subscription: str
    notes: tuple[str, ...]
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


async def open_hook(context: Context, account: Account, *, public_url: str, contact: str = "") -> HookState:
    """Create the account's webhook URL and secret once and register them at the party. Idempotent; another public URL
    moves the registration. At a party that takes none by program a person enters both. Raises `StatementError`.
    """
    session = await _pushing_session(context, account)
    async with transaction(context.pool) as connection:
        hook = await hooks.put_hook(
            connection,
            account.store_id,
            account.id,
            token=context.new_token(),
            secret=context.new_token(),
            key=context.secret_key,
            now=context.now(),
        )
    url = _url(public_url, account, hook)
    if not isinstance(session, Subscriber):
        return HookState("", (), url, hook.secret)
    done = await session.subscribe(url, hook.secret, contact)
    if done.outcome is not Outcome.FOUND:
        raise _registration_error(account, done)
    notes = done.notes
    if hook.url and hook.url != url:
        left = await session.unsubscribe(hook.url)
        notes += () if left.outcome is Outcome.NOT_FOUND else (f"The former address stays registered: {left.message}",)
    async with transaction(context.pool) as connection:
        await hooks.write_registration(connection, account.id, url=url, subscription=done.id, key=context.secret_key)
    return HookState(done.id, notes)


async def close_hook(context: Context, account: Account) -> Subscribed:
    """Remove the webhook address, whatever the party answers to the unsubscription. Returns that answer (NOT_FOUND: it
    was no longer registered). A later address has a new URL and secret.
    """
    session = await _pushing_session(context, account)
    hook = await _hook(context, account)
    registered = hook.url and isinstance(session, Subscriber)
    left = await session.unsubscribe(hook.url) if registered else Subscribed(Outcome.NOT_FOUND)
    async with transaction(context.pool) as connection:
        await hooks.remove_hook(connection, account.id)
    return left


async def test_hook(context: Context, account: Account) -> None:
    """Ask the party for a test push. Raises `StatementError` if it refuses."""
    session = await _subscriber_session(context, account)
    hook = await _hook(context, account)
    tried = await session.try_out(hook.url)
    if tried.outcome is not Outcome.FOUND:
        raise _registration_error(account, tried)


async def maintain_hook(context: Context, account_id: int) -> None:
    """Check every `_CHECK_INTERVAL` whether the registration still exists. An ended one (VTEX ends it after three days
    without pushes) is made again; a failure opens a notice. The order sweep finds what pushes miss.
    """
    now = context.now()
    async with transaction(context.pool) as connection:
        hook = await hooks.claim_check(
            connection, account_id, now=now, before=now - _CHECK_INTERVAL, key=context.secret_key
        )
        if hook is None:
            return
        account = await unusable_rows.open_account(context, connection, account_id, now=now)
        if account is None:
            return
    session = await _subscriber_session(context, account)
    there = await with_time_limit(lambda: session.subscription(hook.url), BATCH_SECONDS, _no_answer)
    if there.outcome is Outcome.NOT_FOUND:
        there = await with_time_limit(lambda: session.subscribe(hook.url, hook.secret, ""), BATCH_SECONDS, _no_answer)
        log.info("the party had ended its pushes", account=account.name, registered_again=there.outcome)
    subject = f"account {account.id} ended"
    async with transaction(context.pool) as connection:
        if there.outcome is Outcome.FOUND:
            await notices.resolve_subject(connection, account.store_id, (NoticeKind.PUSH_REFUSED,), subject, now=now)
        elif there.outcome is not Outcome.RETRY:
            await notices.open_notices(connection, [_ended_notice(account, subject, there.message)], now=now)


def _no_answer(why: str) -> Subscribed:
    return Subscribed(Outcome.RETRY, message=why)


def _ended_notice(account: Account, subject: str, why: str) -> NoticeDraft:
    return NoticeDraft(
        account.store_id,
        NoticeKind.PUSH_REFUSED,
        subject,
        f"{account.name} no longer pushes to us, and registering again failed: {why}. Orders still come with "
        f"the sweep, every ten minutes. Run `paradeiro {account.connector} connect --hook` when that is mended.",
        account_id=account.id,
        facts={"variant": "ended", "account": account.name, "connector": account.connector, "why": why},
    )


async def key_permissions(context: Context, account: Account) -> list[Permission]:
    """The permissions of the account's key, of those that we need. Raises `InvalidError` if unsupported."""
    session = await context.sessions.of(account)
    if not isinstance(session, HintedSession):
        raise InvalidError("no_rights", f"{account.connector} does not say what a key may do.")
    return await session.permissions()


async def open_feed(context: Context, account: Account) -> None:
    """Start the party's feed and read it from now on. Idempotent."""
    session = await _feed_session(context, account)
    begun = await session.start_feed()
    if begun.outcome is not Outcome.FOUND:
        raise _registration_error(account, begun)
    async with transaction(context.pool) as connection:
        await order_hints.start_feed(connection, account.store_id, account.id, now=context.now())


async def close_feed(context: Context, account: Account) -> Subscribed | None:
    """Stop reading the feed and end it at the party. Returns its answer; None if no feed was read."""
    session = await _feed_session(context, account)
    async with transaction(context.pool) as connection:
        if not await order_hints.end_feed(connection, account.id):
            return None
    return await session.end_feed()


async def _feed_session(context: Context, account: Account) -> FeedSession:
    session = await context.sessions.of(account)
    if not isinstance(session, FeedSession):
        raise InvalidError("no_feed", f"{account.connector} keeps no feed.")
    return session


async def _pushing_session(context: Context, account: Account) -> Any:
    """The session of a party that pushes; it is a `Subscriber` if addresses can be registered there by program."""
    if context.connectors[account.connector].read_push is None:
        raise InvalidError("no_pushes", f"{account.connector} has no pushes: it is asked instead.")
    return await context.sessions.of(account)


async def _subscriber_session(context: Context, account: Account) -> Subscriber:
    session = await _pushing_session(context, account)
    if not isinstance(session, Subscriber):
        words = f"{account.connector} takes no registration by program: enter the address there."
        raise InvalidError("no_registration", words)
    return session


async def _hook(context: Context, account: Account) -> Hook:
    async with context.pool.connection() as connection:
        hook = await hooks.hook_of_account(connection, account.id, context.secret_key)
    if hook is None:
        raise MissingError("no_hook", f"{account.name} does not push to us. Register with --public-url https://…")
    return hook


def _url(public_url: str, account: Account, hook: Hook) -> str:
    return f"{public_url.rstrip('/')}/hooks/{quote(account.connector, safe='')}/{hook.token}"


def _registration_error(account: Account, done: Subscribed) -> ConflictError:
    what = "is not registered there" if done.outcome is Outcome.NOT_FOUND else f"could not be done: {done.message}"
    return ConflictError("not_registered", f"{account.name}: it {what}")
