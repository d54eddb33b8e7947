"""In: a `paradeiro` command; out: its process, its output, its exit status."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Running:
    """A running command. `output`: the file with all its output."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    async def until(self, there: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition; False after `seconds`, or if the process ends before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if there():
                return True
            if self.process.poll() is not None:
                return there()
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def says(self, words: str, seconds: float) -> bool:
        """Wait until `words` are in its output; False after `seconds`."""
        return await self.until(lambda: words in self.text, seconds)

    async def ends(self, seconds: float) -> int | None:
        """Its exit status; None if it does not end within that time."""
        await self.until(lambda: self.process.poll() is not None, seconds)
        return self.process.poll()

    def found(self, pattern: str) -> str:
        """What a pattern finds in its output; empty if nothing."""
        match = re.search(pattern, self.text)
        return match[0] if match else ""

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


@contextmanager
def running(folder: Path, *words: str, **env: str) -> Iterator[Running]:
    """Run `paradeiro` with these arguments in that folder; terminated at the end of the block."""
    output = folder / f"said-{time.monotonic_ns()}.txt"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PARADEIRO_")}
    with output.open("wb") as out:
        command = [sys.executable, "-m", "paradeiro", *words]
        process = subprocess.Popen(command, cwd=folder, env=inherited | env, stdout=out, stderr=out)  # noqa: S603 - our own command
    process_ = Running(process, output)
    try:
        yield process_
    finally:
        process_.signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def children_of(folder: Path) -> dict[int, str]:
    """The processes whose environment has this data folder: command line by process id."""
    found = {}
    mark = f"PARADEIRO_DATA_DIR={folder}\0".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes() + b"\0":
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def postmaster_of(data: Path) -> int | None:
    """The process id of the PostgreSQL that runs in a data folder."""
    for file in data.rglob("postmaster.pid"):
        return int(file.read_text(encoding="ascii").split()[0])
    return None
