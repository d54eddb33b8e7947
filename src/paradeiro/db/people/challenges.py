"""In: a challenge that a browser answered; out: whether it is answered for the first time."""

from datetime import datetime
from hashlib import sha256

from paradeiro.db.pool import Connection


async def take_challenge(connection: Connection, text: str, *, now: datetime, ends_at: datetime) -> bool:
    """Mark a challenge as answered; False if it was before (safe under concurrency). Those that have ended are dropped:
    they are refused anyway. `now`: the real time.
    """
    await connection.execute("DELETE FROM operator_challenge WHERE ends_at <= %s", (now,))
    sql = "INSERT INTO operator_challenge (hash, ends_at) VALUES (%s, %s) ON CONFLICT DO NOTHING"
    return (await connection.execute(sql, (sha256(text.encode()).digest(), ends_at))).rowcount == 1
