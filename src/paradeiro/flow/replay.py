"""In: stored replies since an instant, parsed with today's code tables; out: corrected timelines, or what would change.

Every package is replayed once with all its replies, in a transaction with some others: so a dry run has the figures of
the real run, and each order gets one message. A reply stored for a whole batch, because it was unreadable, may be
readable now: then it counts for the codes in it.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers.code_mappings import StoreMappings, mappings_at, mappings_of
from paradeiro.db.following import events, partitions, replies, retention_holds
from paradeiro.db.following import shipments as shipment_rows
from paradeiro.db.following.replies import Reply
from paradeiro.db.following.retention_holds import RetentionHold
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.records import ParsedAnswer, TrackingEvent
from paradeiro.domain.words import EffectKind, NoticeKind, Outcome, Status
from paradeiro.flow.answers.account_answer import AccountAnswer
from paradeiro.flow.answers.matching import match_shipments
from paradeiro.flow.answers.parse_replies import ReportedEvents, parse_reply, reported_events
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.record import record
from paradeiro.sdk.contract import Connector

# Packages per transaction: few enough that concurrent recordings do not wait long.
_PAGE = 100
_CODES_AT_ONCE = 50 * _PAGE

# Variants of contract drift notices about unreadable answers (flow/following/contract_watch.py). Answers of the other
# variants are readable: a person decides whether anything is missing.
_UNREAD = frozenset({"", "over"})

_Code = tuple[int, str]  # account, tracking code
_RepliesByCode = dict[_Code, list[int]]  # ids of whole-batch replies, by the codes in them


@dataclass(slots=True)
class ReplayResult:
    """What a replay read and changed. `remapped`: known events with a changed meaning, by code; `moves`: changed
    timelines by status before and after; `effects`: new effects by kind; `understood`: held replies that are readable
    now; `resolved`: notices resolved by that.
    """

    replies: int = 0
    unreadable: int = 0
    events: int = 0
    remapped: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[Status, Status]] = field(default_factory=Counter)
    effects: Counter[EffectKind] = field(default_factory=Counter)
    understood: int = 0
    resolved: int = 0


@dataclass(frozen=True, slots=True)
class _Replay:
    """The parameters and totals of one replay. `keep`: False for a dry run."""

    context: Context
    connector: Connector
    accounts: dict[int, Account]
    since: datetime
    keep: bool
    total: ReplayResult
    mappings: StoreMappings

    @property
    def stores(self) -> set[int]:
        return {account.store_id for account in self.accounts.values()}


async def replay(context: Context, connector: str, *, since: datetime, dry_run: bool = False) -> ReplayResult:
    """Record stored replies of one connector again; customers are not mailed old news. Raises `InvalidError`."""
    if connector not in context.connectors or context.connectors[connector].parser_for({}) is None:
        raise InvalidError("unknown_carrier", f"'{connector}' is no carrier whose replies could be replayed.")
    async with context.pool.connection() as guard, partitions.detach_guard(guard):
        accounts = {a.id: a for a in await stores.accounts(guard, context.secret_key) if a.connector == connector}
        mapped = await mappings_of(guard, {account.store_id for account in accounts.values()})
        run = _Replay(context, context.connectors[connector], accounts, since, not dry_run, ReplayResult(), mapped)
        by_code, unasked = await _codes_in_batches(run)
        async for page in _pages(run, by_code):
            async with transaction(context.pool, commit=run.keep) as connection:
                await _record_again(run, connection, await _parse_again(run, connection, page))
        for start in range(0, len(unasked), _PAGE):
            async with transaction(context.pool, commit=run.keep) as connection:
                reports = await _parse_unasked(run, connection, unasked[start : start + _PAGE])
                await _record_again(run, connection, reports)
        await _end_holds(run)
    return run.total


async def _codes_in_batches(run: _Replay) -> tuple[_RepliesByCode, list[int]]:
    """The codes in whole-batch replies that are readable now, with the reply ids; and the ids of replies that nobody
    asked for (feed, push, file), which name shipments otherwise.
    """
    found: _RepliesByCode = defaultdict(list)
    unasked: list[int] = []
    after = 0
    while True:
        async with run.context.pool.connection() as connection:
            page = await replies.batch_replies(
                connection, list(run.accounts), since=run.since, after_id=after, limit=_PAGE
            )
        for reply in page:
            parts = _read(run, reply)
            if any(parsed.identifiers for parsed in parts):
                unasked.append(reply.id)
                continue
            for parsed in parts:
                if parsed.outcome is Outcome.FOUND and parsed.tracking_code:
                    found[reply.account_id, parsed.tracking_code].append(reply.id)
        if len(page) < _PAGE:
            return found, unasked
        after = page[-1].id


async def _pages(run: _Replay, by_code: _RepliesByCode) -> AsyncIterator[_RepliesByCode]:
    """Pages of codes to replay, each code once, with the ids of whole-batch replies about them."""
    after: _Code = (0, "")
    while True:
        async with run.context.pool.connection() as connection:
            codes = await replies.codes_since(
                connection, list(run.accounts), since=run.since, after=after, limit=_CODES_AT_ONCE
            )
        if not codes:
            break
        after = codes[-1]
        for page in _split_pages(codes):
            yield {code: by_code.pop(code, []) for code in page}
    for page in _split_pages(sorted(by_code)):
        yield {code: by_code.pop(code) for code in page}


def _split_pages(codes: Sequence[_Code]) -> Iterable[Sequence[_Code]]:
    return (codes[start : start + _PAGE] for start in range(0, len(codes), _PAGE))


async def _record_again(run: _Replay, connection: Connection, reports: Mapping[int, Sequence[ReportedEvents]]) -> None:
    """Record what today's parser reads, after giving known events their meaning of today."""
    recording = await load_recording_context(run.context, connection, run.stores)
    await shipment_rows.lock_shipments(connection, list(reports))
    known = await events.events_of(connection, list(reports))
    restated = set()
    for shipment_id, parts in reports.items():
        stated = {e.identity: e for part in parts for e in part.events}
        changed = [
            stated[e.identity] for e in known.get(shipment_id, []) if _meaning_changed(e, stated.get(e.identity))
        ]
        run.total.remapped.update(event.code for event in changed)
        await events.update_meanings(connection, shipment_id, changed)
        if changed:
            restated.add(shipment_id)
    done = await record(connection, recording, reports, now=run.context.now(), quiet=True, restated=restated)
    run.total.events += done.events
    run.total.moves.update(done.moves)
    run.total.effects.update(done.kinds)


