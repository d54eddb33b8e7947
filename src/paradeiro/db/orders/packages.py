"""In: packages as stated by callers, and replaced labels; out: shipments added, completed, replaced."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from paradeiro.db.following import reassessments
from paradeiro.db.pool import Connection
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import Status


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A stated package: its shipment id, and whether it is new. `further`: the new row of its further invoice, if any.
    `invoiced`: it had no invoice and has one now.
    """

    id: int
    created: bool
    further: int | None = None
    invoiced: bool = False


@dataclass(frozen=True, slots=True)
class PackageDraft:
    """A package of an order to store."""

    store_id: int
    order_id: int
    carrier: str
    tracking_code: str
    invoice: Invoice
    account_id: int | None
    token: str


async def register(
    connection: Connection, stated: PackageDraft, *, now: datetime, first_check: datetime | None
) -> PackageRow:
    """Store a package. The same code in the same order is the same package, however often and by whom it is stated.
    One that was registered without an invoice takes the first invoice that names its code; any other invoice
    that names it is a further one of the same box.
    """
    known = await _known(connection, stated)
    if known is None:
        return await _add(connection, stated, now=now, first_check=first_check)
    package, row = known
    if row is not None:
        invoiced, redated = await _complete(connection, row, stated.invoice)
        if redated:
            await reassessments.reassess_order(connection, stated.order_id, now=now)
        return PackageRow(package, created=False, invoiced=invoiced)
    further = await _insert(connection, replace(stated, account_id=None), package, now=now, first_check=None)
    return PackageRow(package, created=False, further=further)


async def lock_orders(connection: Connection, store_id: int, numbers: Sequence[str]) -> None:
    """Lock the packages of these orders against recording and relaying until the transaction ends. A notice about one
    of them may be opened meanwhile: whoever opens it may hold the account that we write next.
    """
    sql = """
        SELECT s.id FROM shipment s JOIN orders o ON o.id = s.order_id
        WHERE o.store_id = %s AND o.number = ANY(%s) ORDER BY s.id FOR NO KEY UPDATE OF s"""
    await connection.execute(sql, (store_id, list(numbers)))


async def codes_of_invoice(connection: Connection, order_id: int, carrier: str, invoice_number: str) -> list[str]:
    """The tracking codes of the packages of an invoice at one carrier, without replaced labels."""
    sql = """
        SELECT DISTINCT coalesce(p.tracking_code, s.tracking_code) FROM shipment s
        LEFT JOIN shipment p ON p.id = s.package_id
        WHERE s.order_id = %s AND s.carrier = %s AND s.invoice_number = %s AND s.replaced_by IS NULL"""
    rows = await connection.execute(sql, (order_id, carrier, invoice_number))
    return [row[0] async for row in rows]


async def move_shipment(
    connection: Connection,
    shipment_id: int,
    *,
    carrier: str,
    account_id: int,
    tracking_code: str,
    next_check: datetime | None,
) -> bool:
    """Let another carrier's account follow a package. What the former one reported is attributed to it from now on.
    False if the order has a package of that code at that carrier already.
    """
    sql = """
        UPDATE shipment s SET carrier = %(carrier)s, account_id = %(account)s, tracking_code = %(code)s,
            next_check = %(due)s, digest = NULL, outcome = '', failures = 0, leased_until = NULL, carrier_code = ''
        WHERE s.id = %(id)s AND NOT EXISTS (
            SELECT 1 FROM shipment o WHERE o.order_id = s.order_id AND o.carrier = %(carrier)s AND o.id <> s.id
              AND o.tracking_code = %(code)s AND o.package_id IS NULL)
        RETURNING true"""
    events = """
        UPDATE tracking_event e SET body = jsonb_set(body, '{reported_by}', to_jsonb(s.carrier))
        FROM shipment s WHERE s.id = %(id)s AND e.shipment_id = s.id AND e.source = 'carrier'
          AND s.carrier <> %(carrier)s AND coalesce(e.body->>'reported_by', '') = ''"""
    values = {"id": shipment_id, "carrier": carrier, "account": account_id, "code": tracking_code, "due": next_check}
    await connection.execute(events, values)
    if await (await connection.execute(sql, values)).fetchone() is None:
        return False
    further = "UPDATE shipment SET carrier = %(carrier)s, tracking_code = %(code)s WHERE package_id = %(id)s"
    await connection.execute(further, values)
    return True


async def name_code(connection: Connection, shipment_id: int, carrier_code: str) -> None:
    """Store the carrier's own code of a shipment that is followed under something else."""
    await connection.execute("UPDATE shipment SET carrier_code = %s WHERE id = %s", (carrier_code, shipment_id))


async def _add(
    connection: Connection, stated: PackageDraft, *, now: datetime, first_check: datetime | None
) -> PackageRow:
    added = await _insert(connection, stated, None, now=now, first_check=first_check)
    if added is not None:
        return PackageRow(added, created=True)
    known = await _known(connection, stated)
    assert known is not None, "the conflicting row must exist"
    return PackageRow(known[0], created=False)


