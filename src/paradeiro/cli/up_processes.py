"""In: settings and what `up` has started; out: those processes as one value: their environment, start and stop."""

import os
import sys
from dataclasses import dataclass, field

from rich.console import Console

from paradeiro.cli.children import Child, Lifeline, stop_all
from paradeiro.cli.trial import Trial
from paradeiro.db.embedded import Embedded
from paradeiro.settings import Settings


@dataclass(slots=True)
class Running:
    """All that one `up` runs, and on what."""

    settings: Settings
    console: Console
    url: str
    address: str
    server: Embedded | None
    lifeline: Lifeline
    trial: Trial | None = None
    trial_key: str = ""
    children: list[Child] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What the children read as their settings."""
        env = os.environ | {
            "PARADEIRO_DATABASE_URL": self.url,
            "PARADEIRO_DATA_DIR": str(self.settings.data_dir.resolve()),
            "PARADEIRO_PORT": str(self.settings.port),
        }
        return env if self.trial is None else env | {"PARADEIRO_WORLD_FILE": str(self.trial.file)}

    def stop(self) -> None:
        """End all of it; the world last, so that nobody finds it gone."""
        stop_all(self.children)
        if self.trial is not None:
            stop_all([self.trial.child])

    def start_children(self) -> None:
        """The web and a worker."""
        me = [sys.executable, "-m", "paradeiro"]
        for name, command in (("the web", "serve"), ("the worker", "work")):
            child = Child(name, [*me, command], self.environment(), self.lifeline)
            self.children.append(child)
            child.start()
