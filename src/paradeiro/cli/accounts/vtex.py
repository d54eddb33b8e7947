"""In: a VTEX account; out: its key checked, hook or feed created or ended, past orders taken in, in sentences."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from paradeiro.app import open_app
from paradeiro.cli.accounts.hooks import check_public_url, choose_account, register_hook
from paradeiro.cli.actor import cli_actor
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.accounts import hooks, stores
from paradeiro.db.accounts.stores import Account
from paradeiro.domain.words import Mailer, Outcome
from paradeiro.flow.accounts.hooks import close_feed, close_hook, key_permissions, open_feed
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.orders.order_sweep import backfill_orders
from paradeiro.flow.outbox.mail_policy import set_mailer
from paradeiro.sdk.order_systems import Permission
from paradeiro.settings import Settings

CONNECTOR = "vtex"
_HOOK_PERMISSION = "Feed v3 and Hook Admin"


async def connect_command(
    settings: Settings, *, store: str, account: str, hook: bool, feed: bool, public_url: str
) -> str:
    """Check the key's permissions; create the hook or the feed if wanted. A line for each finding and action."""
    if hook and feed:
        raise InvalidError("one_of_two", "Either --hook or --feed: both would tell the same twice.")
    public_url = public_url or settings.public_url or ""
    if hook:
        check_public_url(public_url)
    async with AsyncExitStack() as stack:
        context = await _open_context(settings, stack)
        chosen = await choose_account(context, CONNECTOR, store=store, name=account)
        return await connect(context, chosen, hook=hook, feed=feed, public_url=public_url)


async def connect(context: Context, account: Account, *, hook: bool, feed: bool, public_url: str) -> str:
    """The same for an account that was found. Raises `ConflictError` with what the key lacks."""
    permissions = await key_permissions(context, account)
    lines = [_permission_line(permission) for permission in permissions]
    lacks = [r for r in permissions if r.granted is False and (hook or feed or r.name != _HOOK_PERMISSION)]
    if lacks:
        raise ConflictError(
            "rights_missing", "\n".join([*lines, "Nothing was changed. Run this again when it is done."])
        )
    if hook:
        # The new one first, so that nothing is missed in between.
        lines.append(await register_hook(context, account, public_url, ""))
        await close_feed(context, account)
    elif feed:
        await open_feed(context, account)
        lines.append(f"{account.name} keeps a feed of invoiced orders, which is read every minute.")
        if await _has_hook(context, account):
            await close_hook(context, account)
    else:
        lines.append("The key will do. Now choose: --hook (VTEX tells us at once) or --feed (we fetch every minute).")
    return "\n".join([*lines, "The sweep over invoiced orders goes on every ten minutes, whatever else there is."])


async def disconnect_command(settings: Settings, *, store: str, account: str) -> str:
    """End hook and feed."""
    async with AsyncExitStack() as stack:
        context = await _open_context(settings, stack)
        return await disconnect(context, await choose_account(context, CONNECTOR, store=store, name=account))


async def disconnect(context: Context, account: Account) -> str:
    """The same for an account that was found."""
    lines = []
    if await _has_hook(context, account):
        ended_hook = await close_hook(context, account)
        outcome = "has ended" if ended_hook.outcome is Outcome.NOT_FOUND else f"may go on there: {ended_hook.message}"
        lines.append(f"The hook of {account.name} {outcome}. Its address is answered 404 from now on.")
    ended = await close_feed(context, account)
    if ended is not None:
        outcome = "has ended" if ended.outcome is Outcome.NOT_FOUND else f"may go on there: {ended.message}"
        lines.append(f"The feed of {account.name} {outcome}. It is read no longer.")
    lines = lines or [f"{account.name} had neither hook nor feed."]
    return "\n".join([*lines, "Orders still come with the sweep, every ten minutes."])


async def backfill_command(settings: Settings, console: Console, *, store: str, account: str, days: int) -> str:
    """Take in the orders of so many days, with a progress bar."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    async with AsyncExitStack() as stack:
        context = await _open_context(settings, stack)
        chosen = await choose_account(context, CONNECTOR, store=store, name=account)
        stack.enter_context(progress)
        task = progress.add_task(f"Orders of the last {days} days", total=None)
        return await backfill(context, chosen, days, lambda n, of: progress.update(task, completed=n, total=of))


async def backfill(context: Context, account: Account, days: int, tick: Callable[[int, int], None]) -> str:
    """The same for an account that was found. Raises `ConflictError` if it could not be ended."""
    read, problem = await backfill_orders(context, account.id, days, tick)
    if problem:
        raise ConflictError("backfill_stopped", f"{read} orders were taken in, then: {problem}. Run it again later.")
    return f"{read} orders of the last {days} days were taken in. Their packages are followed."


async def mails_command(settings: Settings, *, store: str, who: str) -> str:
    """Set who mails the customers of a store."""
    async with AsyncExitStack() as stack:
        context = await _open_context(settings, stack)
        async with context.pool.connection() as connection:
            known = {each.name: each.id for each in (await stores.stores(connection)).values()}
        if store not in known:
            raise MissingError(
                "no_such_store", f"There is no store '{store}': {', '.join(sorted(known)) or 'none yet'}."
            )
        mailer = Mailer.PARADEIRO if who == "paradeiro" else Mailer.ORDER_SYSTEM
        return await set_store_mailer(context, known[store], mailer)


async def set_store_mailer(context: Context, store_id: int, mailer: Mailer) -> str:
    """The same for a store that was found."""
    await set_mailer(context, store_id, mailer, cli_actor())
    if mailer is Mailer.ORDER_SYSTEM:
        return "VTEX mails the customers now; Paradeiro mails none. Leave VTEX's shipping templates switched on."
    return (
        "Paradeiro mails the customers now. Switch off VTEX's templates vtexcommerce-order-shipping-update and "
        "vtexcommerce-order-shipping-finished, or both write."
    )


async def _open_context(settings: Settings, stack: AsyncExitStack) -> Context:
    url = stack.enter_context(database_url(settings))
    await migrate_command(url)
    return await stack.enter_async_context(open_app(settings, url))


async def _has_hook(context: Context, account: Account) -> bool:
    async with context.pool.connection() as connection:
        return await hooks.hook_of_account(connection, account.id, context.secret_key) is not None


def _permission_line(permission: Permission) -> str:
    mark = {True: "yes", False: "NO ", None: "?  "}[permission.granted]
    return f"{mark}  {permission.name}{': ' if permission.remedy else ''}{permission.remedy}"
