"""In: a secret key of several keys, the newest first; out: everything stored opens with the newest alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from paradeiro.db.operations import resealing
from paradeiro.db.operations.resealing import SEALED, Sealed
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context
from paradeiro.flow.errors import ConflictError

# Few enough rows that the pictures of a page fit into memory.
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was encrypted anew, by table; `unreadable`: rows (table and id) that none of the keys opens."""

    done: Mapping[str, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


async def check_alone(context: Context) -> None:
    """Raises `ConflictError` while other processes work: they would not know the new key."""
    async with context.pool.connection() as connection:
        others = await resealing.others_at_work(connection)
    if others:
        message = (
            f"{others} connections of other processes of Paradeiro are open, which do not know the new key. Stop them "
            "(up, serve, work), rotate, and start them again."
        )
        raise ConflictError("still_running", message)


async def rotate(context: Context, key: str) -> Rotation:
    """Encrypt everything stored with the newest key of `key`. Stopped in between it goes on where it was."""
    done: Counter[str] = Counter()
    unreadable: list[str] = []
    for what in SEALED:
        await _rotate_column(context, key, what, done, unreadable)
    async with transaction(context.pool) as connection:
        await resealing.reseal_check(connection, key)
    return Rotation(dict(done), tuple(unreadable))


async def _rotate_column(context: Context, key: str, what: Sealed, done: Counter[str], unreadable: list[str]) -> None:
    after: int | None = 0
    while after is not None:
        async with transaction(context.pool) as connection:
            page = await resealing.reseal_page(connection, what, key=key, after=after, limit=_AT_ONCE)
        done[what.table] += page.done
        unreadable += [f"{what.table} {row_id}" for row_id in page.unreadable]
        after = page.last
