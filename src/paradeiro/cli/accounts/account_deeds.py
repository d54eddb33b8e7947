"""In: an account named by a person; out: it listed, paused or resumed, and a sentence about it."""

from collections.abc import Mapping
from typing import Any

from paradeiro.cli.actor import cli_actor
from paradeiro.cli.printing import CommandOutput
from paradeiro.db.accounts import stores
from paradeiro.db.screens import lists
from paradeiro.flow.accounts import pausing
from paradeiro.flow.accounts.pausing import AccountName
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, MissingError


async def list_accounts(context: Context, store_id: int | None) -> CommandOutput:
    """The accounts of a store or of all, for people and for programs. No credentials."""
    facts = []
    async with context.pool.connection() as connection:
        known = await stores.stores(connection, None if store_id is None else [store_id])
        for store in sorted(known.values(), key=lambda each: each.name):
            facts += [{**line, "store": store.name} for line in await lists.account_lines(connection, store.id)]
    words = [_line(line) for line in facts]
    return CommandOutput("\n".join(words) or "There is no account yet: paradeiro account CONNECTOR --store …", facts)


def _line(line: Mapping[str, Any]) -> str:
    problem = f" ({line['problem']})" if line["problem"] else ""
    party = f"{line['name']} ({line['connector']}), {line['store']}"
    held = f"{line['following']} followed, {line['waiting']} wait{problem}"
    return f"{line['id']:>4}  {line['state']:8}  {line['kind']:12}  {party}: {held}"


async def pause_account(context: Context, store_id: int | None, name: str) -> CommandOutput:
    """Pause it: what was done, in a sentence. Raises `MissingError`, `ConflictError`."""
    found = await _found(context, store_id, name)
    if not await pausing.pause(context, found.store_id, found.id, cli_actor()):
        return CommandOutput(f"{found.name} is disabled already. To go on: paradeiro account resume {found.id}.", {})
    said = f"{found.name} is disabled: it is asked and told nothing, and what is to be told waits."
    return CommandOutput(f"{said} To go on: paradeiro account resume {found.id}.", {})


async def resume_account(context: Context, store_id: int | None, name: str) -> CommandOutput:
    """Resume it: what was done, in a sentence. Raises `MissingError`, `ConflictError`."""
    found = await _found(context, store_id, name)
    waiting = await pausing.resume(context, found.store_id, found.id, cli_actor())
    if waiting is None:
        return CommandOutput(f"{found.name} was not disabled: nothing was changed.", {})
    return CommandOutput(f"{found.name} goes on now; messages that waited for it: {waiting}.", {})


async def _found(context: Context, store_id: int | None, name: str) -> AccountName:
    """The one account of that id or name. Raises `MissingError` that names those there are, `ConflictError`."""
    known = await pausing.account_names(context, store_id)
    found = [each for each in known if name == str(each.id)] or [each for each in known if name == each.name]
    if not found:
        names = ", ".join(f"{each.id} ({each.name})" for each in known) or "none yet"
        raise MissingError("no_such_account", f"There is no account '{name}'. There are: {names}.")
    if len(found) > 1:
        ids = ", ".join(str(each.id) for each in found)
        raise ConflictError("several_accounts", f"Several accounts are called '{name}': give one's id ({ids}).")
    return found[0]
