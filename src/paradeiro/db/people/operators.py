"""In: persons and their roles; out: who there is, found by e-mail address or id; their passwords and second factors."""

from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import class_row

from paradeiro.db.pool import Connection
from paradeiro.domain.words import Role


@dataclass(frozen=True, slots=True)
class Operator:
    """A person. `password` is the Argon2id hash, None before one was chosen; `totp_secret` is encrypted, None without a
    second factor; `totp_step` is that of the last code which was taken.
    """

    id: int
    email: str
    name: str
    password: str | None = field(repr=False)
    totp_secret: bytes | None = field(repr=False)
    totp_step: int
    last_sign_in_at: datetime | None
    last_store_id: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """A person in one store, as a list shows it. `identities`: at OpenID providers; `sessions`: browsers signed in."""

    id: int
    email: str
    name: str
    store_id: int
    store: str
    role: Role
    has_password: bool
    has_totp: bool
    passkeys: int
    identities: int
    sessions: int
    last_sign_in_at: datetime | None
    ended_at: datetime | None

    @property
    def state(self) -> str:
        usable = self.has_password or self.passkeys or self.last_sign_in_at
        return "ended" if self.ended_at is not None else "active" if usable else "invited"


_COLUMNS = "id, email, name, password, totp_secret, totp_step, last_sign_in_at, last_store_id, ended_at"


async def add_operator(connection: Connection, email: str, name: str, *, now: datetime) -> int:
    """The id of the person with this address, made or begun anew; one who is there keeps their name."""
    sql = """
        INSERT INTO operator AS o (email, name, created_at) VALUES (%s, %s, %s)
        ON CONFLICT (email) DO UPDATE SET
            name = CASE WHEN o.ended_at IS NULL THEN o.name ELSE excluded.name END, ended_at = NULL
        RETURNING id"""
    row = await (await connection.execute(sql, (email, name, now))).fetchone()
    assert row is not None
    return int(row[0])


async def operator_by_email(connection: Connection, email: str) -> Operator | None:
    """The person with this address (in small letters)."""
    return await _one(connection, f"SELECT {_COLUMNS} FROM operator WHERE email = %s", email)  # noqa: S608 - our own columns


async def operator_by_id(connection: Connection, operator_id: int, *, lock: bool = False) -> Operator | None:
    """The person with this id; `lock`: nobody else changes the row before the transaction ends."""
    end = "FOR UPDATE" if lock else ""
    return await _one(connection, f"SELECT {_COLUMNS} FROM operator WHERE id = %s {end}", operator_id)  # noqa: S608 - our own columns


async def _one(connection: Connection, sql: str, value: str | int) -> Operator | None:
    async with connection.cursor(row_factory=class_row(Operator)) as cursor:
        await cursor.execute(sql, (value,))
        return await cursor.fetchone()


async def operator_lines(connection: Connection, store_id: int | None, *, now: datetime) -> list[OperatorLine]:
    """The persons of a store, or of all stores (a line for each of theirs), by name."""
    sql = """
        SELECT o.id, o.email, o.name, r.store_id, s.name AS store, r.role, o.password IS NOT NULL AS has_password,
               o.totp_secret IS NOT NULL AS has_totp, o.last_sign_in_at, o.ended_at,
               (SELECT count(*) FROM operator_passkey p WHERE p.operator_id = o.id)::int AS passkeys,
               (SELECT count(*) FROM operator_identity i WHERE i.operator_id = o.id)::int AS identities,
               (SELECT count(*) FROM operator_session w
                WHERE w.operator_id = o.id AND w.ends_at > %(now)s)::int AS sessions
        FROM operator_role r JOIN operator o ON o.id = r.operator_id JOIN store s ON s.store_id = r.store_id
        WHERE %(store)s::bigint IS NULL OR r.store_id = %(store)s
        ORDER BY lower(o.name), o.id, r.store_id"""
    async with connection.cursor(row_factory=class_row(OperatorLine)) as cursor:
        await cursor.execute(sql, {"store": store_id, "now": now})
        return await cursor.fetchall()


async def set_role(connection: Connection, store_id: int, operator_id: int, role: Role, *, now: datetime) -> None:
    """Give a person a role in a store, in place of the former one."""
    sql = """
        INSERT INTO operator_role (store_id, operator_id, role, given_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (store_id, operator_id) DO UPDATE SET role = excluded.role, given_at = excluded.given_at"""
    await connection.execute(sql, (store_id, operator_id, role, now))


