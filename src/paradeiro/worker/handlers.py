"""In: one job's name and payload; out: the flow of that name, run."""

from collections.abc import Awaitable, Callable, Mapping

from paradeiro.db import jobs
from paradeiro.db.operations.set_aside import NOT_THE_ROWS
from paradeiro.flow.accounts.hooks import maintain_hook
from paradeiro.flow.answers.carrier_feed import read_carrier_feed
from paradeiro.flow.answers.remote_files import fetch_remote_files, read_folder
from paradeiro.flow.carriers.wrong_carrier import watch_wrong_carrier
from paradeiro.flow.collect import collect
from paradeiro.flow.context import Context, log
from paradeiro.flow.following.proofs_of_delivery import fetch_proofs
from paradeiro.flow.following.reassess import reassess
from paradeiro.flow.following.silence_watch import watch_silence
from paradeiro.flow.operations import unusable_rows
from paradeiro.flow.orders.order_hints import read_feed, read_hinted_orders
from paradeiro.flow.orders.order_sweep import sweep_orders
from paradeiro.flow.record import record_replies
from paradeiro.flow.relay import relay


async def _watch(context: Context, account_id: int) -> None:
    """Watch an account for what it does not say."""
    await watch_silence(context, account_id)
    await watch_wrong_carrier(context, account_id)


# Flows of one account, or one store.
_FLOWS: Mapping[str, Callable[[Context, int], Awaitable[object]]] = {
    jobs.CARRIER_FEED: read_carrier_feed,
    jobs.COLLECT: collect,
    jobs.FEED: read_feed,
    jobs.NAMED: read_hinted_orders,
    jobs.LISTEN: _watch,
    jobs.FOLDER: read_folder,
    jobs.REMOTE_FILES: fetch_remote_files,
    jobs.PROVE: fetch_proofs,
    jobs.REASSESS: reassess,
}
ENTRYPOINTS = (*_FLOWS, jobs.HOOKS, jobs.ORDERS, jobs.RECORD, jobs.RELAY)


async def handle(context: Context, entrypoint: str, payload: str) -> None:
    """Run one job. What it works on is claimed in the tables, so running it twice or too late does no harm."""
    if entrypoint in _FLOWS:
        await _FLOWS[entrypoint](context, int(payload))
        return
    match entrypoint:
        case jobs.ORDERS:
            await sweep_orders(context, int(payload))
            await maintain_hook(context, int(payload))
        case jobs.RELAY | jobs.HOOKS:
            await relay(context, int(payload), entrypoint)
        case jobs.RECORD:
            await _record(context, [int(reply_id) for reply_id in payload.split(",")])
        case _:
            message = f"no flow for the job '{entrypoint}': this worker is older than who enqueued it"
            raise ValueError(message)


async def _record(context: Context, reply_ids: list[int]) -> None:
    """Record a batch; if it fails, each reply by itself, so that one cannot hold up the others."""
    try:
        await record_replies(context, reply_ids)
    except NOT_THE_ROWS:
        raise
    except Exception as error:  # noqa: BLE001 - one failing reply is reported, and the others go on
        if len(reply_ids) == 1:
            await unusable_rows.set_reply_aside(context, reply_ids[0], error)
            return
        log.info("recording a batch failed; trying its replies one by one", replies=len(reply_ids), why=str(error))
        for reply_id in reply_ids:
            await _record(context, [reply_id])
