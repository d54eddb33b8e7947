"""In: customers' links that somebody looks at; out: what their packages are at, as a text that changes with it."""

from collections.abc import Sequence

from paradeiro.db.pool import Connection


async def versions(connection: Connection, tokens: Sequence[str]) -> dict[str, str]:
    """A version for each link that leads somewhere: another one as soon as any package of its order is elsewhere."""
    sql = """
        SELECT w.token, md5(string_agg(concat(s.id, s.replaced_by, s.snapshot), ',' ORDER BY s.id))
        FROM unnest(%s::text[]) AS w (token)
        JOIN shipment t ON t.tracking_token = w.token
        JOIN shipment s ON s.order_id = t.order_id
        GROUP BY w.token"""
    return {row[0]: row[1] async for row in await connection.execute(sql, (list(tokens),))}
