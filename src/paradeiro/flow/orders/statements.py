"""In: an event, delivery or reopening stated by hand; out: recorded like a carrier's event, with its actor."""

from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.following import shipments
from paradeiro.db.operations import audit
from paradeiro.db.operations.audit import Actor, AuditEntry
from paradeiro.db.pool import transaction
from paradeiro.domain.bounds import clean_text, instant_problem
from paradeiro.domain.following.timeline import CLOCK_SKEW
from paradeiro.domain.records import NOWHERE, Place, TrackingEvent
from paradeiro.domain.words import AuditAction, EntryPoint, Reason, Source, Status, Withdraws
from paradeiro.flow.accounts.pausing import refuse_resting
from paradeiro.flow.answers.parse_replies import ReportedEvents
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.record import RecordingResult, record

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """A stated event. `occurred_at` is aware; None means now."""

    status: Status
    reason: Reason | None = None
    occurred_at: datetime | None = None
    place: Place = NOWHERE
    description: str = ""


async def add_event(
    context: Context,
    store_id: int,
    shipment_id: int,
    stated: Statement,
    *,
    by: Actor,
    action: str = "event",
) -> RecordingResult:
    """Record an event stated by hand. The same statement twice is one event. Raises `StatementError`s."""
    now = context.now()
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
        code=f"{_source_of(by)}/{stated.status}",
        status=stated.status,
        reason=stated.reason,
        place=stated.place,
        description=words,
        source=_source_of(by),
    )
    audit_text = " · ".join(part for part in (stated.status, stated.reason, words) if part)
    return await _record_statement(context, store_id, shipment_id, event, by, action, audit_text)


async def confirm_delivery(
    context: Context,
    store_id: int,
    shipment_id: int,
    *,
    delivered_at: datetime | None,
    by: Actor,
    description: str = "",
) -> RecordingResult:
    """Mark a package delivered by hand. If it is delivered already nothing changes. Raises `StatementError`s."""
    async with context.pool.connection() as connection:
        shipment_row = await shipments.shipment_row(connection, store_id, shipment_id)
    if shipment_row is None:
        raise _missing(shipment_id)
    if shipment_row.shipment.snapshot.delivered:
        return RecordingResult()
    stated = Statement(Status.DELIVERED, occurred_at=delivered_at, description=description)
    return await add_event(context, store_id, shipment_id, stated, by=by, action="confirm_delivery")


async def reopen(context: Context, store_id: int, shipment_id: int, *, reason: str, by: Actor) -> RecordingResult:
    """Withdraw a delivery; order system, customer and marketplace are notified. Raises `StatementError`s."""
    if not reason.strip():
        raise InvalidError("no_reason", "Say why the delivery is taken back: reason must not be empty.")
    async with context.pool.connection() as connection:
        shipment_row = await shipments.shipment_row(connection, store_id, shipment_id)
    if shipment_row is None:
        raise _missing(shipment_id)
    if not shipment_row.shipment.snapshot.delivered:
        raise ConflictError("not_delivered", "Only a delivered shipment can be reopened; this one is not delivered.")
    event = TrackingEvent(
        occurred_at=context.now(),
        code=f"{_source_of(by)}/reopen",
        status=None,
        description=clean_text(reason, LONGEST_TEXT, lines=True),
        source=_source_of(by),
        withdraws=Withdraws.DELIVERY,
    )
    return await _record_statement(context, store_id, shipment_id, event, by, "reopen", event.description)


async def check_now(context: Context, store_id: int, shipment_id: int, by: Actor) -> None:
    """Make a package due for a check now. Raises `MissingError`; `ConflictError` if its account may not be asked."""
    async with transaction(context.pool) as connection:
        shipment_row = await shipments.shipment_row(connection, store_id, shipment_id)
        if shipment_row is None:
            raise _missing(shipment_id)
        await refuse_resting(connection, shipment_row.account_id)
        await shipments.make_due(connection, store_id, shipment_row.shipment.id, now=context.now())
        line = AuditEntry(AuditAction.ASK_NOW, shipment_row.order.number, shipment_row.shipment.id)
        await audit.add_entries(connection, store_id, by, [line], now=context.now())


def _source_of(by: Actor) -> Source:
    return Source.API if by.entry_point == EntryPoint.API else Source.OPERATOR


async def _record_statement(
    context: Context, store_id: int, shipment_id: int, event: TrackingEvent, by: Actor, action: str, audit_text: str
) -> RecordingResult:
    """Record the event and its audit entry in one transaction. A repeated statement adds no entry."""
    async with transaction(context.pool) as connection:
        shipment_row = await shipments.shipment_row(connection, store_id, shipment_id)
        if shipment_row is None:
            raise _missing(shipment_id)
        recording = await load_recording_context(context, connection, [store_id])
        shipment_id = shipment_row.shipment.id  # the row of a further invoice refers to its package
        reports = {shipment_id: [ReportedEvents((event,), actor=by.actor)]}
        done = await record(connection, recording, reports, now=context.now())
        if done.events:
            line = AuditEntry(action, shipment_row.order.number, shipment_id, audit_text)
            await audit.add_entries(connection, store_id, by, [line], now=context.now())
        return done


def _missing(shipment_id: int) -> MissingError:
    return MissingError("no_such_shipment", f"There is no shipment {shipment_id} in this store. Register it first.")
