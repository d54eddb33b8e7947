"""In: carrier codes of an account's party; out: the account's table, read and replaced as a whole."""

from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.carrier_tables import CarrierEntry, CarrierTable, OtherCarrier


async def carrier_table(connection: Connection, account_id: int) -> CarrierTable:
    """The account's table; empty if it has none."""
    sql = """
        SELECT carrier, service, code, name, costs, other FROM account_carrier
        WHERE account_id = %s ORDER BY carrier, service"""
    rows = [row async for row in await connection.execute(sql, (account_id,))]
    other = next((OtherCarrier(row[2], row[4]) for row in rows if row[5]), None)
    return CarrierTable(tuple(CarrierEntry(*row[:4]) for row in rows if not row[5]), other)


async def lock_table(connection: Connection, account_id: int) -> None:
    """Lock an account's table until the transaction ends."""
    await connection.execute("SELECT 1 FROM account WHERE id = %s FOR UPDATE", (account_id,))


async def put_table(
    connection: Connection, store_id: int, account_id: int, wanted: CarrierTable, *, now: datetime
) -> None:
    """Replace the account's table."""
    await connection.execute("DELETE FROM account_carrier WHERE account_id = %s", (account_id,))
    sql = """
        INSERT INTO account_carrier (account_id, store_id, carrier, service, code, name, costs, other, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
    for each in wanted.entries:
        values = (account_id, store_id, each.carrier, each.service, each.code, each.name, "", False, now)
        await connection.execute(sql, values)
    if wanted.other is not None:
        values = (account_id, store_id, "", "", wanted.other.code, "", wanted.other.costs, True, now)
        await connection.execute(sql, values)
