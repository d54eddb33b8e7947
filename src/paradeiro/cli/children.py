"""In: commands; out: processes that are kept alive, and that end when we end, however that happens."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

# A child that keeps dying is restarted with growing pauses, and never silently.
_LONGEST_PAUSE = 30.0
# The number of the file that a child watches; it is closed when the process that started it is gone.
_LIFELINE = "PARADEIRO_LIFELINE"
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class Lifeline:
    """A pipe that nobody writes to. Only we have its writing end: when we are gone, the kernel closes it."""

    reading: int = field(init=False)
    _writing: int = field(init=False)

    def __post_init__(self) -> None:
        self.reading, self._writing = os.pipe()


def end_with_parent() -> None:
    """In a child of `up`: when that one is gone, even by `kill -9`, ask ourselves to stop as a signal would."""
    number = os.environ.pop(_LIFELINE, "")
    if number.isdigit():
        threading.Thread(target=_wait_for_end, args=(int(number),), daemon=True).start()


def _wait_for_end(handle: int) -> None:
    try:
        os.read(handle, 1)
    except OSError:
        return  # the number was not meant for us
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process of ours, kept alive."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    lifeline: Lifeline
    process: subprocess.Popen[bytes] = field(init=False)
    pause: float = 1.0
    started: float = 0.0

    def start(self) -> None:
        """Start it now."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            env=self.env | {_LIFELINE: str(self.lifeline.reading)},
            pass_fds=[self.lifeline.reading],
        )

    def revive(self, console: Console) -> bool:
        """Start again if it died; the pause grows while it keeps dying. True if it was started."""
        if self.process.poll() is None:
            return False
        lived = time.monotonic() - self.started
        if lived < self.pause:
            return False
        code = self.process.returncode
        console.print(f"{self.name} ended with {code}; starting it again.", style="yellow", highlight=False)
        self.pause = 1.0 if lived > 60 else min(self.pause * 2, _LONGEST_PAUSE)
        self.start()
        return True


def stop_all(children: Sequence[Child]) -> None:
    """Have all end; those that do not are killed after some seconds."""
    running = [child.process for child in children if hasattr(child, "process")]
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
