"""In: a shipment, its known events, reported events, facts; out: all that its recording writes. Pure.

merge -> fold -> compare (`domain/following/timeline_update.py`) -> plan (`flow/outbox/effect_rows.py`,
`flow/following/change_notices.py`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paradeiro.db.carriers.legs import LegDraft
from paradeiro.db.following.events import EventRow
from paradeiro.db.following.proofs import ProofRequest
from paradeiro.db.following.shipments import ShipmentRow, ShipmentUpdate
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.outbox.effects import EffectRow
from paradeiro.domain.following.disappearance import CHECK_AGAIN_AFTER, Disappearance, check_disappearance
from paradeiro.domain.following.labels import never_posted
from paradeiro.domain.following.merging import Identity
from paradeiro.domain.following.proofs import proof_is_due
from paradeiro.domain.following.schedule import next_check
from paradeiro.domain.following.timeline import NOTICES_ENDED_BY_NEWS, notices_ended_by_delivery, select_new_events
from paradeiro.domain.following.timeline_update import update_timeline
from paradeiro.domain.outbox.plan import plan_number
from paradeiro.domain.records import Change, EffectDraft, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.words import NoticeKind, Source, Way
from paradeiro.flow.answers.parse_replies import ReportedEvents
from paradeiro.flow.carriers.legs import leg_drafts
from paradeiro.flow.following.change_notices import notices_of
from paradeiro.flow.following.recording_context import RecordingContext
from paradeiro.flow.outbox.effect_rows import effects_of, further_rows, rows_of

# Older events are a backfill, not news for the account's rhythm.
_HISTORY = timedelta(days=2)
# News older than this, found by a repair, is not mailed to the customer.
_OLD_NEWS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What holds for all shipments of one recording. `quiet`: customers are not mailed old news. `delivery_sent_ids`:
    shipments whose customers were mailed a delivery. `restated`: shipments of which known events changed their meaning.
    """

    context: RecordingContext
    now: datetime
    quiet: bool = False
    delivery_sent_ids: Collection[int] = ()
    restated: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class DeliveryDeadline:
    """By when the marketplace must get the delivery message; None: it is no longer delivered."""

    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordingOutcome:
    """What recording one shipment writes. Always: `events` (new ones), `update` (snapshot and next check), `withdrawn`
    (identities), `duplicates` (None: one source only), `proofs_withdrawn` (stored proofs belong to a withdrawn
    delivery), `proofs_wanted`, `news` (number of recent carrier events), `carrier_code` (the carrier's own code, if it
    is new), `legs` (other carriers' parts that answers named), `number_effects` (they tell that code), `resolved` (the
    kinds of notices that a delivery or the first news end). The rest only if there is a `change`; `label_restored`:
    the label was marked replaced and its package is on its way.
    """

    row: ShipmentRow
    events: tuple[EventRow, ...]
    update: ShipmentUpdate
    withdrawn: frozenset[Identity]
    duplicates: Mapping[Identity, Identity] | None
    proofs_withdrawn: bool
    proofs_wanted: tuple[ProofRequest, ...]
    news: int
    carrier_code: str = ""
    legs: tuple[LegDraft, ...] = ()
    number_effects: tuple[EffectRow, ...] = ()
    change: Change | None = None
    label_restored: bool = False
    effects: tuple[EffectRow, ...] = ()
    notices: tuple[NoticeDraft, ...] = ()
    resolved: tuple[NoticeKind, ...] = ()
    deadline: DeliveryDeadline | None = None


def decide_outcome(
    row: ShipmentRow, known: Sequence[TrackingEvent], replies: Sequence[ReportedEvents], facts: RecordingFacts
) -> RecordingOutcome:
    """The outcome for one shipment. Without replies its `known` events are folded again."""
    shipment, now = row.shipment, facts.now
    missing = _disappearance(row, known, replies, now)
    events = tuple(_new_events(row, known, replies, missing.note))
    updated = update_timeline(
        shipment.snapshot,
        known,
        [each.event for each in events],
        now=now,
        made_at=row.made_at,
        ordered_at=row.order.ordered_at,
        estimate=next((h.estimate for h in reversed(replies) if h.estimate), shipment.snapshot.estimate),
        restated=shipment.id in facts.restated,
    )
    timeline = updated.timeline
    due = _next_check(row, timeline.snapshot, facts, hourly=missing.missing_since is not None)
    code = _new_carrier_code(row, replies)
    outcome = RecordingOutcome(
        row,
        events,
        ShipmentUpdate(shipment.id, timeline.snapshot, due, missing.missing_since, timeline.reassess_at),
        timeline.withdrawn,
        updated.duplicates,
        proofs_withdrawn=_delivery_changed(shipment.snapshot, timeline.snapshot),
        proofs_wanted=tuple(_proof_requests(row, replies)) if proof_is_due(timeline, now) else (),
        news=len(_recent(events, now)),
        carrier_code=code,
        legs=tuple(leg_drafts(facts.context, row, [leg for each in replies for leg in each.legs])),
        number_effects=tuple(_number_effects(row, code, facts)) if code or _first_news(row, timeline) else (),
        resolved=NOTICES_ENDED_BY_NEWS if _is_found_first(known, events) else (),
    )
    return outcome if updated.change is None else _plan(outcome, updated.change, timeline, facts)


def recent_news(outcome: RecordingOutcome, now: datetime) -> list[EventRow]:
    """The new events of a carrier that are no backfill: as many as `outcome.news`."""
    return _recent(outcome.events, now)


def _recent(events: Sequence[EventRow], now: datetime) -> list[EventRow]:
    return [each for each in events if each.reply_id is not None and now - each.event.occurred_at < _HISTORY]


