"""In: webhook addresses for pushes, and pushes; out: the hook of an address, each push stored once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from psycopg.rows import dict_row

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import seal, unseal
from paradeiro.domain.words import Outcome

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hook:
    """An account's inbound webhook. `token` is the last part of its address, `secret` what its party signs with; `url`
    is the address as the party knows it, empty while nothing is registered there. `refused` wrong signatures came in a
    row.
    """

    account_id: int
    store_id: int
    token: str = field(repr=False)
    secret: str = field(repr=False)
    url: str = field(repr=False)
    subscription: str
    refused: int
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class PushCounts:
    """Counts of a hook: accepted pushes, the last one's outcome, wrong signatures in a row."""

    accepted: int
    outcome: str | None
    refused: int


async def put_hook(
    connection: Connection, store_id: int, account_id: int, *, token: str, secret: str, key: str, now: datetime
) -> Hook:
    """The account's hook: the existing one, else a new one with this token and secret."""
    sql = """
        INSERT INTO hook (account_id, store_id, token_hash, secrets, created_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (account_id, store_id) DO NOTHING"""
    sealed = seal({"token": token, "secret": secret}, key)
    await connection.execute(sql, (account_id, store_id, _hash(token), sealed, now))
    found = await hook_of_account(connection, account_id, key)
    assert found is not None
    return found


async def hook_by_token(connection: Connection, token: str, key: str) -> Hook | None:
    """The hook with this token. It is looked up by hash, so timing reveals nothing about other tokens."""
    return await _one(connection, "SELECT * FROM hook WHERE token_hash = %s", (_hash(token),), key)


async def hook_of_account(connection: Connection, account_id: int, key: str) -> Hook | None:
    """The account's hook; None if it has none."""
    return await _one(connection, "SELECT * FROM hook WHERE account_id = %s", (account_id,), key)


async def write_registration(connection: Connection, account_id: int, *, url: str, subscription: str, key: str) -> None:
    """The party pushes to this address from now on; earlier wrong signatures no longer count."""
    await connection.execute(
        "UPDATE hook SET url = %s, subscription = %s, refused = 0 WHERE account_id = %s",
        (seal({"url": url}, key), subscription, account_id),
    )


async def claim_check(
    connection: Connection, account_id: int, *, now: datetime, before: datetime, key: str
) -> Hook | None:
    """The account's hook if it is registered and its registration was not checked since `before`."""
    sql = """
        UPDATE hook SET checked_at = %s
        WHERE account_id = %s AND url IS NOT NULL AND (checked_at IS NULL OR checked_at <= %s) RETURNING *"""
    return await _one(connection, sql, (now, account_id, before), key)


async def remove_hook(connection: Connection, account_id: int) -> None:
    """Delete the hook: a later one has another address and another secret."""
    await connection.execute("DELETE FROM hook WHERE account_id = %s", (account_id,))


async def count_refused(connection: Connection, account_id: int, *, now: datetime) -> int:
    """One more push with a wrong signature; how many there were in a row."""
    sql = "UPDATE hook SET refused = refused + 1, refused_at = %s WHERE account_id = %s RETURNING refused"
    row = await (await connection.execute(sql, (now, account_id))).fetchone()
    return int(row[0]) if row else 0


async def reset_refused(connection: Connection, account_id: int) -> bool:
    """A push had a right signature. True if wrong ones had come before it."""
    # No write where nothing changes: ten thousand pushes must not wait for each other at one row.
    sql = "UPDATE hook SET refused = 0 WHERE account_id = %s AND refused > 0 RETURNING true"
    return await (await connection.execute(sql, (account_id,))).fetchone() is not None


async def put_push(
    connection: Connection,
    hook: Hook,
    *,
    body: bytes,
    outcome: Outcome,
    about: Sequence[str],
    now: datetime,
    again_before: datetime,
    identity: str = "",
) -> bool:
    """Store a push. False for one accepted after `again_before` already: the same bytes are the same row. With the same
    `identity` it is the same push, whatever its bytes and whenever it comes.
    """
    sql = """
        INSERT INTO push (store_id, account_id, digest, outcome, about, body, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (account_id, digest, store_id) DO NOTHING RETURNING true"""
    digest = sha256(identity.encode("utf-8", "replace") or body).digest()
    values = (hook.store_id, hook.account_id, digest, outcome, list(about), body, now)
    if await (await connection.execute(sql, values)).fetchone() is not None:
        return True
    sql = """
        WITH known AS (
            SELECT id, received_at <= %s AS again FROM push WHERE account_id = %s AND digest = %s FOR UPDATE)
        UPDATE push p SET seen = p.seen + 1, outcome = %s, about = %s,
            received_at = CASE WHEN known.again THEN %s ELSE p.received_at END
        FROM known WHERE p.id = known.id RETURNING known.again"""
    again = (_NEVER if identity else again_before, hook.account_id, digest, outcome, list(about), now)
    row = await (await connection.execute(sql, again)).fetchone()
    # None: its row was deleted in between; the push is accepted all the same.
    return row is None or bool(row[0])


async def remove_old_pushes(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove at most `limit` pushes accepted before an instant. How many. One that comes again is a new hint."""
    sql = """
        DELETE FROM push WHERE id IN (
            SELECT p.id FROM account a CROSS JOIN LATERAL (
                SELECT id FROM push WHERE account_id = a.id AND received_at < %(before)s LIMIT %(limit)s) p
            LIMIT %(limit)s)"""
    return (await connection.execute(sql, {"before": before, "limit": limit})).rowcount


async def push_counts(connection: Connection, account_id: int) -> PushCounts:
    """The counts of an account's hook."""
    sql = """
        SELECT coalesce(sum(p.seen), 0)::int, (array_agg(p.outcome ORDER BY p.received_at DESC, p.id DESC))[1],
               coalesce((SELECT refused FROM hook h WHERE h.account_id = %s), 0)
        FROM push p WHERE p.account_id = %s"""
    row = await (await connection.execute(sql, (account_id, account_id))).fetchone()
    assert row is not None
    return PushCounts(*row)


async def _one(connection: Connection, sql: str, values: tuple[Any, ...], key: str) -> Hook | None:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, values)
        row = await cursor.fetchone()
    if row is None:
        return None
    kept = unseal(row["secrets"], key)
    url = unseal(row["url"], key)["url"] if row["url"] is not None else ""
    return Hook(
        account_id=row["account_id"],
        store_id=row["store_id"],
        token=kept["token"],
        secret=kept["secret"],
        url=url,
        subscription=row["subscription"],
        refused=row["refused"],
        refused_at=row["refused_at"],
    )


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
