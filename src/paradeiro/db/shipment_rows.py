"""In: rows of shipments with their orders; out: frozen values: strictly, legibly, or with the unreadable ones apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import dict_row

from paradeiro.db.orders import COLUMNS as ORDER_COLUMNS
from paradeiro.db.orders import order_of
from paradeiro.db.pool import LONG_AGO, Connection, sane
from paradeiro.db.set_aside import Spoilt, why_of
from paradeiro.domain.records import Further, Invoice, Order, Shipment, Snapshot
from paradeiro.domain.timeline import REUSED_CODE_GRACE
from paradeiro.domain.words import Status, status_shown

# The delivery of before is the last that is not counted.
_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A shipment with its order and what the flow needs beside them. `package_id`: it is no package, only the row of a
    further invoice of that one. `replaced_author`: who said that its label was replaced; empty for an order system.
    """

    shipment: Shipment
    order: Order
    order_id: int
    account_id: int | None
    failures: int
    outcome: str
    digest: bytes | None
    vanished_at: datetime | None = None
    package_id: int | None = None
    replaced_at: datetime | None = None
    replaced_author: str = ""
    used_until: datetime | None = None

    @property
    def made_at(self) -> datetime | None:
        """Since when there can be news: when the order was made, else when it was invoiced, and after another order had
        the same code delivered that this one cannot share a box with; None if nobody knows.
        """
        after = self.used_until + REUSED_CODE_GRACE + _A_MOMENT if self.used_until else None
        known = (self.order.ordered_at or self.shipment.invoice.issued_at, after)
        return max((at for at in known if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Readable:
    """Shipments, and those of them whose rows cannot be read; `unread`: (order, invoice number) of these."""

    kept: list[Kept]
    spoilt: list[Spoilt]
    unread: frozenset[tuple[int, str]] = frozenset()


_SELECT = f"""
    SELECT s.id, s.store_id, s.carrier, s.tracking_code, s.invoice_number, s.invoice::text AS invoice,
           s.tracking_token, s.registered_at, s.snapshot::text AS snapshot, s.status, s.account_id, s.failures,
           s.outcome, s.digest, s.vanished_at, s.package_id, s.replaced_by, s.replaced_at, s.replaced_author,
           s.used_until,
           o.id AS order_id, {ORDER_COLUMNS}
    FROM shipment s JOIN orders o ON o.id = s.order_id"""  # noqa: S608 - our own columns


def _snapshot(row: dict[str, Any]) -> Snapshot:
    if row["snapshot"] == "{}":
        return Snapshot(Status(row["status"]))
    snapshot = msgspec.json.decode(row["snapshot"], type=Snapshot)
    if snapshot.estimate is not None and not sane(snapshot.estimate):
        return replace(snapshot, estimate=None)
    return snapshot


def _kept(row: dict[str, Any]) -> Kept:
    return _kept_with(row, _snapshot(row), msgspec.json.decode(row["invoice"], type=Invoice))


def legible(row: dict[str, Any]) -> Kept:
    """A shipment for showing, with as much as can be read of it."""
    try:
        snapshot = _snapshot(row)
    except ValueError:
        snapshot = Snapshot(status_shown(row["status"]))
    try:
        invoice = msgspec.json.decode(row["invoice"], type=Invoice)
    except ValueError:
        invoice = Invoice(row["invoice_number"])
    return _kept_with(row | {"registered_at": row["registered_at"] or LONG_AGO}, snapshot, invoice)


def _kept_with(row: dict[str, Any], snapshot: Snapshot, invoice: Invoice) -> Kept:
    shipment = Shipment(
        id=row["id"],
        store_id=row["store_id"],
        carrier=row["carrier"],
        tracking_code=row["tracking_code"],
        order_number=row["order_number"],
        invoice=invoice,
        registered_at=row["registered_at"],
        tracking_token=row["tracking_token"],
        snapshot=snapshot,
        replaced_by=row["replaced_by"],
    )
    return Kept(
        shipment,
        order_of(row),
        row["order_id"],
        row["account_id"],
        row["failures"],
        row["outcome"],
        bytes(row["digest"]) if row["digest"] is not None else None,
        row["vanished_at"],
        row["package_id"],
        row["replaced_at"],
        row["replaced_author"],
        row["used_until"],
    )


def packages(rows: Sequence[Kept]) -> list[Kept]:
    """The packages among rows, each with its further invoices as far as those are among them."""
    further: dict[int, list[Further]] = {}
    for row in rows:
        if row.package_id is not None:
            further.setdefault(row.package_id, []).append(Further(row.shipment.id, row.shipment.invoice))
    return [
        replace(row, shipment=replace(row.shipment, further=tuple(further.get(row.shipment.id, ()))))
        for row in rows
        if row.package_id is None
    ]


async def whole(
    connection: Connection, found: list[Kept], make: Callable[[dict[str, Any]], Kept] = _kept
) -> list[Kept]:
    """The same packages with their further invoices. Read once they are locked, so that none is missed."""
    ids = [row.shipment.id for row in found if row.package_id is None]
    if not ids:
        return []
    more = await read(connection, " WHERE s.package_id = ANY(%(ids)s) ORDER BY s.id", {"ids": ids}, make)
    return packages([*found, *more])


async def read(
    connection: Connection, rest: str, values: dict[str, Any], make: Callable[[dict[str, Any]], Kept] = _kept
) -> list[Kept]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, values)
        return [make(row) async for row in cursor]


async def read_each(connection: Connection, rest: str, values: dict[str, Any]) -> Readable:
    """The same, and apart from them those that cannot be read."""
    found: list[Kept] = []
    spoilt: list[Spoilt] = []
    unread: set[tuple[int, str]] = set()
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, values)
        async for row in cursor:
            try:
                found.append(_kept(row))
            except (ValueError, TypeError, OverflowError) as error:
                name = f"{row['tracking_code']} ({row['order_number']})"
                why, id_ = why_of(error), row["id"]
                spoilt.append(Spoilt(row["store_id"], "shipment", id_, name, why, row["account_id"], id_))
                unread.add((row["order_id"], row["invoice_number"]))
    return Readable(found, spoilt, frozenset(unread))
