"""In: deliveries to prove; out: searches for their proofs, claimed and ended, and the pictures found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import Purpose, WrongKeyError, seal_bytes, unseal_bytes
from paradeiro.domain.bounds import bounded_instant, clean_text
from paradeiro.domain.words import ProofKind, ProofState


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """A proof to look for."""

    store_id: int
    shipment_id: int
    kind: ProofKind


@dataclass(frozen=True, slots=True)
class ClaimedSearch:
    """A claimed search."""

    store_id: int
    shipment_id: int
    kind: ProofKind
    tracking_code: str
    tries: int
    ticket: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a try gave. `next_try` is None when the search has ended."""

    shipment_id: int
    kind: ProofKind
    state: ProofState
    tries: int
    next_try: datetime | None
    ticket: str
    message: str


@dataclass(frozen=True, slots=True)
class NewProof:
    """A picture to store. `withdrawn_at`: the delivery was taken back while it was fetched."""

    store_id: int
    shipment_id: int
    kind: ProofKind
    content_type: str
    image: bytes = field(repr=False)
    comment: str = field(repr=False)
    taken_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A stored picture in a list. `size` in bytes."""

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
class SearchLine:
    """The state of a search in a list."""

    shipment_id: int
    kind: str
    state: str
    tries: int
    next_try: datetime | None
    message: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Image:
    """The bytes of a stored picture. `digest`: SHA-256."""

    content_type: str
    content: bytes = field(repr=False)
    digest: bytes


async def request_proofs(connection: Connection, wanted: Sequence[ProofRequest], *, now: datetime) -> None:
    """Begin searches. Searches under way, ended or given up stay so; withdrawn ones begin anew."""
    sql = """
        INSERT INTO proof_search (store_id, shipment_id, kind, next_try, wanted_at)
        SELECT w.store_id, w.shipment_id, w.kind, %s, %s
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS w (store_id, shipment_id, kind)
        ON CONFLICT (shipment_id, kind, store_id)
        DO UPDATE SET state = 'wanted', tries = 0, next_try = EXCLUDED.next_try,
            leased_until = NULL, ticket = '', message = '', wanted_at = EXCLUDED.wanted_at, ended_at = NULL
        WHERE proof_search.state = 'withdrawn'"""
    # In the order of the key, so that two recordings never wait for each other crosswise.
    rows = sorted(set(wanted), key=lambda w: (w.shipment_id, w.kind))
    columns = ([w.store_id for w in rows], [w.shipment_id for w in rows], [w.kind.value for w in rows])
    if rows:
        await connection.execute(sql, (now, now, *columns))


async def withdraw_proofs(connection: Connection, shipment_ids: Collection[int], *, now: datetime) -> None:
    """Deliveries were withdrawn: end their searches, mark their proofs."""
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
    """Accounts with due searches that may be asked now."""
    sql = f"""
        SELECT DISTINCT a.id FROM proof_search p JOIN shipment s ON s.id = p.shipment_id
        JOIN account a ON a.id = s.account_id
        WHERE {_DUE} AND p.kind = ANY(%(kinds)s) AND a.state NOT IN ('disabled', 'removed')
          AND (a.open_at IS NULL OR a.open_at <= %(now)s)"""  # noqa: S608 - our own condition
    # A kind that a newer version knows is left to it.
    values = {"now": now, "kinds": [kind.value for kind in ProofKind]}
    return [row[0] async for row in await connection.execute(sql, values)]


async def claim_searches(
    connection: Connection, account_id: int, kind: ProofKind, *, now: datetime, lease: datetime, limit: int
) -> list[ClaimedSearch]:
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
    found = [ClaimedSearch(row[0], row[1], ProofKind(row[2]), row[3], row[4], row[5]) async for row in rows]
    return sorted(found, key=lambda search: search.shipment_id)


async def put_proofs(connection: Connection, found: Sequence[NewProof], *, key: str, now: datetime) -> None:
    """Store pictures, encrypted. The same picture of a shipment is stored once; found again, it takes the new
    `withdrawn_at`.
    """
    sql = """
        INSERT INTO proof (store_id, shipment_id, kind, content_type, image, digest, comment, taken_at, fetched_at,
                           withdrawn_at, sealed, size)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true, %s)
        ON CONFLICT (shipment_id, digest, store_id) DO UPDATE SET withdrawn_at = EXCLUDED.withdrawn_at"""
    digests = [(sha256(each.image).digest(), each) for each in found]
    for digest, each in sorted(digests, key=lambda d: (d[1].shipment_id, d[0])):
        sealed = seal_bytes(each.image, key, Purpose.PROOFS)
        values = (each.store_id, each.shipment_id, each.kind, each.content_type, sealed, digest)
        more = (clean_text(each.comment), bounded_instant(each.taken_at), now, each.withdrawn_at, len(each.image))
        await connection.execute(sql, (*values, *more))


async def record_tries(connection: Connection, ended: Sequence[SearchResult], *, now: datetime) -> None:
    """Write the results of tries. A search withdrawn meanwhile stays so."""
    sql = """
        UPDATE proof_search SET state = %s, tries = %s, next_try = %s, leased_until = NULL, ticket = %s, message = %s,
            ended_at = CASE WHEN %s = 'wanted' THEN NULL ELSE %s::timestamptz END
        WHERE shipment_id = %s AND kind = %s AND state = 'wanted'"""
    for each in sorted(ended, key=lambda t: (t.shipment_id, t.kind)):
        values = (each.state, each.tries, each.next_try, clean_text(each.ticket), clean_text(each.message))
        await connection.execute(sql, (*values, each.state, now, each.shipment_id, each.kind))


async def proof_lines(connection: Connection, shipment_ids: Sequence[int]) -> list[ProofLine]:
    """The pictures of shipments, without their bytes, in the order of their ids."""
    sql = """
        SELECT id, shipment_id, kind, content_type, coalesce(size, octet_length(image)) AS size, comment, taken_at,
               fetched_at, withdrawn_at
        FROM proof WHERE shipment_id = ANY(%s) ORDER BY id"""
    async with connection.cursor(row_factory=class_row(ProofLine)) as cursor:
        await cursor.execute(sql, (list(shipment_ids),))
        return await cursor.fetchall()


async def search_lines(connection: Connection, shipment_ids: Sequence[int]) -> list[SearchLine]:
    """The searches for proofs of shipments."""
    sql = """
        SELECT shipment_id, kind, state, tries, next_try, message, ended_at FROM proof_search
        WHERE shipment_id = ANY(%s) ORDER BY shipment_id, kind"""
    async with connection.cursor(row_factory=class_row(SearchLine)) as cursor:
        await cursor.execute(sql, (list(shipment_ids),))
        return await cursor.fetchall()


async def proof_image(
    connection: Connection, store_id: int, shipment_id: int, proof_id: int, *, key: str
) -> Image | None:
    """One picture of a store's shipment; None if there is none of that id, or the key that opens it is lost."""
    sql = """
        SELECT content_type, image, digest, sealed FROM proof
        WHERE store_id = %s AND shipment_id = %s AND id = %s"""
    row = await (await connection.execute(sql, (store_id, shipment_id, proof_id))).fetchone()
    if row is None:
        return None
    kind, image, digest, sealed = row
    try:
        return Image(kind, unseal_bytes(bytes(image), key, Purpose.PROOFS) if sealed else bytes(image), bytes(digest))
    except WrongKeyError:
        return None


async def seal_former(connection: Connection, *, key: str, limit: int) -> int:
    """Encrypt pictures that were stored in clear, by 0.1; how many."""
    sql = "SELECT id, image FROM proof WHERE NOT sealed ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
    rows = await (await connection.execute(sql, (limit,))).fetchall()
    update = "UPDATE proof SET image = %s, size = octet_length(image), sealed = true WHERE id = %s AND NOT sealed"
    for proof_id, image in rows:
        await connection.execute(update, (seal_bytes(bytes(image), key, Purpose.PROOFS), proof_id))
    return len(rows)
