"""In: what shipments are known by; out: the shipments that an answer names, and answers that named nobody yet."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.following.shipments import FollowedShipment
from paradeiro.db.pool import Connection
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind

# The key of one lookup: an account, and what its answer named.
Named = tuple[int, Identifier]


@dataclass(frozen=True, slots=True)
class UnmatchedAnswer:
    """An answer about a shipment that is not registered (yet)."""

    store_id: int
    account_id: int
    identifier: Identifier
    reply_id: int


@dataclass(frozen=True, slots=True)
class LearnedNumber:
    """A number by which an account's answers call a shipment."""

    store_id: int
    shipment_id: int
    account_id: int
    number: Identifier


async def put_identifiers(
    connection: Connection, store_id: int, shipment_id: int, identifiers: Collection[Identifier]
) -> list[Identifier]:
    """Add what a shipment is known by. Returns the new ones."""
    if not identifiers:
        return []
    sql = """
        INSERT INTO shipment_identifier (shipment_id, store_id, kind, value)
        SELECT %s, %s, * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING RETURNING kind, value"""
    ordered = sorted(set(identifiers), key=lambda each: each.text)
    values = (shipment_id, store_id, [i.kind.value for i in ordered], [i.value for i in ordered])
    return [Identifier(IdentifierKind(row[0]), row[1]) async for row in await connection.execute(sql, values)]


async def learn_numbers(connection: Connection, learned: Sequence[LearnedNumber]) -> None:
    """Store numbers by which accounts' answers call shipments."""
    if not learned:
        return
    sql = """
        INSERT INTO shipment_identifier (store_id, shipment_id, account_id, kind, value)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING"""
    ordered = sorted(set(learned), key=lambda each: (each.shipment_id, each.number.text, each.account_id))
    columns = (
        [each.store_id for each in ordered],
        [each.shipment_id for each in ordered],
        [each.account_id for each in ordered],
        [each.number.kind.value for each in ordered],
        [each.number.value for each in ordered],
    )
    await connection.execute(sql, columns)


async def identifiers_of(connection: Connection, shipment_id: int) -> list[Identifier]:
    """All that a shipment is known by."""
    sql = "SELECT kind, value FROM shipment_identifier WHERE shipment_id = %s ORDER BY kind, value"
    rows = await connection.execute(sql, (shipment_id,))
    return [Identifier(IdentifierKind(row[0]), row[1]) async for row in rows if row[0] in set(IdentifierKind)]


async def shipments_named(connection: Connection, named: Sequence[Named]) -> dict[Named, list[FollowedShipment]]:
    """The shipments of each account's store that are known by what the account named. A tracking code or a carrier's
    number means nothing at another account, an invoice does.
    """
    if not named:
        return {}
    sql = """
        SELECT n.account_id, n.kind, n.value, s.id, s.carrier, s.invoice_number
        FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (account_id, kind, value)
        JOIN account a ON a.id = n.account_id
        JOIN shipment_identifier i ON (i.store_id, i.kind, i.value) = (a.store_id, n.kind, n.value)
        JOIN shipment s ON s.id = i.shipment_id
        WHERE s.package_id IS NULL AND s.replaced_by IS NULL
          AND (n.kind NOT IN ('tracking_code', 'carrier_number') OR n.account_id IN (s.account_id, i.account_id))
        ORDER BY s.id"""
    columns = ([n[0] for n in named], [n[1].kind.value for n in named], [n[1].value for n in named])
    found: dict[Named, list[FollowedShipment]] = defaultdict(list)
    async for account_id, kind, value, shipment_id, carrier, invoice in await connection.execute(sql, columns):
        shipment = FollowedShipment(shipment_id, carrier, invoice)
        found[account_id, Identifier(IdentifierKind(kind), value)].append(shipment)
    return found


async def put_unmatched(connection: Connection, answers: Sequence[UnmatchedAnswer], *, now: datetime) -> None:
    """Remember answers that named no shipment, to record them once it is registered."""
    if not answers:
        return
    sql = """
        INSERT INTO unmatched_answer (account_id, store_id, kind, value, reply_id, seen_at)
        SELECT *, %s FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
        ON CONFLICT DO NOTHING"""
    ordered = sorted(set(answers), key=lambda u: (u.account_id, u.identifier.text, u.reply_id))
    columns = (
        [u.account_id for u in ordered],
        [u.store_id for u in ordered],
        [u.identifier.kind.value for u in ordered],
        [u.identifier.value for u in ordered],
        [u.reply_id for u in ordered],
    )
    await connection.execute(sql, (now, *columns))


async def take_unmatched(connection: Connection, store_id: int, identifiers: Collection[Identifier]) -> list[int]:
    """The answers that named any of these before, which are forgotten here. Returns ids of replies."""
    if not identifiers:
        return []
    sql = """
        DELETE FROM unmatched_answer WHERE store_id = %s
          AND (kind, value) IN (SELECT * FROM unnest(%s::text[], %s::text[])) RETURNING reply_id"""
    ordered = sorted(set(identifiers), key=lambda each: each.text)
    values = (store_id, [i.kind.value for i in ordered], [i.value for i in ordered])
    return sorted({row[0] async for row in await connection.execute(sql, values)})


async def forget_unmatched(connection: Connection, *, before: datetime, limit: int) -> int:
    """Forget answers older than the replies that hold them. How many."""
    sql = """
        DELETE FROM unmatched_answer WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM unmatched_answer WHERE seen_at < %s ORDER BY seen_at LIMIT %s))"""
    return (await connection.execute(sql, (before, limit))).rowcount
