"""In: a database; out: what works and what does not, for people or as JSON; status 1 if something does not."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from paradeiro.db.health import Health, JobFailure

_out = Console()


def status(
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """What works now and what does not: workers, jobs, accounts, notices. Status 1: something needs a person."""
    from paradeiro.settings import Settings

    found, failing, clock = asyncio.run(_look(Settings()))
    wrong = _wrong(found, clock)
    if as_json:
        said = asdict(found) | {"failures": [_shown(f) for f in failing], "problems": wrong}
        _out.print(json.dumps(said, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
    else:
        _print(found, failing, wrong)
    raise typer.Exit(1 if wrong else 0)


async def _look(settings: object) -> tuple[Health, list[JobFailure], str]:
    from paradeiro.app import house
    from paradeiro.cli.database import database_url
    from paradeiro.db import health
    from paradeiro.settings import Settings

    assert isinstance(settings, Settings)
    with database_url(settings) as url:
        async with house(settings, url) as means, means.pool.connection() as connection:
            clock = (await health.glance(connection)).clock
            return await health.look(connection, now=means.now()), await health.failures(connection), clock


def _wrong(found: Health, clock: str) -> list[str]:
    problems = []
    if clock:
        problems.append(f"No work is done, since the clock is not trusted ({clock}): see `paradeiro doctor`.")
    if not found.workers:
        problems.append("No worker runs: start `paradeiro up`, or `paradeiro work`.")
    for job, count in found.failing_jobs.items():
        problems.append(f"The work '{job}' fails again and again ({count}): see the log.")
    for connector, count in found.accounts_in_trouble.items():
        problems.append(f"{count} account(s) at {connector} cannot be asked or told: see their notices.")
    return problems


def _shown(failure: JobFailure) -> dict[str, object]:
    return {
        "job": failure.job,
        "about": failure.payload,
        "error": failure.error,
        "message": failure.message,
        "times": failure.count,
        "since": failure.first_at.isoformat(),
    }


def _print(found: Health, failing: list[JobFailure], wrong: list[str]) -> None:
    table = Table("what", "how much", show_header=False)
    rows = {
        "workers": found.workers,
        "jobs waiting": f"{found.jobs_waiting}, the oldest for {found.oldest_job_age:.0f} s",
        "shipments followed": f"{found.shipments_followed}, overdue for an hour: {found.shipments_overdue}",
        "waiting to be told": f"{found.effects_waiting}, the oldest for {found.oldest_effect_age:.0f} s",
        "open notices": ", ".join(f"{kind}: {count}" for kind, count in sorted(found.notices.items())) or "none",
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    for failure in failing:
        table.add_row(f"fails: {failure.job} {failure.payload}", f"{failure.count} times, {failure.error}")
    _out.print(table)
    for words in wrong or ["All is well."]:
        _out.print(words, markup=False, highlight=False, style="red" if wrong else "")
