"""In: stores, accounts and API keys; out: the same as frozen values, secrets decrypted only for use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import WrongKeyError, seal, unseal
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.records import Policy
from paradeiro.domain.words import PartyKind

# A key that lets somebody in.
VALID_KEY = "revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now())"


@dataclass(frozen=True, slots=True)
class Store:
    id: int
    key: str
    name: str
    time_zone: str
    policy_json: str = field(repr=False)
    told_until: datetime | None = None  # restored from a backup: a lost instance mailed the news until then

    @property
    def policy(self) -> Policy:
        """The policy. Raises `ValueError` if it cannot be read. Decoded on use: other fields stay usable."""
        return _policy(self.policy_json)


@lru_cache(maxsize=1024)
def _policy(text: str) -> Policy:
    return msgspec.json.decode(text, type=Policy)


@dataclass(frozen=True, slots=True)
class Account:
    """One set of credentials at one party. `settings` holds the secrets too; neither is in the repr."""

    id: int
    store_id: int
    connector: str
    kind: PartyKind
    name: str
    channel: str | None
    settings: dict[str, str] = field(repr=False)
    state: str
    problem: str
    problem_since: datetime | None
    failures: int
    open_at: datetime | None
    cursor: str
    next_visit: datetime | None
    fault: str = ""  # why it cannot be used: its settings or its secrets cannot be read

    def rests(self, now: datetime) -> bool:
        """Whether no request may be sent to it now: it is disabled, or its pause is not over."""
        return self.state == "disabled" or (self.open_at is not None and self.open_at > now)


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: int
    store_id: int
    name: str
    scopes: tuple[str, ...]
    last_used_at: datetime | None = None


async def add_store(connection: Connection, name: str, *, now: datetime, time_zone: str = "America/Sao_Paulo") -> int:
    """Add a store or find the one of that name; its id."""
    sql = """
        INSERT INTO store (name, time_zone, created_at) VALUES (%s, %s, %s)
        ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name RETURNING store_id"""
    return int(await _one(connection, sql, (name, time_zone, now)))


async def lock_policy(connection: Connection, store_id: int) -> Policy:
    """The store's policy, locked until the transaction ends."""
    sql = "SELECT policy FROM store WHERE store_id = %s FOR UPDATE"
    return msgspec.convert(await _one(connection, sql, (store_id,)), Policy)


async def set_policy(connection: Connection, store_id: int, policy: Policy) -> None:
    """Replace the store's policy."""
    await connection.execute(
        "UPDATE store SET policy = %s WHERE store_id = %s", (Jsonb(msgspec.to_builtins(policy)), store_id)
    )


