"""In: the hash of a one-time link; out: whose it is and what it does, until it is used or has ended."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from paradeiro.db.pool import Connection
from paradeiro.domain.words import LinkPurpose


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was not used. `operator_id`: None for the first administrator's."""

    operator_id: int | None
    purpose: LinkPurpose
    ends_at: datetime


async def add_link(
    connection: Connection,
    text: str,
    operator_id: int | None,
    purpose: LinkPurpose,
    *,
    now: datetime,
    ends_at: datetime,
) -> None:
    """Store a link. A person's former links of the same purpose are void, and those that have ended are dropped."""
    former = "DELETE FROM operator_link WHERE (operator_id IS NOT DISTINCT FROM %s AND purpose = %s) OR ends_at <= %s"
    if purpose is not LinkPurpose.SIGN_IN:
        await connection.execute(former, (operator_id, purpose, now))
    sql = "INSERT INTO operator_link (hash, operator_id, purpose, ends_at) VALUES (%s, %s, %s, %s)"
    await connection.execute(sql, (_hash(text), operator_id, purpose, ends_at))


async def link_of(connection: Connection, text: str, *, now: datetime) -> Link | None:
    """The link, if it was not used and has not ended."""
    sql = "SELECT operator_id, purpose, ends_at FROM operator_link WHERE hash = %s AND ends_at > %s"
    row = await (await connection.execute(sql, (_hash(text), now))).fetchone()
    return Link(row[0], LinkPurpose(row[1]), row[2]) if row else None


async def use_link(connection: Connection, text: str, *, now: datetime) -> Link | None:
    """The same, and it is used now: nobody gets it again (safe under concurrency)."""
    sql = "DELETE FROM operator_link WHERE hash = %s AND ends_at > %s RETURNING operator_id, purpose, ends_at"
    row = await (await connection.execute(sql, (_hash(text), now))).fetchone()
    return Link(row[0], LinkPurpose(row[1]), row[2]) if row else None


async def drop_links(connection: Connection, operator_id: int) -> None:
    """Make a person's links void."""
    await connection.execute("DELETE FROM operator_link WHERE operator_id = %s", (operator_id,))


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
