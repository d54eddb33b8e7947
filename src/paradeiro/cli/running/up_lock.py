"""In: a data folder; out: a lock so that only one `up` runs in it, and that one's address for other commands."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from paradeiro.app import up_lock
from paradeiro.settings import Settings

# In seconds. Other commands check the lock by taking it for a moment: wait for them.
_PATIENCE_SECONDS = 1.0


class UpRunsError(RuntimeError):
    """An `up` of this data folder runs already. The text is shown to the user."""


@dataclass(frozen=True, slots=True)
class UpLock:
    """The lock, held."""

    handle: int

    def write_address(self, address: str) -> None:
        """Write our process id and address into the lock file."""
        text = json.dumps({"pid": os.getpid(), "address": address}).encode()
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, text, 0)


@contextmanager
def hold_up_lock(settings: Settings) -> Iterator[UpLock]:
    """Hold the lock until the end of the block. Raises `UpRunsError`."""
    path = up_lock(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise UpRunsError(_where(settings)) from None
                time.sleep(0.05)
        lock = UpLock(handle)
        lock.write_address("")
        yield lock
    finally:
        os.close(handle)


def address_of_up(settings: Settings) -> str:
    """The running `up`'s address; empty while it starts."""
    try:
        return str(json.loads(up_lock(settings).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError):
        return ""


def _where(settings: Settings) -> str:
    address = address_of_up(settings)
    where = f"at {address}" if address else "in this folder and is starting"
    return f"Paradeiro runs already {where} ({settings.data_dir.resolve()}). Stop that one first."
