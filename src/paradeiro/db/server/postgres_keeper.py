"""In: a data folder and the command of its server; out: that server, running for as long as a process uses it.

A process of its own, so that the server outlives the process that started it and ends soon after its last user: the
kernel releases file locks even after `kill -9`. Standard library only: it starts fast.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 60.0


def start_lock(folder: Path) -> Path:
    """The file that is locked while the server of a data folder is started or stopped."""
    return folder.with_name(f"{folder.name}.lock")


def users_lock(folder: Path) -> Path:
    """The file on which every process that uses the server holds a shared lock."""
    return folder.with_name(f"{folder.name}.users")


@contextlib.contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Hold a lock on a file. Raises `BlockingIOError` if `how` has LOCK_NB and another process holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how)
        yield handle
    finally:
        os.close(handle)


def is_unused(folder: Path) -> bool:
    """Whether no living process uses the server."""
    try:
        with locked(users_lock(folder), fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False


def stop_server(pid: int) -> None:
    """Fast shutdown (SIGINT); immediate (SIGQUIT) after 60 s."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
        until = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.02)
        os.kill(pid, signal.SIGQUIT)


def _supervise(folder: Path, server: subprocess.Popen[bytes]) -> int:
    """Wait until the server ends by itself, or until no process uses it."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return server.wait(_LOOK_SECONDS)
        try:
            with locked(start_lock(folder), fcntl.LOCK_EX | fcntl.LOCK_NB):
                if is_unused(folder):
                    server.send_signal(signal.SIGINT)
                    return server.wait()
        except BlockingIOError:
            continue  # another process is starting it
        except FileNotFoundError:
            # The whole data directory was removed under it: a server without its files must not run on.
            server.send_signal(signal.SIGQUIT)
            return server.wait()


def main(folder: Path, user: int, command: list[str]) -> int:
    """Run the server as `user`, whose working folder is the data folder. It returns in a child; the parent is free."""
    if os.fork():
        return 0
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    as_user = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    server = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder,
        restore_signals=True,
        preexec_fn=_default_signals,  # noqa: PLW1509 - there is one thread
        **as_user,  # type: ignore[call-overload]  # mypy cannot look into the dict
    )
    return _supervise(folder, server)


def _default_signals() -> None:
    """Ignored signals stay ignored in a child process; the server must receive them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
