"""In: stored replies since an instant, read with today's tables; out: corrected timelines, or what would change.

Every package is replayed once, with all that was said about it, in one transaction with some others: so the figures of
a dry run are those of the run itself, and an order is told once. An answer that belonged to no single code, because
nobody could read it, may be readable now: then it speaks about the codes inside it.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db import events, holds, replies, shelves, stores
from paradeiro.db import shipments as shipment_rows
from paradeiro.db.holds import Hold
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.replies import Reply
from paradeiro.db.stores import Account
from paradeiro.domain.records import Parsed, TrackingEvent
from paradeiro.domain.words import EffectKind, NoticeKind, Outcome, Status
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.hear import Heard, hear, parse_reply
from paradeiro.flow.means import Means
from paradeiro.flow.record import record, surround
from paradeiro.sdk.contract import Connector

# Packages in one transaction: few enough that nobody who wants to record one of them waits for long.
_PAGE = 100
_CODES_AT_ONCE = 50 * _PAGE

# Of the notices about an interface that changed, those about answers that cannot be read (flow/watch.py). What the
# others say can be read all along: a person decides whether anything is missing.
_UNREAD = frozenset({"", "over"})

_Code = tuple[int, str]  # account, tracking code
_Inside = dict[_Code, list[int]]  # replies of whole batches, by the codes that they speak about


@dataclass(slots=True)
class Replayed:
    """What a replay read and changed. `remapped` counts known events that mean something else now, by code; `moves`
    changed timelines by status before and after; `effects` what is to be told, by kind; `understood` replies that their
    notices no longer need; `resolved` notices that ended by that.
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
    """What all steps of one replay know."""

    means: Means
    connector: Connector
    accounts: dict[int, Account]
    since: datetime
    keep: bool
    total: Replayed

    @property
    def stores(self) -> set[int]:
        return {account.store_id for account in self.accounts.values()}


async def replay(means: Means, connector: str, *, since: datetime, dry_run: bool = False) -> Replayed:
    """Record stored replies of one connector again, quietly: orders are told, customers are not mailed old news."""
    if connector not in means.connectors or means.connectors[connector].parse is None:
        raise InvalidError("unknown_carrier", f"'{connector}' is no carrier whose replies could be replayed.")
    async with means.pool.connection() as guard, shelves.standing(guard):
        accounts = {a.id: a for a in await stores.accounts(guard, means.secret_key) if a.connector == connector}
        this = _Replay(means, means.connectors[connector], accounts, since, not dry_run, Replayed())
        async for page in _pages(this, await _inside(this)):
            async with transaction(means.pool, keep=this.keep) as connection:
                await _replay_page(this, connection, page)
        await _settle(this)
    return this.total


async def _inside(this: _Replay) -> _Inside:
    """Which codes the answers of whole batches speak about, those that can be read by now."""
    found: _Inside = defaultdict(list)
    after = 0
    while True:
        async with this.means.pool.connection() as connection:
            page = await replies.of_whole_batches(
                connection, list(this.accounts), since=this.since, after_id=after, limit=_PAGE
            )
        for reply in page:
            for parsed in _read(this, reply):
                if parsed.outcome is Outcome.FOUND and parsed.tracking_code:
                    found[reply.account_id, parsed.tracking_code].append(reply.id)
        if len(page) < _PAGE:
            return found
        after = page[-1].id


async def _pages(this: _Replay, inside: _Inside) -> AsyncIterator[_Inside]:
    """Codes to replay, each once, a page at a time, with the whole batches' replies that speak about them."""
    after: _Code = (0, "")
    while True:
        async with this.means.pool.connection() as connection:
            codes = await replies.codes_since(
                connection, list(this.accounts), since=this.since, after=after, limit=_CODES_AT_ONCE
            )
        if not codes:
            break
        after = codes[-1]
        for page in _cut(codes):
            yield {code: inside.pop(code, []) for code in page}
    for page in _cut(sorted(inside)):
        yield {code: inside.pop(code) for code in page}


def _cut(codes: Sequence[_Code]) -> Iterable[Sequence[_Code]]:
    return (codes[start : start + _PAGE] for start in range(0, len(codes), _PAGE))


async def _replay_page(this: _Replay, connection: Connection, page: _Inside) -> None:
    around = await surround(this.means, connection, {this.accounts[account_id].store_id for account_id, _ in page})
    heard = await _hear_again(this, connection, page)
    await shipment_rows.lock(connection, list(heard))
    known = await events.known(connection, list(heard))
    restated = set()
    for shipment_id, parts in heard.items():
        stated = {e.identity: e for part in parts for e in part.events}
        changed = [stated[e.identity] for e in known.get(shipment_id, []) if _means_else(e, stated.get(e.identity))]
        this.total.remapped.update(event.code for event in changed)
        await events.remap(connection, shipment_id, changed)
        if changed:
            restated.add(shipment_id)
    done = await record(connection, around, heard, now=this.means.now(), quiet=True, restated=restated)
    this.total.events += done.events
    this.total.moves.update(done.moves)
    this.total.effects.update(done.kinds)