def _plan(outcome: RecordingOutcome, change: Change, timeline: Timeline, facts: RecordingFacts) -> RecordingOutcome:
    """Add the consequences of a change: effects, notices, deadline."""
    context, row = facts.context, outcome.row
    restored = _label_is_in_use(row, change)
    if restored:
        row = replace(row, shipment=replace(row.shipment, replaced_by=None))
    newest = change.newest or change.new.since or facts.now
    told_until = context.stores[row.shipment.store_id].told_until
    quiet = (facts.quiet and facts.now - newest > _OLD_NEWS) or (told_until is not None and newest <= told_until)
    was_told = row.shipment.id in facts.delivery_sent_ids
    return replace(
        outcome,
        change=change,
        label_restored=restored,
        effects=tuple(effects_of(context, row, change, quiet=quiet, was_told=was_told)),
        notices=tuple(notices_of(context, row, change, timeline)),
        resolved=outcome.resolved + (tuple(notices_ended_by_delivery(timeline)) if change.delivered else ()),
        deadline=_deadline(row, change, context),
    )


def _disappearance(
    row: ShipmentRow, known: Sequence[TrackingEvent], replies: Sequence[ReportedEvents], now: datetime
) -> Disappearance:
    """Whether the current delivery is missing from the last whole answer."""
    answer = next((each.events for each in reversed(replies) if each.whole), None)
    return check_disappearance(known, answer, row.shipment.snapshot.delivered_at, row.vanished_at, now=now)


def _new_events(
    row: ShipmentRow, known: Sequence[TrackingEvent], replies: Sequence[ReportedEvents], note: TrackingEvent | None
) -> Iterator[EventRow]:
    """The events not stated before, each by its first source, and our `note` on a disappearance."""
    store_id, shipment_id = row.shipment.store_id, row.shipment.id
    seen = list(known)
    for each in replies:
        new = select_new_events(seen, each.events)
        seen += new
        yield from (EventRow(store_id, shipment_id, event, each.reply_id, each.actor) for event in new)
    if note is not None:
        yield EventRow(store_id, shipment_id, note)


def _new_carrier_code(row: ShipmentRow, replies: Sequence[ReportedEvents]) -> str:
    """The carrier's own tracking code that its answers named; empty if it is known, or nothing else is needed."""
    shipment = row.shipment
    named = next((each.carrier_code for each in reversed(replies) if each.carrier_code), "")
    return "" if named in {shipment.carrier_code, shipment.number} else named


def _first_news(row: ShipmentRow, timeline: Timeline) -> bool:
    """Whether these are the first news of a package that was not told yet, since its carrier named no code: order
    systems take a history only of a package that has a number.
    """
    before = row.shipment.snapshot.news_at
    return not row.shipment.number and before is None and timeline.snapshot.news_at is not None


def _is_found_first(known: Sequence[TrackingEvent], new: Sequence[EventRow]) -> bool:
    """Whether a carrier tells of the package for the first time."""
    return any(each.reply_id is not None for each in new) and all(each.source is not Source.CARRIER for each in known)


def _number_effects(row: ShipmentRow, carrier_code: str, facts: RecordingFacts) -> list[EffectRow]:
    """The messages that tell a package's number: the code that the carrier's answer named, else what it is found by."""
    named = replace(row, shipment=replace(row.shipment, carrier_code=carrier_code or row.shipment.carrier_code))
    policy = facts.context.stores[row.shipment.store_id].policy

    def drafts(each: ShipmentRow) -> Sequence[EffectDraft]:
        return plan_number(each.order, each.shipment, facts.context.sinks(each), policy)

    return [*rows_of(facts.context, named, drafts(named)), *further_rows(facts.context, named, drafts)]


def _next_check(row: ShipmentRow, snapshot: Snapshot, facts: RecordingFacts, *, hourly: bool) -> datetime | None:
    """The next check; `hourly`: within the hour, since a delivery is missing. None for a carrier that nobody asks."""
    connector = facts.context.connectors.get(row.shipment.carrier)
    if connector is not None and Way.ASKED not in connector.ways:
        return None
    due = next_check(
        snapshot,
        now=facts.now,
        registered_at=row.shipment.registered_at,
        zone=facts.context.zone(row),
        tracking_code=row.shipment.tracking_code,
    )
    soon = facts.now + CHECK_AGAIN_AFTER
    return min(due or soon, soon) if hourly else due


def _delivery_changed(old: Snapshot, new: Snapshot) -> bool:
    return old.delivered and old.delivered_at != new.delivered_at


def _proof_requests(row: ShipmentRow, replies: Sequence[ReportedEvents]) -> Iterator[ProofRequest]:
    """Requests for the proofs of delivery that sources offer."""
    yield from (ProofRequest(row.shipment.store_id, row.shipment.id, kind) for each in replies for kind in each.proofs)


def _label_is_in_use(row: ShipmentRow, change: Change) -> bool:
    """Whether this label was marked replaced by the order system, yet its package is on its way. A replacement stated
    by a person stands.
    """
    return row.shipment.replaced_by is not None and not row.replaced_actor and not never_posted(change.new)


def _deadline(row: ShipmentRow, change: Change, context: RecordingContext) -> DeliveryDeadline | None:
    """The new deadline for the delivery message; None: unchanged. Only channels with `delivery_hours` have one."""
    hours = context.stores[row.shipment.store_id].policy.rules_of(row.order).delivery_hours
    if not hours or not (change.delivered or change.delivery_withdrawn):
        return None
    delivered_at = change.new.delivered_at if change.new.delivered else None
    return DeliveryDeadline(delivered_at + timedelta(hours=hours) if delivered_at else None)
