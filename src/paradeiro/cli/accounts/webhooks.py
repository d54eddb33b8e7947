"""In: an endpoint of a store; out: it added, tested, switched or removed, and sentences about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from paradeiro.app import open_app
from paradeiro.cli.actor import cli_actor
from paradeiro.cli.printing import CommandOutput
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.domain.words import Outcome
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.outbox import endpoints
from paradeiro.settings import Settings


@dataclass(frozen=True, slots=True)
class StoreContext:
    """A command's context and its store's id."""

    context: Context
    store_id: int

    async def account(self, name: str) -> Account:
        """The endpoint of that name. Raises `MissingError`, which lists the existing ones."""
        lines = await endpoints.endpoints_of_store(self.context, self.store_id)
        found = next((line for line in lines if line.name == name), None)
        if found is None:
            names = ", ".join(line.name for line in lines) or "none yet"
            raise MissingError("no_such_endpoint", f"There is no endpoint '{name}'. There are: {names}.")
        return await endpoints.find(self.context, self.store_id, found.id)


@asynccontextmanager
async def open_store(settings: Settings, store: str) -> AsyncIterator[StoreContext]:
    """Open a context for one store; its name may be empty where there is only one. Raises `MissingError`."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            yield StoreContext(context, await find_store_id(context, store))


async def find_store_id(context: Context, store: str) -> int:
    """A store's id. Raises `MissingError`."""
    async with context.pool.connection() as connection:
        known = {each.name: each.id for each in (await stores.stores(connection)).values()}
    if store in known:
        return known[store]
    if not store and len(known) == 1:
        return next(iter(known.values()))
    raise MissingError("no_such_store", f"Which store? --store. There are: {', '.join(sorted(known)) or 'none yet'}.")


async def add(at: StoreContext, name: str, url: str) -> str:
    """Add an endpoint; its secret is shown this once."""
    made = await endpoints.add(at.context, at.store_id, name=name, url=url, by=cli_actor())
    return f"{name} is told of every change from now on. Its secret, shown only now:\n{made.secret}"


async def list_endpoints(at: StoreContext) -> CommandOutput:
    """The endpoints, for people and for programs."""
    facts = [asdict(line) for line in await endpoints.endpoints_of_store(at.context, at.store_id)]
    return CommandOutput(await endpoint_lines(at), facts)


async def endpoint_lines(at: StoreContext) -> str:
    """One line per endpoint."""
    lines = await endpoints.endpoints_of_store(at.context, at.store_id)
    return "\n".join(
        f"{line.name}: {line.url}, {line.state}, {line.waiting} wait" + (f" ({line.problem})" if line.problem else "")
        for line in lines
    ) or ("There is no endpoint yet: paradeiro webhook add NAME https://…")


async def send_test(at: StoreContext, name: str) -> str:
    """Post a test message; the result, in a sentence."""
    sent = await endpoints.send_test_message(at.context, await at.account(name))
    if sent.outcome is Outcome.FOUND:
        return f"{name} accepted the test message ({sent.receipt})."
    return f"{name} did not accept the test message: {sent.message}."


async def rotate_secret(at: StoreContext, name: str, *, end: bool) -> str:
    """Make a new secret; with `end`, end the former one instead."""
    account = await at.account(name)
    if end:
        await endpoints.end_former_secret(at.context, account, cli_actor())
        return f"Only the newest secret of {name} signs now."
    secret, until = await endpoints.rotate_secret(at.context, account, cli_actor())
    return f"The former secret signs too until {until:%Y-%m-%d %H:%M} UTC. The new one, shown only now:\n{secret}"


async def set_enabled(at: StoreContext, name: str, *, on: bool) -> str:
    """Enable or disable an endpoint."""
    account = await at.account(name)
    if on:
        waiting = await endpoints.enable(at.context, account, cli_actor())
        return f"{name} is told again; {waiting} messages that waited go first, in order."
    await endpoints.disable(at.context, account, cli_actor())
    return f"{name} is told nothing until it is enabled; its messages wait."


async def remove_endpoint(at: StoreContext, name: str) -> str:
    """Delete an endpoint."""
    waited = await endpoints.remove(at.context, await at.account(name), cli_actor())
    return f"{name} is forgotten; {waited} messages that waited are not sent."


async def replay_messages(at: StoreContext, name: str, *, since: str, message: str) -> str:
    """Send accepted messages again."""
    account, by = await at.account(name), cli_actor()
    count = await endpoints.replay(at.context, account, since=parse_instant(since), message=message or None, by=by)
    return f"{count} messages go to {name} again, under the same ids."


def parse_instant(text: str) -> datetime | None:
    """A time that was typed, in UTC if it has no offset; None if empty. Raises `InvalidError`."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError("bad_instant", f"'{text}' is no instant: 2026-11-02 or 2026-11-02T12:00-03:00.") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
