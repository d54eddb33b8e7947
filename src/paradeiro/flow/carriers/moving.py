"""In: a package that another carrier's account should follow; out: moved there, its history kept."""

from paradeiro.db import jobs
from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers import identifiers
from paradeiro.db.following import shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.jobs import Job
from paradeiro.db.operations import audit, notices
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.orders import packages
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.orders.identifiers import identifier_of
from paradeiro.domain.words import AuditAction, NoticeKind, PartyKind, Way
from paradeiro.flow.carriers.carrier_choice import code_problem, identifier_for, known_identifiers
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError

# Notices that a move answers.
_ENDED = (NoticeKind.WRONG_CARRIER, NoticeKind.WRONG_CODE)


async def move_shipment(context: Context, store_id: int, shipment_id: int, account_id: int, by: Actor) -> int:
    """Let another carrier's account follow a package from now on; what the first one reported stays as its statements.
    Returns the shipment id. Raises `StatementError`s; moving it where it is changes nothing.
    """
    async with transaction(context.pool) as connection:
        found = await shipments.shipment_row(connection, store_id, shipment_id)
        if found is None:
            raise MissingError("shipment_not_found", f"The store has no shipment {shipment_id}.")
        row = (await shipments.lock_shipments(connection, [found.shipment.id]))[0]
        account = await _carrier_account(context, connection, store_id, account_id)
        if row.account_id != account.id:
            await _move(context, connection, row, account, by)
    return row.shipment.id


async def _carrier_account(context: Context, connection: Connection, store_id: int, account_id: int) -> Account:
    found = await stores.accounts(connection, context.secret_key, ids=[account_id])
    if not found or found[0].store_id != store_id or found[0].kind is not PartyKind.CARRIER:
        raise InvalidError("unknown_account", f"The store has no carrier's account {account_id}.")
    return found[0]


async def _move(context: Context, connection: Connection, row: ShipmentRow, account: Account, by: Actor) -> None:
    now, shipment, connector = context.now(), row.shipment, context.connectors[account.connector]
    known = await identifiers.identifiers_of(connection, shipment.id)
    known += known_identifiers(row.order.number, shipment.number, shipment.invoice, connector)
    chosen = identifier_for(connector, [identifier_of(shipment.tracking_code), *known])
    problem = code_problem(connector, chosen.text)
    if problem is not None and problem.hard:
        raise InvalidError("bad_tracking_code", problem.message)
    moved = await packages.move_shipment(
        connection,
        shipment.id,
        carrier=connector.name,
        account_id=account.id,
        tracking_code=chosen.text,
        next_check=now if Way.ASKED in connector.ways else None,
    )
    if not moved:
        words = f"The order has a package {chosen.shown} of {connector.title} already."
        raise ConflictError("already_followed", words)
    await identifiers.put_identifiers(connection, shipment.store_id, shipment.id, [*known, chosen])
    said = f"{shipment.carrier} → {account.name}"
    entry = AuditEntry(AuditAction.MOVE_SHIPMENT, row.order.number, shipment.id, said)
    await audit.add_entries(connection, shipment.store_id, by, [entry], now=now)
    await notices.resolve_subject(connection, shipment.store_id, _ENDED, f"shipment {shipment.id}", now=now)
    await jobs.enqueue(connection, [Job(jobs.COLLECT, str(account.id), once=True)])
