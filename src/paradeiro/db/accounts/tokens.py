"""In: access and refresh tokens of an account; out: the valid ones, and a lease to refresh them."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from paradeiro.db.pool import Connection
from paradeiro.db.secrets import seal, unseal


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of an account: an access token with its expiry, and the refresh token for the next."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


async def lock_tokens(
    connection: Connection, store_id: int, account_id: int, *, typed: str, key: str
) -> StoredTokens | None:
    """The tokens of an account, locked until the transaction ends; None before the first ones. `typed` is what a person
    typed (the refresh token, else all credentials): if it changed, stored tokens are discarded.
    """
    seed = sha256(typed.encode()).digest()
    sql = """
        INSERT INTO account_token (account_id, store_id, seed) VALUES (%s, %s, %s)
        ON CONFLICT (account_id, store_id) DO UPDATE SET seed = EXCLUDED.seed,
            tokens = CASE WHEN account_token.seed = EXCLUDED.seed THEN account_token.tokens END,
            expires_at = CASE WHEN account_token.seed = EXCLUDED.seed THEN account_token.expires_at END
        RETURNING tokens, expires_at"""
    row = await (await connection.execute(sql, (account_id, store_id, seed))).fetchone()
    if row is None or row[0] is None:
        return None
    opened = unseal(row[0], key)
    return StoredTokens(opened["access"], opened["refresh"], row[1])


async def claim_refresh(connection: Connection, account_id: int, *, now: datetime, lease: datetime) -> bool:
    """Claim the refresh until `lease`; False if another worker has it. The row is locked by `lock_tokens`."""
    sql = """
        UPDATE account_token SET refresh_locked_until = %s
        WHERE account_id = %s AND (refresh_locked_until IS NULL OR refresh_locked_until <= %s) RETURNING true"""
    return await (await connection.execute(sql, (lease, account_id, now))).fetchone() is not None


async def put_tokens(connection: Connection, account_id: int, kept: StoredTokens, *, key: str) -> None:
    """Store new tokens and release the refresh."""
    sealed = seal({"access": kept.access, "refresh": kept.refresh}, key)
    sql = "UPDATE account_token SET tokens = %s, expires_at = %s, refresh_locked_until = NULL WHERE account_id = %s"
    await connection.execute(sql, (sealed, kept.expires_at, account_id))


async def release_refresh(connection: Connection, account_id: int) -> None:
    """Release the refresh: no new tokens were received."""
    await connection.execute(
        "UPDATE account_token SET refresh_locked_until = NULL WHERE account_id = %s", (account_id,)
    )
