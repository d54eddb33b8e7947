"""In: stored replies, statements made by hand; out: events, snapshots and effects, all in one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from paradeiro.db import effects, events, notices, orders, packages, proofs, replies, shipments
from paradeiro.db.effects import EffectRow
from paradeiro.db.events import EventRow
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.proofs import Wanted
from paradeiro.db.shipments import Kept, Moved
from paradeiro.domain.labels import never_posted
from paradeiro.domain.plan import is_alias, mail_refusal
from paradeiro.domain.proofs import proof_is_due
from paradeiro.domain.records import Change, Snapshot, Timeline, TrackingEvent
from paradeiro.domain.schedule import next_check
from paradeiro.domain.sources import Identity, Said, believed, news
from paradeiro.domain.timeline import compare, ended_by_delivery, fold, said_once, unseen
from paradeiro.domain.vanishing import ASK_AGAIN_AFTER, SURE_AFTER, back, lacks_delivery, shown_again, vanished
from paradeiro.domain.words import EffectKind, NoticeKind, PartyKind, Status
from paradeiro.flow import deadlines, uninvoiced, watch
from paradeiro.flow.hear import Heard, hear_replies
from paradeiro.flow.means import Means
from paradeiro.flow.planning import call_relay, effects_of, introduce_shipment, rows_of
from paradeiro.flow.surroundings import Surroundings, surround

__all__ = [  # what most of this is about, and what it stands on
    "Recorded",
    "Surroundings",
    "call_relay",
    "introduce_shipment",
    "record",
    "record_replies",
    "rows_of",
    "surround",
]

# An account's rhythm is made of news; what a backfill brings is history.
_HISTORY = timedelta(days=2)
# What a repair brings to light later than this, the customer knows by now, or does not want to be told.
_OLD_NEWS = timedelta(days=1)


@dataclass(slots=True)
class _Outcome:
    """What a recording writes, gathered before anything is written."""

    rows: list[EventRow] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    withdrawn: list[tuple[int, Timeline]] = field(default_factory=list)
    echoes: list[tuple[int, Mapping[Identity, Identity]]] = field(default_factory=list)
    effects: list[EffectRow] = field(default_factory=list)
    notices: list[NoticeDraft] = field(default_factory=list)
    orders: set[int] = field(default_factory=set)
    moves: list[tuple[Status, Status]] = field(default_factory=list)
    settled: list[tuple[int, str, list[NoticeKind]]] = field(default_factory=list)  # notices that a delivery ends
    due: list[tuple[int, datetime | None]] = field(default_factory=list)  # by when whose delivery must be told
    unproven: set[int] = field(default_factory=set)  # whose delivery is not the one that was
    proofs: list[Wanted] = field(default_factory=list)
    posted: list[int] = field(default_factory=list)  # whose labels were thought replaced and were not


@dataclass(frozen=True, slots=True)
class Recorded:
    """How much one recording changed. `moves`: of each changed timeline the status before and after; `kinds`: of each
    new effect; `news`: new events that are no old history, by the account that is asked.
    """

    events: int = 0
    moves: tuple[tuple[Status, Status], ...] = ()
    kinds: tuple[EffectKind, ...] = ()
    news: Mapping[int, int] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        return len(self.moves)

    @property
    def effects(self) -> int:
        return len(self.kinds)


async def record_replies(means: Means, reply_ids: Sequence[int]) -> Recorded:
    """Record stored replies. Those that are recorded already, or are being recorded by others, are left alone."""
    async with transaction(means.pool) as connection:
        now = means.now()
        waiting = await replies.lock_unrecorded(connection, reply_ids, now=now)
        if not waiting:
            return Recorded()
        surroundings = await surround(means, connection, {r.store_id for r in waiting})
        heard, said = await hear_replies(connection, surroundings.accounts, surroundings.connectors, waiting)
        done = await record(connection, surroundings, heard, now=now)
        await replies.recorded(connection, waiting, now=now)
        await _watch(connection, surroundings, said, done, now=now)
    return done


async def _watch(
    connection: Connection, around: Surroundings, said: Mapping[int, watch.Said], done: Recorded, *, now: datetime
) -> None:
    """Hand each account's watch what its replies said."""
    for account in around.accounts:
        mine = said.get(account.id)
        if mine is not None:
            connector = around.connectors[account.connector]
            await watch.said(connection, account, connector, mine, done.news.get(account.id, 0), now=now)


async def record(
    connection: Connection,
    around: Surroundings,
    heard: Mapping[int, Sequence[Heard]],
    *,
    now: datetime,
    quiet: bool = False,
    restated: Collection[int] = (),
) -> Recorded:
    """Record what was heard about shipments, inside the caller's transaction. `quiet` mails no customer old news.
    `restated` are shipments of which known events mean something else now.

    Heard of a shipment with nothing in it still folds again: that is how a mended table corrects timelines.
    """
    kept = await shipments.lock(connection, list(heard))
    known = await events.known(connection, [k.shipment.id for k in kept])
    told = await effects.told_delivered(connection, [k.shipment.id for k in kept])
    out = _Outcome()
    for each in kept:
        _fold_one(
            out,
            around,
            each,
            known.get(each.shipment.id, []),
            heard[each.shipment.id],
            now=now,
            quiet=quiet,
            was_told=each.shipment.id in told,
            restated=each.shipment.id in restated,
        )
    added = await _write(connection, out, now=now)
    return Recorded(len(out.rows), tuple(out.moves), tuple(added), _news(out, kept, now))


