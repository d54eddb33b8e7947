"""In: tracking events of shipments; out: the same, each once. The whole event is stored as JSON beside its identity."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from paradeiro.db.pool import Connection
from paradeiro.domain.records import TrackingEvent

Identity = tuple[datetime, str, str]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event to store: its shipment, its reply, and the actor who stated it (empty: a carrier)."""

    store_id: int
    shipment_id: int
    event: TrackingEvent
    reply_id: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event for display or the API."""

    id: int
    event: TrackingEvent
    withdrawn: bool
    reply_id: int | None
    actor: str
    recorded_at: datetime


async def events_of(connection: Connection, shipment_ids: Sequence[int]) -> dict[int, list[TrackingEvent]]:
    """The events of shipments, in no order. Shipments without events are missing."""
    found: dict[int, list[TrackingEvent]] = defaultdict(list)
    decode = msgspec.json.Decoder(TrackingEvent).decode
    sql = "SELECT shipment_id, body::text FROM tracking_event WHERE shipment_id = ANY(%s)"
    async for shipment_id, body in await connection.execute(sql, (list(shipment_ids),)):
        found[shipment_id].append(decode(body))
    return found


async def events_up_to(connection: Connection, shipment_id: int, last: int) -> list[TrackingEvent]:
    """The events of a shipment that were recorded up to the event id `last`."""
    sql = "SELECT body::text FROM tracking_event WHERE shipment_id = %s AND id <= %s"
    decode = msgspec.json.Decoder(TrackingEvent).decode
    return [decode(row[0]) async for row in await connection.execute(sql, (shipment_id, last))]


async def add_events(connection: Connection, rows: Sequence[EventRow], *, now: datetime) -> int:
    """Store events; known ones stay unchanged. Returns how many were new."""
    if not rows:
        return 0
    sql = """
        INSERT INTO tracking_event (store_id, shipment_id, occurred_at, code, place_key, status, reason, source,
                                    withdraws, body, reply_id, actor, recorded_at)
        SELECT *, %s FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::bigint[], %s::text[])
        ON CONFLICT (shipment_id, occurred_at, code, place_key, store_id) DO NOTHING"""
    columns = (
        [row.store_id for row in rows],
        [row.shipment_id for row in rows],
        [row.event.occurred_at for row in rows],
        [row.event.code for row in rows],
        [row.event.place_key for row in rows],
        [row.event.status for row in rows],
        [row.event.reason for row in rows],
        [row.event.source for row in rows],
        [row.event.withdraws for row in rows],
        [msgspec.json.encode(row.event).decode() for row in rows],
        [row.reply_id for row in rows],
        [row.actor for row in rows],
    )
    return (await connection.execute(sql, (now, *columns))).rowcount


async def mark_withdrawn(connection: Connection, shipment_id: int, withdrawn: frozenset[Identity]) -> None:
    """Mark exactly these events of a shipment as withdrawn."""
    sql = """
        UPDATE tracking_event e SET withdrawn = w.now FROM (
            SELECT id, (occurred_at, code, place_key) IN (
                SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[])) AS now
            FROM tracking_event WHERE shipment_id = %s) w
        WHERE e.id = w.id AND e.withdrawn <> w.now"""
    marks = sorted(withdrawn)
    columns = ([m[0] for m in marks], [m[1] for m in marks], [m[2] for m in marks])
    await connection.execute(sql, (*columns, shipment_id))


async def mark_duplicates(connection: Connection, shipment_id: int, duplicates: Iterable[Identity]) -> None:
    """Mark exactly these events of a shipment as duplicates of another source's."""
    sql = """
        UPDATE tracking_event e SET duplicate = w.now FROM (
            SELECT id, (occurred_at, code, place_key) IN (
                SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[])) AS now
            FROM tracking_event WHERE shipment_id = %s) w
        WHERE e.id = w.id AND e.duplicate <> w.now"""
    marks = sorted(duplicates)
    columns = ([m[0] for m in marks], [m[1] for m in marks], [m[2] for m in marks])
    await connection.execute(sql, (*columns, shipment_id))


async def update_meanings(connection: Connection, shipment_id: int, events: Sequence[TrackingEvent]) -> None:
    """Rewrite status, reason and body of known events after a code table was changed."""
    sql = """
        UPDATE tracking_event SET status = %s, reason = %s, withdraws = %s, body = %s
        WHERE shipment_id = %s AND occurred_at = %s AND code = %s AND place_key = %s"""
    for event in events:
        body = msgspec.json.encode(event).decode()
        meaning = (event.status, event.reason, event.withdraws, body)
        await connection.execute(sql, (*meaning, shipment_id, *event.identity))


async def event_lines(connection: Connection, shipment_id: int) -> list[EventLine]:
    """A shipment's events for people, oldest first, without duplicates. Unreadable ones are left out."""
    sql = """
        SELECT id, body::text, withdrawn, reply_id, actor, recorded_at FROM tracking_event
        WHERE shipment_id = %s AND NOT duplicate ORDER BY occurred_at, id"""
    decode = msgspec.json.Decoder(TrackingEvent).decode
    found = []
    async for row in await connection.execute(sql, (shipment_id,)):
        try:
            found.append(EventLine(row[0], decode(row[1]), *row[2:]))
        except ValueError:  # a row of another version
            continue
    return found


async def unknown_codes(connection: Connection, store_id: int, account_id: int, *, since: datetime) -> dict[str, int]:
    """Unmapped codes recorded since an instant, with how many shipments of the account have each."""
    sql = """
        SELECT e.code, count(DISTINCT e.shipment_id)::int FROM tracking_event e JOIN shipment s ON s.id = e.shipment_id
        WHERE e.store_id = %s AND e.status = 'unknown' AND e.recorded_at >= %s AND s.account_id = %s
        GROUP BY e.code ORDER BY e.code"""
    return {row[0]: row[1] async for row in await connection.execute(sql, (store_id, since, account_id))}
