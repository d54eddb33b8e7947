"""In: a folder; out: the address of a PostgreSQL 18 that runs in it, started if it does not."""

import contextlib
import fcntl
import hashlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from paradeiro.db.server.postgres_files import EmbeddedError, data_argument, prepare_folder, program_folder, server_user
from paradeiro.db.server.postgres_keeper import is_unused, locked, start_lock, stop_server, users_lock

__all__ = ["Embedded", "EmbeddedError", "create_database", "drop_database", "relax_database"]

_START_SECONDS = 60.0
# What Linux takes as a socket's address, less the socket's own name; macOS takes four fewer.
_LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")
_LARGEST_LOG = 10_000_000
# What a server says while the children of one that was killed have not ended yet.
_STILL_ENDING = "pre-existing shared memory block"
# The socket lies in the data folder, which only its user may enter; nothing listens on the network.
_OPTIONS = ("-k", ".", "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "port=5432")


class Embedded:
    """The embedded PostgreSQL. It stops when the last process that uses it ends, even by `kill -9`.

    Raises `EmbeddedError`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._log = self._folder.with_name(f"{self._folder.name}.log")
        self._keeper: int | None = None
        self._stack = contextlib.ExitStack()
        self._stack.callback(self._close_keeper)
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with locked(start_lock(self._folder)):
                self._host = _socket_folder(self._folder)
                self._ensure_running()
                self._stack.enter_context(locked(users_lock(self._folder), fcntl.LOCK_SH))
        except OSError as error:
            message = f"The embedded PostgreSQL cannot start in {self._folder}: {error.strerror or error}."
            raise EmbeddedError(message) from error

    def revive(self) -> bool:
        """Start it again if it died. True if it had. Raises `EmbeddedError`, also while the disk is full."""
        if self._accepts_connections():
            return False
        try:
            with locked(start_lock(self._folder)):
                self._ensure_running()
        except OSError as error:
            message = f"The embedded PostgreSQL cannot start again in {self._folder}: {error.strerror or error}."
            raise EmbeddedError(message) from error
        return True

    def url(self, database: str) -> str:
        """The address of a database in it, created if it is not there."""
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if known is None:
                create_database(connection, database)
        return self._address(database)

    def address(self, database: str) -> str:
        """The address of a database in it, there or not: also of a replica, where none can be created."""
        return self._address(database)

    def fresh_url(self, database: str, template: str = "template1") -> str:
        """The address of an empty database (or a copy of `template`); one of that name is dropped first."""
        with self._connect() as connection:
            drop_database(connection, database)
            create_database(connection, database, template)
        return self._address(database)

    def drop(self, database: str) -> None:
        """Drop a database; open connections to it are cut."""
        with self._connect() as connection:
            drop_database(connection, database)

    def stop(self) -> None:
        """Stop using it. If no other process uses it, stop the server and wait for its end."""
        with locked(start_lock(self._folder)):
            self._stack.close()
            pid = _server_pid(self._folder)
            if pid is not None and is_unused(self._folder):
                stop_server(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _address(self, database: str) -> str:
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(self._host, safe='')}"

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._address("postgres"), autocommit=True)

    def _accepts_connections(self) -> bool:
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=10).close()
        except psycopg.errors.TooManyConnections:
            return True
        except psycopg.OperationalError as error:
            # "the database system is starting up", "…is in recovery mode": it is there and busy.
            return "FATAL:  sorry" in str(error) or "remaining connection slots" in str(error)
        return True

    def _ensure_running(self) -> None:
        """See that the server runs; the caller holds the start lock."""
        if self._folder.exists() and self._accepts_connections():
            return
        user = server_user(self._folder)
        bin_folder = program_folder(self._folder, user)
        prepare_folder(self._folder, user, bin_folder)
        ended: Callable[[], bool] | None = None
        until = time.monotonic() + _START_SECONDS
        while not self._accepts_connections():
            if time.monotonic() > until:
                message = f"The embedded PostgreSQL does not answer after {_START_SECONDS:.0f} s; see {self._log}."
                raise EmbeddedError(message)
            if ended is not None and ended():
                if _STILL_ENDING not in self._last_error():
                    raise EmbeddedError(self._start_failure())
                ended = None
            if ended is None and _server_pid(self._folder) is None:
                ended = self._start(user, bin_folder)
            time.sleep(0.03)

    def _start(self, user: int, bin_folder: Path) -> Callable[[], bool]:
        """Start the server and its supervisor; a function that says whether they have ended."""
        # The pid left by a killed server may belong to another program by now, and PostgreSQL would refuse to start.
        (self._folder / "postmaster.pid").unlink(missing_ok=True)
        size = self._log.stat().st_size if self._log.exists() else 0
        how = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if size > _LARGEST_LOG else os.O_APPEND)
        log = os.open(self._log, how, 0o600)
        reading, writing = os.pipe()
        self._close_keeper()
        self._keeper = reading
        command = [str(bin_folder / "postgres"), "-D", data_argument(self._folder), *_OPTIONS]
        keeper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("postgres_keeper.py"))]
        try:
            subprocess.run(  # noqa: S603 - our own command
                [*keeper, str(self._folder), str(user), *command],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[writing],
                check=True,
            )
        finally:
            os.close(log)
            os.close(writing)
        # The supervisor holds the other end until it ends.
        return lambda: bool(select.select([reading], [], [], 0)[0])

    def _close_keeper(self) -> None:
        if self._keeper is not None:
            os.close(self._keeper)
            self._keeper = None

    def _last_error(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        found = [line.split(mark, 1)[1].strip() for line in lines for mark in ("FATAL:", "PANIC:") if mark in line]
        return found[-1] if found else "it gave no reason"

    def _start_failure(self) -> str:
        """The server's last error, what to do, and where its log is."""
        said = self._last_error()
        advice = (
            "Free some space on that disk"
            if "No space left" in said
            else "If it was damaged (the disk, a copy taken while it ran), put a backup of the folder in its place"
        )
        return f"The embedded PostgreSQL does not start in {self._folder}: {said}. {advice}. Its log is {self._log}."


def _server_pid(folder: Path) -> int | None:
    """The process id of the server of a data folder; None if the pid belongs to another program."""
    try:
        pid = int((folder / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    except PermissionError:
        return None  # somebody else's, so not ours
    there = Path(f"/proc/{pid}/cwd")
    try:
        return pid if not Path("/proc/self").exists() or there.samefile(folder) else None
    except OSError:
        return None


def _socket_folder(folder: Path) -> str:
    """Where clients find the socket: the data folder, or a short link to it if its path is too long for a socket.

    The link's folder is this user's own and closed to others; what it leads to is closed too.
    """
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return str(folder)
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"paradeiro-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    seen = short.lstat()
    if seen.st_uid != os.geteuid() or seen.st_mode & 0o077 or short.is_symlink():
        message = f"{short} is not this user's own. Remove it, or choose a shorter PARADEIRO_DATA_DIR."
        raise EmbeddedError(message)
    link = short / "pg"
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return str(link)


def create_database(connection: psycopg.Connection[Any], name: str, template: str = "template1") -> None:
    """Create a database on the server of an autocommit connection."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    connection.execute(statement)


def relax_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Do not wait for the disk at each commit in this database: right only for one that is dropped in a minute."""
    statement = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name))
    connection.execute(statement)


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a database if it exists; open connections to it are cut."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