async def _known(connection: Connection, stated: PackageDraft) -> tuple[int, int | None] | None:
    """The package under this code in this order, and the row of the stated invoice if there is one; locked."""
    sql = """
        SELECT id, invoice_number, package_id FROM shipment
        WHERE store_id = %s AND order_id = %s AND carrier = %s AND tracking_code = %s ORDER BY id FOR UPDATE"""
    values = (stated.store_id, stated.order_id, stated.carrier, stated.tracking_code)
    rows = await (await connection.execute(sql, values)).fetchall()
    if not rows:
        return None
    package = int(next(row[0] for row in rows if row[2] is None))
    # A row of an older version beside the package: it is a further invoice of it from now on.
    loose = [row[0] for row in rows if row[2] is None and row[0] != package]
    if loose:
        sql = """
            UPDATE shipment SET package_id = %s, account_id = NULL, next_check = NULL, leased_until = NULL
            WHERE id = ANY(%s)"""
        await connection.execute(sql, (package, loose))
    number = stated.invoice.number
    mine = [row[0] for row in rows if row[1] == number]
    mine += [row[0] for row in rows if row[1] == "" or (number == "" and row[0] == package)]
    return package, int(mine[0]) if mine else None


async def _insert(
    connection: Connection, stated: PackageDraft, package: int | None, *, now: datetime, first_check: datetime | None
) -> int | None:
    """A new row; None if it is there already. `used_until`: when another order had this code
    delivered, if that order goes to another postal code or this one's date is unknown.
    """
    sql = """
        INSERT INTO shipment (store_id, order_id, account_id, carrier, tracking_code, invoice_number, invoice,
                              tracking_token, registered_at, status, next_check, package_id, used_until)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                (SELECT max(s.delivered_at) FROM shipment s JOIN orders o ON o.id = s.order_id, orders mine
                 WHERE s.store_id = %s AND s.tracking_code = %s AND s.carrier = %s AND s.replaced_by IS NULL
                   AND mine.id = %s AND s.order_id <> mine.id
                   AND (o.postal_code <> mine.postal_code
                        OR (mine.ordered_at IS NULL AND %s::timestamptz IS NULL))))
        ON CONFLICT (store_id, order_id, carrier, tracking_code, invoice_number) DO NOTHING RETURNING id"""
    whose = (stated.store_id, stated.order_id, stated.account_id, stated.carrier, stated.tracking_code)
    bill = (stated.invoice.number, Jsonb(msgspec.to_builtins(stated.invoice)))
    before = (stated.store_id, stated.tracking_code, stated.carrier, stated.order_id, stated.invoice.issued_at)
    values = (*whose, *bill, stated.token, now, Status.REGISTERED, first_check, package, *before)
    row = await (await connection.execute(sql, values)).fetchone()
    return int(row[0]) if row else None


async def orders_going_elsewhere(connection: Connection, shipment_id: int, *, most: int) -> list[str]:
    """Numbers of other orders of the store that have this package's code and go to another postal code."""
    # Step by step: in tables without statistics the planner would read all the store's packages for each.
    sql = """
        WITH mine AS MATERIALIZED (
            SELECT s.store_id, s.tracking_code, s.carrier, s.order_id, m.postal_code
            FROM shipment s JOIN orders m ON m.id = s.order_id WHERE s.id = %s),
        same AS MATERIALIZED (
            SELECT s.order_id, mine.postal_code FROM mine JOIN shipment s
                ON (s.store_id, s.tracking_code, s.carrier) = (mine.store_id, mine.tracking_code, mine.carrier)
            WHERE s.replaced_by IS NULL AND s.order_id <> mine.order_id)
        SELECT DISTINCT o.number FROM same JOIN orders o ON o.id = same.order_id WHERE o.postal_code <> same.postal_code
        ORDER BY o.number LIMIT %s"""
    return [row[0] async for row in await connection.execute(sql, (shipment_id, most))]


async def _complete(connection: Connection, row_id: int, invoice: Invoice) -> tuple[bool, bool]:
    """Merge newly known fields into a row's invoice; missing fields erase nothing. Returns (it had none before, its
    date changed).
    """
    row = await (await connection.execute("SELECT invoice FROM shipment WHERE id = %s", (row_id,))).fetchone()
    assert row is not None, "it is locked"
    old = msgspec.convert(row[0], Invoice)
    new = replace(old, **{f.name: getattr(invoice, f.name) or getattr(old, f.name) for f in fields(Invoice)})
    if new != old:
        await connection.execute(
            "UPDATE shipment SET invoice = %s, invoice_number = %s WHERE id = %s",
            (Jsonb(msgspec.to_builtins(new)), new.number, row_id),
        )
    return bool(new.number and not old.number), new.issued_at != old.issued_at


async def replace_label(
    connection: Connection, ids: Sequence[int], successor: int, *, actor: str, now: datetime
) -> None:
    """Mark these as replaced by the successor's label: they are not followed any more."""
    sql = """
        UPDATE shipment SET replaced_by = %s, replaced_at = %s, replaced_actor = %s, next_check = NULL,
            leased_until = NULL, hinted_at = NULL
        WHERE id = ANY(%s)"""
    await connection.execute(sql, (successor, now, actor, sorted(ids)))


async def restore_label(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Undo a replacement: the shipments are due at once, and the next answer is recorded even if unchanged."""
    sql = """
        UPDATE shipment SET replaced_by = NULL, replaced_at = NULL, replaced_actor = '', next_check = %s, digest = NULL
        WHERE id = ANY(%s)"""
    await connection.execute(sql, (now, sorted(ids)))


async def stated_codes(connection: Connection, order_id: int, numbers: Sequence[str]) -> dict[str, str]:
    """What callers stated last as the tracking number of each of these invoices, as they wrote it."""
    sql = "SELECT number, body->>'tracking_code' FROM stated_invoice WHERE order_id = %s AND number = ANY(%s)"
    rows = await connection.execute(sql, (order_id, list(numbers)))
    return {row[0]: row[1] async for row in rows if row[1]}
