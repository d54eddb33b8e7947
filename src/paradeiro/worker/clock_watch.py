"""In: our clock, the database's, and how long the machine has run; out: whether our clock may be worked by.

A clock that is a year ahead for one round of work ends the following of every package and puts every message off for a
year. So before work is done our clock must agree with the database's, and with itself: since the last instant that was
trusted as much time must have gone by on it as on the machine's count of seconds, which nobody sets.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from paradeiro.db import clock
from paradeiro.db.clock import Seen
from paradeiro.db.pool import transaction
from paradeiro.flow.means import Means, log

# From the database's clock; two machines are hardly ever further apart.
_FROM_DATABASE = timedelta(minutes=5)
# From the last instant that was trusted. Machines correct their clock by some hours when they start (a clock that is
# kept in local time, for one); that does no harm, and is no reason to stop.
_FROM_LAST_SEEN = timedelta(hours=6)
# How often the instant is written down.
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
    """Which start of which machine that is; empty where nothing tells."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(slots=True)
class ClockWatch:
    """`wrong`: why no work may be done now; empty if it may."""

    means: Means
    counted: Callable[[], float] = since_boot
    boot: str = field(default_factory=boot_id)
    wrong: str = ""
    looked: asyncio.Event = field(default_factory=asyncio.Event)  # set once the clock was compared for the first time
    _trusted: tuple[datetime, float] | None = None
    _written: float = float("-inf")

    def trusted(self) -> bool:
        """Whether our clock was found right and has not jumped since. Asks nobody, so every job can."""
        if self._trusted is None or self.wrong:
            return False
        at, counted = self._trusted
        gone = timedelta(seconds=self.counted() - counted)
        return not self.means.real_time or abs(self.means.now() - at - gone) <= _FROM_LAST_SEEN

    async def look(self) -> bool:
        """Compare the clocks. Whether work may be done; a change is logged once and written down."""
        async with transaction(self.means.pool) as connection:
            seen = await clock.seen(connection)
            database = await clock.now(connection)
            ours, counted = self.means.now(), self.counted()
            why = self.why(ours, counted, database, seen)
            if why:
                if not self.wrong:
                    log.error("the clock is wrong: no work is done", why=why)
                if seen is None or seen.trouble != why:
                    await clock.distrust(connection, why)
            else:
                if self.wrong:
                    log.info("the clock is right again: work goes on")
                self._trusted = ours, counted
                if counted - self._written >= _WRITTEN_EVERY or seen is None or seen.trouble:
                    await clock.trust(connection, ours, self.boot, counted)
                    self._written = counted
            self.wrong = why
        self.looked.set()
        return not why

    def why(self, ours: datetime, counted: float, database: datetime, seen: Seen | None) -> str:
        """What speaks against working by our clock, for a person; empty if nothing does."""
        if self.means.real_time and abs(ours - database) > _FROM_DATABASE:
            return f"This machine's clock says {_said(ours)}, the database's says {_said(database)}. {_REMEDY}"
        if seen is None or seen.seen_at is None:
            return ""
        last = _said(seen.seen_at)
        if seen.seen_at - ours > _FROM_LAST_SEEN * self.means.pace:
            return f"The clock says {_said(ours)}, but it was {last} already when it was trusted last. {_REMEDY}"
        gone = timedelta(seconds=counted - seen.since_boot)
        same = self.boot and seen.boot == self.boot
        if self.means.real_time and same and abs(ours - seen.seen_at - gone) > _FROM_LAST_SEEN:
            return (
                f"The clock says {_said(ours)}. It was {last} when it was trusted last, and the machine counted "
                f"{_span(gone)} since. {_REMEDY}"
            )
        return ""


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
