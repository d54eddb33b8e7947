"""In: an endpoint of a store, typed by a person; out: what was asked done to it, in sentences."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from paradeiro.app import house
from paradeiro.cli.author import cli_author
from paradeiro.cli.database import database_url, migrate_command
from paradeiro.cli.printing import Found
from paradeiro.db import stores
from paradeiro.db.stores import Account
from paradeiro.domain.words import Outcome
from paradeiro.flow import endpoint
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.means import Means
from paradeiro.settings import Settings


@dataclass(frozen=True, slots=True)
class At:
    """Where a command works: the means, and the store's id."""

    means: Means
    store_id: int

    async def account(self, name: str) -> Account:
        """The endpoint of that name. Raises `MissingError`, which names those there are."""
        lines = await endpoint.of_store(self.means, self.store_id)
        found = next((line for line in lines if line.name == name), None)
        if found is None:
            names = ", ".join(line.name for line in lines) or "none yet"
            raise MissingError("no_such_endpoint", f"There is no endpoint '{name}'. There are: {names}.")
        return await endpoint.find(self.means, self.store_id, found.id)


@asynccontextmanager
async def at_store(settings: Settings, store: str) -> AsyncIterator[At]:
    """The house, at one store; the name may be left out where there is only one."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            yield At(means, await store_named(means, store))


async def store_named(means: Means, store: str) -> int:
    """A store's id. Raises `MissingError`."""
    async with means.pool.connection() as connection:
        known = {each.name: each.id for each in (await stores.stores(connection)).values()}
    if store in known:
        return known[store]
    if not store and len(known) == 1:
        return next(iter(known.values()))
    raise MissingError("no_such_store", f"Which store? --store. There are: {', '.join(sorted(known)) or 'none yet'}.")


async def add(at: At, name: str, url: str) -> str:
    """Add an endpoint; its secret is shown this once."""
    made = await endpoint.add(at.means, at.store_id, name=name, url=url, by=cli_author())
    return f"{name} is told of every change from now on. Its secret, shown only now:\n{made.secret}"


async def listed_facts(at: At) -> Found:
    """The same, for programs too."""
    facts = [asdict(line) for line in await endpoint.of_store(at.means, at.store_id)]
    return Found(await listed(at), facts)


async def listed(at: At) -> str:
    """One line per endpoint."""
    lines = await endpoint.of_store(at.means, at.store_id)
    return "\n".join(
        f"{line.name}: {line.url}, {line.state}, {line.waiting} wait" + (f" ({line.trouble})" if line.trouble else "")
        for line in lines
    ) or ("There is no endpoint yet: paradeiro webhook add NAME https://…")


async def tried(at: At, name: str) -> str:
    """Post a test message, and say what came back."""
    sent = await endpoint.try_out(at.means, await at.account(name))
    if sent.outcome is Outcome.FOUND:
        return f"{name} accepted the test message ({sent.receipt})."
    return f"{name} did not accept the test message: {sent.message}."


async def rotated(at: At, name: str, *, end: bool) -> str:
    """A new secret, or the end of the former one."""
    account = await at.account(name)
    if end:
        await endpoint.end_former(at.means, account, cli_author())
        return f"Only the newest secret of {name} signs now."
    secret, until = await endpoint.rotate(at.means, account, cli_author())
    return f"The former secret signs too until {until:%Y-%m-%d %H:%M} UTC. The new one, shown only now:\n{secret}"


async def switched(at: At, name: str, *, on: bool) -> str:
    """Enable or disable."""
    account = await at.account(name)
    if on:
        waiting = await endpoint.enable(at.means, account, cli_author())
        return f"{name} is told again; {waiting} messages that waited go first, in order."
    await endpoint.disable(at.means, account, cli_author())
    return f"{name} is told nothing until it is enabled; its messages wait."


async def removed(at: At, name: str) -> str:
    """Forget an endpoint."""
    waited = await endpoint.remove(at.means, await at.account(name), cli_author())
    return f"{name} is forgotten; {waited} messages that waited are not sent."


async def replayed(at: At, name: str, *, since: str, message: str) -> str:
    """Tell again."""
    account, by = await at.account(name), cli_author()
    count = await endpoint.replay(at.means, account, since=instant(since), message=message or None, by=by)
    return f"{count} messages go to {name} again, under the same ids."


def instant(text: str) -> datetime | None:
    """An instant that was typed, in UTC if it names no offset; None for nothing."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError("bad_instant", f"'{text}' is no instant: 2026-11-02 or 2026-11-02T12:00-03:00.") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
