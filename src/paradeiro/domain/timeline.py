"""In: a shipment's events in any order; out: the timeline, what it says now, and the change between two snapshots."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from paradeiro.domain.records import NOWHERE, Change, Doubt, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.sources import Identity, Said, once
from paradeiro.domain.vanishing import NOTES, VANISHED
from paradeiro.domain.words import NoticeKind, Source, Status, Withdraws

# A carrier's clock may run a little ahead of ours.
CLOCK_SKEW = timedelta(minutes=15)
# What only has a day has noon, and may have happened until that day's end.
_REST_OF_THE_DAY = timedelta(hours=12)
# Codes are reused after months, and shops sometimes post before they register: a day of grace.
REUSED_CODE_GRACE = timedelta(days=1)

# Ties within one second are broken by how far along the way a status is (facts: three events in one second occur).
_RANK = {
    Status.REGISTERED: 0,
    Status.ACCEPTED: 1,
    None: 2,
    Status.UNKNOWN: 2,
    Status.IN_TRANSIT: 3,
    Status.EXCEPTION: 4,
    Status.OUT_FOR_DELIVERY: 5,
    Status.ATTEMPT_FAILED: 6,
    Status.AVAILABLE_FOR_PICKUP: 7,
    Status.RETURNING: 8,
    Status.CANCELLED: 8,
    Status.DELIVERED: 9,
    Status.RETURNED: 9,
}
_AFTER_ALL = 10

# What only a carrier that has the package says of it.
_ON_ITS_WAY = frozenset(
    {Status.ACCEPTED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED}
)
_UNDOES_DELIVERY = frozenset({Status.RETURNING, Status.RETURNED})
_CONTRADICTS_DELIVERY = frozenset(
    {Status.ATTEMPT_FAILED, Status.EXCEPTION, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP}
)


def _rank(event: TrackingEvent) -> int:
    return _AFTER_ALL if event.withdraws is not None else _RANK[event.status]


def in_order(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """Oldest first, each identity once, the same result for every order of arrival."""
    chosen: dict[Identity, TrackingEvent] = {}
    for event in events:
        twin = chosen.setdefault(event.identity, event)
        if twin != event:
            chosen[event.identity] = max(twin, event, key=lambda e: (_rank(e), repr(e)))
    return tuple(sorted(chosen.values(), key=lambda e: (e.occurred_at, _rank(e), e.code, e.place.key)))


def unseen(known: Iterable[TrackingEvent], incoming: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The incoming events that are new. One that only gained or lost its place is the event we know."""
    identities: set[Identity] = set()
    placeless: set[tuple[datetime, str]] = set()
    placed: set[tuple[datetime, str]] = set()
    fresh: list[TrackingEvent] = []

    def remember(event: TrackingEvent) -> None:
        identities.add(event.identity)
        (placed if event.place.key else placeless).add((event.occurred_at, event.code))

    for event in known:
        remember(event)
    for event in sorted(in_order(incoming), key=lambda e: not e.place.key):
        moment = (event.occurred_at, event.code)
        same = moment in placeless if event.place.key else moment in placed
        if event.identity not in identities and not same:
            fresh.append(event)
            remember(event)
    return in_order(fresh)


@dataclass(slots=True)
class _Fold:
    """The state of one walk along the events, oldest first."""

    snapshot: Snapshot
    counting: list[TrackingEvent] = field(default_factory=list)
    withdrawn: set[Identity] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)
    delivered_until: datetime | None = None  # of one that only has a day: its end
    delivered_by: str = ""  # who reported the delivery that stands, if it was not the carrier


def said_once(events: Iterable[TrackingEvent]) -> Said:
    """Each happening once, whichever sources stated it and in whatever order."""
    return once(in_order(events))


def fold(
    events: Iterable[TrackingEvent] | Said,
    *,
    now: datetime,
    made_at: datetime | None = None,
    base: Status = Status.UNKNOWN,
    estimate: datetime | None = None,
) -> Timeline:
    """What the events say together. `base` is the status of a timeline in which nothing counts yet; `made_at`: when the
    order was made, or at the latest invoiced, if anybody said.
    """
    ordered = (events if isinstance(events, Said) else said_once(events)).events
    state = _Fold(Snapshot(status=base, estimate=estimate, events=len(ordered)))
    state.withdrawn = _withdrawn(ordered)
    for event in ordered:
        if event.identity in state.withdrawn:
            continue
        doubt = _doubt_of(event, ordered, state.withdrawn, now=now, made_at=made_at)
        if doubt is not None:
            state.doubts.append(doubt)
            continue
        state.counting.append(event)
        _step(state, event)
    return Timeline(state.snapshot, ordered, frozenset(state.withdrawn), tuple(state.doubts))


