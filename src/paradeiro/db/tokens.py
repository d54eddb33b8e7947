"""In: tokens that a party gave an account; out: those in force, and whose turn it is to ask for new ones."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import seal, unseal


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for an account: an access token with its end, and the only one that gives the next."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


async def lock(connection: Connection, store_id: int, account_id: int, *, first: str, key: str) -> Kept | None:
    """The tokens of an account, which nobody else changes until the transaction ends; None before the first ones.
    `first` is the refresh token that a person typed: with another one, what came of the former is worth nothing.
    """
    seed = sha256(first.encode()).digest()
    sql = """
        INSERT INTO account_token (account_id, store_id, seed) VALUES (%s, %s, %s)
        ON CONFLICT (account_id) DO UPDATE SET seed = EXCLUDED.seed,
            tokens = CASE WHEN account_token.seed = EXCLUDED.seed THEN account_token.tokens END,
            expires_at = CASE WHEN account_token.seed = EXCLUDED.seed THEN account_token.expires_at END
        RETURNING tokens, expires_at"""
    row = await (await connection.execute(sql, (account_id, store_id, seed))).fetchone()
    if row is None or row[0] is None:
        return None
    opened = unseal(row[0], key)
    return Kept(opened["access"], opened["refresh"], row[1])


async def claim(connection: Connection, account_id: int, *, now: datetime, lease: datetime) -> bool:
    """Whether it is ours to ask for new ones, until `lease`. The row is locked by `lock`."""
    sql = """
        UPDATE account_token SET renewing_until = %s
        WHERE account_id = %s AND (renewing_until IS NULL OR renewing_until <= %s) RETURNING true"""
    return await (await connection.execute(sql, (lease, account_id, now))).fetchone() is not None


async def keep(connection: Connection, account_id: int, kept: Kept, *, key: str) -> None:
    """Keep what was given."""
    sealed = seal({"access": kept.access, "refresh": kept.refresh}, key)
    sql = "UPDATE account_token SET tokens = %s, expires_at = %s, renewing_until = NULL WHERE account_id = %s"
    await connection.execute(sql, (sealed, kept.expires_at, account_id))


async def give_up(connection: Connection, account_id: int) -> None:
    """Nothing was given: it is anybody's turn."""
    await connection.execute("UPDATE account_token SET renewing_until = NULL WHERE account_id = %s", (account_id,))
