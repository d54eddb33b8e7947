"""In: the means; out: what is wrong with the clock, the queue, the accounts and all that waits; mended if wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paradeiro.db import clock, doctor
from paradeiro.db.doctor import Jobs, PutOff, Troubled
from paradeiro.db.pool import transaction
from paradeiro.domain.schedule import GIVE_UP_AFTER
from paradeiro.flow.means import Means

_FROM_DATABASE = timedelta(minutes=5)
_JOBS_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `repaired`: how many rows were made due again. `clock`: what is wrong with it; empty: nothing."""

    clock: str
    jobs: Jobs
    accounts: tuple[Troubled, ...]
    put_off: tuple[PutOff, ...]
    repaired: int = 0

    @property
    def well(self) -> bool:
        """Whether a person has nothing to do."""
        late = self.jobs.oldest > _JOBS_LATE or self.jobs.abandoned
        return not (self.clock or late or self.accounts or (self.put_off and not self.repaired))


async def examine(means: Means, *, repair: bool) -> Findings:
    """Look at everything; with `repair` what waits too long is due now, and the clock as it is now is trusted, if it
    agrees with the database's.
    """
    now = means.now()
    async with transaction(means.pool) as connection:
        database = await clock.now(connection)
        seen = await clock.seen(connection)
        apart = _apart(means, now, database)
        found = tuple(await doctor.put_off(connection, now=now, patience=GIVE_UP_AFTER))
        jobs, accounts = await doctor.jobs(connection), tuple(await doctor.troubled(connection))
        repaired = 0
        if repair and not apart:
            repaired = await doctor.make_due(connection, now=now, patience=GIVE_UP_AFTER)
            await clock.forget(connection)
            seen = None
    return Findings(apart or (seen.trouble if seen else ""), jobs, accounts, found, repaired)


def _apart(means: Means, ours: datetime, database: datetime) -> str:
    if not means.real_time or abs(ours - database) <= _FROM_DATABASE:
        return ""
    return (
        f"This machine's clock says {ours:%Y-%m-%d %H:%M} UTC, the database's says {database:%Y-%m-%d %H:%M} UTC. "
        "Set the one that is wrong; nothing is repaired before."
    )
