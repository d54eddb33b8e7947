"""In: a shipment's events in any order; out: the timeline with its snapshot, and the change between two snapshots."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from paradeiro.domain.following.disappearance import NOTES, VANISHED
from paradeiro.domain.following.merging import Identity, MergedEvents, merge_sources
from paradeiro.domain.following.volumes import combine_volumes, events_of_volume, volumes_of
from paradeiro.domain.records import NOWHERE, Change, Doubt, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.words import NoticeKind, Source, Status, Withdraws

# A carrier's clock may run a little ahead of ours.
CLOCK_SKEW = timedelta(minutes=15)
# An event with only a day is dated noon, and may have happened until the end of that day.
_REST_OF_THE_DAY = timedelta(hours=12)
# Nothing is sold, packed and handed over within minutes: such a delivery is of an older package under the same key.
_SOONEST_DELIVERY = timedelta(minutes=30)
# Codes are reused after months, and stores sometimes post before they register: a day of tolerance.
REUSED_CODE_GRACE = timedelta(days=1)

# Events within one second (three occur) are sorted by the progress of their status.
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
_SEVERAL = 2

# Statuses that imply that the carrier has the package.
_ON_ITS_WAY = frozenset(
    {Status.ACCEPTED, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED}
)
_UNDOES_DELIVERY = frozenset({Status.RETURNING, Status.RETURNED})
_CONTRADICTS_DELIVERY = frozenset(
    {Status.ATTEMPT_FAILED, Status.EXCEPTION, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP}
)


def _rank(event: TrackingEvent) -> int:
    return _AFTER_ALL if event.withdraws is not None else _RANK[event.status]


def sort_events(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """Sort by time, each identity once; independent of the order of arrival."""
    chosen: dict[Identity, TrackingEvent] = {}
    for event in events:
        twin = chosen.setdefault(event.identity, event)
        if twin != event:
            chosen[event.identity] = max(twin, event, key=lambda e: (_rank(e), repr(e)))
    return tuple(sorted(chosen.values(), key=lambda e: (e.occurred_at, _rank(e), e.code, e.place_key)))


def unknown_codes(events: Iterable[TrackingEvent]) -> tuple[str, ...]:
    """The codes without a known meaning, each once: the `unknown_codes` of a connector's answer."""
    return tuple(sorted({event.code for event in events if event.status is Status.UNKNOWN}))


def select_new_events(known: Iterable[TrackingEvent], incoming: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """The incoming events that are new. An event that only gained or lost its place is not."""
    identities: set[Identity] = set()
    placeless: set[tuple[datetime, str, str]] = set()
    placed: set[tuple[datetime, str, str]] = set()
    fresh: list[TrackingEvent] = []

    def remember(event: TrackingEvent) -> None:
        identities.add(event.identity)
        (placed if event.place.key else placeless).add((event.occurred_at, event.code, event.volume))

    for event in known:
        remember(event)
    for event in sorted(sort_events(incoming), key=lambda e: not e.place.key):
        moment = (event.occurred_at, event.code, event.volume)
        same = moment in placeless if event.place.key else moment in placed
        if event.identity not in identities and not same:
            fresh.append(event)
            remember(event)
    return sort_events(fresh)


@dataclass(slots=True)
class _Fold:
    """The state while folding the events, oldest first."""

    snapshot: Snapshot
    counting: list[TrackingEvent] = field(default_factory=list)
    withdrawn: set[Identity] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)
    delivered_until: datetime | None = None  # the end of its day, if only the day is known
    delivered_by: str = ""  # the fallback that reported the current delivery; empty: the carrier


def merge_events(events: Iterable[TrackingEvent]) -> MergedEvents:
    """Merge the statements of all sources; independent of their order."""
    return merge_sources(sort_events(events))


def fold(
    events: Iterable[TrackingEvent] | MergedEvents,
    *,
    now: datetime,
    made_at: datetime | None = None,
    ordered_at: datetime | None = None,
    base: Status = Status.UNKNOWN,
    estimate: datetime | None = None,
) -> Timeline:
    """Fold the events into a timeline. `base`: the status without any counting event; `made_at`: when the order was
    made, or at the latest invoiced, if known; `ordered_at`: the first of these alone. A shipment of several volumes is
    delivered when all of them are.
    """
    ordered = (events if isinstance(events, MergedEvents) else merge_events(events)).events
    fold_one = partial(_fold_one, now=now, made_at=made_at, ordered_at=ordered_at, base=base, estimate=estimate)
    volumes = volumes_of(ordered)
    if len(volumes) < _SEVERAL:
        return fold_one(ordered)
    return combine_volumes(ordered, {each: fold_one(events_of_volume(ordered, each)) for each in volumes})


