"""In: what a process is to play, and which step it shall die at; out: how it ended. For tests with kill -9."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.databases import HandClock

_PROCESSES = multiprocessing.get_context("forkserver")
# Named before the first process of a test process starts: each child is a copy of one that has loaded all of these.
_PROCESSES.set_forkserver_preload(["tests.flow.crasher", "tests.web.pusher", "tests.cli.vtex_crasher"])
_LONGEST_SECONDS = 60


def run_until(play: Callable[..., Any], url: str, key: str, folder: Path, clock: HandClock, die_at: int) -> int | None:
    """The exit status of a process that plays and dies at a step (0: at none)."""
    process = _PROCESSES.Process(target=play, args=(url, key, str(folder), clock, die_at))
    process.start()
    process.join(_LONGEST_SECONDS)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode
