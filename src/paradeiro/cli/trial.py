"""In: settings, a database; out: the simulated world followed as a shop would be, until real accounts are there."""

import json
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from paradeiro.app import house
from paradeiro.cli.accounts import WORLD_STORE
from paradeiro.cli.children import Child, Lifeline
from paradeiro.cli.worlds import add_accounts, subscribe
from paradeiro.db.stores import end_accounts
from paradeiro.flow.errors import StatementError
from paradeiro.settings import Settings

# The shop has sold for ten days when we come; it goes on while we follow. Its clock runs fast until it reaches today.
_DAYS_BEHIND = 10
_DAYS = 18
_READY_SECONDS = 20.0
# In the simulated shop's forenoon, so that mails may go for twelve of its hours.
_FIRST_HOUR = 12


class TrialError(RuntimeError):
    """The simulated world does not start. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The world's process, and the file in which it says what it is."""

    child: Child
    file: Path

    @property
    def said(self) -> dict[str, Any]:
        """Addresses, credentials, the clock."""
        return dict(json.loads(self.file.read_text(encoding="utf-8")))

    @property
    def admin(self) -> str:
        return str(self.said["urls"]["admin"])


def _files(settings: Settings) -> tuple[Path, Path]:
    """What the world says of itself, and what it remembers."""
    folder = settings.data_dir.resolve()
    return folder / "world.json", folder / "world.state"


def make_trial(settings: Settings, lifeline: Lifeline) -> Trial:
    """The world, not running yet: the one of last time if it was kept, else a new one."""
    file, state = _files(settings)
    forenoon = datetime.now(UTC).replace(hour=_FIRST_HOUR, minute=0, second=0, microsecond=0)
    now = forenoon - timedelta(days=2)
    start = now - timedelta(days=_DAYS_BEHIND)
    command = [sys.executable, "-m", "paradeiro.world", "--file", str(file), "--state", str(state)]
    command += ["--start", start.isoformat(), "--now", now.isoformat(), "--speed", str(settings.world_speed)]
    command += ["--packages", str(settings.world_packages), "--days", str(_DAYS)]
    # Another seed each time: in a database that stays, yesterday's packages are not today's.
    command += ["--seed", str(int(time.time()) % 100_000), "--lifeline", str(lifeline.reading)]
    return Trial(Child("the simulated world", command, dict(os.environ), lifeline), file)


def start_trial(trial: Trial) -> None:
    """Start the world and wait until it has said where it is. Raises `TrialError`."""
    trial.file.unlink(missing_ok=True)
    trial.child.start()
    wait_for_world(trial)


def wait_for_world(trial: Trial) -> None:
    """Wait until it has said where it is."""
    until = time.monotonic() + _READY_SECONDS
    while not trial.file.exists():
        if trial.child.process.poll() is not None or time.monotonic() > until:
            message = "The simulated world did not start; what went wrong stands above."
            raise TrialError(message)
        time.sleep(0.05)


async def furnish(settings: Settings, url: str, trial: Trial) -> None:
    """An account at each of the world's parties, in a store of its own."""
    said = trial.said
    async with house(settings, url) as means:
        await add_accounts(means, said["accounts"], said["channels"])


async def have_it_push(settings: Settings, url: str, address: str, console: Console) -> None:
    """The world's post office pushes too, as soon as the web is there to hear it."""
    async with house(settings, url) as means:
        try:
            await subscribe(means, "correios", address)
        except StatementError as error:
            console.print(f"The world will not push: {error.message}", style="yellow", markup=False, highlight=False)


async def end_trial(settings: Settings, url: str) -> int:
    """Nobody is asked or told for the simulated shop any more; its orders stay to be seen. How many accounts ended."""
    for file in _files(settings):
        file.unlink(missing_ok=True)
    async with house(settings, url) as means, means.pool.connection() as connection:
        return await end_accounts(connection, WORLD_STORE, now=means.now())


def forget_trial(settings: Settings) -> None:
    """The next one begins anew."""
    for file in _files(settings):
        file.unlink(missing_ok=True)
