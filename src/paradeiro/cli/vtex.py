"""In: a VTEX account, typed by a person; out: its key looked at, hook or feed made or ended, past orders taken in."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from paradeiro.app import house
from paradeiro.cli.author import cli_author
from paradeiro.cli.database import database_url, migrate_command
from paradeiro.cli.hooks import check_public, choose, register
from paradeiro.db import hooks, stores
from paradeiro.db.stores import Account
from paradeiro.domain.words import Mailer, Outcome
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.hook import open_feed, rights_of, shut_door, shut_feed
from paradeiro.flow.mailing import set_mailer
from paradeiro.flow.means import Means
from paradeiro.flow.visits import take_all
from paradeiro.sdk.contract import Right
from paradeiro.settings import Settings

CONNECTOR = "vtex"
_CHANNELS = "Feed v3 and Hook Admin"


async def connect_command(
    settings: Settings, *, store: str, account: str, hook: bool, feed: bool, public_url: str
) -> str:
    """Look at the key; make the hook or the feed if that is asked for. What was found and done, a line each."""
    if hook and feed:
        raise InvalidError("one_of_two", "Either --hook or --feed: both would tell the same twice.")
    public_url = public_url or settings.public_url or ""
    if hook:
        check_public(public_url)
    async with AsyncExitStack() as stack:
        means = await _means(settings, stack)
        chosen = await choose(means, CONNECTOR, store=store, name=account)
        return await connect(means, chosen, hook=hook, feed=feed, public_url=public_url)


async def connect(means: Means, account: Account, *, hook: bool, feed: bool, public_url: str) -> str:
    """The same for an account that was found. Raises `ConflictError` with what the key lacks."""
    found = await rights_of(means, account)
    lines = [_line(right) for right in found]
    lacks = [r for r in found if r.granted is False and (hook or feed or r.name != _CHANNELS)]
    if lacks:
        raise ConflictError(
            "rights_missing", "\n".join([*lines, "Nothing was changed. Run this again when it is done."])
        )
    if hook:
        # The new way first: between the two nothing may be missed.
        lines.append(await register(means, account, public_url, ""))
        await shut_feed(means, account)
    elif feed:
        await open_feed(means, account)
        lines.append(f"{account.name} keeps a feed of invoiced orders, which is read every minute.")
        if await _has_door(means, account):
            await shut_door(means, account)
    else:
        lines.append("The key will do. Now choose: --hook (VTEX tells us at once) or --feed (we fetch every minute).")
    return "\n".join([*lines, "The sweep over invoiced orders goes on every ten minutes, whatever else there is."])


async def disconnect_command(settings: Settings, *, store: str, account: str) -> str:
    """End hook and feed."""
    async with AsyncExitStack() as stack:
        means = await _means(settings, stack)
        return await disconnect(means, await choose(means, CONNECTOR, store=store, name=account))


async def disconnect(means: Means, account: Account) -> str:
    """The same for an account that was found."""
    lines = []
    if await _has_door(means, account):
        left = await shut_door(means, account)
        over = "has ended" if left.outcome is Outcome.NOT_FOUND else f"may go on there: {left.message}"
        lines.append(f"The hook of {account.name} {over}. Its address is answered 404 from now on.")
    ended = await shut_feed(means, account)
    if ended is not None:
        over = "has ended" if ended.outcome is Outcome.NOT_FOUND else f"may go on there: {ended.message}"
        lines.append(f"The feed of {account.name} {over}. It is read no longer.")
    lines = lines or [f"{account.name} had neither hook nor feed."]
    return "\n".join([*lines, "Orders still come with the sweep, every ten minutes."])


async def backfill_command(settings: Settings, console: Console, *, store: str, account: str, days: int) -> str:
    """Take in the orders of so many days, with a progress bar."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    async with AsyncExitStack() as stack:
        means = await _means(settings, stack)
        chosen = await choose(means, CONNECTOR, store=store, name=account)
        stack.enter_context(progress)
        task = progress.add_task(f"Orders of the last {days} days", total=None)
        return await backfill(means, chosen, days, lambda n, of: progress.update(task, completed=n, total=of))


async def backfill(means: Means, account: Account, days: int, tick: Callable[[int, int], None]) -> str:
    """The same for an account that was found. Raises `ConflictError` if it could not be ended."""
    read, problem = await take_all(means, account.id, days, tick)
    if problem:
        raise ConflictError("backfill_stopped", f"{read} orders were taken in, then: {problem}. Run it again later.")
    return f"{read} orders of the last {days} days were taken in. Their packages are followed."


async def mails_command(settings: Settings, *, store: str, who: str) -> str:
    """Say who mails the customers of a store."""
    async with AsyncExitStack() as stack:
        means = await _means(settings, stack)
        async with means.pool.connection() as connection:
            known = {each.name: each.id for each in (await stores.stores(connection)).values()}
        if store not in known:
            raise MissingError(
                "no_such_store", f"There is no store '{store}': {', '.join(sorted(known)) or 'none yet'}."
            )
        mailer = Mailer.PARADEIRO if who == "paradeiro" else Mailer.ORDER_SYSTEM
        return await mails(means, known[store], mailer)


async def mails(means: Means, store_id: int, mailer: Mailer) -> str:
    """The same for a store that was found."""
    await set_mailer(means, store_id, mailer, cli_author())
    if mailer is Mailer.ORDER_SYSTEM:
        return "VTEX mails the customers now; Paradeiro mails none. Leave VTEX's shipping templates switched on."
    return (
        "Paradeiro mails the customers now. Switch off VTEX's templates vtexcommerce-order-shipping-update and "
        "vtexcommerce-order-shipping-finished, or both write."
    )


async def _means(settings: Settings, stack: AsyncExitStack) -> Means:
    url = stack.enter_context(database_url(settings))
    await migrate_command(url)
    return await stack.enter_async_context(house(settings, url))


async def _has_door(means: Means, account: Account) -> bool:
    async with means.pool.connection() as connection:
        return await hooks.of_account(connection, account.id, means.secret_key) is not None


def _line(right: Right) -> str:
    mark = {True: "yes", False: "NO ", None: "?  "}[right.granted]
    return f"{mark}  {right.name}{': ' if right.remedy else ''}{right.remedy}"