def _withdrawn(ordered: tuple[TrackingEvent, ...]) -> set[Identity]:
    """Identities that a later event takes back. Newest first: what was taken back itself takes nothing back."""
    gone: set[Identity] = set()
    for index, event in reversed(tuple(enumerate(ordered))):
        if event.identity in gone:
            continue
        match event.withdraws:
            case Withdraws.PREVIOUS:
                gone |= _previous(ordered[:index], gone, event.reported_by)
            case Withdraws.DELIVERY:
                gone |= {e.identity for e in ordered[:index] if e.status is Status.DELIVERED}
            case Withdraws.DISAPPEARANCE:
                gone |= {e.identity for e in ordered[:index] if e.code == VANISHED}
            case None:
                pass
    return gone


def _previous(older: tuple[TrackingEvent, ...], gone: set[Identity], reported_by: str) -> set[Identity]:
    """The carrier's own event just before a reversal. What others stated is not the carrier's to take back."""
    for event in reversed(older):
        own = event.source is Source.CARRIER and event.reported_by == reported_by and event.code not in NOTES
        if own and event.withdraws is not Withdraws.PREVIOUS and event.identity not in gone:
            return {event.identity}
    return set()


def _doubt_of(
    event: TrackingEvent,
    ordered: tuple[TrackingEvent, ...],
    withdrawn: set[Identity],
    *,
    now: datetime,
    made_at: datetime | None,
) -> Doubt | None:
    when = f"{event.occurred_at:%Y-%m-%d %H:%M}"
    if made_at is not None and event.occurred_at < made_at - REUSED_CODE_GRACE:
        return Doubt(
            NoticeKind.IMPLAUSIBLE_EVENT,
            f"'{event.description or event.code}' of {when} is older than this order's package ({made_at:%Y-%m-%d}): "
            "the code was probably used before. It does not count.",
            event,
        )
    if event.status is not Status.DELIVERED:
        return None
    if event.occurred_at > now + CLOCK_SKEW:
        words = f"A delivery dated in the future ({when}) does not count before that."
        return Doubt(NoticeKind.IMPLAUSIBLE_EVENT, words, event, until=event.occurred_at - CLOCK_SKEW)
    begun = _begun(event, ordered, withdrawn)
    if begun is not None and _latest(event) < begun:
        return Doubt(
            NoticeKind.IMPLAUSIBLE_EVENT,
            f"A delivery of {when}, before the package was posted ({begun:%Y-%m-%d %H:%M}), does not count.",
            event,
        )
    return None


def _begun(
    delivery: TrackingEvent, ordered: tuple[TrackingEvent, ...], withdrawn: Collection[Identity]
) -> datetime | None:
    """Since when the carrier has the package, as it says itself; None if it does not. What a program states is held
    against all that it says: not all carriers have a word for the posting. What an operator confirms is looked into.
    """
    standing = [e for e in ordered if e.identity not in withdrawn]
    posted = [e.occurred_at for e in standing if e.status is Status.ACCEPTED]
    if not posted and delivery.source is Source.API:
        posted = [e.occurred_at for e in standing if e.source is Source.CARRIER and e.status in _ON_ITS_WAY]
    return min(posted, default=None)


def _latest(event: TrackingEvent) -> datetime:
    """When it can have happened at the latest: clocks differ a little."""
    return event.occurred_at + (_REST_OF_THE_DAY if event.day_only else CLOCK_SKEW)


def _step(state: _Fold, event: TrackingEvent) -> None:
    """Move the snapshot by one event that counts."""
    now = state.snapshot
    newest = event.occurred_at if now.news_at is None else max(now.news_at, event.occurred_at)
    if event.status is None or event.status is Status.UNKNOWN or not _may_move(state, event):
        state.snapshot = replace(now, news_at=newest)
        return
    status, reason = event.status, event.reason
    if status is Status.DELIVERED:
        state.delivered_by = event.reported_by
        state.delivered_until = _latest(event) if event.day_only else None
    if now.status is Status.RETURNING and status is Status.IN_TRANSIT:
        # The way back is made of the same transport events (facts/correios, section 4): it is still the way back.
        status, reason = now.status, now.reason
    same = status is now.status and reason is now.reason
    state.snapshot = replace(
        now,
        status=status,
        reason=reason,
        since=now.since if same and now.since is not None else event.occurred_at,
        delivered_at=event.occurred_at if event.status is Status.DELIVERED else None,
        news_at=newest,
        # Where it was handed over is not where it was last seen: a delivery without a place has none.
        place=event.place if event.place != NOWHERE or status is Status.DELIVERED else now.place,
        description=event.description,
        detail=event.detail,
        destination=event.destination,
        pickup_deadline=event.pickup_deadline,
        pickup_address=event.pickup_address,
        accepted_at=now.accepted_at or (event.occurred_at if event.status is Status.ACCEPTED else None),
    )


