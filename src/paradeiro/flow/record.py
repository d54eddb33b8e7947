"""In: stored replies, statements by hand; out: events, snapshots and effects, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.carriers import identifiers
from paradeiro.db.carriers.identifiers import LearnedNumber
from paradeiro.db.following import events, replies, shipments
from paradeiro.db.following.replies import Reply
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.outbox import effects
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.tally import Metric
from paradeiro.domain.words import EffectKind, Status
from paradeiro.flow.answers.parse_replies import ReportedEvents, parse_replies
from paradeiro.flow.context import Context
from paradeiro.flow.following import contract_watch
from paradeiro.flow.following.recording_context import RecordingContext, load_recording_context
from paradeiro.flow.following.recording_outcome import (
    RecordingFacts,
    RecordingOutcome,
    decide_outcome,
    recent_news,
)
from paradeiro.flow.following.recording_writer import write_outcomes


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """What one recording changed. `events`: how many are new; `moves`: status before and after, per changed timeline;
    `kinds`: of new effects; `news`: number of recent new events, by account id; `delays`: of each of them, in seconds
    since the carrier's instant.
    """

    events: int = 0
    moves: tuple[tuple[Status, Status], ...] = ()
    kinds: tuple[EffectKind, ...] = ()
    news: Mapping[int, int] = field(default_factory=dict)
    delays: Mapping[int, Sequence[float]] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        return len(self.moves)

    @property
    def effects(self) -> int:
        return len(self.kinds)


async def record_replies(context: Context, reply_ids: Sequence[int]) -> RecordingResult:
    """Record stored replies; those already recorded, or locked by another worker, are skipped."""
    async with transaction(context.pool) as connection:
        now = context.now()
        waiting = await replies.lock_unrecorded(connection, reply_ids, now=now)
        if not waiting:
            return RecordingResult()
        recording = await load_recording_context(context, connection, {r.store_id for r in waiting})
        reports, said = await parse_replies(connection, recording.accounts, recording.connectors, waiting, now=now)
        done = await record(connection, recording, reports, now=now)
        await replies.mark_recorded(connection, waiting, now=now)
        await contract_watch.watch_recorded_replies(
            connection, recording.accounts, recording.connectors, said, done.news, now=now
        )
    _count(context, waiting, done)
    return done


def _count(context: Context, waiting: Sequence[Reply], done: RecordingResult) -> None:
    """Count for /metrics, once it is committed."""
    stores, now = {reply.account_id: reply.store_id for reply in waiting}, context.now()
    for reply in waiting:
        waited = (now - reply.received_at).total_seconds()
        context.tally.observe(Metric.RECORDING, reply.store_id, reply.account_id, waited)
    for account_id, delays in done.delays.items():
        if account_id in stores:
            context.tally.add(Metric.NEWS, stores[account_id], account_id, by=len(delays))
            for seconds in delays:
                context.tally.observe(Metric.DETECTION, stores[account_id], account_id, seconds)


async def record(
    connection: Connection,
    recording: RecordingContext,
    reports: Mapping[int, Sequence[ReportedEvents]],
    *,
    now: datetime,
    quiet: bool = False,
    restated: Collection[int] = (),
) -> RecordingResult:
    """Record reported events by shipment id, in the caller's transaction. `quiet`: customers are not mailed old news.
    `restated`: ids of shipments of which known events changed their meaning.

    A shipment without reports is folded again: so a corrected code table corrects timelines.
    """
    rows = await shipments.lock_shipments(connection, list(reports))
    ids = [row.shipment.id for row in rows]
    known = await events.events_of(connection, ids)
    facts = RecordingFacts(recording, now, quiet, await effects.delivery_sent(connection, ids), restated)
    outcomes = [decide_outcome(row, known.get(row.shipment.id, ()), reports[row.shipment.id], facts) for row in rows]
    added = await write_outcomes(connection, outcomes, now=now)
    # After the shipments are locked in the order of their ids: two recordings never wait for each other crosswise.
    await identifiers.learn_numbers(connection, _numbers(rows, reports))
    return _summary(outcomes, added, now)


def _numbers(rows: Sequence[ShipmentRow], reports: Mapping[int, Sequence[ReportedEvents]]) -> list[LearnedNumber]:
    """The numbers by which answers call these shipments."""
    return [
        LearnedNumber(row.shipment.store_id, row.shipment.id, each.account_id, number)
        for row in rows
        for each in reports[row.shipment.id]
        if each.account_id is not None
        for number in each.numbers
    ]


def _summary(outcomes: Sequence[RecordingOutcome], added: Sequence[EffectKind], now: datetime) -> RecordingResult:
    """Sum up the outcomes; `added`: the kinds of new effects."""
    news: Counter[int] = Counter()
    delays: dict[int, list[float]] = defaultdict(list)
    for each in outcomes:
        if each.row.account_id is not None:
            news[each.row.account_id] += each.news
            delays[each.row.account_id] += [(now - e.event.occurred_at).total_seconds() for e in recent_news(each, now)]
    moves = tuple((each.change.old.status, each.change.new.status) for each in outcomes if each.change)
    return RecordingResult(sum(len(each.events) for each in outcomes), moves, tuple(added), dict(news), dict(delays))