def _fold_one(
    ordered: tuple[TrackingEvent, ...],
    *,
    now: datetime,
    made_at: datetime | None,
    ordered_at: datetime | None,
    base: Status,
    estimate: datetime | None,
) -> Timeline:
    """Fold the events of one volume, oldest first."""
    state = _Fold(Snapshot(status=base, estimate=estimate, events=len(ordered)))
    state.withdrawn = _withdrawn_identities(ordered)
    for event in ordered:
        if event.identity in state.withdrawn:
            continue
        doubt = _doubt_of(event, ordered, state.withdrawn, now=now, made_at=made_at, ordered_at=ordered_at)
        if doubt is not None:
            state.doubts.append(doubt)
            continue
        state.counting.append(event)
        _apply_event(state, event)
    return Timeline(state.snapshot, ordered, frozenset(state.withdrawn), tuple(state.doubts))


def _withdrawn_identities(ordered: tuple[TrackingEvent, ...]) -> set[Identity]:
    """Identities withdrawn by a later event. Newest first: a withdrawn event withdraws nothing."""
    withdrawn: set[Identity] = set()
    for index, event in reversed(tuple(enumerate(ordered))):
        if event.identity in withdrawn:
            continue
        match event.withdraws:
            case Withdraws.PREVIOUS:
                withdrawn |= _previous_event(ordered[:index], withdrawn, event.reported_by)
            case Withdraws.DELIVERY:
                withdrawn |= {e.identity for e in ordered[:index] if e.status is Status.DELIVERED}
            case Withdraws.NAMED:
                withdrawn |= _named_events(ordered, event)
            case Withdraws.DISAPPEARANCE:
                withdrawn |= {e.identity for e in ordered[:index] if e.code == VANISHED}
            case None:
                pass
    return withdrawn


def _named_events(ordered: tuple[TrackingEvent, ...], withdrawal: TrackingEvent) -> set[Identity]:
    """The events of the same source with the reference that a withdrawal names, whenever they happened."""
    return {
        e.identity
        for e in ordered
        if e.reference == withdrawal.reference != ""
        and e.reported_by == withdrawal.reported_by
        and e.withdraws is not Withdraws.NAMED
    }


def _previous_event(older: tuple[TrackingEvent, ...], withdrawn: set[Identity], reported_by: str) -> set[Identity]:
    """The carrier's own event just before a reversal, which cannot withdraw other sources' events."""
    for event in reversed(older):
        own = event.source is Source.CARRIER and event.reported_by == reported_by and event.code not in NOTES
        if own and event.withdraws is not Withdraws.PREVIOUS and event.identity not in withdrawn:
            return {event.identity}
    return set()


