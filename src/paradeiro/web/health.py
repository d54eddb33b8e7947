"""In: GET /health…, GET /metrics; out: alive, ready, or the problems; the same as figures for Prometheus.

/health… needs no key and names no store and no account.
"""

from collections.abc import Sequence
from typing import Annotated

import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from paradeiro.db.operations import health
from paradeiro.db.operations.health import Health, QueueHealth
from paradeiro.db.outbox import deadlines
from paradeiro.flow.context import Context
from paradeiro.web.auth import Caller, reader
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


@router.get("/metrics")
async def metrics(request: Request, _: Annotated[Caller, Depends(reader)]) -> Response:
    """Figures of the whole installation for Prometheus. Needs a key with the scope `read`, as a bearer token."""
    context: Context = request.app.state.context  # not the request's: of all stores
    async with context.pool.connection() as connection:
        found = await health.read_health(connection, now=context.now())
        untold = await deadlines.deadline_counts(connection, now=context.now())
    return Response(generate_latest(_registry(found, untold)), media_type=CONTENT_TYPE_LATEST)


def _registry(found: Health, untold: Sequence[deadlines.DeadlineCount]) -> CollectorRegistry:
    registry = CollectorRegistry()
    plain = {
        "jobs_waiting": (found.jobs_waiting, "Jobs in the queue"),
        "oldest_job_seconds": (found.oldest_job_age, "How long the oldest of them has waited"),
        "workers": (found.workers, "Workers seen in the last minute"),
        "shipments_followed": (found.shipments_followed, "Shipments that are asked for"),
        "shipments_overdue": (found.shipments_overdue, "Of these, due for more than an hour"),
        "effects_waiting": (found.effects_waiting, "Effects that are not told yet"),
        "oldest_effect_seconds": (found.oldest_effect_age, "How long the oldest that may go has waited"),
    }
    for name, (value, words) in plain.items():
        Gauge(f"paradeiro_{name}", words, registry=registry).set(value)
    labelled = {
        "failing_jobs": ("job", found.failing_jobs, "Jobs that failed three times in a row or more"),
        "accounts_in_trouble": ("connector", found.unhealthy_accounts, "Accounts that cannot be asked or told"),
        "open_notices": ("kind", found.notices, "Notices that wait for a person"),
    }
    for name, (label, values, words) in labelled.items():
        gauge = Gauge(f"paradeiro_{name}", words, [label], registry=registry)
        for key, value in values.items():
            gauge.labels(key).set(value)
    labels = ["store", "connector"]
    late = Gauge("paradeiro_untold_overdue", "Told too late by now: not taken by their time", labels, registry=registry)
    soon = Gauge("paradeiro_untold_due_soon", "Not taken yet, and due within a day", labels, registry=registry)
    for each in untold:
        late.labels(str(each.store_id), each.connector).set(each.overdue)
        soon.labels(str(each.store_id), each.connector).set(each.soon)
    return registry
