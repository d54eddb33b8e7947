"""In: a customer's address or order number; out: an export of their data, or its erasure (LGPD).

After an erasure the order number, packages and timelines stay. What is erased: decision 0025.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Store
from paradeiro.db.customers import personal_data
from paradeiro.db.customers.personal_data import CustomerOrder
from paradeiro.db.following import events, proofs, shipments
from paradeiro.db.operations import audit, notices
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.operations.set_aside import NOT_THE_ROWS
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import AuditAction, NoticeKind, ProofKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.operations import audit_log

# Orders of one customer per call; a company with more needs several calls.
_MOST_ORDERS = 1000
_BATCH = 100
_LONGEST_KEPT_DAYS = 3650


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """A customer, by e-mail address or by the number of one order; exactly one is given."""

    email: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class SentMail:
    """A sent or planned mail. `status`: the package status that it reports."""

    planned_at: datetime
    ended_at: datetime | None
    state: str
    status: str | None


@dataclass(frozen=True, slots=True)
class PackageExport:
    """A package. `pictures`: how many proofs of delivery there are; they have URLs of their own."""

    id: int
    carrier: str
    tracking_code: str
    registered_at: datetime
    status: str
    delivered_at: datetime | None
    items: tuple[str, ...]
    events: tuple[TrackingEvent, ...]
    mails: tuple[SentMail, ...]
    pictures: int


@dataclass(frozen=True, slots=True)
class OrderExport:
    """An order with all stored personal data."""

    number: str
    name: str
    email: str | None
    language: str
    postal_code: str | None
    mails_to: str | None  # the address chosen for mails, if it differs
    ordered_at: datetime | None
    promised_at: datetime | None
    packages: tuple[PackageExport, ...]


@dataclass(frozen=True, slots=True)
class CustomerExport:
    """All data of one customer at one store, as of `taken_at`."""

    store: str
    taken_at: datetime
    orders: tuple[OrderExport, ...]


async def export_customer(context: Context, store_id: int, query: CustomerQuery, by: Actor) -> CustomerExport:
    """Export all data of a customer. Raises `MissingError` if there is none, `InvalidError` for an invalid query."""
    now = context.now()
    async with transaction(context.pool) as connection:
        found = await _orders_of_customer(connection, store_id, query)
        store = (await stores.stores(connection, [store_id]))[store_id]
        packages_of_order = tuple([await _order_export(connection, store_id, each) for each in found])
        entries = [AuditEntry(AuditAction.EXPORT_CUSTOMER, each.number) for each in found]
        await audit.add_entries(connection, store_id, by, entries, now=now)
    return CustomerExport(store.name, now, packages_of_order)


async def erase_customer(context: Context, store_id: int, query: CustomerQuery, by: Actor) -> list[str]:
    """Erase a customer's personal data. Returns the order numbers; raises as `export_customer`."""
    async with transaction(context.pool) as connection:
        found = await _orders_of_customer(connection, store_id, query)
        return await _erase_orders(connection, store_id, [each.id for each in found], by, now=context.now())


async def erase_expired(context: Context) -> int:
    """Erase customers of orders past their store's retention period. Returns how many orders."""
    erased = 0
    async with context.pool.connection() as connection:
        all_stores = await stores.stores(connection)
    for store in all_stores.values():
        try:
            erased += await _erase_expired_of(context, store)
        except NOT_THE_ROWS:
            raise
        except Exception:  # noqa: BLE001 - a failure in one store must not stop the others
            log.exception("a store's old customers could not be erased; the other stores go on", store=store.name)
    return erased


async def _erase_expired_of(context: Context, store: Store) -> int:
    erased, days = 0, store.policy.customer_days
    while days:
        async with transaction(context.pool) as connection:
            before = context.now() - timedelta(days=days)
            old = await personal_data.orders_past_retention(connection, store.id, before=before, limit=_BATCH)
            erased += len(await _erase_orders(connection, store.id, old, None, now=context.now()))
        if len(old) < _BATCH:
            break
    return erased


async def set_customer_retention(context: Context, store_id: int, days: int, by: Actor | None = None) -> None:
    """Set how many days after an order's last event its customer is kept; 0: for ever. Raises `InvalidError`."""
    if not 0 <= days <= _LONGEST_KEPT_DAYS or 0 < days < 30:
        raise InvalidError("days", f"Customers are kept from 30 to {_LONGEST_KEPT_DAYS} days, or for ever (0).")
    async with transaction(context.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, customer_days=days))
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.KEEP_CUSTOMERS, str(days))


