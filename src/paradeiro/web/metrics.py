"""In: GET /metrics; out: figures of the whole installation for Prometheus, as docs/metrics.md describes them.

Counts come from the database, so that they are those of all processes and survive a restart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from paradeiro.db.operations import health, metric_counts
from paradeiro.db.operations.health import Health
from paradeiro.db.operations.metric_counts import Allowance, Count, WorkerPools
from paradeiro.db.outbox import deadlines
from paradeiro.flow.operations.counting import pool_of
from paradeiro.web.auth import AllStoresContext, Caller, reader
from paradeiro.web.metric_families import CountCollector

router = APIRouter()
_ACCOUNT = ["store", "connector", "account"]


@dataclass(frozen=True, slots=True)
class _Figures:
    """All that is read for one answer. `free_bytes` is None where the database's disk is not on this machine."""

    health: Health
    untold: Sequence[deadlines.DeadlineCount]
    counts: Sequence[Count]
    allowances: Sequence[Allowance]
    oldest_due: float
    workers: WorkerPools
    web: WorkerPools
    free_bytes: int | None


@router.get("/metrics")
async def metrics(request: Request, context: AllStoresContext, _: Annotated[Caller, Depends(reader)]) -> Response:
    """Figures of the whole installation for Prometheus. Needs a key with the scope `read`, as a bearer token."""
    now = context.now()
    free_bytes: Callable[[], int] | None = getattr(request.app.state, "free_bytes", None)
    async with context.pool.connection() as connection:
        found = _Figures(
            await health.read_health(connection, now=now),
            await deadlines.deadline_counts(connection, now=now),
            await metric_counts.read_counts(connection),
            await metric_counts.read_allowances(connection, month=now.date().replace(day=1)),
            await metric_counts.oldest_due_age(connection, now=now),
            await metric_counts.read_pools(connection),
            pool_of(context.pool),
            free_bytes() if free_bytes is not None else None,
        )
    return Response(generate_latest(_registry(found)), media_type=CONTENT_TYPE_LATEST)


def _registry(found: _Figures) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(CountCollector(found.counts))
    _add_plain(registry, found)
    _add_labelled(registry, found.health)
    _add_untold(registry, found.untold)
    _add_pools(registry, {"worker": found.workers, "web": found.web}.items())
    _add_allowances(registry, found.allowances)
    return registry


def _add_plain(registry: CollectorRegistry, found: _Figures) -> None:
    state = found.health
    plain: dict[str, tuple[float, str]] = {
        "jobs_waiting": (state.jobs_waiting, "Jobs in the queue"),
        "oldest_job_seconds": (state.oldest_job_age, "How long the oldest of them has waited"),
        "workers": (state.workers, "Workers seen in the last minute"),
        "shipments_followed": (state.shipments_followed, "Shipments that are asked for"),
        "shipments_overdue": (state.shipments_overdue, "Of these, due for more than an hour"),
        "oldest_due_shipment_seconds": (found.oldest_due, "For how long the one due longest has been due"),
        "effects_waiting": (state.effects_waiting, "Effects that are not told yet"),
        "oldest_effect_seconds": (state.oldest_effect_age, "How long the oldest that may go has waited"),
    }
    if found.free_bytes is not None:
        plain["disk_free_bytes"] = (found.free_bytes, "Free space on the database's disk")
    for name, (value, words) in plain.items():
        Gauge(f"paradeiro_{name}", words, registry=registry).set(value)


def _add_labelled(registry: CollectorRegistry, state: Health) -> None:
    labelled = {
        "failing_jobs": ("job", state.failing_jobs, "Jobs that failed three times in a row or more"),
        "accounts_in_trouble": ("connector", state.unhealthy_accounts, "Accounts that cannot be asked or told"),
        "open_notices": ("kind", state.notices, "Notices that wait for a person"),
    }
    for name, (label, values, words) in labelled.items():
        gauge = Gauge(f"paradeiro_{name}", words, [label], registry=registry)
        for key, value in values.items():
            gauge.labels(key).set(value)


def _add_untold(registry: CollectorRegistry, untold: Sequence[deadlines.DeadlineCount]) -> None:
    labels = ["store", "connector"]
    late = Gauge("paradeiro_untold_overdue", "Told too late by now: not taken by their time", labels, registry=registry)
    soon = Gauge("paradeiro_untold_due_soon", "Not taken yet, and due within a day", labels, registry=registry)
    for each in untold:
        late.labels(str(each.store_id), each.connector).set(each.overdue)
        soon.labels(str(each.store_id), each.connector).set(each.soon)


def _add_pools(registry: CollectorRegistry, pools: Iterable[tuple[str, WorkerPools]]) -> None:
    used = Gauge("paradeiro_pool_in_use", "Database connections in use", ["process"], registry=registry)
    waiting = Gauge("paradeiro_pool_waiting", "Flows that wait for a connection", ["process"], registry=registry)
    for process, each in pools:
        used.labels(process).set(each.in_use)
        waiting.labels(process).set(each.waiting)


def _add_allowances(registry: CollectorRegistry, allowances: Sequence[Allowance]) -> None:
    requests = Gauge("paradeiro_requests_left", "Requests that may be sent at once", _ACCOUNT, registry=registry)
    lookups = Gauge("paradeiro_lookups_left", "Paid look-ups left this month", _ACCOUNT, registry=registry)
    for each in allowances:
        labels = (str(each.store_id), each.connector, each.account)
        if each.requests is not None:
            requests.labels(*labels).set(each.requests)
        if each.lookups is not None:
            lookups.labels(*labels).set(each.lookups)