def _may_move(state: _Fold, event: TrackingEvent) -> bool:
    """Whether an event may move a timeline that already ended; a contradiction becomes a doubt instead."""
    current = state.snapshot.status
    if current is Status.DELIVERED:
        if event.status in _UNDOES_DELIVERY:
            return True
        if state.delivered_until is not None and event.occurred_at < state.delivered_until:
            return False  # it was before, as far as anybody knows
        if event.status in _CONTRADICTS_DELIVERY or _knows_no_delivery(state, event):
            state.doubts.append(
                Doubt(
                    NoticeKind.CONTRADICTED_DELIVERY,
                    f"After the delivery the carrier reported '{event.description or event.code}' "
                    f"({event.occurred_at:%Y-%m-%d %H:%M}). The delivery still stands: check it, "
                    "and reopen it if it is wrong.",
                    event,
                )
            )
        return False
    return not (current is Status.RETURNED and event.status is not Status.RETURNED)


def _knows_no_delivery(state: _Fold, event: TrackingEvent) -> bool:
    """Whether the carrier itself goes on after a delivery that only a stand-in reported."""
    own = event.source is Source.CARRIER and not event.reported_by
    return own and state.delivered_by != "" and event.status is not Status.DELIVERED


def compare(
    old: Snapshot, timeline: Timeline, new_events: tuple[TrackingEvent, ...], *, restated: bool = False
) -> Change | None:
    """The change from `old` to the timeline's snapshot; None when there is nothing to tell anybody. `restated`: events
    that were told mean something else now, so the history must be told again even if the position did not move.
    """
    new = timeline.snapshot
    moved = _position(old) != _position(new)
    if not new_events and not moved and not restated and old.delivered_at == new.delivered_at:
        return None
    return Change(
        old=old,
        new=new,
        new_events=new_events,
        moved=moved,
        delivered=new.delivered and not old.delivered,
        delivery_withdrawn=old.delivered and not new.delivered,
        newest=max((e.occurred_at for e in new_events), default=None),
        restated=_meanings(timeline) if restated else "",
    )


def _meanings(timeline: Timeline) -> str:
    """A name for what a timeline's events mean (16 bytes as hex)."""
    said = [f"{e.identity} {e.status} {e.reason} {e.identity in timeline.withdrawn}" for e in timeline.events]
    return sha256("\n".join(said).encode()).hexdigest()[:32]


def _position(snapshot: Snapshot) -> tuple[object, ...]:
    return (snapshot.status, snapshot.reason, snapshot.place.key)


def cause_of(change: Change) -> str:
    """A name for a change that is the same each time the same facts are recorded (16 bytes as hex)."""
    told = [f"{e.occurred_at.isoformat()} {e.code} {e.place.key}" for e in change.new_events]
    new = change.new
    said = f"{new.status} {new.reason} {new.place.key} {new.delivered_at} {new.events}{change.restated}"
    return sha256("\n".join([*told, said]).encode()).hexdigest()[:32]


def ended_by_delivery(timeline: Timeline) -> list[NoticeKind]:
    """Which notices about a package are over once it is delivered: that it was not, and doubts that came true."""
    doubted = any(doubt.kind == NoticeKind.IMPLAUSIBLE_EVENT for doubt in timeline.doubts)
    return [NoticeKind.DELIVERY_WITHDRAWN] if doubted else [NoticeKind.DELIVERY_WITHDRAWN, NoticeKind.IMPLAUSIBLE_EVENT]


def order_delivered_at(snapshots: Iterable[Snapshot]) -> datetime | None:
    """When an order was delivered: once all its shipments that were not cancelled are, the last of their instants."""
    standing = [s for s in snapshots if s.status is not Status.CANCELLED]
    if not standing or not all(s.delivered for s in standing):
        return None
    return max(s.delivered_at for s in standing if s.delivered_at is not None)
