"""In: events of several sources about one package; out: each event once, and which statements are duplicates. Pure.

The carrier's own account is one source, a fallback (aggregator) another, with other codes and spellings. Duplicates are
always determined anew from all statements, so neither their order of arrival nor repetitions matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.domain.records import Snapshot, TrackingEvent
from paradeiro.domain.words import Reason, Source, Status

Identity = tuple[datetime, str, str]

# A fallback is asked once the carrier's own account has been unhealthy for this long.
FALLBACK_AFTER = timedelta(minutes=10)

# A package ends once: end events of two sources within this period (time zones) are the same.
_ONE_END = timedelta(hours=14)
_ENDS = frozenset({Status.DELIVERED, Status.RETURNED})
# One source's failed attempt is another's exception, or the start of the return.
_PROBLEMS = frozenset({Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.RETURNING})
_NO_MEANING = frozenset({None, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class MergedEvents:
    """`events`: one statement per event; `duplicates`: of each one left out, the identity of the one that stands."""

    events: tuple[TrackingEvent, ...]
    duplicates: Mapping[Identity, Identity] = field(default_factory=dict)


def attribute_to_source(events: Iterable[TrackingEvent], source: str, carrier: str) -> tuple[TrackingEvent, ...]:
    """Mark events that `source` (a connector) reports of a package of another `carrier`, and prefix their codes."""
    if source == carrier:
        return tuple(events)
    return tuple(replace(e, code=f"{source}:{e.code}", reported_by=source) for e in events)


def merge_sources(events: Sequence[TrackingEvent]) -> MergedEvents:
    """Merge duplicates. `events` have distinct identities, sorted by `sort_events`."""
    others = sorted({e.reported_by for e in events if e.reported_by})
    if not others:
        return MergedEvents(tuple(events))
    groups = [[e] for e in events if not e.reported_by]
    for source in others:
        theirs = [e for e in events if e.reported_by == source]
        placed = _match_duplicates([_preferred(group) for group in groups], theirs)
        fresh = []
        for index, event in enumerate(theirs):
            if index in placed:
                groups[placed[index]].append(event)
            else:
                fresh.append([event])
        groups += fresh
    duplicates: dict[Identity, Identity] = {}
    for group in groups:
        standing = _preferred(group)
        duplicates |= {e.identity: standing.identity for e in group if e is not standing}
    return MergedEvents(tuple(e for e in events if e.identity not in duplicates), duplicates)


def new_happenings(known: Iterable[TrackingEvent], merged: MergedEvents) -> tuple[TrackingEvent, ...]:
    """The merged events that nothing in `known` had stated."""
    stated = {event.identity for event in known}
    stated |= {merged.duplicates[identity] for identity in stated & merged.duplicates.keys()}
    return tuple(event for event in merged.events if event.identity not in stated)


def restate_snapshot(old: Snapshot, before: Snapshot) -> Snapshot:
    """The snapshot `old` with the statements that now stand. `before`: the fold of the events known then.

    Another place, reason or second of the same position is no change. Another status is, and so is another minute of
    the delivery, since those were sent differently.
    """
    if before.status is not old.status:
        return old
    same = old.delivered_at is None or before.delivered_at is None or _delivery_minute(old) == _delivery_minute(before)
    return before if same else replace(before, delivered_at=old.delivered_at)


def _delivery_minute(snapshot: Snapshot) -> datetime | None:
    return snapshot.delivered_at and snapshot.delivered_at.replace(second=0, microsecond=0)


def _preferred(group: Sequence[TrackingEvent]) -> TrackingEvent:
    """The statement that stands for an event: the carrier's own, else the most specific one."""
    return min(group, key=lambda e: (e.reported_by != "", _vagueness(e), e.reported_by))


def _vagueness(event: TrackingEvent) -> int:
    return 2 if event.status in _NO_MEANING else 1 if event.status is Status.IN_TRANSIT else 0


def _match_duplicates(standing: Sequence[TrackingEvent], theirs: Sequence[TrackingEvent]) -> dict[int, int]:
    """Match their events to standing ones, one to one, as many as possible, the nearest meanings first."""
    near: dict[int, list[tuple[int, int]]] = {}
    for index, event in enumerate(theirs):
        found = [(_distance(known, event), number) for number, known in enumerate(standing)]
        near[index] = sorted((distance, number) for distance, number in found if distance is not None)
    holder: dict[int, int] = {}
    placed: set[int] = set()
    for _, index, number in sorted((d, i, n) for i, choices in near.items() for d, n in choices):
        if index not in placed and number not in holder:
            holder[number] = index
            placed.add(index)
    for index in near:
        if index not in placed:
            _make_room(index, near, holder, set())
    return {index: number for number, index in holder.items()}


def _make_room(index: int, near: dict[int, list[tuple[int, int]]], holder: dict[int, int], tried: set[int]) -> bool:
    """Match a remaining event by moving others (augmenting path)."""
    for _, number in near[index]:
        if number in tried:
            continue
        tried.add(number)
        if number not in holder or _make_room(holder[number], near, holder, tried):
            holder[number] = index
            return True
    return False


def _distance(known: TrackingEvent, other: TrackingEvent) -> int | None:
    """The distance of two sources' statements; None if they cannot be the same event."""
    if known.source is not Source.CARRIER or other.source is not Source.CARRIER:
        return None  # statements by hand are never duplicates
    meaning = _meaning_distance(known, other)
    if meaning is None and known.reported_by:
        meaning = _meaning_distance(other, known)
    if meaning is None:
        return None
    if _same_minute(known, other):
        return 2 * meaning + (_city(known) != _city(other))
    ends = known.status is other.status and known.status in _ENDS
    return 20 if ends and abs(known.occurred_at - other.occurred_at) <= _ONE_END else None


def _meaning_distance(known: TrackingEvent, other: TrackingEvent) -> int | None:
    """The distance of `other` from the meaning of `known`; `other` may only be vaguer. None: another meaning."""
    if known.status is other.status:
        return int(known.reason is not other.reason)
    if known.status is Status.UNKNOWN:
        # The carrier's code is unmapped: the other's meaning must not be hidden by it.
        return None
    if known.status in _PROBLEMS and other.status in _PROBLEMS:
        return 2
    vague = other.status in _NO_MEANING or other.status is Status.IN_TRANSIT
    vague = vague or (other.status is Status.EXCEPTION and other.reason in {None, Reason.OTHER})
    if not vague:
        return None
    return 4 if known.status is not None and known.status.final else 3


def _same_minute(one: TrackingEvent, other: TrackingEvent) -> bool:
    """The same minute; by local time where a time zone was assumed."""
    mine = one.occurred_at.replace(second=0, microsecond=0)
    theirs = other.occurred_at.replace(second=0, microsecond=0)
    if mine == theirs:
        return True
    return (one.zone_assumed or other.zone_assumed) and mine.replace(tzinfo=None) == theirs.replace(tzinfo=None)


def _city(event: TrackingEvent) -> str:
    return (event.place.city or "").strip().casefold()