def _news(out: _Outcome, kept: Sequence[Kept], now: datetime) -> dict[int, int]:
    """How many of the new events of carriers are no old history, by account."""
    asked = {k.shipment.id: k.account_id for k in kept if k.account_id is not None}
    fresh = (
        asked[row.shipment_id]
        for row in out.rows
        if row.shipment_id in asked and row.reply_id is not None and now - row.event.occurred_at < _HISTORY
    )
    return dict(Counter(fresh))


def _fold_one(
    out: _Outcome,
    around: Surroundings,
    kept: Kept,
    known: Sequence[TrackingEvent],
    heard: Sequence[Heard],
    *,
    now: datetime,
    quiet: bool,
    was_told: bool,
    restated: bool,
) -> None:
    """Fold one shipment; gather what follows."""
    shipment = kept.shipment
    fresh, vanished_at = _fresh(out, kept, known, heard, now=now)
    estimate = next((h.estimate for h in reversed(heard) if h.estimate), shipment.snapshot.estimate)
    tell = partial(fold, now=now, made_at=kept.made_at, base=Status.REGISTERED, estimate=estimate)
    said = said_once([*known, *fresh])
    timeline = tell(said)
    due = _next(around, kept, timeline, gone=vanished_at is not None, now=now)
    out.moved.append(Moved(shipment.id, timeline.snapshot, due, vanished_at, timeline.reassess_at))
    _prove(out, kept, timeline, heard, now=now)
    if timeline.withdrawn:
        out.withdrawn.append((shipment.id, timeline))
    if any(event.reported_by for event in (*known, *fresh)):
        out.echoes.append((shipment.id, said.echoes))
    before = _said_before(shipment.snapshot, known, said, tell)
    change = compare(before, timeline, news(known, said), restated=restated)
    if change is None:
        return
    out.moves.append((change.old.status, change.new.status))
    out.orders.add(kept.order_id)
    if shipment.replaced_by is not None and not kept.replaced_author and not never_posted(change.new):
        # The order system named another code, so this label was thought replaced; yet here it is, on its way.
        out.posted.append(shipment.id)
        kept = replace(kept, shipment=replace(shipment, replaced_by=None))
    if change.delivered:
        out.settled.append((shipment.store_id, f"shipment {shipment.id}", ended_by_delivery(timeline)))
    old_news = quiet and now - (change.newest or change.new.since or now) > _OLD_NEWS
    out.effects += effects_of(around, kept, change, quiet=old_news, was_told=was_told)
    _owe(out, around, kept, change, timeline)


def _owe(out: _Outcome, around: Surroundings, kept: Kept, change: Change, timeline: Timeline) -> None:
    """What is left to people, what the marketplace lacks to be told, and by when it must be."""
    out.notices += _notices(around, kept, change, timeline)
    policy, market = around.stores[kept.shipment.store_id].policy, around.sink(kept, PartyKind.MARKETPLACE)
    out.notices += uninvoiced.told(kept, around.sinks(kept), policy, market)
    out.due += deadlines.moved(kept, change, policy)


def _fresh(
    out: _Outcome, kept: Kept, known: Sequence[TrackingEvent], heard: Sequence[Heard], *, now: datetime
) -> tuple[list[TrackingEvent], datetime | None]:
    """The events that are new, gathered to be kept too; and since when a delivery is no longer shown."""
    shipment = kept.shipment
    fresh: list[TrackingEvent] = []
    for each in heard:
        new = unseen([*known, *fresh], each.events)
        fresh += new
        out.rows += [EventRow(shipment.store_id, shipment.id, e, each.reply_id, each.author) for e in new]
    note, vanished_at = _vanishing(kept, known, heard, now=now)
    if note is not None:
        fresh.append(note)
        out.rows.append(EventRow(shipment.store_id, shipment.id, note))
    return fresh, vanished_at


def _vanishing(
    kept: Kept, known: Sequence[TrackingEvent], heard: Sequence[Heard], *, now: datetime
) -> tuple[TrackingEvent | None, datetime | None]:
    """What whole answers no longer show: our note on the timeline if it is sure, else since when it is not shown."""
    whole = [h for h in heard if h.whole]
    if not whole:
        return None, kept.vanished_at
    last = whole[-1].events
    if shown_again(known, last):
        return back(now), None
    delivered_at = kept.shipment.snapshot.delivered_at
    if delivered_at is None or not lacks_delivery(known, last, delivered_at):
        return None, None
    since = kept.vanished_at or now
    return (vanished(now), None) if now - since >= SURE_AFTER else (None, since)


