"""In: an account and our public address; out: its door for pushes or its feed, made, tried out, or ended."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from paradeiro.db import hooks, notices, order_hints
from paradeiro.db.hooks import Hook
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import transaction
from paradeiro.db.stores import Account
from paradeiro.domain.words import NoticeKind, Outcome
from paradeiro.flow import aside
from paradeiro.flow.bounded import BATCH_SECONDS, bounded
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.means import Means, log
from paradeiro.sdk.contract import FeedSession, HintedSession, Right, Subscribed, Subscriber

_CHECKED_EVERY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Door:
    """A door that its party pushes to. `notes`: what a person should know. The address is a secret between the two."""

    subscription: str
    notes: tuple[str, ...]


async def open_door(means: Means, account: Account, *, public_url: str, contact: str = "") -> Door:
    """Make the account's address and secret, once, and register them at its party. Doing it again changes nothing; with
    another public address the registration moves there. Raises `StatementError` with what is missing.
    """
    session = await _session(means, account)
    async with transaction(means.pool) as connection:
        hook = await hooks.make(
            connection,
            account.store_id,
            account.id,
            token=means.new_token(),
            secret=means.new_token(),
            key=means.secret_key,
            now=means.now(),
        )
    url = _url(public_url, account, hook)
    done = await session.subscribe(url, hook.secret, contact)
    if done.outcome is not Outcome.FOUND:
        raise _unable(account, done)
    notes = done.notes
    if hook.url and hook.url != url:
        left = await session.unsubscribe(hook.url)
        notes += () if left.outcome is Outcome.NOT_FOUND else (f"The former address stays registered: {left.message}",)
    async with transaction(means.pool) as connection:
        await hooks.registered(connection, account.id, url=url, subscription=done.id, key=means.secret_key)
    return Door(done.id, notes)


async def shut_door(means: Means, account: Account) -> Subscribed:
    """End the registration. The door is shut whatever the party says to that, which is handed back (NOT_FOUND: it has
    ended). A later door has another address and another secret.
    """
    session = await _session(means, account)
    hook = await _hook(means, account)
    left = await session.unsubscribe(hook.url) if hook.url else Subscribed(Outcome.NOT_FOUND)
    async with transaction(means.pool) as connection:
        await hooks.remove(connection, account.id)
    return left


async def try_door(means: Means, account: Account) -> None:
    """Have the party push something now. Raises `StatementError` if it will not."""
    session = await _session(means, account)
    hook = await _hook(means, account)
    tried = await session.try_out(hook.url)
    if tried.outcome is not Outcome.FOUND:
        raise _unable(account, tried)


async def keep_door(means: Means, account_id: int) -> None:
    """Once in a while: whether the party still pushes to our door. One that it ended (VTEX does after three days
    without news) is registered again; if that fails a person is told. Nothing is lost: orders come with the sweep.
    """
    now = means.now()
    async with transaction(means.pool) as connection:
        hook = await hooks.claim_check(
            connection, account_id, now=now, before=now - _CHECKED_EVERY, key=means.secret_key
        )
        if hook is None:
            return
        account = await aside.open_account(means, connection, account_id, now=now)
        if account is None:
            return
    session = await _session(means, account)
    there = await bounded(lambda: session.subscription(hook.url), BATCH_SECONDS, _unsaid)
    if there.outcome is Outcome.NOT_FOUND:
        there = await bounded(lambda: session.subscribe(hook.url, hook.secret, ""), BATCH_SECONDS, _unsaid)
        log.info("the party had ended its pushes", account=account.name, registered_again=there.outcome)
    subject = f"account {account.id} ended"
    async with transaction(means.pool) as connection:
        if there.outcome is Outcome.FOUND:
            await notices.resolve_subject(connection, account.store_id, (NoticeKind.PUSH_REFUSED,), subject, now=now)
        elif there.outcome is not Outcome.RETRY:
            await notices.open_notices(connection, [_ended_notice(account, subject, there.message)], now=now)


def _unsaid(why: str) -> Subscribed:
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


async def rights_of(means: Means, account: Account) -> list[Right]:
    """What the account's key may do, of what we need."""
    session = await means.sessions.of(account)
    if not isinstance(session, HintedSession):
        raise InvalidError("no_rights", f"{account.connector} does not say what a key may do.")
    return await session.rights()


async def open_feed(means: Means, account: Account) -> None:
    """Have the party keep a feed for us, and read it from now on. Doing it again changes nothing."""
    session = await _feeding(means, account)
    begun = await session.start_feed()
    if begun.outcome is not Outcome.FOUND:
        raise _unable(account, begun)
    async with transaction(means.pool) as connection:
        await order_hints.start_feed(connection, account.store_id, account.id, now=means.now())


async def shut_feed(means: Means, account: Account) -> Subscribed | None:
    """Read the feed no longer, and have the party end it; what it says to that. None if none was read."""
    session = await _feeding(means, account)
    async with transaction(means.pool) as connection:
        if not await order_hints.end_feed(connection, account.id):
            return None
    return await session.end_feed()


async def _feeding(means: Means, account: Account) -> FeedSession:
    session = await means.sessions.of(account)
    if not isinstance(session, FeedSession):
        raise InvalidError("no_feed", f"{account.connector} keeps no feed.")
    return session


async def _session(means: Means, account: Account) -> Subscriber:
    session = await means.sessions.of(account)
    if means.connectors[account.connector].read_push is None or not isinstance(session, Subscriber):
        raise InvalidError("no_pushes", f"{account.connector} has no pushes: it is asked instead.")
    return session


async def _hook(means: Means, account: Account) -> Hook:
    async with means.pool.connection() as connection:
        hook = await hooks.of_account(connection, account.id, means.secret_key)
    if hook is None:
        raise MissingError("no_hook", f"{account.name} does not push to us. Register with --public-url https://…")
    return hook


def _url(public_url: str, account: Account, hook: Hook) -> str:
    return f"{public_url.rstrip('/')}/hooks/{quote(account.connector, safe='')}/{hook.token}"


def _unable(account: Account, done: Subscribed) -> ConflictError:
    what = "is not registered there" if done.outcome is Outcome.NOT_FOUND else f"could not be done: {done.message}"
    return ConflictError("not_registered", f"{account.name}: it {what}")
