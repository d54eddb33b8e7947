"""In: jobs that fail, and databases of another version; out: whether that is reported, in plain words."""

import asyncio

from paradeiro.app import open_app, real_clock
from paradeiro.cli.drills.hard_day.day import Case, CaseResult, Place, open_day
from paradeiro.cli.drills.hard_day.processes import running
from paradeiro.db import jobs
from paradeiro.db.jobs import Job
from paradeiro.db.measuring import drill_damage
from paradeiro.db.pool import transaction
from paradeiro.worker.run import work

_SECONDS = 20.0


async def failing_job(place: Place) -> CaseResult:
    """A job fails each time that it is run."""
    found = CaseResult(tried=1)
    async with open_day(place, connected=False) as day:
        stop = asyncio.Event()
        worker = asyncio.create_task(work(day.context, place.url, stop))
        try:
            end = asyncio.get_running_loop().time() + _SECONDS
            told = False
            while not told and asyncio.get_running_loop().time() < end:
                async with transaction(day.context.pool) as connection:
                    await jobs.enqueue(connection, [Job(jobs.COLLECT, "no number", once=True)])
                await asyncio.sleep(0.5)
                told = any("job" in n.kind for n in await day.notices())
            found.expect(told, "nobody was told of a job that always fails")
            health = (await day.client.get("/health")).json()
            found.expect(health["status"] != "ok", "the health is ok while a job always fails")
        finally:
            stop.set()
            await worker
    return found


async def newer_schema(place: Place) -> CaseResult:
    """A newer version migrated the database."""
    found = CaseResult(tried=1)
    async with (
        open_app(place.settings, place.url, clock=real_clock) as context,
        context.pool.connection() as connection,
    ):
        await drill_damage.set_newer_revision(connection)
    await _refused(found, place, "newer")
    return found


async def lost_column(place: Place) -> CaseResult:
    """The database says that it was migrated and was not."""
    found = CaseResult(tried=1)
    async with (
        open_app(place.settings, place.url, clock=real_clock) as context,
        context.pool.connection() as connection,
    ):
        await drill_damage.drop_column(connection)
    await _refused(found, place, "postal_code")
    return found


async def _refused(found: CaseResult, place: Place, word: str) -> None:
    env = {"PARADEIRO_DATABASE_URL": place.url, "PARADEIRO_DATA_DIR": str(place.folder / "data")}
    with running(place.folder, "migrate", **env) as one:
        status = await one.ends(60)
        found.expect(status not in {0, None}, f"migrate ended with {status}")
        found.expect("Traceback" not in one.text, "a traceback on the screen")
        found.expect(word in one.text, f"it does not say what is wrong: {one.text[-300:]}")


CASES = (
    Case("failing-job", 3, "a job that fails each time", failing_job),
    Case("newer-schema", 5, "a database of a newer version", newer_schema),
    Case("lost-column", 5, "a database whose schema is not what it says", lost_column),
)
