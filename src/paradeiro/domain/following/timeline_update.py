"""In: a shipment's snapshot, known and added events; out: the timeline of all of them, and the change. Pure.

merge (duplicates of several sources) -> fold (into one timeline) -> compare (with the previous snapshot).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from paradeiro.domain.following.merging import Identity, MergedEvents, new_happenings, restate_snapshot
from paradeiro.domain.following.timeline import compare_snapshots, fold, merge_events
from paradeiro.domain.records import Change, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.words import Status


@dataclass(frozen=True, slots=True)
class TimelineUpdate:
    """`timeline`: the fold of known and added events. `change`: None if there is nothing to send.
    `duplicates`: each statement that repeats another source's, with the identity of the one that stands for it; None
    where all events have one source.
    """

    timeline: Timeline
    change: Change | None
    duplicates: Mapping[Identity, Identity] | None


def update_timeline(
    old: Snapshot,
    known: Sequence[TrackingEvent],
    added: Sequence[TrackingEvent],
    *,
    now: datetime,
    made_at: datetime | None = None,
    ordered_at: datetime | None = None,
    estimate: datetime | None = None,
    restated: bool = False,
) -> TimelineUpdate:
    """Fold `known` and `added` (events not in `known`) together and compare with the stored snapshot `old`.
    `made_at`, `ordered_at`, `estimate`: as in `fold`. `restated`: known events changed their meaning.
    """
    merged = merge_events([*known, *added])
    timeline_of = partial(
        fold, now=now, made_at=made_at, ordered_at=ordered_at, base=Status.REGISTERED, estimate=estimate
    )
    timeline, new_events = timeline_of(merged), new_happenings(known, merged)
    if _other_statements_stand(known, merged):
        # Another source now states a known event better: compare with the old snapshot restated so.
        earlier = MergedEvents(tuple(event for event in merged.events if event not in new_events))
        old = restate_snapshot(old, timeline_of(earlier).snapshot)
    several = any(event.reported_by for event in (*known, *added))
    change = compare_snapshots(old, timeline, new_events, restated=restated)
    return TimelineUpdate(timeline, change, merged.duplicates if several else None)


def _other_statements_stand(known: Sequence[TrackingEvent], merged: MergedEvents) -> bool:
    """Whether a known event became a duplicate, or ceased to be one."""
    earlier = merge_events(known).duplicates if any(event.reported_by for event in known) else {}
    return any((event.identity in earlier) is not (event.identity in merged.duplicates) for event in known)
