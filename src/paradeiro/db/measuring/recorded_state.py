"""In: a connection; out: the recorded state of every shipment, to compare with a ground truth."""

from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import Purpose, unseal_bytes


@dataclass(slots=True)
class RecordedShipment:
    """`events` are (instant, code, status), in no order."""

    status: str
    delivered_at: datetime | None
    registered_at: datetime
    events: list[tuple[datetime, str, str | None]] = field(default_factory=list)


async def shipments(connection: Connection) -> dict[str, RecordedShipment]:
    """The recorded state by tracking code."""
    sql = "SELECT tracking_code, status, delivered_at, registered_at FROM shipment WHERE package_id IS NULL"
    known = {row[0]: RecordedShipment(*row[1:]) async for row in await connection.execute(sql)}
    sql = """
        SELECT tracking_code, occurred_at, code, e.status FROM tracking_event e JOIN shipment s ON s.id = e.shipment_id
        WHERE NOT e.duplicate AND s.package_id IS NULL"""
    async for tracking_code, occurred_at, code, status in await connection.execute(sql):
        known[tracking_code].events.append((occurred_at, code, status))
    return known


async def orders_delivered(connection: Connection) -> dict[str, bool]:
    """Whether each order is recorded as delivered, by number."""
    rows = await connection.execute("SELECT number, delivered_at IS NOT NULL FROM orders")
    return {row[0]: row[1] async for row in rows}


async def recorded_at(connection: Connection) -> dict[tuple[str, datetime], datetime]:
    """When events of a minute were first recorded, from any source, by (tracking code, minute)."""
    sql = """
        SELECT s.tracking_code, date_trunc('minute', e.occurred_at), min(e.recorded_at)
        FROM tracking_event e JOIN shipment s ON s.id = e.shipment_id GROUP BY 1, 2"""
    return {(row[0], row[1]): row[2] async for row in await connection.execute(sql)}


async def proofs(connection: Connection, *, key: str) -> dict[str, set[bytes]]:
    """The pictures that prove the delivery that stands, by tracking code."""
    sql = """
        SELECT s.tracking_code, p.image FROM proof p JOIN shipment s ON s.id = p.shipment_id
        WHERE p.withdrawn_at IS NULL AND p.sealed"""
    known: dict[str, set[bytes]] = {}
    async for code, image in await connection.execute(sql):
        known.setdefault(code, set()).add(unseal_bytes(bytes(image), key, Purpose.PROOFS))
    return known


async def open_notices(connection: Connection) -> dict[str, int]:
    """How many notices of each kind wait for a person."""
    rows = await connection.execute("SELECT kind, count(*)::int FROM notice WHERE resolved_at IS NULL GROUP BY kind")
    return {row[0]: row[1] async for row in rows}


async def notices_about(
    connection: Connection, account_id: int, *, since: datetime
) -> list[tuple[str, datetime, str, dict[str, str]]]:
    """The notices about an account that were opened since an instant, open or not, in their order: kind, instant,
    English message, facts.
    """
    sql = """
        SELECT kind, opened_at, message, facts FROM notice
        WHERE account_id = %s AND opened_at >= %s ORDER BY opened_at, id"""
    return [(row[0], row[1], row[2], row[3]) async for row in await connection.execute(sql, (account_id, since))]
