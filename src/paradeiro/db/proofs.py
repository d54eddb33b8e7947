"""In: deliveries to prove; out: the searches for their proofs, claimed and ended, and the pictures that were found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.bounds import bounded_instant, clean_text
from paradeiro.domain.words import ProofKind, ProofState


@dataclass(frozen=True, slots=True)
class Wanted:
    """A proof to look for."""

    store_id: int
    shipment_id: int
    kind: ProofKind


@dataclass(frozen=True, slots=True)
class Search:
    """A search that is ours to carry on."""

    store_id: int
    shipment_id: int
    kind: ProofKind
    tracking_code: str
    tries: int
    ticket: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try gave. `next_try` is None when the search has ended."""

    shipment_id: int
    kind: ProofKind
    state: ProofState
    tries: int
    next_try: datetime | None
    ticket: str
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """A picture to keep. `withdrawn_at`: the delivery was taken back while it was fetched."""

    store_id: int
    shipment_id: int
    kind: ProofKind
    content_type: str
    image: bytes = field(repr=False)
    comment: str = field(repr=False)
    taken_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A kept picture as a person sees it in a list. `size` in bytes."""

    id: int
    shipment_id: int
    kind: str
    content_type: str
    size: int
    comment: str = field(repr=False)
    taken_at: datetime | None
    fetched_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownSearch:
    """How far the search for a proof is."""

    shipment_id: int
    kind: str
    state: str
    tries: int
    next_try: datetime | None
    message: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Image:
    """A kept picture's bytes."""

    content_type: str
    content: bytes = field(repr=False)
    digest: bytes


async def want(connection: Connection, wanted: Sequence[Wanted], *, now: datetime) -> None:
    """Begin to look for proofs. What is looked for, was found or was given up stays so; a new delivery begins anew."""
    sql = """
        INSERT INTO proof_search (store_id, shipment_id, kind, next_try, wanted_at)
        SELECT w.store_id, w.shipment_id, w.kind, %s, %s
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS w (store_id, shipment_id, kind)
        ON CONFLICT (shipment_id, kind) DO UPDATE SET state = 'wanted', tries = 0, next_try = EXCLUDED.next_try,
            leased_until = NULL, ticket = '', message = '', wanted_at = EXCLUDED.wanted_at, ended_at = NULL
        WHERE proof_search.state = 'withdrawn'"""
    # In the order of the key, so that two recordings never wait for each other crosswise.
    rows = sorted(set(wanted), key=lambda w: (w.shipment_id, w.kind))
    columns = ([w.store_id for w in rows], [w.shipment_id for w in rows], [w.kind.value for w in rows])
    if rows:
        await connection.execute(sql, (now, now, *columns))


async def withdraw(connection: Connection, shipment_ids: Collection[int], *, now: datetime) -> None:
    """Deliveries were taken back: nothing more is looked for, and what was found is marked."""
    if not shipment_ids:
        return
    ids = sorted(shipment_ids)
    await connection.execute(
        """WITH locked AS (SELECT shipment_id, kind FROM proof_search WHERE shipment_id = ANY(%s)
                           ORDER BY shipment_id, kind FOR UPDATE)
           UPDATE proof_search s SET state = 'withdrawn', next_try = NULL, leased_until = NULL, ended_at = %s
           FROM locked WHERE s.shipment_id = locked.shipment_id AND s.kind = locked.kind""",
        (ids, now),
    )
    await connection.execute(
        "UPDATE proof SET withdrawn_at = %s WHERE shipment_id = ANY(%s) AND withdrawn_at IS NULL", (now, ids)
    )


_DUE = "p.state = 'wanted' AND p.next_try <= %(now)s AND (p.leased_until IS NULL OR p.leased_until <= %(now)s)"


async def due_accounts(connection: Connection, *, now: datetime) -> list[int]:
    """Accounts that have proofs to be asked for and that may be asked now."""
    sql = f"""
        SELECT DISTINCT a.id FROM proof_search p JOIN shipment s ON s.id = p.shipment_id
        JOIN account a ON a.id = s.account_id
        WHERE {_DUE} AND p.kind = ANY(%(kinds)s) AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %(now)s)"""  # noqa: S608 - our own condition
    # A kind that a newer version knows is left to it.
    values = {"now": now, "kinds": [kind.value for kind in ProofKind]}
    return [row[0] async for row in await connection.execute(sql, values)]


