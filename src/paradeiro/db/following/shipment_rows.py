"""In: rows of shipments with their orders; out: frozen values: strict, lenient, or with unreadable rows apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import dict_row

from paradeiro.db.operations.set_aside import UnusableRow, error_text
from paradeiro.db.orders.orders import COLUMNS as ORDER_COLUMNS
from paradeiro.db.orders.orders import order_of
from paradeiro.db.pool import LONG_AGO, Connection, is_plausible_instant
from paradeiro.domain.following.timeline import REUSED_CODE_GRACE
from paradeiro.domain.records import FurtherInvoice, Invoice, Order, Shipment, Snapshot
from paradeiro.domain.words import Status, status_or_unknown

# Added so that the earlier delivery itself is not counted.
_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """A shipment with its order and further columns for the flow. `package_id`: it is only the row of a further invoice
    of that package. `replaced_actor`: who replaced its label; empty for an order system. `leg_id`: claimed as
    this leg, with its code.
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
    replaced_actor: str = ""
    used_until: datetime | None = None
    leg_id: int | None = None

    @property
    def check_id(self) -> int:
        """The row that a check of it is about: a leg's, else the shipment's."""
        return self.shipment.id if self.leg_id is None else self.leg_id

    @property
    def made_at(self) -> datetime | None:
        """The earliest instant of possible news: the date of the order, else of the invoice, and after a delivery of
        another order with the same code (`used_until`); None if unknown.
        """
        after = self.used_until + REUSED_CODE_GRACE + _A_MOMENT if self.used_until else None
        known = (self.order.ordered_at or self.shipment.invoice.issued_at, after)
        return max((at for at in known if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Readable shipments, and rows that cannot be read; `unread`: (order, invoice number) of these."""

    rows: list[ShipmentRow]
    unusable: list[UnusableRow]
    unread: frozenset[tuple[int, str]] = frozenset()


_SELECT = f"""
    SELECT s.id, s.store_id, s.carrier, s.tracking_code, s.invoice_number, s.invoice::text AS invoice,
           s.tracking_token, s.registered_at, s.snapshot::text AS snapshot, s.status, s.account_id, s.failures,
           s.outcome, s.digest, s.vanished_at, s.package_id, s.replaced_by, s.replaced_at, s.replaced_actor,
           s.used_until, s.carrier_code,
           o.id AS order_id, {ORDER_COLUMNS}
    FROM shipment s JOIN orders o ON o.id = s.order_id"""  # noqa: S608 - our own columns


def _snapshot(row: dict[str, Any]) -> Snapshot:
    if row["snapshot"] == "{}":
        return Snapshot(Status(row["status"]))
    snapshot = msgspec.json.decode(row["snapshot"], type=Snapshot)
    if snapshot.estimate is not None and not is_plausible_instant(snapshot.estimate):
        return replace(snapshot, estimate=None)
    return snapshot


def _strict_row(row: dict[str, Any]) -> ShipmentRow:
    return _build_row(row, _snapshot(row), msgspec.json.decode(row["invoice"], type=Invoice))


def lenient_row(row: dict[str, Any]) -> ShipmentRow:
    """A shipment for display: unreadable parts are replaced by defaults."""
    try:
        snapshot = _snapshot(row)
    except ValueError:
        snapshot = Snapshot(status_or_unknown(row["status"]))
    try:
        invoice = msgspec.json.decode(row["invoice"], type=Invoice)
    except ValueError:
        invoice = Invoice(row["invoice_number"])
    return _build_row(row | {"registered_at": row["registered_at"] or LONG_AGO}, snapshot, invoice)


def _build_row(row: dict[str, Any], snapshot: Snapshot, invoice: Invoice) -> ShipmentRow:
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
        carrier_code=row["carrier_code"],
    )
    return ShipmentRow(
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
        row["replaced_actor"],
        row["used_until"],
    )


def packages_of_rows(rows: Sequence[ShipmentRow]) -> list[ShipmentRow]:
    """The packages among rows, each with its further invoices as far as those are among them."""
    further: dict[int, list[FurtherInvoice]] = {}
    for row in rows:
        if row.package_id is not None:
            further.setdefault(row.package_id, []).append(FurtherInvoice(row.shipment.id, row.shipment.invoice))
    return [
        replace(row, shipment=replace(row.shipment, further=tuple(further.get(row.shipment.id, ()))))
        for row in rows
        if row.package_id is None
    ]


async def with_further_invoices(
    connection: Connection, found: list[ShipmentRow], make: Callable[[dict[str, Any]], ShipmentRow] = _strict_row
) -> list[ShipmentRow]:
    """The same packages with their further invoices. Read once they are locked, so that none is missed."""
    ids = [row.shipment.id for row in found if row.package_id is None]
    if not ids:
        return []
    more = await read_rows(connection, " WHERE s.package_id = ANY(%(ids)s) ORDER BY s.id", {"ids": ids}, make)
    return packages_of_rows([*found, *more])


async def read_rows(
    connection: Connection,
    rest: str,
    values: dict[str, Any],
    make: Callable[[dict[str, Any]], ShipmentRow] = _strict_row,
) -> list[ShipmentRow]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, values)
        return [make(row) async for row in cursor]


async def read_valid_rows(connection: Connection, rest: str, values: dict[str, Any]) -> ReadRows:
    """The same, and apart from them those that cannot be read."""
    found: list[ShipmentRow] = []
    unusable: list[UnusableRow] = []
    unread: set[tuple[int, str]] = set()
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SELECT + rest, values)
        async for row in cursor:
            try:
                found.append(_strict_row(row))
            except (ValueError, TypeError, OverflowError) as error:
                name = f"{row['tracking_code']} ({row['order_number']})"
                why, id_ = error_text(error), row["id"]
                unusable.append(UnusableRow(row["store_id"], "shipment", id_, name, why, row["account_id"], id_))
                unread.add((row["order_id"], row["invoice_number"]))
    return ReadRows(found, unusable, frozenset(unread))
