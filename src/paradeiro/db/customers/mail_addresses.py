"""In: an address to which a customer wants the mails about an order; out: requested, confirmed, or reset."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class AddressRequest:
    """An address that waits for confirmation; `token`: tracking token of one of the order's packages."""

    order_id: int
    store_id: int
    number: str
    shown_number: str  # as its customer knows it
    locale: str
    address: str = field(repr=False)
    code: str = field(repr=False)
    token: str = field(repr=False)


async def request_address(connection: Connection, order_id: int, *, address: str, code: str, most: int) -> int:
    """Store a request in place of a pending one. How many there were by now; 0 if there were `most` already."""
    sql = """
        UPDATE orders SET mails_asked = %s, mails_code = %s, mails_times = mails_times + 1
        WHERE id = %s AND mails_times < %s AND erased_at IS NULL RETURNING mails_times"""
    row = await (await connection.execute(sql, (address, code, order_id, most))).fetchone()
    return int(row[0]) if row else 0


async def pending_request(connection: Connection, order_ids: Sequence[int]) -> dict[int, AddressRequest]:
    """Pending requests by order id."""
    return {each.order_id: each for each in await _request_of(connection, "o.id = ANY(%s)", list(order_ids))}


async def request_by_code(connection: Connection, code: str) -> AddressRequest | None:
    """The pending request with this code."""
    found = await _request_of(connection, "o.mails_code = %s", code)
    return found[0] if found else None


async def confirm_address(connection: Connection, code: str) -> bool:
    """Confirm the request with this code. False if there is none."""
    sql = """
        UPDATE orders SET mails_to = mails_asked, mails_asked = NULL, mails_code = NULL
        WHERE mails_code = %s AND mails_asked IS NOT NULL RETURNING true"""
    return await (await connection.execute(sql, (code,))).fetchone() is not None


async def use_order_address(connection: Connection, order_id: int) -> None:
    """Send mails to the order's own address again; a pending request is dropped."""
    sql = "UPDATE orders SET mails_to = NULL, mails_asked = NULL, mails_code = NULL WHERE id = %s"
    await connection.execute(sql, (order_id,))


async def uses_other_address(connection: Connection, order_id: int) -> bool:
    """Whether the mails go to another address than the order's."""
    row = await (await connection.execute("SELECT mails_to FROM orders WHERE id = %s", (order_id,))).fetchone()
    return bool(row and row[0])


async def _request_of(connection: Connection, where: str, value: object) -> list[AddressRequest]:
    sql = f"""
        SELECT o.id AS order_id, o.store_id, o.number,
               coalesce(CASE WHEN o.channel IS NOT NULL THEN o.marketplace_number END, o.number) AS shown_number,
               o.locale,
               o.mails_asked AS address, o.mails_code AS code,
               (SELECT s.tracking_token FROM shipment s WHERE s.order_id = o.id ORDER BY s.id LIMIT 1) AS token
        FROM orders o WHERE {where} AND o.mails_asked IS NOT NULL AND o.mails_code IS NOT NULL"""  # noqa: S608 - our own conditions
    async with connection.cursor(row_factory=class_row(AddressRequest)) as cursor:
        await cursor.execute(sql, (value,))
        return await cursor.fetchall()