async def _parse_again(run: _Replay, connection: Connection, page: _RepliesByCode) -> dict[int, list[ReportedEvents]]:
    followers = await shipment_rows.followers(connection, sorted(page))
    found = await replies.replies_about(connection, list(page), since=run.since)
    parsed_replies = [(reply, _parts_about(_read(run, reply), reply.tracking_code)) for reply in found]
    batches = await replies.replies_by_id(
        connection, sorted({i for ids in page.values() for i in ids}), since=run.since
    )
    # Already counted by `_codes_in_batches`.
    parsed_replies += [(reply, _parse(run, reply)) for reply in batches]
    reports: dict[int, list[ReportedEvents]] = defaultdict(list)
    for reply, parts in sorted(parsed_replies, key=lambda each: (each[0].received_at, each[0].id)):
        account = run.accounts[reply.account_id]
        for parsed in parts:
            if parsed.outcome is Outcome.FOUND and (reply.account_id, parsed.tracking_code) in page:
                for followed in followers.get((reply.account_id, parsed.tracking_code), ()):
                    reports[followed.id].append(reported_events(account, run.connector, followed, parsed, reply.id))
    return reports


async def _parse_unasked(
    run: _Replay, connection: Connection, reply_ids: Sequence[int]
) -> dict[int, list[ReportedEvents]]:
    """What replies that nobody asked for say, by shipment id."""
    found = await replies.replies_by_id(connection, reply_ids, since=run.since)
    answers = [AccountAnswer(run.accounts[r.account_id], r, parsed) for r in found for parsed in _parse(run, r)]
    reports: dict[int, list[ReportedEvents]] = defaultdict(list)
    for answer, followed in await match_shipments(connection, answers, now=run.context.now()):
        for each in followed:
            stated = reported_events(answer.account, run.connector, each, answer.parsed, answer.reply.id)
            reports[each.id].append(stated)
    return reports


