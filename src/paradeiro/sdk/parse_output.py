"""In: what a connector parsed; out: the plain JSON shape of `paradeiro parse` and of expected files."""

from datetime import UTC, datetime

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import ParsedAnswer, Snapshot, Timeline, TrackingEvent

# Saved answers are folded at a far future instant, so that the result depends on the events only.
END_OF_DAYS = datetime(2100, 1, 1, tzinfo=UTC)

Reading = dict[str, object]


def event_reading(event: TrackingEvent) -> Reading:
    """One event: `occurred_at` is ISO 8601 with offset; unknown values are null."""
    return {
        **({"volume": event.volume} if event.volume else {}),
        "occurred_at": event.occurred_at.isoformat(),
        "code": event.code,
        "status": None if event.status is None else str(event.status),
        "reason": None if event.reason is None else str(event.reason),
        "city": event.place.city,
        "state": event.place.state,
        "country": event.place.country,
        "description": event.description,
    }


def snapshot_reading(snapshot: Snapshot) -> Reading:
    """The timeline's snapshot in the three fields that expected files compare."""
    return {
        "status": str(snapshot.status),
        "reason": None if snapshot.reason is None else str(snapshot.reason),
        "delivered_at": None if snapshot.delivered_at is None else snapshot.delivered_at.isoformat(),
    }


def names_of(parsed: ParsedAnswer) -> Reading:
    """What else an answer names its shipment by; only what it has."""
    found: Reading = {}
    if parsed.identifiers:
        found["identifiers"] = [identifier.text for identifier in parsed.identifiers]
    if parsed.carrier_code:
        found["carrier_code"] = parsed.carrier_code
    if parsed.legs:
        found["legs"] = [[leg.courier, leg.tracking_code] for leg in parsed.legs]
    if parsed.shipment:
        found["shipment"] = parsed.shipment
    return found


def timeline_of(parsed: ParsedAnswer, now: datetime = END_OF_DAYS) -> Timeline:
    """The timeline of one answer alone, with nothing known before it."""
    return fold(parsed.events, now=now, estimate=parsed.estimate)


def reading(parsed: ParsedAnswer, now: datetime = END_OF_DAYS) -> Reading:
    """One tracking code's part of an answer, as expected files write it: events oldest first, each once."""
    timeline = timeline_of(parsed, now)
    return {
        "tracking_code": parsed.tracking_code,
        **names_of(parsed),
        "outcome": str(parsed.outcome),
        "events": [event_reading(event) for event in timeline.events],
        "snapshot": snapshot_reading(timeline.snapshot),
    }
