"""In: an account and our public address; out: its pushes registered, tested or ended, and sentences about it."""

import asyncio
import ipaddress
import time
from datetime import timedelta
from urllib.parse import urlsplit

from paradeiro.app import open_app
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.accounts import hooks, stores
from paradeiro.db.accounts.stores import Account
from paradeiro.domain.words import Outcome
from paradeiro.flow.accounts.hooks import close_hook, open_hook, test_hook
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.settings import Settings

_PATIENCE = timedelta(seconds=30)
_LOOK_SECONDS = 0.5


async def hook_command(
    settings: Settings,
    connector: str,
    *,
    store: str,
    account: str,
    public_url: str,
    contact: str,
    off: bool,
    test: bool,
) -> str:
    """Register an account for pushes, end that, or have the party send a test; a sentence for each thing done."""
    public_url = public_url or settings.public_url or ""
    if not off and (public_url or not test):
        check_public_url(public_url)
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            chosen = await choose_account(context, connector, store=store, name=account)
            if off:
                return await end_hook(context, chosen)
            said = [await register_hook(context, chosen, public_url, contact)] if public_url else []
            if test:
                said.append(await try_pushes(context, chosen))
    return "\n".join(said)


async def choose_account(context: Context, connector: str, *, store: str, name: str) -> Account:
    """The account of that connector, store and name; store and name may be empty if there is only one."""
    async with context.pool.connection() as connection:
        known = {each.id: each.name for each in (await stores.stores(connection)).values()}
        found = [a for a in await stores.accounts(connection, context.secret_key) if a.connector == connector]
    matching = [a for a in found if (not store or known[a.store_id] == store) and (not name or a.name == name)]
    if len(matching) == 1:
        return matching[0]
    there = "; ".join(f"--store '{known[a.store_id]}' --account '{a.name}'" for a in found) or "none yet"
    what = "There is no such account" if not matching else "More than one account fits"
    raise MissingError("no_such_account", f"{what} at {connector}. There are: {there}.")


def check_public_url(public_url: str) -> None:
    """Raise `InvalidError` unless a party could reach this address."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" or "." not in host or host.endswith(".local") or _is_inner_address(host):
        given = f"'{public_url}' is none. " if public_url else ""
        raise InvalidError(
            "not_public",
            f"{given}Pushes need an address of this server that the outside reaches: give --public-url "
            "https://… (HTTPS with a certificate of a known authority), or set PARADEIRO_PUBLIC_URL.",
        )


def _is_inner_address(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


async def register_hook(context: Context, account: Account, public_url: str, contact: str) -> str:
    """Register the account for pushes; what was done, in sentences."""
    entry_point = await open_hook(context, account, public_url=public_url, contact=contact)
    if entry_point.url:
        return (
            f"Enter at {account.name}, as the address for its pushes:\n{entry_point.url}\n"
            f"and as the key or password that it sends with them (any user name):\n{entry_point.secret}\n"
            "Keep both secret. What comes there with the key is recorded; nothing else is."
        )
    where = f"{public_url.rstrip('/')}/hooks/{account.connector}/…"
    lines = [
        f"{account.name} pushes to {where} (subscription {entry_point.subscription}).",
        "The rest of that address and the signing secret stay between the two.",
        "A push only makes Paradeiro ask at once; it goes on asking by itself as before.",
        *(f"Note: {note}" for note in entry_point.notes),
    ]
    return "\n".join(lines)


async def end_hook(context: Context, account: Account) -> str:
    """Refuse pushes from now on and end the registration at the party; what was done, in a sentence."""
    ended = await close_hook(context, account)
    closed = f"The address is closed: pushes of {account.name} are answered 404 from now on."
    if ended.outcome is Outcome.NOT_FOUND:
        return f"{closed} The registration there has ended."
    return f"{closed} But the registration may go on there: {ended.message}"


async def try_pushes(context: Context, account: Account, *, patience: timedelta = _PATIENCE) -> str:
    """Have the party send a test push, and wait for it up to `patience`; the result, in a sentence."""
    before = await _push_counts(context, account)
    await test_hook(context, account)
    until = time.monotonic() + patience.total_seconds()
    while time.monotonic() < until:
        now = await _push_counts(context, account)
        if now.refused > before.refused:
            return "A push came, but its signature was not right. End the registration (--off) and register again."
        if now.accepted != before.accepted:
            unread = "" if now.outcome != Outcome.MALFORMED else " It could not be read; it is kept, see the notices."
            return f"A push came and was signed right.{unread}"
        await asyncio.sleep(_LOOK_SECONDS)
    return (
        f"{account.name} says that it sent a test, but nothing came within {patience.seconds} seconds. Is "
        "`paradeiro up` (or serve) running, and does the public address lead to it?"
    )


async def _push_counts(context: Context, account: Account) -> hooks.PushCounts:
    async with context.pool.connection() as connection:
        return await hooks.push_counts(connection, account.id)
