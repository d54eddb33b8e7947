"""In: a database that is only played with; out: rows spoilt as bad days spoil them. Never for one that is in use."""

from paradeiro.db.pool import Connection

# What spoils a row of each table that a loop reads: JSON of another shape, words of a newer version, a party that is
# gone. None of these is a value that any code of ours writes.
SPOILT = {
    "shipment of another shape": """UPDATE shipment SET snapshot = '{"status": 7, "since": "never"}' WHERE id = %s""",
    "shipment of a newer version": "UPDATE shipment SET status = 'teleported', snapshot = '{}' WHERE id = %s",
    "shipment of a carrier that is gone": "UPDATE shipment SET carrier = 'carrier_pigeon' WHERE id = %s",
    "invoice of another shape": """UPDATE shipment SET invoice = '{"number": ["a", "list"]}' WHERE id = %s""",
    "effect of a newer version": "UPDATE effect SET kind = 'telegram' WHERE shipment_id = %s AND state = 'pending'",
}


async def spoil(connection: Connection, what: str, shipment_id: int) -> int:
    """Spoil one shipment, or what is to be told of it, in one of the ways above. How many rows that were."""
    return (await connection.execute(SPOILT[what], (shipment_id,))).rowcount


async def pretend_newer(connection: Connection) -> None:
    """As if a version that comes after this one had migrated the database."""
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")


async def lose_column(connection: Connection) -> None:
    """As if a migration had never been run, though the database says that it was."""
    await connection.execute("ALTER TABLE orders DROP COLUMN postal_code")