async def set_shown_proofs(context: Context, store_id: int, kinds: Collection[str], by: Actor | None = None) -> None:
    """Set which proofs of delivery the tracking page shows. Raises `InvalidError`."""
    if unknown := set(kinds) - set(ProofKind):
        raise InvalidError("kind", f"'{', '.join(sorted(unknown))}' is none of: {', '.join(ProofKind)}.")
    async with transaction(context.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        shown = frozenset(ProofKind(kind) for kind in kinds)
        await stores.set_policy(connection, store_id, replace(policy, proofs_shown=shown))
        await audit_log.write_entry(
            context, connection, store_id, by, AuditAction.SHOW_PROOFS, ", ".join(sorted(shown))
        )


async def request_erasure(context: Context, store_id: int, order_number: str) -> None:
    """Open a notice that asks for an erasure. A person decides: the holder of the link need not be the customer."""
    words = (
        f"The customer of order {order_number} asks that their data be erased. Make sure that it is they, then erase "
        "it on the order's page. The law gives you 15 days."
    )
    facts = {"order": order_number}
    draft = NoticeDraft(store_id, NoticeKind.ERASURE_ASKED, f"order {order_number}", words, facts=facts)
    async with transaction(context.pool) as connection:
        await notices.open_notices(connection, [draft], now=context.now())


async def _erase_orders(
    connection: Connection, store_id: int, order_ids: list[int], by: Actor | None, *, now: datetime
) -> list[str]:
    """`by` None: the retention period ended, so no audit entry."""
    erased = await personal_data.erase_customers(connection, store_id, order_ids, now=now)
    numbers = [each.number for each in erased]
    if by is not None:
        await audit.add_entries(
            connection, store_id, by, [AuditEntry(AuditAction.ERASE_CUSTOMER, n) for n in numbers], now=now
        )
    for number in sorted(numbers):
        kinds = [NoticeKind.ERASURE_ASKED, NoticeKind.NO_ADDRESS, NoticeKind.MAIL_BOUNCED]
        await notices.resolve_subject(connection, store_id, kinds, f"order {number}", now=now)
    return numbers


async def _orders_of_customer(connection: Connection, store_id: int, query: CustomerQuery) -> list[CustomerOrder]:
    email, number = query.email.strip(), query.order.strip()
    if bool(email) is bool(number) or "\0" in email + number:
        raise InvalidError("whose", "Name the person by their e-mail address or by one order of theirs.")
    found = await personal_data.orders_of_customer(
        connection, store_id, email=email or None, number=number or None, limit=_MOST_ORDERS
    )
    if not found:
        words = "Nothing is kept of this person: no order has that address or number, or it was erased before."
        raise MissingError("nobody", words)
    return found


async def _order_export(connection: Connection, store_id: int, customer_order: CustomerOrder) -> OrderExport:
    packages_of_order = await shipments.of_order(connection, store_id, customer_order.number)
    ids = [k.shipment.id for k in packages_of_order]
    effect_lines = await effects.effect_lines(connection, ids)
    pictures = await proofs.proof_lines(connection, ids)
    packages = []
    for each in packages_of_order:
        shipment = each.shipment
        event_lines = await events.event_lines(connection, shipment.id)
        mails = tuple(
            SentMail(e.created_at, e.ended_at, e.state, e.sent_status)
            for e in effect_lines
            if e.shipment_id == shipment.id and e.kind.startswith("customer_")
        )
        packages.append(
            PackageExport(
                id=shipment.id,
                carrier=shipment.carrier,
                tracking_code=shipment.tracking_code,
                registered_at=shipment.registered_at,
                status=shipment.snapshot.status,
                delivered_at=shipment.snapshot.delivered_at,
                items=tuple(f"{item.quantity} × {item.name or item.id}" for item in shipment.items),
                events=tuple(e.event for e in event_lines),
                mails=mails,
                pictures=sum(p.shipment_id == shipment.id for p in pictures),
            )
        )
    order = packages_of_order[0].order if packages_of_order else None
    return OrderExport(
        number=customer_order.number,
        name=customer_order.customer_name,
        email=customer_order.customer_email,
        language=order.customer.locale if order else "",
        postal_code=order.customer.postal_code if order else None,
        mails_to=order.customer.email if order and order.customer.email != customer_order.customer_email else None,
        ordered_at=order.ordered_at if order else None,
        promised_at=order.promised_at if order else None,
        packages=tuple(packages),
    )
