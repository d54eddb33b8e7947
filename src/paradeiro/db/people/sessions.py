"""In: the hash of a browser's cookie; out: who is signed in there, in which store; sessions listed and ended."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.words import Role, SignInMethod


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session, in the store that is on the screen."""

    operator_id: int
    name: str
    email: str
    store_id: int
    role: Role
    number: int
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One browser that is signed in. `origin`: the network address that signed in; `browser`: as it calls itself."""

    number: int
    method: SignInMethod
    origin: str
    browser: str
    begun_at: datetime
    seen_at: datetime


async def begin_session(
    connection: Connection,
    cookie: str,
    *,
    operator_id: int,
    store_id: int,
    method: SignInMethod,
    origin: str,
    browser: str,
    now: datetime,
    ends_at: datetime,
) -> None:
    """Store a session, and drop those that have ended: the table holds a week of sign-ins at most."""
    sql = """
        INSERT INTO operator_session (hash, store_id, operator_id, method, origin, browser, begun_at, seen_at, ends_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
    await connection.execute(
        sql, (_hash(cookie), store_id, operator_id, method, origin[:64], browser[:300], now, now, ends_at)
    )
    await connection.execute("DELETE FROM operator_session WHERE ends_at <= %s", (now,))


async def signed_in(connection: Connection, cookie: str, *, now: datetime) -> SignedIn | None:
    """Who is signed in; None once the session, the person or their role in the store has ended."""
    sql = """
        SELECT o.id AS operator_id, o.name, o.email, w.store_id, r.role, w.number, w.begun_at, w.seen_at
        FROM operator_session w JOIN operator o ON o.id = w.operator_id
        JOIN operator_role r ON r.operator_id = o.id AND r.store_id = w.store_id
        WHERE w.hash = %s AND w.ends_at > %s AND o.ended_at IS NULL"""
    async with connection.cursor(row_factory=class_row(SignedIn)) as cursor:
        await cursor.execute(sql, (_hash(cookie), now))
        return await cursor.fetchone()


async def mark_seen(connection: Connection, number: int, *, before: datetime, now: datetime) -> None:
    """A session was used now; written once, however many requests come together."""
    sql = "UPDATE operator_session SET seen_at = %s WHERE number = %s AND seen_at <= %s"
    await connection.execute(sql, (now, number, before))


async def show_store(connection: Connection, cookie: str, store_id: int) -> None:
    """Put another store on a session's screen."""
    await connection.execute("UPDATE operator_session SET store_id = %s WHERE hash = %s", (store_id, _hash(cookie)))


async def session_lines(connection: Connection, operator_id: int, *, now: datetime) -> list[SessionLine]:
    """A person's sessions, the one used last first."""
    sql = """
        SELECT number, method, origin, browser, begun_at, seen_at FROM operator_session
        WHERE operator_id = %s AND ends_at > %s ORDER BY seen_at DESC, number DESC LIMIT 100"""
    async with connection.cursor(row_factory=class_row(SessionLine)) as cursor:
        await cursor.execute(sql, (operator_id, now))
        return await cursor.fetchall()


async def end_session(connection: Connection, cookie: str) -> None:
    """End the session of a cookie."""
    await connection.execute("DELETE FROM operator_session WHERE hash = %s", (_hash(cookie),))


async def end_sessions(
    connection: Connection, operator_id: int, *, number: int | None = None, except_cookie: str = ""
) -> int:
    """End a person's session of that number, or all of them but one; how many were ended."""
    sql = """
        DELETE FROM operator_session
        WHERE operator_id = %s AND (%s::bigint IS NULL OR number = %s) AND hash <> %s"""
    values = (operator_id, number, number, _hash(except_cookie))
    return (await connection.execute(sql, values)).rowcount


async def leave_store(connection: Connection, operator_id: int, store_id: int) -> None:
    """End a person's sessions that show a store."""
    sql = "DELETE FROM operator_session WHERE operator_id = %s AND store_id = %s"
    await connection.execute(sql, (operator_id, store_id))


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