def _doubt_of(
    event: TrackingEvent,
    ordered: tuple[TrackingEvent, ...],
    withdrawn: set[Identity],
    *,
    now: datetime,
    made_at: datetime | None,
    ordered_at: datetime | None,
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
    own = event.source is Source.CARRIER
    if ordered_at is not None and own and _latest_instant(event) < ordered_at + _SOONEST_DELIVERY:
        words = f"A delivery of {when}, before the order was made or at once after it, is another package's."
        return Doubt(NoticeKind.IMPLAUSIBLE_EVENT, words, event)
    posted_at = _posted_at(event, ordered, withdrawn)
    if posted_at is not None and _latest_instant(event) < posted_at:
        return Doubt(
            NoticeKind.IMPLAUSIBLE_EVENT,
            f"A delivery of {when}, before the package was posted ({posted_at:%Y-%m-%d %H:%M}), does not count.",
            event,
        )
    return None


def _posted_at(
    delivery: TrackingEvent, ordered: tuple[TrackingEvent, ...], withdrawn: Collection[Identity]
) -> datetime | None:
    """Since when the carrier has the package by its own events; None if unknown. A delivery stated by a program is also
    compared with transport events, since not all carriers report the posting.
    """
    standing = [e for e in ordered if e.identity not in withdrawn]
    posted = [e.occurred_at for e in standing if e.status is Status.ACCEPTED]
    if not posted and delivery.source is Source.API:
        posted = [e.occurred_at for e in standing if e.source is Source.CARRIER and e.status in _ON_ITS_WAY]
    return min(posted, default=None)


def _latest_instant(event: TrackingEvent) -> datetime:
    """The latest instant at which it can have happened, with clock skew."""
    return event.occurred_at + (_REST_OF_THE_DAY if event.day_only else CLOCK_SKEW)


def _apply_event(state: _Fold, event: TrackingEvent) -> None:
    """Apply one counting event to the snapshot."""
    now = state.snapshot
    newest = event.occurred_at if now.news_at is None else max(now.news_at, event.occurred_at)
    if event.status is None or event.status is Status.UNKNOWN or not _may_move(state, event):
        state.snapshot = replace(now, news_at=newest)
        return
    status, reason = event.status, event.reason
    if status is Status.DELIVERED:
        state.delivered_by = event.reported_by
        state.delivered_until = _latest_instant(event) if event.day_only else None
    if now.status is Status.RETURNING and status is Status.IN_TRANSIT:
        # A return has the same transport events (facts/correios, section 4): it stays a return.
        status, reason = now.status, now.reason
    same = status is now.status and reason is now.reason
    state.snapshot = replace(
        now,
        status=status,
        reason=reason,
        since=now.since if same and now.since is not None else event.occurred_at,
        delivered_at=event.occurred_at if event.status is Status.DELIVERED else None,
        news_at=newest,
        # A delivery without a place gets none, not the last known one.
        place=event.place if event.place != NOWHERE or status is Status.DELIVERED else now.place,
        description=event.description,
        detail=event.detail,
        destination=event.destination,
        pickup_deadline=event.pickup_deadline,
        pickup_address=event.pickup_address,
        accepted_at=now.accepted_at or (event.occurred_at if event.status is Status.ACCEPTED else None),
    )


def _may_move(state: _Fold, event: TrackingEvent) -> bool:
    """Whether an event may change a final status; a contradiction becomes a doubt instead."""
    current = state.snapshot.status
    if current is Status.DELIVERED:
        if event.status in _UNDOES_DELIVERY:
            return True
        if state.delivered_until is not None and event.occurred_at < state.delivered_until:
            return False  # it may have been before the delivery
        if event.status in _CONTRADICTS_DELIVERY or _contradicts_fallback_delivery(state, event):
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


def _contradicts_fallback_delivery(state: _Fold, event: TrackingEvent) -> bool:
    """Whether the carrier itself reports further events after a delivery reported only by a fallback."""
    own = event.source is Source.CARRIER and not event.reported_by
    return own and state.delivered_by != "" and event.status is not Status.DELIVERED


def compare_snapshots(
    old: Snapshot, timeline: Timeline, new_events: tuple[TrackingEvent, ...], *, restated: bool = False
) -> Change | None:
    """The change from `old` to the timeline's snapshot; None if there is nothing to send. `restated`: known events
    changed their meaning, so the history must be sent again even if the position is unchanged.
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
        restated=_meanings_digest(timeline) if restated else "",
    )


def _meanings_digest(timeline: Timeline) -> str:
    """A digest of the meanings of a timeline's events (16 bytes as hex)."""
    parts = [f"{e.identity} {e.status} {e.reason} {e.identity in timeline.withdrawn}" for e in timeline.events]
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _position(snapshot: Snapshot) -> tuple[object, ...]:
    return (snapshot.status, snapshot.reason, snapshot.place.key)


def cause_of(change: Change) -> str:
    """A digest of a change, equal whenever the same facts are recorded (16 bytes as hex)."""
    event_lines = [f"{e.occurred_at.isoformat()} {e.code} {e.place.key}" for e in change.new_events]
    new = change.new
    parts = f"{new.status} {new.reason} {new.place.key} {new.delivered_at} {new.events}{change.restated}"
    return sha256("\n".join([*event_lines, parts]).encode()).hexdigest()[:32]


# A code that its carrier tells news of is not wrong, and its carrier is the right one.
NOTICES_ENDED_BY_NEWS = (NoticeKind.WRONG_CODE, NoticeKind.WRONG_CARRIER)


def notices_ended_by_delivery(timeline: Timeline) -> list[NoticeKind]:
    """The kinds of notices that a delivery resolves: withdrawn delivery, and implausible events without doubts."""
    doubted = any(doubt.kind == NoticeKind.IMPLAUSIBLE_EVENT for doubt in timeline.doubts)
    return [NoticeKind.DELIVERY_WITHDRAWN] if doubted else [NoticeKind.DELIVERY_WITHDRAWN, NoticeKind.IMPLAUSIBLE_EVENT]


def order_delivered_at(snapshots: Iterable[Snapshot]) -> datetime | None:
    """When an order was delivered: once all its shipments that were not cancelled are, the last of their instants."""
    standing = [s for s in snapshots if s.status is not Status.CANCELLED]
    if not standing or not all(s.delivered for s in standing):
        return None
    return max(s.delivered_at for s in standing if s.delivered_at is not None)
