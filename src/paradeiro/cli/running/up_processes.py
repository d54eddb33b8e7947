"""In: settings; out: the processes of one `up`: their environment, start and stop."""

import os
import sys
from dataclasses import dataclass, field

from rich.console import Console

from paradeiro.cli.running.child_processes import ChildProcess, Lifeline, stop_all
from paradeiro.cli.running.simulated_trial import Trial
from paradeiro.db.server.embedded import Embedded
from paradeiro.settings import Settings


@dataclass(slots=True)
class Running:
    """The settings and processes of one `up`."""

    settings: Settings
    console: Console
    url: str
    address: str
    server: Embedded | None
    lifeline: Lifeline
    trial: Trial | None = None
    trial_key: str = ""
    children: list[ChildProcess] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The environment of the children, with their settings."""
        env = os.environ | {
            "PARADEIRO_DATABASE_URL": self.url,
            "PARADEIRO_DATA_DIR": str(self.settings.data_dir.resolve()),
            "PARADEIRO_PORT": str(self.settings.port),
        }
        return env if self.trial is None else env | {"PARADEIRO_SIMULATOR_FILE": str(self.trial.file)}

    def stop(self) -> None:
        """Stop all; the simulator last, so that the others do not miss it."""
        stop_all(self.children)
        if self.trial is not None:
            stop_all([self.trial.child])

    def start_children(self) -> None:
        """Start the web and a worker."""
        me = [sys.executable, "-m", "paradeiro"]
        for name, command in (("the web", "serve"), ("the worker", "work")):
            child = ChildProcess(name, [*me, command], self.environment(), self.lifeline)
            self.children.append(child)
            child.start()