async def stores(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, Store]:
    """Stores by id; all of them when `ids` is None."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT store_id, key, name, time_zone, policy::text AS policy_json, told_until FROM store "
            "WHERE %(ids)s::bigint[] IS NULL OR store_id = ANY(%(ids)s)",
            {"ids": None if ids is None else list(ids)},
        )
        return {
            row["store_id"]: Store(
                row["store_id"],
                str(row["key"]),
                row["name"],
                row["time_zone"],
                row["policy_json"],
                row["told_until"],
            )
            async for row in cursor
        }


async def put_account(
    connection: Connection,
    store_id: int,
    *,
    connector: str,
    kind: PartyKind,
    name: str,
    settings: dict[str, str],
    secrets: dict[str, str],
    key: str,
    now: datetime,
    channel: str | None = None,
) -> int:
    """Add an account, or give the one of that name new settings; either way it may be asked at once. Its id."""
    sql = """
        INSERT INTO account (store_id, connector, kind, name, channel, settings, secrets, next_visit, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (store_id, connector, name) DO UPDATE SET settings = EXCLUDED.settings,
            secrets = EXCLUDED.secrets, channel = EXCLUDED.channel, state = 'ok', problem = '',
            problem_since = NULL, open_at = NULL,
            failures = (account.state IN ('outage', 'paused'))::int -- its next answer ends what people were asked
        RETURNING id"""
    visit = now if kind is PartyKind.ORDER_SYSTEM else None
    values = (store_id, connector, kind, name, channel, Jsonb(settings), seal(secrets, key), visit, now)
    return int(await _one(connection, sql, values))


async def accounts(
    connection: Connection,
    key: str,
    *,
    ids: Sequence[int] | None = None,
    store_ids: Sequence[int] | None = None,
) -> list[Account]:
    """Accounts with their secrets decrypted, by id. Removed ones are excluded. One whose settings cannot be
    read has a `fault`, so that the others are still returned.
    """
    sql = """
        SELECT * FROM account
        WHERE state <> 'removed' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
          AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
        ORDER BY id"""
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"ids": None if ids is None else list(ids), "stores": None if store_ids is None else list(store_ids)}
        await cursor.execute(sql, values)
        return [_account(row, key) async for row in cursor if row["kind"] in set(PartyKind)]


async def account_owner(connection: Connection, account_id: int) -> tuple[int, PartyKind] | None:
    """(store id, kind of party) of an account. Neither ever changes."""
    sql = "SELECT store_id, kind FROM account WHERE id = %s"
    row = await (await connection.execute(sql, (account_id,))).fetchone()
    return (row[0], PartyKind(row[1])) if row else None


async def store_ids(connection: Connection) -> list[int]:
    """Every store's id."""
    return [row[0] async for row in await connection.execute("SELECT store_id FROM store")]


async def has_accounts(connection: Connection, *, except_store: str) -> bool:
    """Whether any store but that one has an account."""
    sql = """SELECT EXISTS (SELECT 1 FROM account a JOIN store s USING (store_id)
                            WHERE s.name <> %s AND a.state <> 'removed')"""
    return bool(await _one(connection, sql, (except_store,)))


async def remove_accounts(connection: Connection, store_name: str, *, now: datetime) -> int:
    """Remove all accounts of a store; its shipments and sent messages stay. How many accounts were removed."""
    sql = """
        WITH gone AS (
            UPDATE account a SET state = 'removed', problem = '', open_at = NULL, next_visit = NULL
            FROM store s WHERE s.store_id = a.store_id AND s.name = %(name)s AND a.state <> 'removed'
            RETURNING a.id, a.store_id
        ), untold AS (
            UPDATE effect e
            SET state = 'refused', message = 'the account was removed', ended_at = %(now)s, request = NULL
            FROM gone WHERE e.account_id = gone.id AND e.state IN ('pending', 'sending')
        ), unasked AS (
            UPDATE shipment s SET next_check = NULL FROM gone WHERE s.account_id = gone.id
        )
        SELECT count(*) FROM gone"""
    cursor = await connection.execute(sql, {"name": store_name, "now": now})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _settings(row: dict[str, Any], key: str) -> tuple[dict[str, str], str]:
    """An account's settings and secrets, and why they cannot be read if so."""
    try:
        return msgspec.convert(row["settings"], dict[str, str]) | unseal(row["secrets"], key), ""
    except (WrongKeyError, ValueError, TypeError) as error:
        return {}, str(error)


def _account(row: dict[str, Any], key: str) -> Account:
    settings, fault = _settings(row, key)
    return Account(
        id=row["id"],
        store_id=row["store_id"],
        connector=row["connector"],
        kind=PartyKind(row["kind"]),
        name=row["name"],
        channel=row["channel"],
        settings=settings,
        state=row["state"],
        problem=row["problem"],
        problem_since=row["problem_since"],
        failures=row["failures"],
        open_at=row["open_at"],
        cursor=row["cursor"],
        next_visit=row["next_visit"],
        fault=fault,
    )


async def mark_healthy(connection: Connection, account_id: int) -> bool:
    """The account answered. True if it was unhealthy until now."""
    sql = """
        UPDATE account SET state = 'ok', problem = '', problem_since = NULL, failures = 0, open_at = NULL
        WHERE id = %s AND state NOT IN ('disabled', 'removed') AND (state <> 'ok' OR failures > 0) RETURNING true"""
    return await (await connection.execute(sql, (account_id,))).fetchone() is not None


async def mark_unhealthy(
    connection: Connection, account_id: int, *, state: str, problem: str, open_at: datetime, now: datetime
) -> datetime:
    """The account did not answer (`outage`) or was refused (`paused`). Since when it has been unhealthy."""
    sql = """
        UPDATE account SET state = CASE WHEN state IN ('disabled', 'removed') THEN state ELSE %s END, problem = %s,
            open_at = %s, failures = failures + 1, problem_since = coalesce(problem_since, %s)
        WHERE id = %s RETURNING problem_since"""
    since: datetime = await _one(connection, sql, (state, clean_text(problem), open_at, now, account_id))
    return since


async def count_failure(connection: Connection, account_id: int) -> None:
    """One try failed; too few to mark it unhealthy."""
    await connection.execute("UPDATE account SET failures = failures + 1 WHERE id = %s", (account_id,))


async def write_sweep_cursor(connection: Connection, account_id: int, *, cursor: str, next_visit: datetime) -> None:
    """Store how far the orders of an order system were read, and when the next sweep is."""
    await connection.execute(
        "UPDATE account SET cursor = %s, next_visit = %s WHERE id = %s", (cursor, next_visit, account_id)
    )


async def make_account_due(connection: Connection, account_id: int, *, now: datetime) -> None:
    """Make an account due at once, whatever problem it had."""
    await connection.execute(
        "UPDATE account SET open_at = NULL, next_visit = CASE WHEN kind = 'order_system' THEN %s END WHERE id = %s",
        (now, account_id),
    )


async def add_api_key(
    connection: Connection,
    store_id: int,
    *,
    name: str,
    key: str,
    scopes: Sequence[str],
    now: datetime,
    ends_at: datetime | None = None,
) -> int:
    """Store the hash of a key (the key has 256 random bits: one SHA-256 is enough). Its id."""
    sql = """
        INSERT INTO api_key (store_id, name, hash, scopes, created_at, ends_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id"""
    return int(await _one(connection, sql, (store_id, name, key_hash(key), list(scopes), now, ends_at)))


async def api_key(connection: Connection, key: str) -> ApiKey | None:
    """The row of a key; None for one that is unknown, was revoked or has ended (by the database's clock)."""
    sql = f"SELECT id, store_id, name, scopes, last_used_at FROM api_key WHERE hash = %s AND {VALID_KEY}"  # noqa: S608 - our own condition
    row = await (await connection.execute(sql, (key_hash(key),))).fetchone()
    return ApiKey(row[0], row[1], row[2], tuple(row[3]), row[4]) if row else None


async def api_key_named(connection: Connection, store_id: int, name: str) -> int | None:
    """The id of a store's newest active key of that name."""
    sql = "SELECT max(id) FROM api_key WHERE store_id = %s AND name = %s AND revoked_at IS NULL"
    found = await _one(connection, sql, (store_id, name))
    return None if found is None else int(found)


async def revoke_named(connection: Connection, name: str, *, now: datetime) -> None:
    """End all keys of a name."""
    await connection.execute("UPDATE api_key SET revoked_at = %s WHERE name = %s AND revoked_at IS NULL", (now, name))


def key_hash(key: str) -> bytes:
    return sha256(key.encode()).digest()


async def _one(connection: Connection, sql: str, values: tuple[Any, ...]) -> Any:
    row = await (await connection.execute(sql, values)).fetchone()
    assert row is not None
    return row[0]
