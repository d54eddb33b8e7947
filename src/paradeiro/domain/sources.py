"""In: what several sources state about one package; out: each happening once, and which statements only repeat one.

The carrier's own account is one source, an aggregator that stands in for it is another. They speak of the same
happenings with other codes and other spellings. Which statements mean the same is decided here, always anew and from
all statements together, so that neither the order in which they came nor how often they came matters.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from paradeiro.domain.records import Snapshot, TrackingEvent
from paradeiro.domain.words import Reason, Source, Status

Identity = tuple[datetime, str, str]

# A stand-in is asked once the carrier's own account has been in trouble for so long: not for a hiccup.
PATIENCE = timedelta(minutes=10)

# A package ends once: two sources that put its end hours apart mean one end. As far apart as time zones are.
_ONE_END = timedelta(hours=14)
_ENDS = frozenset({Status.DELIVERED, Status.RETURNED})
# One source's attempt that failed is another's exception, or the beginning of the way back.
_TROUBLES = frozenset({Status.EXCEPTION, Status.ATTEMPT_FAILED, Status.RETURNING})
_SAYS_NOTHING = frozenset({None, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Said:
    """`events` has one statement per happening; `echoes` names, of each one left out, the one that stands for it."""

    events: tuple[TrackingEvent, ...]
    echoes: Mapping[Identity, Identity] = field(default_factory=dict)


def reported(events: Iterable[TrackingEvent], source: str, carrier: str) -> tuple[TrackingEvent, ...]:
    """Events as `source` (a connector) reports them of a package of `carrier`: another's are marked, codes too."""
    if source == carrier:
        return tuple(events)
    return tuple(replace(e, code=f"{source}:{e.code}", reported_by=source) for e in events)


def once(events: Sequence[TrackingEvent]) -> Said:
    """Each happening once. `events` have distinct identities, in an order that depends on them alone (`in_order`)."""
    others = sorted({e.reported_by for e in events if e.reported_by})
    if not others:
        return Said(tuple(events))
    groups = [[e] for e in events if not e.reported_by]
    for source in others:
        theirs = [e for e in events if e.reported_by == source]
        placed = _pairs([_standing(group) for group in groups], theirs)
        fresh = []
        for index, event in enumerate(theirs):
            if index in placed:
                groups[placed[index]].append(event)
            else:
                fresh.append([event])
        groups += fresh
    echoes: dict[Identity, Identity] = {}
    for group in groups:
        standing = _standing(group)
        echoes |= {e.identity: standing.identity for e in group if e is not standing}
    return Said(tuple(e for e in events if e.identity not in echoes), echoes)


def news(known: Iterable[TrackingEvent], said: Said) -> tuple[TrackingEvent, ...]:
    """The happenings that nothing in `known` had stated, as they stand now."""
    stated = {event.identity for event in known}
    stated |= {said.echoes[identity] for identity in stated & said.echoes.keys()}
    return tuple(event for event in said.events if event.identity not in stated)


def believed(old: Snapshot, before: Snapshot) -> Snapshot:
    """What was said before, in the words that now stand for it. `before` is the fold of the happenings known then.

    Another place, reason or second of the same position is no news. Another status is, and so is another minute of
    the delivery: those were told otherwise.
    """
    if before.status is not old.status:
        return old
    same = old.delivered_at is None or before.delivered_at is None or _minute(old) == _minute(before)
    return before if same else replace(before, delivered_at=old.delivered_at)


def _minute(snapshot: Snapshot) -> datetime | None:
    return snapshot.delivered_at and snapshot.delivered_at.replace(second=0, microsecond=0)


def _standing(group: Sequence[TrackingEvent]) -> TrackingEvent:
    """The statement that stands for a happening: the carrier's own, else the one that says most."""
    return min(group, key=lambda e: (e.reported_by != "", _vagueness(e), e.reported_by))


def _vagueness(event: TrackingEvent) -> int:
    return 2 if event.status in _SAYS_NOTHING else 1 if event.status is Status.IN_TRANSIT else 0


def _pairs(standing: Sequence[TrackingEvent], theirs: Sequence[TrackingEvent]) -> dict[int, int]:
    """Which of their events repeats which standing one: as many as possible one to one, the nearest meanings first."""
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
    """Place an event that is left over, others moving up if they can (an augmenting path)."""
    for _, number in near[index]:
        if number in tried:
            continue
        tried.add(number)
        if number not in holder or _make_room(holder[number], near, holder, tried):
            holder[number] = index
            return True
    return False


def _distance(known: TrackingEvent, other: TrackingEvent) -> int | None:
    """How far apart two sources' statements are; None where they cannot be one happening."""
    if known.source is not Source.CARRIER or other.source is not Source.CARRIER:
        return None  # what people state is theirs
    meaning = _apart(known, other)
    if meaning is None and known.reported_by:
        meaning = _apart(other, known)
    if meaning is None:
        return None
    if _same_moment(known, other):
        return 2 * meaning + (_city(known) != _city(other))
    ends = known.status is other.status and known.status in _ENDS
    return 20 if ends and abs(known.occurred_at - other.occurred_at) <= _ONE_END else None


def _apart(known: TrackingEvent, other: TrackingEvent) -> int | None:
    """How far `other` is from meaning `known`, which it may only say more vaguely."""
    if known.status is other.status:
        return int(known.reason is not other.reason)
    if known.status is Status.UNKNOWN:
        # Nobody has mapped the carrier's code yet: what the other says of it must not get lost behind it.
        return None
    if known.status in _TROUBLES and other.status in _TROUBLES:
        return 2
    vague = other.status in _SAYS_NOTHING or other.status is Status.IN_TRANSIT
    vague = vague or (other.status is Status.EXCEPTION and other.reason in {None, Reason.OTHER})
    if not vague:
        return None
    return 4 if known.status is not None and known.status.final else 3


def _same_moment(one: TrackingEvent, other: TrackingEvent) -> bool:
    """The same minute; by the wall clock where somebody had to assume a time zone."""
    mine = one.occurred_at.replace(second=0, microsecond=0)
    theirs = other.occurred_at.replace(second=0, microsecond=0)
    if mine == theirs:
        return True
    return (one.zone_assumed or other.zone_assumed) and mine.replace(tzinfo=None) == theirs.replace(tzinfo=None)


def _city(event: TrackingEvent) -> str:
    return (event.place.city or "").strip().casefold()
