"""In: GET /health…; out: alive, ready, or the problems.

/health… needs no key and names no store and no account.
"""

import psycopg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from paradeiro.db.operations import health
from paradeiro.db.operations.health import QueueHealth
from paradeiro.flow.context import Context
from paradeiro.web.disk_space import nearly_full

router = APIRouter()
_SECONDS = 3
# In seconds. A job normally waits for moments; after so long no worker takes it.
_LONGEST_WAIT = 120.0


@router.get("/health/live")
async def live() -> JSONResponse:
    """Liveness: the process answers. Restart it if it does not."""
    return JSONResponse({"status": "alive"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Readiness: the database can be read and has a schema. Route no requests to a process that answers 503."""
    context: Context = request.app.state.context
    try:
        async with context.pool.connection(timeout=_SECONDS) as connection:
            await health.queue_health(connection)
    except psycopg.errors.UndefinedTable:
        return JSONResponse({"status": "no schema: run `paradeiro migrate`"}, 503)
    except (psycopg.Error, TimeoutError):
        return JSONResponse({"status": "database unreachable"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/health")
async def report(request: Request) -> JSONResponse:
    """Whether packages are followed and messages sent: `ok`, or `degraded` with `problems`. 503 without a database."""
    context: Context = request.app.state.context
    try:
        async with context.pool.connection(timeout=_SECONDS) as connection:
            found = await health.queue_health(connection)
    except psycopg.errors.UndefinedTable:
        return JSONResponse({"status": "no schema: run `paradeiro migrate`"}, 503)
    except (psycopg.Error, TimeoutError):
        return JSONResponse({"status": "database unreachable"}, 503)
    problems = _problems(found)
    if nearly_full(getattr(request.app.state, "free_bytes", None)):
        problems.append("the disk of the database is nearly full, so that nothing new is taken in: free some space")
    status = "degraded" if problems else "ok"
    answer = {"status": status, "jobs_waiting": found.jobs_waiting, "workers": found.workers}
    return JSONResponse(answer | ({"problems": problems} if problems else {}))


def _problems(found: QueueHealth) -> list[str]:
    problems = []
    if not found.workers:
        problems.append("no worker is running")
    if found.oldest_job_age > _LONGEST_WAIT:
        problems.append(f"the oldest job has waited for {found.oldest_job_age:.0f} s")
    if found.failing_jobs:
        problems.append(f"{found.failing_jobs} jobs fail again and again: see `paradeiro status`")
    if found.clock:
        problems.append(f"no work is done, since the clock is not trusted ({found.clock}): see `paradeiro doctor`")
    return problems
