"""In: a secret key of several keys; out: everything encrypted anew with the newest, a page at a time."""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from paradeiro.db.pool import Connection, as_owner, own_name
from paradeiro.db.secrets import Purpose, WrongKeyError, reseal, reseal_bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of encrypted bytes. `condition`: which rows hold some."""

    table: str
    id: str
    column: str
    condition: LiteralString = "true"
    purpose: Purpose = Purpose.CREDENTIALS


# Everything that is encrypted, except the value by which the key is known (db/server/start_check.py).
SEALED = (
    Sealed("account", "id", "secrets"),
    Sealed("account_token", "account_id", "tokens", "tokens IS NOT NULL"),
    Sealed("hook", "account_id", "secrets"),
    Sealed("hook", "account_id", "url", "url IS NOT NULL"),
    Sealed("proof", "id", "image", "sealed", Purpose.PROOFS),
    Sealed("operator", "id", "totp_secret", "totp_secret IS NOT NULL", Purpose.SECOND_FACTORS),
)


@dataclass(frozen=True, slots=True)
class Page:
    """The result of one page: rows encrypted anew, ids of rows that no key opens, the last id (None: no row left)."""

    done: int
    unreadable: tuple[int, ...]
    last: int | None


async def reseal_page(connection: Connection, what: Sealed, *, key: str, after: int, limit: int) -> Page:
    """Encrypt the next rows anew, in the caller's transaction. Rows that are so already are left as they are."""
    names = {"table": sql.Identifier(what.table), "id": sql.Identifier(what.id), "column": sql.Identifier(what.column)}
    condition = sql.SQL(what.condition)
    query = sql.SQL(
        "SELECT {id}, {column} FROM {table} WHERE {id} > %s AND {condition} ORDER BY {id} LIMIT %s FOR UPDATE"
    ).format(condition=condition, **names)
    update = sql.SQL("UPDATE {table} SET {column} = %s WHERE {id} = %s").format(**names)
    rows = await (await connection.execute(query, (after, limit))).fetchall()
    done, unreadable = 0, []
    for row_id, sealed in rows:
        try:
            new = _anew(bytes(sealed), what.purpose, key)
        except WrongKeyError:
            unreadable.append(row_id)
            continue
        if new is not None:
            await connection.execute(update, (new, row_id))
            done += 1
    return Page(done, tuple(unreadable), rows[-1][0] if rows else None)


def _anew(sealed: bytes, purpose: Purpose, key: str) -> bytes | None:
    return reseal(sealed, key) if purpose is Purpose.CREDENTIALS else reseal_bytes(sealed, key, purpose)


async def reseal_check(connection: Connection, key: str) -> None:
    """Encrypt anew the value by which the key is known."""
    row = await (await connection.execute("SELECT sealed FROM secret_check FOR UPDATE")).fetchone()
    new = reseal_bytes(bytes(row[0]), key, Purpose.CHECK) if row else None
    if new is not None:
        await connection.execute("UPDATE secret_check SET sealed = %s", (new,))


async def others_at_work(connection: Connection) -> int:
    """How many connections of other processes of Paradeiro there are to this database."""
    query = """
        SELECT count(*)::int FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'paradeiro %%' AND application_name <> %s"""
    # Names of connections are shown to the user who made them.
    async with connection.transaction(), as_owner(connection):
        row = await (await connection.execute(query, (own_name(),))).fetchone()
    return int(row[0]) if row else 0