async def _hear_again(this: _Replay, connection: Connection, page: _Inside) -> dict[int, list[Heard]]:
    followers = await shipment_rows.followers(connection, sorted(page))
    found = await replies.about(connection, list(page), since=this.since)
    said = [(reply, _about(_read(this, reply), reply.tracking_code)) for reply in found]
    batches = await replies.by_id(connection, sorted({i for ids in page.values() for i in ids}), since=this.since)
    # Read, and counted, before: by `_inside`.
    said += [(reply, parse_reply(this.connector, reply)) for reply in batches]
    heard: dict[int, list[Heard]] = defaultdict(list)
    for reply, parts in sorted(said, key=lambda each: (each[0].received_at, each[0].id)):
        account = this.accounts[reply.account_id]
        for parsed in parts:
            if parsed.outcome is Outcome.FOUND and (reply.account_id, parsed.tracking_code) in page:
                for followed in followers.get((reply.account_id, parsed.tracking_code), ()):
                    heard[followed.id].append(hear(account, this.connector, followed, parsed, reply.id))
    return heard


def _about(parts: Sequence[Parsed], tracking_code: str) -> list[Parsed]:
    """Of an answer that was kept for one code, what it says about that one."""
    return [parsed for parsed in parts if parsed.tracking_code == tracking_code]


def _read(this: _Replay, reply: Reply) -> list[Parsed]:
    parts = parse_reply(this.connector, reply)
    this.total.replies += 1
    this.total.unreadable += any(parsed.outcome is Outcome.MALFORMED for parsed in parts)
    return parts


def _means_else(old: TrackingEvent, new: TrackingEvent | None) -> bool:
    return new is not None and (old.status, old.reason, old.withdraws) != (new.status, new.reason, new.withdraws)


async def _settle(this: _Replay) -> None:
    """Mark the replies that can be understood by now, and end the notices that were only about such."""
    clear: Counter[int] = Counter()
    after = 0
    while True:
        async with transaction(this.means.pool, keep=this.keep) as connection:
            page = await holds.not_understood(connection, sorted(this.stores), after_reply=after, limit=_PAGE)
            found = await _clear(this, connection, page)
            await holds.understood(connection, found, now=this.means.now())
        clear.update(hold.notice_id for hold in found)
        this.total.understood += len({hold.reply_id for hold in found})
        if len(page) < _PAGE:
            break
        after = page[-1].reply_id
    async with transaction(this.means.pool, keep=this.keep) as connection:
        if this.keep:
            this.total.resolved = await holds.resolve(
                connection, sorted(this.stores), by="replay", now=this.means.now()
            )
        else:
            left = await holds.left(connection, sorted(this.stores))
            this.total.resolved = sum(clear[notice_id] == count for notice_id, count in left.items())


async def _clear(this: _Replay, connection: Connection, page: Sequence[Hold]) -> list[Hold]:
    kept = {r.id: r for r in await replies.by_id(connection, [h.reply_id for h in page], since=this.since)}
    mine = {i: reply for i, reply in kept.items() if reply.account_id in this.accounts}
    return [h for h in page if h.reply_id in mine and _understands(this.connector, h, mine[h.reply_id])]


def _understands(connector: Connector, hold: Hold, reply: Reply) -> bool:
    """Whether a reply says today what its notice missed."""
    parts = parse_reply(connector, reply)
    match hold.kind:
        case NoticeKind.UNKNOWN_CODE:
            return not any(p.unknown_codes or p.outcome is Outcome.MALFORMED for p in parts)
        case NoticeKind.CONTRACT_DRIFT if hold.variant not in _UNREAD:
            return False
        case NoticeKind.CONTRACT_DRIFT | NoticeKind.MALFORMED_REPLY if reply.tracking_code:
            own = _about(parts, reply.tracking_code)
            return bool(own) and all(p.outcome in {Outcome.FOUND, Outcome.NOT_FOUND} for p in own)
        case NoticeKind.CONTRACT_DRIFT | NoticeKind.MALFORMED_REPLY:
            # A batch whose answer can be read names its codes; of one code it may say that it is a wrong one.
            return bool(parts) and all(p.tracking_code and p.outcome is not Outcome.MALFORMED for p in parts)
        case _:
            return False
