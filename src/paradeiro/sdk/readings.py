"""In: what a connector parsed; out: the plain JSON shape of `paradeiro parse` and of expected files."""

from datetime import UTC, datetime

from paradeiro.domain.records import Parsed, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.timeline import fold

# A saved answer is read as from the end of all days: only the events themselves may decide what they say.
END_OF_DAYS = datetime(2100, 1, 1, tzinfo=UTC)

Reading = dict[str, object]


def event_reading(event: TrackingEvent) -> Reading:
    """One event: `occurred_at` is ISO 8601 with offset, what is not known is null."""
    return {
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
    """What a timeline says now, in the three fields that matter to whoever asks what an answer means."""
    return {
        "status": str(snapshot.status),
        "reason": None if snapshot.reason is None else str(snapshot.reason),
        "delivered_at": None if snapshot.delivered_at is None else snapshot.delivered_at.isoformat(),
    }


def timeline_of(parsed: Parsed, now: datetime = END_OF_DAYS) -> Timeline:
    """The timeline that one answer alone makes, with nothing known before it."""
    return fold(parsed.events, now=now, estimate=parsed.estimate)


def reading(parsed: Parsed, now: datetime = END_OF_DAYS) -> Reading:
    """One tracking code's part of an answer, as expected files write it: events oldest first, each once."""
    timeline = timeline_of(parsed, now)
    return {
        "tracking_code": parsed.tracking_code,
        "outcome": str(parsed.outcome),
        "events": [event_reading(event) for event in timeline.events],
        "snapshot": snapshot_reading(timeline.snapshot),
    }
