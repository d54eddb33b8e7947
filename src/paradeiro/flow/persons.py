"""In: whose data is asked for, or to be forgotten; out: all that we know of them, or no trace of who they were (LGPD).

What stays after an erasure: the order's number, its packages and their timelines. What goes: decision 0025.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db import audit, effects, events, notices, persons, proofs, shipments, stores
from paradeiro.db.audit import By, Deed
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.persons import Bought
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.set_aside import NOT_THE_ROWS
from paradeiro.db.stores import Store
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import DeedKind, NoticeKind, ProofKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.means import Means, log

# One person's orders in one go; whoever has more is a company, and is erased in several.
_MOST_ORDERS = 1000
_AT_ONCE = 100
_LONGEST_KEPT_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Whose:
    """A person, by their address or by one order of theirs."""

    email: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A mail that was sent, or is to be. `status` is what it said of the package."""

    planned_at: datetime
    ended_at: datetime | None
    state: str
    status: str | None


@dataclass(frozen=True, slots=True)
class PackageKept:
    """A package of theirs. `pictures` counts those of its delivery; they are handed out by their own addresses."""

    id: int
    carrier: str
    tracking_code: str
    registered_at: datetime
    status: str
    delivered_at: datetime | None
    items: tuple[str, ...]
    events: tuple[TrackingEvent, ...]
    mails: tuple[Message, ...]
    pictures: int


@dataclass(frozen=True, slots=True)
class OrderKept:
    """An order of theirs with all that is kept about it."""

    number: str
    name: str
    email: str | None
    language: str
    postal_code: str | None
    mails_to: str | None  # the address that they chose for the mails, where it is another one
    ordered_at: datetime | None
    promised_at: datetime | None
    packages: tuple[PackageKept, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """All that is known of one person at one store, at `taken_at`."""

    store: str
    taken_at: datetime
    orders: tuple[OrderKept, ...]


async def export(means: Means, store_id: int, whose: Whose, by: By) -> Person:
    """All that we know of a person. Raises `MissingError` if nothing is known, `InvalidError` if nobody is named."""
    now = means.now()
    async with transaction(means.pool) as connection:
        found = await _bought(connection, store_id, whose)
        store = (await stores.stores(connection, [store_id]))[store_id]
        kept = tuple([await _order(connection, store_id, each) for each in found])
        deeds = [Deed(DeedKind.EXPORT_CUSTOMER, each.number) for each in found]
        await audit.note(connection, store_id, by, deeds, now=now)
    return Person(store.name, now, kept)


async def erase(means: Means, store_id: int, whose: Whose, by: By) -> list[str]:
    """Forget who a person is: the numbers of the orders that were theirs. Raises as `export` does."""
    async with transaction(means.pool) as connection:
        found = await _bought(connection, store_id, whose)
        return await _erase(connection, store_id, [each.id for each in found], by, now=means.now())


async def erase_old(means: Means) -> int:
    """Forget who bought, of orders that are over for longer than their store keeps customers. How many orders."""
    erased = 0
    async with means.pool.connection() as connection:
        all_stores = await stores.stores(connection)
    for store in all_stores.values():
        try:
            erased += await _erase_old_of(means, store)
        except NOT_THE_ROWS:
            raise
        except Exception:  # noqa: BLE001 - one store's trouble is no other store's
            log.exception("a store's old customers could not be erased; the other stores go on", store=store.name)
    return erased


async def _erase_old_of(means: Means, store: Store) -> int:
    erased, days = 0, store.policy.customer_days
    while days:
        async with transaction(means.pool) as connection:
            before = means.now() - timedelta(days=days)
            old = await persons.over(connection, store.id, before=before, limit=_AT_ONCE)
            erased += len(await _erase(connection, store.id, old, None, now=means.now()))
        if len(old) < _AT_ONCE:
            break
    return erased


async def keep_for(means: Means, store_id: int, days: int, by: By | None = None) -> None:
    """For how many days after the last that happened a store keeps who bought; 0: for ever."""
    if not 0 <= days <= _LONGEST_KEPT_DAYS or 0 < days < 30:
        raise InvalidError("days", f"Customers are kept from 30 to {_LONGEST_KEPT_DAYS} days, or for ever (0).")
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, customer_days=days))
        await deeds.note(means, connection, store_id, by, DeedKind.KEEP_CUSTOMERS, str(days))


