"""In: an event, a delivery or a reopening stated by hand; out: the same road as a carrier's news, with its author."""

from dataclasses import dataclass
from datetime import datetime

from paradeiro.db import audit, shipments
from paradeiro.db.audit import By, Deed
from paradeiro.db.pool import transaction
from paradeiro.domain.bounds import clean_text, instant_problem
from paradeiro.domain.records import NOWHERE, Place, TrackingEvent
from paradeiro.domain.timeline import CLOCK_SKEW
from paradeiro.domain.words import DeedKind, Reason, Source, Status, Withdraws
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.hear import Heard
from paradeiro.flow.means import Means
from paradeiro.flow.record import Recorded, record, surround

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says happened. `occurred_at` is aware; None means now."""

    status: Status
    reason: Reason | None = None
    occurred_at: datetime | None = None
    place: Place = NOWHERE
    description: str = ""


async def add_event(
    means: Means,
    store_id: int,
    shipment_id: int,
    stated: Statement,
    *,
    source: Source,
    author: str,
    origin: str = "",
    deed: str = "event",
) -> Recorded:
    """Record an event stated by hand. The same statement twice is one event. Raises `StatementError`s."""
    now = means.now()
    if stated.status is Status.UNKNOWN:
        raise InvalidError("bad_status", "A stated event needs a status that says something; 'unknown' does not.")
    occurred_at = stated.occurred_at or now
    if occurred_at.tzinfo is None:
        raise InvalidError("bad_time", "occurred_at needs an offset, for example 2026-11-23T14:20:00-03:00.")
    if occurred_at > now + CLOCK_SKEW:
        raise InvalidError("in_the_future", f"occurred_at ({occurred_at.isoformat()}) is in the future.")
    if problem := instant_problem(occurred_at):
        raise InvalidError("bad_time", f"occurred_at: {problem}.")
    words = clean_text(stated.description, LONGEST_TEXT, lines=True)
    event = TrackingEvent(
        occurred_at=occurred_at,
        code=f"{source}/{stated.status}",
        status=stated.status,
        reason=stated.reason,
        place=stated.place,
        description=words,
        source=source,
    )
    by = _by(source, author, origin)
    said = " · ".join(part for part in (stated.status, stated.reason, words) if part)
    return await _state(means, store_id, shipment_id, event, by, deed, said)


async def confirm_delivery(
    means: Means,
    store_id: int,
    shipment_id: int,
    *,
    delivered_at: datetime | None,
    source: Source,
    author: str,
    origin: str = "",
    description: str = "",
) -> Recorded:
    """Mark a package delivered by hand. One that is delivered already stays as it is and nobody is told twice."""
    async with means.pool.connection() as connection:
        kept = await shipments.kept(connection, store_id, shipment_id)
    if kept is None:
        raise _missing(shipment_id)
    if kept.shipment.snapshot.delivered:
        return Recorded()
    stated = Statement(Status.DELIVERED, occurred_at=delivered_at, description=description)
    return await add_event(
        means, store_id, shipment_id, stated, source=source, author=author, origin=origin, deed="confirm_delivery"
    )


async def reopen(
    means: Means, store_id: int, shipment_id: int, *, why: str, source: Source, author: str, origin: str = ""
) -> Recorded:
    """Take back a delivery that was not one. Order system, customer and marketplace hear of it."""
    if not why.strip():
        raise InvalidError("no_reason", "Say why the delivery is taken back: reason must not be empty.")
    async with means.pool.connection() as connection:
        kept = await shipments.kept(connection, store_id, shipment_id)
    if kept is None:
        raise _missing(shipment_id)
    if not kept.shipment.snapshot.delivered:
        raise ConflictError("not_delivered", "Only a delivered shipment can be reopened; this one is not delivered.")
    event = TrackingEvent(
        occurred_at=means.now(),
        code=f"{source}/reopen",
        status=None,
        description=clean_text(why, LONGEST_TEXT, lines=True),
        source=source,
        withdraws=Withdraws.DELIVERY,
    )
    by = _by(source, author, origin)
    return await _state(means, store_id, shipment_id, event, by, "reopen", event.description)


async def ask_now(means: Means, store_id: int, shipment_id: int, by: By) -> None:
    """Make a package due at once. Raises `MissingError`."""
    async with transaction(means.pool) as connection:
        kept = await shipments.kept(connection, store_id, shipment_id)
        if kept is None:
            raise _missing(shipment_id)
        await shipments.ask_now(connection, store_id, kept.shipment.id, now=means.now())
        line = Deed(DeedKind.ASK_NOW, kept.order.number, kept.shipment.id)
        await audit.note(connection, store_id, by, [line], now=means.now())


def _by(source: Source, author: str, origin: str) -> By:
    return By(author, "api" if source is Source.API else "page", origin)


async def _state(
    means: Means, store_id: int, shipment_id: int, event: TrackingEvent, by: By, deed: str, said: str
) -> Recorded:
    """Record it, and that somebody did it, in one transaction. What was stated before already is no new deed."""
    async with transaction(means.pool) as connection:
        kept = await shipments.kept(connection, store_id, shipment_id)
        if kept is None:
            raise _missing(shipment_id)
        around = await surround(means, connection, [store_id])
        shipment_id = kept.shipment.id  # that of a further invoice leads to its package
        heard = {shipment_id: [Heard((event,), author=by.author)]}
        done = await record(connection, around, heard, now=means.now())
        if done.events:
            line = Deed(deed, kept.order.number, shipment_id, said)
            await audit.note(connection, store_id, by, [line], now=means.now())
        return done


def _missing(shipment_id: int) -> MissingError:
    return MissingError("no_such_shipment", f"There is no shipment {shipment_id} in this store. Register it first.")