def _parts_about(parts: Sequence[ParsedAnswer], tracking_code: str) -> list[ParsedAnswer]:
    """The parts of a reply stored for one code that are about that code."""
    return [parsed for parsed in parts if parsed.tracking_code == tracking_code]


def _parse(run: _Replay, reply: Reply) -> list[ParsedAnswer]:
    account = run.accounts[reply.account_id]
    mine = mappings_at(run.mappings, account.store_id, account.connector)
    return parse_reply(run.connector, account, reply, mine)


def _read(run: _Replay, reply: Reply) -> list[ParsedAnswer]:
    parts = _parse(run, reply)
    run.total.replies += 1
    run.total.unreadable += any(parsed.outcome is Outcome.MALFORMED for parsed in parts)
    return parts


def _meaning_changed(old: TrackingEvent, new: TrackingEvent | None) -> bool:
    return new is not None and (old.status, old.reason, old.withdraws) != (new.status, new.reason, new.withdraws)


async def _end_holds(run: _Replay) -> None:
    """Mark held replies that are readable now, and resolve the notices that have no other replies."""
    understood_count: Counter[int] = Counter()
    after = 0
    while True:
        async with transaction(run.context.pool, commit=run.keep) as connection:
            page = await retention_holds.unread_holds(connection, sorted(run.stores), after_reply=after, limit=_PAGE)
            found = await _understood_holds(run, connection, page)
            await retention_holds.mark_understood(connection, found, now=run.context.now())
        understood_count.update(hold.notice_id for hold in found)
        run.total.understood += len({hold.reply_id for hold in found})
        if len(page) < _PAGE:
            break
        after = page[-1].reply_id
    async with transaction(run.context.pool, commit=run.keep) as connection:
        if run.keep:
            run.total.resolved = await retention_holds.resolve_understood(
                connection, sorted(run.stores), by="replay", now=run.context.now()
            )
        else:
            left = await retention_holds.unread_counts(connection, sorted(run.stores))
            run.total.resolved = sum(understood_count[notice_id] == count for notice_id, count in left.items())


async def _understood_holds(run: _Replay, connection: Connection, page: Sequence[RetentionHold]) -> list[RetentionHold]:
    kept = {r.id: r for r in await replies.replies_by_id(connection, [h.reply_id for h in page], since=run.since)}
    mine = {i: reply for i, reply in kept.items() if reply.account_id in run.accounts}
    return [h for h in page if h.reply_id in mine and _understands(run, h, mine[h.reply_id])]


def _understands(run: _Replay, hold: RetentionHold, reply: Reply) -> bool:
    """Whether a held reply now gives what its notice was about."""
    parts = _parse(run, reply)
    match hold.kind:
        case NoticeKind.UNKNOWN_CODE:
            return not any(p.unknown_codes or p.outcome is Outcome.MALFORMED for p in parts)
        case NoticeKind.CONTRACT_DRIFT if hold.variant not in _UNREAD:
            return False
        case NoticeKind.CONTRACT_DRIFT | NoticeKind.MALFORMED_REPLY if reply.tracking_code:
            own = _parts_about(parts, reply.tracking_code)
            return bool(own) and all(p.outcome in {Outcome.FOUND, Outcome.NOT_FOUND} for p in own)
        case NoticeKind.CONTRACT_DRIFT | NoticeKind.MALFORMED_REPLY:
            # A readable batch names its codes; it may refuse one of them.
            named = all(p.tracking_code or p.identifiers for p in parts)
            return bool(parts) and named and all(p.outcome is not Outcome.MALFORMED for p in parts)
        case _:
            return False
