"""In: a store; out: packages whose timeline depends on the clock recorded again, without a new answer.

An unchanged answer is not parsed twice. A delivery dated in the future is evaluated again here when its time has come.
"""

from collections.abc import Sequence
from functools import partial

from paradeiro.db import jobs
from paradeiro.db.following import reassessments, shipments
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.operations.set_aside import work_apart
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.operations import job_turns, unusable_rows
from paradeiro.flow.record import record

_BATCH = 100


async def reassess(context: Context, store_id: int) -> int:
    """Record what is due, for one job turn; the rest gets another job. Returns how many packages were claimed."""
    return await job_turns.run_batches(context, jobs.REASSESS, store_id, partial(_reassess_batch, context, store_id))


async def _reassess_batch(context: Context, store_id: int) -> tuple[int, bool]:
    """How many were claimed, and whether there may be more."""
    now = context.now()
    async with transaction(context.pool) as connection:
        ids = await reassessments.claim_reassessments(connection, store_id, now=now, limit=_BATCH)
        if not ids:
            return 0, False
        recording = await load_recording_context(context, connection, [store_id])
        found = await shipments.lock_valid(connection, ids)
        await unusable_rows.set_row_aside(connection, found.unusable, now=now)

        async def record_rows(some: Sequence[ShipmentRow]) -> list[int]:
            ids = [row.shipment.id for row in some]
            done = await record(connection, recording, dict.fromkeys(ids, ()), now=now)
            if done.moves:
                await reassessments.request_proof_reread(connection, ids, now=now)
            return [len(some)]

        async def set_aside(row: ShipmentRow, error: Exception) -> None:
            await unusable_rows.set_row_aside(connection, [unusable_rows.unusable_shipment(row, error)], now=now)

        await work_apart(connection, found.rows, record_rows, set_aside)
    return len(ids), len(ids) == _BATCH