async def show_proofs(means: Means, store_id: int, kinds: Collection[str], by: By | None = None) -> None:
    """Which pictures of a delivery the customer's page shows. Raises `InvalidError`."""
    if strange := set(kinds) - set(ProofKind):
        raise InvalidError("kind", f"'{', '.join(sorted(strange))}' is none of: {', '.join(ProofKind)}.")
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        shown = frozenset(ProofKind(kind) for kind in kinds)
        await stores.set_policy(connection, store_id, replace(policy, proofs_shown=shown))
        await deeds.note(means, connection, store_id, by, DeedKind.SHOW_PROOFS, ", ".join(sorted(shown)))


async def ask_for_erasure(means: Means, store_id: int, order_number: str) -> None:
    """A customer asks to be forgotten. A person decides: whoever has the link need not be who bought."""
    words = (
        f"The customer of order {order_number} asks that their data be erased. Make sure that it is they, then erase "
        "it on the order's page. The law gives you 15 days."
    )
    facts = {"order": order_number}
    draft = NoticeDraft(store_id, NoticeKind.ERASURE_ASKED, f"order {order_number}", words, facts=facts)
    async with transaction(means.pool) as connection:
        await notices.open_notices(connection, [draft], now=means.now())


async def _erase(
    connection: Connection, store_id: int, order_ids: list[int], by: By | None, *, now: datetime
) -> list[str]:
    """`by` None: their time was over, nobody did it."""
    erased = await persons.erase(connection, store_id, order_ids, now=now)
    numbers = [each.number for each in erased]
    if by is not None:
        await audit.note(connection, store_id, by, [Deed(DeedKind.ERASE_CUSTOMER, n) for n in numbers], now=now)
    for number in sorted(numbers):
        kinds = [NoticeKind.ERASURE_ASKED, NoticeKind.NO_ADDRESS, NoticeKind.MAIL_BOUNCED]
        await notices.resolve_subject(connection, store_id, kinds, f"order {number}", now=now)
    return numbers


async def _bought(connection: Connection, store_id: int, whose: Whose) -> list[Bought]:
    email, number = whose.email.strip(), whose.order.strip()
    if bool(email) is bool(number) or "\0" in email + number:
        raise InvalidError("whose", "Name the person by their e-mail address or by one order of theirs.")
    found = await persons.bought(connection, store_id, email=email or None, number=number or None, limit=_MOST_ORDERS)
    if not found:
        words = "Nothing is kept of this person: no order has that address or number, or it was erased before."
        raise MissingError("nobody", words)
    return found


async def _order(connection: Connection, store_id: int, bought: Bought) -> OrderKept:
    kept = await shipments.of_order(connection, store_id, bought.number)
    ids = [k.shipment.id for k in kept]
    told = await effects.shown(connection, ids)
    pictures = await proofs.shown(connection, ids)
    packages = []
    for each in kept:
        shipment = each.shipment
        said = await events.shown(connection, shipment.id)
        mails = tuple(
            Message(e.created_at, e.ended_at, e.state, e.told_status)
            for e in told
            if e.shipment_id == shipment.id and e.kind.startswith("customer_")
        )
        packages.append(
            PackageKept(
                id=shipment.id,
                carrier=shipment.carrier,
                tracking_code=shipment.tracking_code,
                registered_at=shipment.registered_at,
                status=shipment.snapshot.status,
                delivered_at=shipment.snapshot.delivered_at,
                items=tuple(f"{item.quantity} × {item.name or item.id}" for item in shipment.items),
                events=tuple(e.event for e in said),
                mails=mails,
                pictures=sum(p.shipment_id == shipment.id for p in pictures),
            )
        )
    order = kept[0].order if kept else None
    return OrderKept(
        number=bought.number,
        name=bought.customer_name,
        email=bought.customer_email,
        language=order.customer.locale if order else "",
        postal_code=order.customer.postal_code if order else None,
        mails_to=order.customer.email if order and order.customer.email != bought.customer_email else None,
        ordered_at=order.ordered_at if order else None,
        promised_at=order.promised_at if order else None,
        packages=tuple(packages),
    )