def _said_before(
    old: Snapshot, known: Sequence[TrackingEvent], said: Said, tell: Callable[[Said], Timeline]
) -> Snapshot:
    """What was said of a shipment before; where another source now states a known happening better, in its words."""
    earlier = said_once(known).echoes
    if all((e.identity in earlier) is (e.identity in said.echoes) for e in known):
        return old
    fresh = news(known, said)
    return believed(old, tell(Said(tuple(e for e in said.events if e not in fresh))).snapshot)


def _prove(out: _Outcome, kept: Kept, timeline: Timeline, heard: Sequence[Heard], *, now: datetime) -> None:
    """What this means for the proofs of its delivery: looked for, or no longer."""
    shipment = kept.shipment
    if shipment.snapshot.delivered and shipment.snapshot.delivered_at != timeline.snapshot.delivered_at:
        out.unproven.add(shipment.id)
    if proof_is_due(timeline, now):
        out.proofs += [Wanted(shipment.store_id, shipment.id, kind) for h in heard for kind in h.proofs]


def _next(around: Surroundings, kept: Kept, timeline: Timeline, *, gone: bool, now: datetime) -> datetime | None:
    due = next_check(
        timeline.snapshot,
        now=now,
        registered_at=kept.shipment.registered_at,
        zone=around.zone(kept),
        tracking_code=kept.shipment.tracking_code,
    )
    return min(due or now + ASK_AGAIN_AFTER, now + ASK_AGAIN_AFTER) if gone else due


def _notices(around: Surroundings, kept: Kept, change: Change, timeline: Timeline) -> list[NoticeDraft]:
    """What this change leaves to a person."""
    shipment = kept.shipment
    name = f"{shipment.tracking_code} of order {kept.order.number}"
    facts = {"code": shipment.tracking_code, "order": kept.order.number}
    mine = f"shipment {shipment.id}"
    found: dict[tuple[NoticeKind, str], tuple[str, dict[str, str]]] = {}
    for doubt in timeline.doubts:
        if doubt.event in change.new_events:
            said = {"event": doubt.event.description or doubt.event.code, "at": doubt.event.occurred_at.isoformat()}
            found[NoticeKind(doubt.kind), mine] = f"{name}: {doubt.message}", facts | said
    if change.delivery_withdrawn:
        market = (
            " The marketplace is told that it is not delivered; look there at what it made of that."
            if kept.order.channel
            else ""
        )
        words = (
            f"{name} was reported delivered and is not. The order system is told again.{market} Check with the carrier."
        )
        variant = {"variant": "marketplace" if kept.order.channel else ""}
        found[NoticeKind.DELIVERY_WITHDRAWN, mine] = words, facts | variant
    policy = around.stores[shipment.store_id].policy
    mails = around.sinks(kept).mail and policy.mails and policy.rules_of(kept.order).mails
    erased = kept.order.customer.erased  # on purpose: nothing that anybody should mend
    refusal = mail_refusal(kept.order.customer, kept.order.channel) if mails and change.moved and not erased else None
    if refusal:
        subject, words, variant = _unmailed(kept, refusal)
        found[NoticeKind.NO_ADDRESS, subject] = words, facts | variant | {"why": refusal}
    return [
        NoticeDraft(shipment.store_id, kind, subject, words, shipment_id=shipment.id, facts=said)
        for (kind, subject), (words, said) in found.items()
    ]


def _unmailed(kept: Kept, refusal: str) -> tuple[str, str, dict[str, str]]:
    """What a notice of it is about, and says. Aliases are the whole store's case: one notice, not one per order."""
    words = f"The customer of order {kept.order.number} gets no mail: {refusal}."
    if not is_alias(kept.order.customer):
        return f"order {kept.order.number}", words, {}
    words += " Let the order system mail (`paradeiro vtex mails vtex`), or state real addresses with the orders."
    return "aliases", words, {"variant": "alias"}


async def _write(connection: Connection, out: _Outcome, *, now: datetime) -> list[EffectKind]:
    """Write everything; the kinds of the effects that were new."""
    await events.add(connection, out.rows, now=now)
    for shipment_id, timeline in out.withdrawn:
        await events.mark_withdrawn(connection, shipment_id, timeline.withdrawn)
    for shipment_id, echoes in out.echoes:
        await events.mark_echoes(connection, shipment_id, echoes)
    if out.posted:
        await packages.restore_label(connection, out.posted, now=now)
    await shipments.move(connection, out.moved)
    if out.orders:
        await orders.settle_deliveries(connection, list(out.orders))
    added = await effects.add(connection, out.effects, now=now)
    await deadlines.expect_deliveries(connection, out.due)
    for store_id, subject, kinds in out.settled:
        await notices.resolve_subject(connection, store_id, kinds, subject, now=now)
    await notices.open_notices(connection, out.notices, now=now)
    await proofs.withdraw(connection, out.unproven, now=now)
    await proofs.want(connection, out.proofs, now=now)
    await call_relay(connection, out.effects)
    return added
