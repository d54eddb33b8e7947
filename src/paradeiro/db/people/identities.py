"""In: what an OpenID provider calls a person; out: who that is."""

from datetime import datetime

from paradeiro.db.pool import Connection


async def operator_of_identity(connection: Connection, issuer: str, subject: str) -> int | None:
    """The person whom this provider calls so."""
    sql = "SELECT operator_id FROM operator_identity WHERE issuer = %s AND subject = %s"
    row = await (await connection.execute(sql, (issuer, subject))).fetchone()
    return int(row[0]) if row else None


async def add_identity(connection: Connection, issuer: str, subject: str, operator_id: int, *, now: datetime) -> bool:
    """Store what a provider calls a person; False if it calls them, or somebody else, otherwise already. The person's
    row must be locked.
    """
    sql = """
        INSERT INTO operator_identity (issuer, subject, operator_id, linked_at)
        SELECT %(issuer)s, %(subject)s, %(id)s, %(now)s
        WHERE NOT EXISTS (SELECT FROM operator_identity WHERE issuer = %(issuer)s AND operator_id = %(id)s)
        ON CONFLICT DO NOTHING"""
    values = {"issuer": issuer, "subject": subject, "id": operator_id, "now": now}
    return (await connection.execute(sql, values)).rowcount == 1
