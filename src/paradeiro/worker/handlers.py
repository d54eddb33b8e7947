"""In: one job's name and payload; out: the flow that it names, run."""

from paradeiro.db import jobs
from paradeiro.db.set_aside import NOT_THE_ROWS
from paradeiro.flow import aside
from paradeiro.flow.collect import collect
from paradeiro.flow.hook import keep_door
from paradeiro.flow.listen import listen
from paradeiro.flow.means import Means, log
from paradeiro.flow.named import read_feed, read_named
from paradeiro.flow.prove import prove
from paradeiro.flow.reassess import reassess
from paradeiro.flow.record import record_replies
from paradeiro.flow.relay import relay
from paradeiro.flow.visits import visit

ENTRYPOINTS = (
    jobs.COLLECT,
    jobs.FEED,
    jobs.HOOKS,
    jobs.LISTEN,
    jobs.NAMED,
    jobs.ORDERS,
    jobs.PROVE,
    jobs.REASSESS,
    jobs.RECORD,
    jobs.RELAY,
)


async def handle(means: Means, entrypoint: str, payload: str) -> None:
    """Run one job. What it works on is claimed in the tables, so running it twice or too late does no harm."""
    match entrypoint:
        case jobs.COLLECT:
            await collect(means, int(payload))
        case jobs.FEED:
            await read_feed(means, int(payload))
        case jobs.NAMED:
            await read_named(means, int(payload))
        case jobs.LISTEN:
            await listen(means, int(payload))
        case jobs.ORDERS:
            await visit(means, int(payload))
            await keep_door(means, int(payload))
        case jobs.PROVE:
            await prove(means, int(payload))
        case jobs.REASSESS:
            await reassess(means, int(payload))
        case jobs.RELAY | jobs.HOOKS:
            await relay(means, int(payload), entrypoint)
        case jobs.RECORD:
            await _record(means, [int(reply_id) for reply_id in payload.split(",")])
        case _:
            message = f"no flow for the job '{entrypoint}': this worker is older than who enqueued it"
            raise ValueError(message)


async def _record(means: Means, reply_ids: list[int]) -> None:
    """Record a batch; if it fails, each reply by itself, so that one cannot hold up the others."""
    try:
        await record_replies(means, reply_ids)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - whatever one reply does to us, it is told, and the others go on
        if len(reply_ids) == 1:
            await aside.answer(means, reply_ids[0], error)
            return
        log.info("recording a batch failed; trying its replies one by one", replies=len(reply_ids), why=str(error))
        for reply_id in reply_ids:
            await _record(means, [reply_id])