async def roles_of(connection: Connection, operator_id: int) -> dict[int, Role]:
    """By store: the role of a person who has not ended."""
    sql = """
        SELECT r.store_id, r.role FROM operator_role r JOIN operator o ON o.id = r.operator_id
        WHERE r.operator_id = %s AND o.ended_at IS NULL ORDER BY r.store_id"""
    rows = await (await connection.execute(sql, (operator_id,))).fetchall()
    return {int(row[0]): Role(row[1]) for row in rows}


async def administrators(connection: Connection, store_id: int) -> list[int]:
    """The administrators of a store who have not ended. Their rows are locked: two who end each other wait."""
    sql = """
        SELECT o.id FROM operator_role r JOIN operator o ON o.id = r.operator_id
        WHERE r.store_id = %s AND r.role = 'administrator' AND o.ended_at IS NULL ORDER BY o.id FOR UPDATE"""
    return [int(row[0]) for row in await (await connection.execute(sql, (store_id,))).fetchall()]


async def take_role(connection: Connection, store_id: int, operator_id: int, *, now: datetime) -> bool:
    """Take a person's role in a store; who has none left has ended. False if they had none there."""
    sql = "DELETE FROM operator_role WHERE store_id = %s AND operator_id = %s RETURNING true"
    taken = await (await connection.execute(sql, (store_id, operator_id))).fetchone() is not None
    last = """
        UPDATE operator SET ended_at = %s, password = NULL, totp_secret = NULL
        WHERE id = %s AND ended_at IS NULL AND NOT EXISTS (SELECT FROM operator_role WHERE operator_id = %s)"""
    await connection.execute(last, (now, operator_id, operator_id))
    return taken


async def set_password(connection: Connection, operator_id: int, password: str | None) -> None:
    """Store the hash of a password; None: none."""
    await connection.execute("UPDATE operator SET password = %s WHERE id = %s", (password, operator_id))


async def set_totp(connection: Connection, operator_id: int, secret: bytes | None) -> None:
    """Store the encrypted secret of the second factor; None: none."""
    await connection.execute("UPDATE operator SET totp_secret = %s WHERE id = %s", (secret, operator_id))


async def take_totp_step(connection: Connection, operator_id: int, step: int) -> bool:
    """Mark a code's time step as used. False if it, or a later one, was used before (safe under concurrency)."""
    sql = "UPDATE operator SET totp_step = %(step)s WHERE id = %(id)s AND totp_step < %(step)s RETURNING true"
    return await (await connection.execute(sql, {"step": step, "id": operator_id})).fetchone() is not None


async def note_sign_in(connection: Connection, operator_id: int, store_id: int, *, now: datetime) -> None:
    """Store when a person signed in last, and the store on their screen."""
    sql = "UPDATE operator SET last_sign_in_at = %s, last_store_id = %s WHERE id = %s"
    await connection.execute(sql, (now, store_id, operator_id))


async def note_store(connection: Connection, operator_id: int, store_id: int) -> None:
    """Store which store is on a person's screen."""
    await connection.execute("UPDATE operator SET last_store_id = %s WHERE id = %s", (store_id, operator_id))


async def administrators_everywhere(connection: Connection) -> list[Operator]:
    """The persons who are administrators of every store there is."""
    sql = f"""
        SELECT {_COLUMNS} FROM operator o
        WHERE ended_at IS NULL AND EXISTS (SELECT FROM store) AND NOT EXISTS (
            SELECT FROM store s WHERE NOT EXISTS (
                SELECT FROM operator_role r
                WHERE r.store_id = s.store_id AND r.operator_id = o.id AND r.role = 'administrator'))
        ORDER BY id"""  # noqa: S608 - our own columns
    async with connection.cursor(row_factory=class_row(Operator)) as cursor:
        await cursor.execute(sql)
        return await cursor.fetchall()


async def anybody_can_sign_in(connection: Connection) -> bool:
    """Whether there is an administrator who has signed in or has a password."""
    sql = """
        SELECT EXISTS (SELECT FROM operator_role r JOIN operator o ON o.id = r.operator_id
                       WHERE r.role = 'administrator' AND o.ended_at IS NULL
                         AND (o.password IS NOT NULL OR o.last_sign_in_at IS NOT NULL))"""
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    return bool(row[0])
