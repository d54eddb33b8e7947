"""In: where a customer wants the mails about an order; out: asked, confirmed, or as the order says again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """An address that waits for its reader's yes; with a token of one of the order's packages."""

    order_id: int
    store_id: int
    number: str
    shown_number: str  # as its customer knows it
    locale: str
    address: str = field(repr=False)
    code: str = field(repr=False)
    token: str = field(repr=False)


async def ask(connection: Connection, order_id: int, *, address: str, code: str, most: int) -> int:
    """Note it, in place of one that waited. How often one was asked for by now; 0 if it was `most` times already."""
    sql = """
        UPDATE orders SET mails_asked = %s, mails_code = %s, mails_times = mails_times + 1
        WHERE id = %s AND mails_times < %s AND erased_at IS NULL RETURNING mails_times"""
    row = await (await connection.execute(sql, (address, code, order_id, most))).fetchone()
    return int(row[0]) if row else 0


async def asked(connection: Connection, order_ids: Sequence[int]) -> dict[int, Asked]:
    """What waits for a yes, by order."""
    return {each.order_id: each for each in await _asked(connection, "o.id = ANY(%s)", list(order_ids))}


async def behind(connection: Connection, code: str) -> Asked | None:
    """What waits behind a code."""
    found = await _asked(connection, "o.mails_code = %s", code)
    return found[0] if found else None


async def confirm(connection: Connection, code: str) -> bool:
    """The mails go there from now on. False if nothing waits behind the code."""
    sql = """
        UPDATE orders SET mails_to = mails_asked, mails_asked = NULL, mails_code = NULL
        WHERE mails_code = %s AND mails_asked IS NOT NULL RETURNING true"""
    return await (await connection.execute(sql, (code,))).fetchone() is not None


async def go_back(connection: Connection, order_id: int) -> None:
    """The mails go where the order says; what waited is forgotten."""
    sql = "UPDATE orders SET mails_to = NULL, mails_asked = NULL, mails_code = NULL WHERE id = %s"
    await connection.execute(sql, (order_id,))


async def another(connection: Connection, order_id: int) -> bool:
    """Whether the mails go to another address than the order's."""
    row = await (await connection.execute("SELECT mails_to FROM orders WHERE id = %s", (order_id,))).fetchone()
    return bool(row and row[0])


async def _asked(connection: Connection, where: str, value: object) -> list[Asked]:
    sql = f"""
        SELECT o.id AS order_id, o.store_id, o.number,
               coalesce(CASE WHEN o.channel IS NOT NULL THEN o.marketplace_number END, o.number) AS shown_number,
               o.locale,
               o.mails_asked AS address, o.mails_code AS code,
               (SELECT s.tracking_token FROM shipment s WHERE s.order_id = o.id ORDER BY s.id LIMIT 1) AS token
        FROM orders o WHERE {where} AND o.mails_asked IS NOT NULL AND o.mails_code IS NOT NULL"""  # noqa: S608 - our own conditions
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        await cursor.execute(sql, (value,))
        return await cursor.fetchall()
