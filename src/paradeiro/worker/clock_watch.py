"""In: our clock, the database's, and how long the machine has run; out: whether our clock is trusted.

With a clock that is a year ahead for one sweep, every package would be given up and every message delayed by a year. So
before work is done our clock must agree with the database's, and with itself: since the last trusted instant as much
time must have passed on it as on the machine's monotonic clock.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from paradeiro.db.operations import clock
from paradeiro.db.operations.clock import ClockState
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context, log

# Largest allowed difference from the database's clock.
_FROM_DATABASE = timedelta(minutes=5)
# From the last instant that was trusted. Machines correct their clock by some hours when they start (a clock that is
# kept in local time, for one); that does no harm, and is no reason to stop.
_FROM_LAST_SEEN = timedelta(hours=6)
# Seconds between writes of the trusted instant.
_WRITTEN_EVERY = 30.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_REMEDY = (
    "No package is asked for and nobody is told anything until that is mended. Set the clock of the machine right; if "
    "it is right now, run `paradeiro doctor --repair`."
)


def since_boot() -> float:
    """Seconds since the machine started, those that it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def boot_id() -> str:
    """The boot id of the machine; empty if unknown (not Linux)."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(slots=True)
class ClockWatch:
    """`wrong`: why no work may be done now; empty if it may."""

    context: Context
    counted: Callable[[], float] = since_boot
    boot: str = field(default_factory=boot_id)
    wrong: str = ""
    checked: asyncio.Event = field(default_factory=asyncio.Event)  # set once the clock was compared for the first time
    _trusted: tuple[datetime, float] | None = None
    _written: float = float("-inf")

    def trusted(self) -> bool:
        """Whether our clock was found right and has not jumped since. No query: cheap enough for every job."""
        if self._trusted is None or self.wrong:
            return False
        at, counted = self._trusted
        gone = timedelta(seconds=self.counted() - counted)
        return not self.context.real_time or abs(self.context.now() - at - gone) <= _FROM_LAST_SEEN

    async def look(self) -> bool:
        """Compare the clocks. Whether work may be done; a change is logged once and stored."""
        async with transaction(self.context.pool) as connection:
            seen = await clock.last_trusted(connection)
            database = await clock.database_now(connection)
            ours, counted = self.context.now(), self.counted()
            why = self.why(ours, counted, database, seen)
            if why:
                if not self.wrong:
                    log.error("the clock is wrong: no work is done", why=why)
                if seen is None or seen.problem != why:
                    await clock.write_problem(connection, why)
            else:
                if self.wrong:
                    log.info("the clock is right again: work goes on")
                self._trusted = ours, counted
                if counted - self._written >= _WRITTEN_EVERY or seen is None or seen.problem:
                    await clock.write_trusted(connection, ours, self.boot, counted)
                    self._written = counted
            self.wrong = why
        self.checked.set()
        return not why

    def why(self, ours: datetime, counted: float, database: datetime, seen: ClockState | None) -> str:
        """Why our clock is not trusted, for a person; empty if it is."""
        if self.context.real_time and abs(ours - database) > _FROM_DATABASE:
            return (
                f"This machine's clock says {_clock_text(ours)}, the database's says {_clock_text(database)}. {_REMEDY}"
            )
        if seen is None or seen.seen_at is None:
            return ""
        last = _clock_text(seen.seen_at)
        if seen.seen_at - ours > _FROM_LAST_SEEN * self.context.pace:
            return f"The clock says {_clock_text(ours)}, but it was {last} already when it was trusted last. {_REMEDY}"
        gone = timedelta(seconds=counted - seen.since_boot)
        same = self.boot and seen.boot == self.boot
        if self.context.real_time and same and abs(ours - seen.seen_at - gone) > _FROM_LAST_SEEN:
            return (
                f"The clock says {_clock_text(ours)}. It was {last} when it was trusted last, and the machine counted "
                f"{_duration_text(gone)} since. {_REMEDY}"
            )
        return ""


def _clock_text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _duration_text(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
