"""In: a database; out: health figures and problems, for people or as JSON; exit status 1 if there are problems."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from paradeiro.db.operations.health import Health, JobFailure

_out = Console()


def status(
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
    retention: Annotated[bool, typer.Option("--retention", help="how long the rows of each table are kept")] = False,
) -> None:
    """What works now and what does not: workers, jobs, accounts, notices. Status 1: something needs a person."""
    from paradeiro.settings import Settings

    if retention:
        _print_retention(as_json=as_json)
        return
    found, failing, clock = asyncio.run(_load(Settings()))
    problems = _problems(found, clock) + _backup_problems()
    if as_json:
        facts = asdict(found) | {"failures": [_failure_facts(f) for f in failing], "problems": problems}
        _out.print(json.dumps(facts, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
    else:
        _print(found, failing, problems)
    raise typer.Exit(1 if problems else 0)


def _print_retention(*, as_json: bool) -> None:
    from paradeiro.worker.retention_rules import KEPT

    if as_json:
        _out.print(json.dumps(KEPT), markup=False, highlight=False, soft_wrap=True)
        return
    for table, kept in KEPT.items():
        _out.print(f"{table:<22}{kept}", markup=False, highlight=False, soft_wrap=True)


async def _load(settings: object) -> tuple[Health, list[JobFailure], str]:
    from paradeiro.app import open_app
    from paradeiro.cli.running.database import database_url
    from paradeiro.db.operations import health
    from paradeiro.settings import Settings

    assert isinstance(settings, Settings)
    with database_url(settings) as url:
        async with open_app(settings, url) as context, context.pool.connection() as connection:
            clock = (await health.queue_health(connection)).clock
            return await health.read_health(connection, now=context.now()), await health.job_failures(connection), clock


def _problems(found: Health, clock: str) -> list[str]:
    problems = []
    if clock:
        problems.append(f"No work is done, since the clock is not trusted ({clock}): see `paradeiro doctor`.")
    if not found.workers:
        problems.append("No worker runs: start `paradeiro up`, or `paradeiro work`.")
    for job, count in found.failing_jobs.items():
        problems.append(f"The work '{job}' fails again and again ({count}): see the log.")
    for connector, count in found.unhealthy_accounts.items():
        problems.append(f"{count} account(s) at {connector} cannot be asked or told: see their notices.")
    return problems


def _backup_problems() -> list[str]:
    from paradeiro.cli.backups.schedule import backup_problem
    from paradeiro.settings import Settings

    said = backup_problem(Settings(), datetime.now(UTC))
    return [said] if said else []


def _backup_age() -> str:
    from paradeiro.cli.backups.schedule import last_backup
    from paradeiro.settings import Settings

    folder = Settings().backup_folder
    last = None if folder is None else last_backup(folder)
    return "" if last is None else f"{(datetime.now(UTC) - last).total_seconds() / 3600:.1f} hours ago, in {folder}"


def _failure_facts(failure: JobFailure) -> dict[str, object]:
    return {
        "job": failure.job,
        "about": failure.payload,
        "error": failure.error,
        "message": failure.message,
        "times": failure.count,
        "since": failure.first_at.isoformat(),
    }


def _print(found: Health, failing: list[JobFailure], problems: list[str]) -> None:
    table = Table("what", "how much", show_header=False)
    rows = {
        "workers": found.workers,
        "jobs waiting": f"{found.jobs_waiting}, the oldest for {found.oldest_job_age:.0f} s",
        "shipments followed": f"{found.shipments_followed}, overdue for an hour: {found.shipments_overdue}",
        "waiting to be told": f"{found.effects_waiting}, the oldest for {found.oldest_effect_age:.0f} s",
        "open notices": ", ".join(f"{kind}: {count}" for kind, count in sorted(found.notices.items())) or "none",
    }
    if age := _backup_age():
        rows["last backup"] = age
    for name, value in rows.items():
        table.add_row(name, str(value))
    for failure in failing:
        table.add_row(f"fails: {failure.job} {failure.payload}", f"{failure.count} times, {failure.error}")
    _out.print(table)
    for words in problems or ["All is well."]:
        _out.print(words, markup=False, highlight=False, style="red" if problems else "")
