"""In: the context; out: problems of clock, queue, accounts and overdue rows, repaired on request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db.operations import clock, doctor
from paradeiro.db.operations.doctor import JobCounts, OverdueRows, UnhealthyAccount
from paradeiro.db.pool import transaction
from paradeiro.domain.following.schedule import GIVE_UP_AFTER
from paradeiro.flow.context import Context

_MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
_JOBS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Findings:
    """`clock`: its problem, empty if none. `repaired`: how many rows were made due again. `stores`: why the database
    does not keep stores apart by role; all works all the same, so this is no fault.
    """

    clock: str
    jobs: JobCounts
    accounts: tuple[UnhealthyAccount, ...]
    put_off: tuple[OverdueRows, ...]
    repaired: int = 0
    stores: str = ""

    @property
    def healthy(self) -> bool:
        """Whether there is nothing for a person to do."""
        late = self.jobs.oldest > _JOBS_LATE or self.jobs.abandoned
        return not (self.clock or late or self.accounts or (self.put_off and not self.repaired))


async def examine(context: Context, *, repair: bool) -> Findings:
    """Collect the findings. `repair`: make overdue rows due now and trust the current clock, if it agrees with the
    database's.
    """
    now = context.now()
    async with transaction(context.pool) as connection:
        database = await clock.database_now(connection)
        seen = await clock.last_trusted(connection)
        clock_problem = _clock_problem(context, now, database)
        found = tuple(await doctor.overdue_rows(connection, now=now, patience=GIVE_UP_AFTER))
        jobs, accounts = await doctor.job_counts(connection), tuple(await doctor.unhealthy_accounts(connection))
        repaired = 0
        if repair and not clock_problem:
            repaired = await doctor.make_due(connection, now=now, patience=GIVE_UP_AFTER)
            await clock.reset_clock(connection)
            seen = None
        stores = await doctor.why_not_apart(connection, has_roles=context.pool.has_roles)
    return Findings(clock_problem or (seen.problem if seen else ""), jobs, accounts, found, repaired, stores)


def _clock_problem(context: Context, ours: datetime, database: datetime) -> str:
    if not context.real_time or abs(ours - database) <= _MAX_CLOCK_DIFFERENCE:
        return ""
    return (
        f"This machine's clock says {ours:%Y-%m-%d %H:%M} UTC, the database's says {database:%Y-%m-%d %H:%M} UTC. "
        "Set the one that is wrong; nothing is repaired before."
    )
