"""In: stored replies since an instant, read with today's tables; out: corrected timelines, or what would change."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from paradeiro.db import events, replies, stores
from paradeiro.db import shipments as shipment_rows
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.replies import Reply
from paradeiro.domain.records import TrackingEvent
from paradeiro.domain.words import Outcome
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.flow.record import Heard, Surroundings, hear, parse_reply, record, surround

_PAGE = 200


@dataclass(slots=True)
class Replayed:
    """What a replay read and changed. `remapped` counts known events that mean something else now, by code."""

    replies: int = 0
    unreadable: int = 0
    events: int = 0
    changes: int = 0
    effects: int = 0
    remapped: Counter[str] = field(default_factory=Counter)


async def replay(means: Means, connector: str, *, since: datetime, dry_run: bool = False) -> Replayed:
    """Record stored replies of one connector again, quietly: orders are told, customers are not mailed old news."""
    if connector not in means.connectors or means.connectors[connector].parse is None:
        raise InvalidError("unknown_carrier", f"'{connector}' is no carrier whose replies could be replayed.")
    async with means.pool.connection() as connection:
        accounts = await stores.accounts(connection, means.secret_key)
    ids = [a.id for a in accounts if a.connector == connector]
    total = Replayed()
    after = 0
    while ids:
        async with means.pool.connection() as connection:
            page = await replies.since(connection, ids, since=since, after_id=after, limit=_PAGE)
        if not page:
            break
        after = page[-1].id
        async with transaction(means.pool, keep=not dry_run) as connection:
            await _replay_page(means, connection, page, total)
    return total


async def _replay_page(means: Means, connection: Connection, page: Sequence[Reply], total: Replayed) -> None:
    around = await surround(means, connection, {r.store_id for r in page})
    heard = await _hear_again(connection, around, page, total)
    await shipment_rows.lock(connection, list(heard))
    known = await events.known(connection, list(heard))
    for shipment_id, parts in heard.items():
        stated = {e.identity: e for part in parts for e in part.events}
        changed = [stated[e.identity] for e in known.get(shipment_id, []) if _means_else(e, stated.get(e.identity))]
        total.remapped.update(event.code for event in changed)
        await events.remap(connection, shipment_id, changed)
    done = await record(connection, around, heard, now=means.now(), quiet=True)
    total.events += done.events
    total.changes += done.changes
    total.effects += done.effects


async def _hear_again(
    connection: Connection, around: Surroundings, page: Sequence[Reply], total: Replayed
) -> dict[int, list[Heard]]:
    heard: dict[int, list[Heard]] = defaultdict(list)
    followers = await shipment_rows.followers(connection, sorted({(r.account_id, r.tracking_code) for r in page}))
    by_id = {account.id: account for account in around.accounts}
    for reply in page:
        total.replies += 1
        for parsed in parse_reply(around.connectors[by_id[reply.account_id].connector], reply):
            if parsed.outcome is Outcome.MALFORMED:
                total.unreadable += 1
            if parsed.outcome is Outcome.FOUND:
                for followed in followers.get((reply.account_id, parsed.tracking_code), ()):
                    heard[followed.id].append(hear(by_id[reply.account_id], followed, parsed, reply.id))
    return heard


def _means_else(old: TrackingEvent, new: TrackingEvent | None) -> bool:
    return new is not None and (old.status, old.reason, old.withdraws) != (new.status, new.reason, new.withdraws)
