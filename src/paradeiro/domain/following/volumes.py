"""In: the timelines of a shipment's volumes; out: the shipment's: delivered when all of them are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from paradeiro.domain.records import Snapshot, Timeline, TrackingEvent

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def volumes_of(events: Sequence[TrackingEvent]) -> tuple[str, ...]:
    """The volumes that events name, in order; empty if none is named."""
    return tuple(sorted({event.volume for event in events if event.volume}))


def events_of_volume(events: Sequence[TrackingEvent], volume: str) -> tuple[TrackingEvent, ...]:
    """The events of one volume, and those of all volumes."""
    return tuple(event for event in events if event.volume in {"", volume})


def combine_volumes(events: tuple[TrackingEvent, ...], timelines: Mapping[str, Timeline]) -> Timeline:
    """The timeline of the whole shipment. Its position is that of the volume with the newest news among those that are
    not delivered; an event of all volumes is withdrawn if it is for each of them.
    """
    folded = list(timelines.values())
    counts = [frozenset(event.identity for event in timeline.events) for timeline in folded]
    pairs = list(zip(folded, counts, strict=True))
    withdrawn = {
        event.identity
        for event in events
        if all(event.identity in timeline.withdrawn for timeline, known in pairs if event.identity in known)
    }
    doubts = tuple(dict.fromkeys(doubt for timeline in folded for doubt in timeline.doubts))
    return Timeline(replace(_slowest(folded), events=len(events)), events, frozenset(withdrawn), doubts)


def _slowest(timelines: Sequence[Timeline]) -> Snapshot:
    """The snapshot that stands for all: of those not delivered the newest, else the last delivery."""
    snapshots = [timeline.snapshot for timeline in timelines]
    newest = max((s.news_at for s in snapshots if s.news_at is not None), default=None)
    open_ones = [s for s in snapshots if not s.delivered]
    if open_ones:
        chosen = max(open_ones, key=lambda s: s.news_at or _NEVER)
    else:
        chosen = max(snapshots, key=lambda s: s.delivered_at or _NEVER)
    return replace(chosen, news_at=newest)
