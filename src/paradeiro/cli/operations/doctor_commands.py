"""In: what was typed after `paradeiro doctor`; out: what is wrong, in sentences or as JSON, and repaired if wanted."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from paradeiro.flow.operations.doctor import Findings

_Repair = Annotated[bool, typer.Option("--repair", help="make due again what waits too long; trust the clock as it is")]
_Json = Annotated[bool, typer.Option("--json", help="print what was found as JSON")]


def doctor(repair: _Repair = False, as_json: _Json = False) -> None:
    """Print what is wrong: the clock, the queue, accounts, packages and messages that wait too long. Status 1:
    something is.
    """
    found = asyncio.run(_examine(repair=repair))
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if as_json:
        out.print(json.dumps(json_values(found)))
    else:
        for line in finding_lines(found):
            out.print(line)
    if not found.healthy:
        raise typer.Exit(1)


async def _examine(*, repair: bool) -> "Findings":
    from paradeiro.app import open_app
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.flow.operations.doctor import examine
    from paradeiro.settings import Settings

    settings = Settings()
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            return await examine(context, repair=repair)


def json_values(found: "Findings") -> dict[str, Any]:
    """The findings for JSON; durations in seconds, times as ISO 8601."""
    facts = asdict(found)
    facts["jobs"]["oldest"] = found.jobs.oldest.total_seconds()
    for account in facts["accounts"]:
        account["open_at"] = account["open_at"].isoformat() if account["open_at"] else None
    return facts | {"well": found.healthy}


def finding_lines(found: "Findings") -> list[str]:
    """A sentence for each finding."""
    facts = [f"The clock: {found.clock or 'right.'}"]
    minutes = found.jobs.oldest.total_seconds() / 60
    facts.append(f"The queue: {found.jobs.waiting} jobs wait, the oldest has been due for {minutes:.0f} minutes.")
    if found.jobs.abandoned:
        facts.append(f"  {found.jobs.abandoned} were taken by a worker that is gone: is a worker running?")
    facts += [
        f"The account {a.account} of {a.store} is {a.state}: {a.problem or 'no reason was given'}"
        for a in found.accounts
    ]
    facts += [f"{each.count} {each.what}." for each in found.put_off]
    if found.repaired:
        facts.append(f"All of that was made due now: {found.repaired} rows.")
    elif found.put_off:
        facts.append("Rules of ours never wait so long: a clock was wrong. `paradeiro doctor --repair` makes them due.")
    if found.stores:
        facts.append(f"Stores are kept apart by Paradeiro only, not by the database: {found.stores}")
    if found.healthy:
        facts.append("Nothing is wrong." if not found.repaired else "Nothing else is wrong.")
    return facts
