"""In: tokens of open tracking pages; out: a version text of each that changes with its packages."""

from collections.abc import Sequence

from paradeiro.db.pool import Connection


async def page_versions(connection: Connection, tokens: Sequence[str]) -> dict[str, str]:
    """A version (MD5) by valid token: it changes with the snapshot of any package of the order."""
    sql = """
        SELECT w.token, md5(string_agg(concat(s.id, s.replaced_by, s.snapshot), ',' ORDER BY s.id))
        FROM unnest(%s::text[]) AS w (token)
        JOIN shipment t ON t.tracking_token = w.token
        JOIN shipment s ON s.order_id = t.order_id
        GROUP BY w.token"""
    return {row[0]: row[1] async for row in await connection.execute(sql, (list(tokens),))}
