"""In: an account and our public address, typed by a person; out: its pushes registered, tried or ended, in words."""

import asyncio
import ipaddress
import time
from datetime import timedelta
from urllib.parse import urlsplit

from paradeiro.app import house
from paradeiro.cli.database import database_url, migrate_command
from paradeiro.db import hooks, stores
from paradeiro.db.stores import Account
from paradeiro.domain.words import Outcome
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.hook import open_door, shut_door, try_door
from paradeiro.flow.means import Means
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
    """Register an account for pushes, end that, or have the party try it; a sentence for each thing done."""
    public_url = public_url or settings.public_url or ""
    if not off and (public_url or not test):
        check_public(public_url)
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            chosen = await choose(means, connector, store=store, name=account)
            if off:
                return await end(means, chosen)
            said = [await register(means, chosen, public_url, contact)] if public_url else []
            if test:
                said.append(await try_out(means, chosen))
    return "\n".join(said)


async def choose(means: Means, connector: str, *, store: str, name: str) -> Account:
    """The one account that is meant; store and name may be left out where there is only one."""
    async with means.pool.connection() as connection:
        known = {each.id: each.name for each in (await stores.stores(connection)).values()}
        found = [a for a in await stores.accounts(connection, means.secret_key) if a.connector == connector]
    fits = [a for a in found if (not store or known[a.store_id] == store) and (not name or a.name == name)]
    if len(fits) == 1:
        return fits[0]
    there = "; ".join(f"--store '{known[a.store_id]}' --account '{a.name}'" for a in found) or "none yet"
    what = "There is no such account" if not fits else "More than one account fits"
    raise MissingError("no_such_account", f"{what} at {connector}. There are: {there}.")


def check_public(public_url: str) -> None:
    """Raise `InvalidError` unless a party could reach this address."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" or "." not in host or host.endswith(".local") or _inner(host):
        given = f"'{public_url}' is none. " if public_url else ""
        raise InvalidError(
            "not_public",
            f"{given}Pushes need an address of this server that the outside reaches: give --public-url "
            "https://… (HTTPS with a certificate of a known authority), or set PARADEIRO_PUBLIC_URL.",
        )


def _inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


async def register(means: Means, account: Account, public_url: str, contact: str) -> str:
    """Register, and say so."""
    door = await open_door(means, account, public_url=public_url, contact=contact)
    where = f"{public_url.rstrip('/')}/hooks/{account.connector}/…"
    lines = [
        f"{account.name} pushes to {where} (subscription {door.subscription}).",
        "The rest of that address and the signing secret stay between the two.",
        "A push only makes Paradeiro ask at once; it goes on asking by itself as before.",
        *(f"Note: {note}" for note in door.notes),
    ]
    return "\n".join(lines)


async def end(means: Means, account: Account) -> str:
    """Shut the door, and say what the party said."""
    left = await shut_door(means, account)
    shut = f"The door is shut: pushes of {account.name} are answered 404 from now on."
    if left.outcome is Outcome.NOT_FOUND:
        return f"{shut} The registration there has ended."
    return f"{shut} But the registration may go on there: {left.message}"


async def try_out(means: Means, account: Account, *, patience: timedelta = _PATIENCE) -> str:
    """Have the party push, and watch whether it comes."""
    before = await _seen(means, account)
    await try_door(means, account)
    until = time.monotonic() + patience.total_seconds()
    while time.monotonic() < until:
        now = await _seen(means, account)
        if now.refused > before.refused:
            return "A push came, but its signature was not right. End the registration (--off) and register again."
        if now.heeded != before.heeded:
            unread = "" if now.outcome != Outcome.MALFORMED else " It could not be read; it is kept, see the notices."
            return f"A push came and was signed right.{unread}"
        await asyncio.sleep(_LOOK_SECONDS)
    return (
        f"{account.name} says that it sent a test, but nothing came within {patience.seconds} seconds. Is "
        "`paradeiro up` (or serve) running, and does the public address lead to it?"
    )


async def _seen(means: Means, account: Account) -> hooks.Seen:
    async with means.pool.connection() as connection:
        return await hooks.seen(connection, account.id)