async def claim(
    connection: Connection, account_id: int, kind: ProofKind, *, now: datetime, lease: datetime, limit: int
) -> list[Search]:
    """Claim up to `limit` searches for one kind that are due, the longest waiting first, until `lease`."""
    sql = f"""
        UPDATE proof_search c SET leased_until = %(lease)s FROM (
            SELECT p.shipment_id, p.kind, s.tracking_code FROM proof_search p JOIN shipment s ON s.id = p.shipment_id
            WHERE s.account_id = %(account)s AND p.kind = %(kind)s AND {_DUE}
            ORDER BY p.next_try, p.shipment_id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED) due
        WHERE c.shipment_id = due.shipment_id AND c.kind = due.kind
        RETURNING c.store_id, c.shipment_id, c.kind, due.tracking_code, c.tries, c.ticket"""  # noqa: S608 - our own condition
    values = {"account": account_id, "kind": kind, "now": now, "lease": lease, "limit": limit}
    rows = await connection.execute(sql, values)
    found = [Search(row[0], row[1], ProofKind(row[2]), row[3], row[4], row[5]) async for row in rows]
    return sorted(found, key=lambda search: search.shipment_id)


async def keep(connection: Connection, found: Sequence[Found], *, now: datetime) -> None:
    """Keep pictures. The same picture of a shipment is kept once; shown again after a new delivery it counts again."""
    sql = """
        INSERT INTO proof (store_id, shipment_id, kind, content_type, image, digest, comment, taken_at, fetched_at,
                           withdrawn_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (shipment_id, digest) DO UPDATE SET withdrawn_at = EXCLUDED.withdrawn_at"""
    digests = [(sha256(each.image).digest(), each) for each in found]
    for digest, each in sorted(digests, key=lambda d: (d[1].shipment_id, d[0])):
        values = (each.store_id, each.shipment_id, each.kind, each.content_type, each.image, digest)
        more = (clean_text(each.comment), bounded_instant(each.taken_at), now, each.withdrawn_at)
        await connection.execute(sql, (*values, *more))


async def tried(connection: Connection, ended: Sequence[Tried], *, now: datetime) -> None:
    """Write what tries gave. A search that was withdrawn meanwhile stays so."""
    sql = """
        UPDATE proof_search SET state = %s, tries = %s, next_try = %s, leased_until = NULL, ticket = %s, message = %s,
            ended_at = CASE WHEN %s = 'wanted' THEN NULL ELSE %s::timestamptz END
        WHERE shipment_id = %s AND kind = %s AND state = 'wanted'"""
    for each in sorted(ended, key=lambda t: (t.shipment_id, t.kind)):
        values = (each.state, each.tries, each.next_try, clean_text(each.ticket), clean_text(each.message))
        await connection.execute(sql, (*values, each.state, now, each.shipment_id, each.kind))


async def shown(connection: Connection, shipment_ids: Sequence[int]) -> list[ShownProof]:
    """The pictures of shipments, without their bytes, in the order in which they came."""
    sql = """
        SELECT id, shipment_id, kind, content_type, octet_length(image) AS size, comment, taken_at, fetched_at,
               withdrawn_at
        FROM proof WHERE shipment_id = ANY(%s) ORDER BY id"""
    async with connection.cursor(row_factory=class_row(ShownProof)) as cursor:
        await cursor.execute(sql, (list(shipment_ids),))
        return await cursor.fetchall()


async def searches(connection: Connection, shipment_ids: Sequence[int]) -> list[ShownSearch]:
    """How far the searches for proofs of shipments are."""
    sql = """
        SELECT shipment_id, kind, state, tries, next_try, message, ended_at FROM proof_search
        WHERE shipment_id = ANY(%s) ORDER BY shipment_id, kind"""
    async with connection.cursor(row_factory=class_row(ShownSearch)) as cursor:
        await cursor.execute(sql, (list(shipment_ids),))
        return await cursor.fetchall()


async def image(connection: Connection, store_id: int, shipment_id: int, proof_id: int) -> Image | None:
    """One picture of a store's shipment; None if there is none of that id."""
    sql = """
        SELECT content_type, image AS content, digest FROM proof
        WHERE store_id = %s AND shipment_id = %s AND id = %s"""
    async with connection.cursor(row_factory=class_row(Image)) as cursor:
        await cursor.execute(sql, (store_id, shipment_id, proof_id))
        return await cursor.fetchone()
