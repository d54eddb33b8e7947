"""In: commands; out: child processes, restarted when they die, that end with their parent, even if it is killed."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

# In seconds. A child that keeps dying is restarted with growing pauses; each restart is printed.
_LONGEST_PAUSE = 30.0
# Names the environment variable with the file descriptor that a child watches; it is closed when the parent is gone.
_LIFELINE = "PARADEIRO_LIFELINE"
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class Lifeline:
    """A pipe without data. Only the parent has its writing end: the kernel closes it when the parent ends."""

    reading: int = field(init=False)
    _writing: int = field(init=False)

    def __post_init__(self) -> None:
        self.reading, self._writing = os.pipe()


def watch_parent() -> None:
    """In a child of `up`: send this process SIGTERM when the parent is gone, even by `kill -9`."""
    number = os.environ.pop(_LIFELINE, "")
    if number.isdigit():
        threading.Thread(target=_wait_for_end, args=(int(number),), daemon=True).start()


def _wait_for_end(handle: int) -> None:
    try:
        os.read(handle, 1)
    except OSError:
        return  # not our file descriptor
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass(slots=True)
class ChildProcess:
    """One child process, restarted when it dies."""

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
        """Restart it if it died; the pause grows while it keeps dying. True if it was restarted."""
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


def stop_all(children: Sequence[ChildProcess]) -> None:
    """SIGTERM to all; SIGKILL to those that do not end within 10 seconds."""
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
