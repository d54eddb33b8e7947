"""In: passkeys of persons (WebAuthn credentials); out: whose a credential is, what a person has; each use counted."""

from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential. `public_key`: COSE, as the authenticator gave it; `sign_count`: how often it says it was used."""

    id: int
    operator_id: int
    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


_COLUMNS = "id, operator_id, credential_id, public_key, sign_count, name, created_at, last_used_at"


async def add_passkey(
    connection: Connection,
    operator_id: int,
    name: str,
    *,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    now: datetime,
) -> bool:
    """Store a credential; False if it is there already, whoever's it is. `now`: the real time."""
    sql = """
        INSERT INTO operator_passkey (operator_id, credential_id, public_key, sign_count, name, created_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (credential_id) DO NOTHING"""
    values = (operator_id, credential_id, public_key, sign_count, name, now)
    return (await connection.execute(sql, values)).rowcount == 1


async def passkeys_of(connection: Connection, operator_id: int) -> list[Passkey]:
    """A person's passkeys, by name."""
    sql = f"SELECT {_COLUMNS} FROM operator_passkey WHERE operator_id = %s ORDER BY lower(name), id"  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        await cursor.execute(sql, (operator_id,))
        return await cursor.fetchall()


async def passkey_of_credential(connection: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey with this credential id."""
    sql = f"SELECT {_COLUMNS} FROM operator_passkey WHERE credential_id = %s"  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        await cursor.execute(sql, (credential_id,))
        return await cursor.fetchone()


async def count_use(connection: Connection, passkey_id: int, sign_count: int, *, now: datetime) -> bool:
    """A passkey was used now. False if its count did not grow: there may be a copy of it. Authenticators that do not
    count always say 0. Safe under concurrency. `now`: the real time.
    """
    sql = """
        UPDATE operator_passkey SET sign_count = %(count)s, last_used_at = %(now)s
        WHERE id = %(id)s AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))"""
    values = {"count": sign_count, "now": now, "id": passkey_id}
    return (await connection.execute(sql, values)).rowcount == 1


async def remove_passkey(connection: Connection, operator_id: int, passkey_id: int) -> str | None:
    """Remove one of a person's passkeys; its name, None if they have none with this id."""
    sql = "DELETE FROM operator_passkey WHERE operator_id = %s AND id = %s RETURNING name"
    row = await (await connection.execute(sql, (operator_id, passkey_id))).fetchone()
    return str(row[0]) if row else None


async def drop_passkeys(connection: Connection, operator_id: int) -> None:
    """Remove all passkeys of a person, and what OpenID providers call them."""
    await connection.execute("DELETE FROM operator_passkey WHERE operator_id = %s", (operator_id,))
    await connection.execute("DELETE FROM operator_identity WHERE operator_id = %s", (operator_id,))
