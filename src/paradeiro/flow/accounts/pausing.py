"""In: an account that a person pauses or resumes; out: it disabled, or going on at once, and an audit entry.

Disabled by hand is a state of its own: "paused" ends by itself once the party takes the credentials, this does not.
"""

from paradeiro.db import jobs
from paradeiro.db.jobs import Job
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.outbox import account_states
from paradeiro.db.outbox.account_states import AccountName
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, MissingError
from paradeiro.flow.operations import audit_log

__all__ = ["AccountName", "account_names", "pause", "refuse_resting", "resume"]

BY_HAND = "disabled by hand"
_JOBS = {PartyKind.CARRIER: jobs.COLLECT, PartyKind.ORDER_SYSTEM: jobs.ORDERS, PartyKind.WEBHOOK: jobs.HOOKS}


async def account_names(context: Context, store_id: int | None) -> list[AccountName]:
    """The accounts of a store, or of all, without credentials: a lost secret key does not matter here."""
    async with context.pool.connection() as connection:
        return await account_states.account_names(connection, store_id)


async def pause(context: Context, store_id: int, account_id: int, by: Actor | None) -> bool:
    """Disable an account: nothing is asked of it or sent to it. False if it is already. Raises `MissingError`."""
    async with transaction(context.pool) as connection:
        found = await _find(connection, store_id, account_id)
        done = await account_states.disable(connection, account_id, why=BY_HAND, now=context.now())
        if done:
            said = f"{found.connector}: {found.name}"
            await audit_log.write_entry(context, connection, store_id, by, AuditAction.PAUSE_ACCOUNT, said)
    return done


async def resume(context: Context, store_id: int, account_id: int, by: Actor | None) -> int | None:
    """Enable an account and go on at once. How many messages wait for it; None if it was not disabled."""
    async with transaction(context.pool) as connection:
        found = await _find(connection, store_id, account_id)
        waiting = await account_states.enable(connection, account_id, now=context.now())
        if waiting is None:
            return None
        kinds, subject = [NoticeKind.ENDPOINT_DISABLED], f"account {account_id}"
        await notices.resolve_subject(connection, store_id, kinds, subject, now=context.now())
        work = [_JOBS.get(found.kind, jobs.RELAY)] + [jobs.RELAY] * (found.kind is PartyKind.ORDER_SYSTEM)
        await jobs.enqueue(connection, [Job(each, str(account_id)) for each in work])
        said = f"{found.connector}: {found.name}"
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.RESUME_ACCOUNT, said)
    return waiting


async def refuse_resting(connection: Connection, account_id: int | None) -> None:
    """Raise `ConflictError` if the account is disabled or refuses the credentials: asking now would do nothing."""
    found = None if account_id is None else await account_states.account_name(connection, account_id)
    if found is not None and found.state == "disabled":
        raise ConflictError("account_disabled", f"{found.name} is disabled: it is asked nothing until it is resumed.")
    if found is not None and found.state == "paused":
        words = "refuses our credentials: enter new ones, then its packages are asked about again"
        raise ConflictError("account_paused", f"{found.name} {words}.")


async def _find(connection: Connection, store_id: int, account_id: int) -> AccountName:
    found = await account_states.account_name(connection, account_id)
    if found is None or found.store_id != store_id:
        raise MissingError("no_such_account", f"This store has no account {account_id}.")
    return found
