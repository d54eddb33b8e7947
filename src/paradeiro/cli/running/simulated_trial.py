"""In: settings, a database; out: the simulator running and followed like a real shop, until there are real accounts."""

import json
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import SIMULATED_STORE
from paradeiro.cli.running.child_processes import ChildProcess, Lifeline
from paradeiro.cli.running.first_sign_in import end_trial_operator
from paradeiro.cli.running.simulated_store import add_accounts, subscribe
from paradeiro.db.accounts.stores import remove_accounts
from paradeiro.flow.errors import StatementError
from paradeiro.settings import Settings

# The shop has sold for ten days when the trial begins, and goes on. Its clock runs fast until it reaches today.
_DAYS_BEHIND = 10
_DAYS = 18
_READY_SECONDS = 20.0
# UTC; the simulated shop's forenoon, so that twelve hours without quiet hours follow.
_FIRST_HOUR = 12


class TrialError(RuntimeError):
    """The simulator does not start. The text is shown to the user."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The simulator's process, and the file in which it describes itself."""

    child: ChildProcess
    file: Path

    @property
    def description(self) -> dict[str, Any]:
        """Addresses, credentials, the clock."""
        return dict(json.loads(self.file.read_text(encoding="utf-8")))

    @property
    def admin(self) -> str:
        return str(self.description["urls"]["admin"])


def _files(settings: Settings) -> tuple[Path, Path]:
    """The simulator's description, and its saved state."""
    folder = settings.data_dir.resolve()
    return folder / "world.json", folder / "world.state"


def make_trial(settings: Settings, lifeline: Lifeline) -> Trial:
    """The simulator, not started: with the saved state of the last run, else a new one."""
    file, state = _files(settings)
    forenoon = datetime.now(UTC).replace(hour=_FIRST_HOUR, minute=0, second=0, microsecond=0)
    now = forenoon - timedelta(days=2)
    start = now - timedelta(days=_DAYS_BEHIND)
    command = [sys.executable, "-m", "paradeiro.simulator", "--file", str(file), "--state", str(state)]
    command += ["--start", start.isoformat(), "--now", now.isoformat(), "--speed", str(settings.simulator_speed)]
    command += ["--packages", str(settings.simulator_packages), "--days", str(_DAYS)]
    # Another seed each time: in a database that stays, yesterday's packages are not today's.
    command += ["--seed", str(int(time.time()) % 100_000), "--lifeline", str(lifeline.reading)]
    return Trial(ChildProcess("the simulator", command, dict(os.environ), lifeline), file)


def start_trial(trial: Trial) -> None:
    """Start the simulator and wait until it has written its addresses. Raises `TrialError`."""
    trial.file.unlink(missing_ok=True)
    trial.child.start()
    wait_for_simulator(trial)


def wait_for_simulator(trial: Trial) -> None:
    """Wait until the simulator has written its addresses. Raises `TrialError`."""
    until = time.monotonic() + _READY_SECONDS
    while not trial.file.exists():
        if trial.child.process.poll() is not None or time.monotonic() > until:
            message = "The simulator did not start; what went wrong stands above."
            raise TrialError(message)
        time.sleep(0.05)


async def add_trial_accounts(settings: Settings, url: str, trial: Trial) -> None:
    """Add an account at each simulated party, in the trial's store."""
    description = trial.description
    async with open_app(settings, url) as context:
        await add_accounts(context, description["accounts"], description["channels"])


async def start_pushes(settings: Settings, url: str, address: str, console: Console) -> None:
    """Register the simulated post office's pushes, once the web runs."""
    async with open_app(settings, url) as context:
        try:
            await subscribe(context, "correios", address)
        except StatementError as error:
            console.print(
                f"The simulator will not push: {error.message}", style="yellow", markup=False, highlight=False
            )


async def end_trial(settings: Settings, url: str) -> int:
    """End the trial: its accounts are removed, its orders stay visible. How many accounts were removed."""
    for file in _files(settings):
        file.unlink(missing_ok=True)
    async with open_app(settings, url) as context:
        await end_trial_operator(context, SIMULATED_STORE)
        async with context.pool.connection() as connection:
            return await remove_accounts(connection, SIMULATED_STORE, now=context.now())


def delete_trial_files(settings: Settings) -> None:
    """Delete the simulator's saved state, so that the next trial begins anew."""
    for file in _files(settings):
        file.unlink(missing_ok=True)
