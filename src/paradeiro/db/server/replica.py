"""In: a running embedded server and a folder; out: a second server there that follows it, and can take over."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.postgres_files import EmbeddedError, client_program

_COPY_SECONDS = 3600
_WAIT_SECONDS = 60.0
_STATE = "SELECT pg_is_in_recovery()"


def make_replica(primary_url: str, folder: Path) -> Embedded:
    """Copy a server into an empty folder and start it there as its replica. Commits of the primary then wait until the
    replica has them on its disk. Raises `EmbeddedError`.
    """
    command = [client_program("pg_basebackup"), f"--dbname={primary_url}", f"--pgdata={folder}"]
    command += ["--wal-method=stream", "--checkpoint=fast", "--write-recovery-conf", "--no-password"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COPY_SECONDS)  # noqa: S603 - our own command
    if done.returncode != 0:
        message = f"The replica could not be made: {done.stderr.strip()[-300:]}"
        raise EmbeddedError(message)
    # The socket lies in the data folder, and its lock file was copied with it.
    for path in folder.glob(".s.PGSQL.*"):
        path.unlink()
    replica = Embedded(folder)
    # Only now: the copy has not this setting, and goes on alone once it is promoted.
    with psycopg.connect(primary_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        _until_synchronous(connection)
    return replica


def _until_synchronous(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        row = connection.execute("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone()
        if row != (0,):
            return
        time.sleep(0.1)
    message = f"The replica does not follow after {_WAIT_SECONDS:.0f} s."
    raise EmbeddedError(message)


def two_host_url(*urls: str) -> str:
    """One address of all these servers: whichever takes writes is used."""
    parts = [conninfo.conninfo_to_dict(url) for url in urls]
    hosts = ",".join(str(each["host"]) for each in parts)
    return conninfo.make_conninfo(urls[0], host=hosts, target_session_attrs="read-write", connect_timeout=5)


def promote_replica(url: str) -> str:
    """Of an address with several hosts: make the replica that answers the server that takes writes. Its host.

    Raises `EmbeddedError` if one takes writes already, if none answers, or if it does not become it within a minute.
    """
    replica = ""
    for each in _one_by_one(url):
        try:
            with psycopg.connect(each, autocommit=True) as connection:
                if connection.execute(_STATE).fetchone() == (False,):
                    message = (
                        f"{_host(each)} takes writes: there is nothing to promote. Two primaries would part for ever."
                    )
                    raise EmbeddedError(message)
                replica = replica or each
        except psycopg.OperationalError:
            continue  # the dead one
    if not replica:
        message = "None of these hosts is a replica that answers. Write both into PARADEIRO_DATABASE_URL: host=one,two"
        raise EmbeddedError(message)
    with psycopg.connect(replica, autocommit=True) as connection:
        query = sql.SQL("SELECT pg_promote(true, {})").format(sql.Literal(int(_WAIT_SECONDS)))
        if connection.execute(query).fetchone() != (True,):
            message = f"{_host(replica)} does not take writes yet: see its log, and try again."
            raise EmbeddedError(message)
    return _host(replica)


def _one_by_one(url: str) -> list[str]:
    """The address of each host alone."""
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    parts.pop("target_session_attrs", None)
    hosts = parts.get("host", "").split(",")
    ports = parts.pop("port", "").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    found = []
    for host, port in zip(hosts, ports, strict=True):
        values = parts | {"host": host, "connect_timeout": "5"} | ({"port": port} if port else {})
        found.append(conninfo.make_conninfo("", **values))
    return found


def _host(url: str) -> str:
    return str(conninfo.conninfo_to_dict(url).get("host"))


def kill(folder: Path) -> None:
    """End the server of a data folder as a dying machine does: SIGKILL. For drills."""
    pid = int((folder / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    os.kill(pid, signal.SIGKILL)
