"""In: a database of a drill; out: rows made unusable. Never for a production database."""

from paradeiro.db.pool import Connection, as_owner

# Makes a row of each table that a loop reads unusable: JSON of another shape, values of a newer version, a removed
# connector. Our code writes none of these values.
DAMAGE = {
    "shipment of another shape": """UPDATE shipment SET snapshot = '{"status": 7, "since": "never"}' WHERE id = %s""",
    "shipment of a newer version": "UPDATE shipment SET status = 'teleported', snapshot = '{}' WHERE id = %s",
    "shipment of a carrier that is gone": "UPDATE shipment SET carrier = 'carrier_pigeon' WHERE id = %s",
    "invoice of another shape": """UPDATE shipment SET invoice = '{"number": ["a", "list"]}' WHERE id = %s""",
    "effect of a newer version": "UPDATE effect SET kind = 'telegram' WHERE shipment_id = %s AND state = 'pending'",
}


async def damage_shipment(connection: Connection, what: str, shipment_id: int) -> int:
    """Make one shipment, or its pending effects, unusable in one of the ways above. How many rows changed."""
    return (await connection.execute(DAMAGE[what], (shipment_id,))).rowcount


async def set_newer_revision(connection: Connection) -> None:
    """Set the revision as if a newer version had migrated the database."""
    async with connection.transaction(), as_owner(connection):
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")


async def drop_column(connection: Connection) -> None:
    """Drop a column as if a migration had not run, though the revision says that it has."""
    async with connection.transaction(), as_owner(connection):
        await connection.execute("ALTER TABLE orders DROP COLUMN postal_code")
