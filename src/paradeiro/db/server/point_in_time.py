"""In: an embedded server and a folder; out: its WAL and base backups kept there, and a data folder as of any instant.

    base-20261201T104143Z/   a copy of the data folder (pg_basebackup), named by when it was begun
    wal/                     every segment of the WAL since, a minute after it was written at the latest

Both are in clear, and without the secret key.
"""

import os
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.postgres_files import EmbeddedError, client_program

_STAMP = "base-%Y%m%dT%H%M%SZ"
_UNFINISHED = ".unfinished"
_WAIT_SECONDS = 60.0
_REPLAY_SECONDS = 6 * 3600.0
_TARGET = ("restore_command", "recovery_target_time", "recovery_target_action")


def archiving_is_on(url: str, folder: Path) -> bool:
    """Whether the server archives into that folder. If not: it is set, and holds after a restart of the server."""
    wal = _wal_folder(folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("LOAD 'basic_archive'")
        connection.execute("ALTER SYSTEM RESET archive_command")
        wanted = {
            "archive_mode": "on",
            "archive_library": "basic_archive",
            "basic_archive.archive_directory": str(wal),
            "archive_timeout": "60",
        }
        for name, value in wanted.items():
            statement = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(*name.split(".")), sql.Literal(value))
            connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")
        return connection.execute("SELECT current_setting('archive_mode')").fetchone() == ("on",)


def stop_archiving(url: str) -> None:
    """Keep no WAL for an archive any more: it would fill the disk. Nothing if it was off."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT current_setting('archive_mode')").fetchone() == ("off",):
            return
        # The mode itself changes at the next start; until then every segment counts as archived.
        connection.execute("ALTER SYSTEM SET archive_library = ''")
        connection.execute("ALTER SYSTEM SET archive_command = '/bin/true'")
        connection.execute("ALTER SYSTEM RESET archive_mode")
        connection.execute("SELECT pg_reload_conf()")


def give_folder(folder: Path, data_folder: Path) -> None:
    """Make the archive's folder, for the user that runs the server of `data_folder`, closed to others."""
    wal = _wal_folder(folder)
    wal.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o711)
    if os.geteuid() == 0:
        os.chown(wal, data_folder.stat().st_uid, -1)


def check_archiving(url: str) -> None:
    """See one segment through. Raises `EmbeddedError` with what to do."""
    with psycopg.connect(url, autocommit=True) as connection:
        count = "SELECT archived_count, failed_count FROM pg_stat_archiver"
        before = connection.execute(count).fetchone() or (0, 0)
        connection.execute("SELECT pg_logical_emit_message(true, 'paradeiro', 'archive')")
        connection.execute("SELECT pg_switch_wal()")
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until:
            found = connection.execute(count).fetchone() or (0, 0)
            if found[0] > before[0]:
                return
            time.sleep(0.1)
    message = "The WAL cannot be archived: see that the user who runs PostgreSQL may enter PARADEIRO_WAL_FOLDER."
    raise EmbeddedError(message)


def base_backup(url: str, folder: Path, now: datetime) -> Path:
    """Copy the data folder while it is in use. It has its name only once it is whole. Raises `EmbeddedError`."""
    path = folder / f"{now.astimezone(UTC):{_STAMP}}"
    unfinished = path.with_name(path.name + _UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [client_program("pg_basebackup"), f"--dbname={url}", f"--pgdata={unfinished}"]
    command += ["--wal-method=stream", "--checkpoint=fast", "--no-password"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        message = f"The base backup failed: {done.stderr.strip()[-300:]}"
        raise EmbeddedError(message)
    unfinished.rename(path)
    return path


def bases_in(folder: Path) -> list[tuple[datetime, Path]]:
    """The whole base backups, the newest first."""
    found = []
    for path in folder.glob("base-*Z"):
        try:
            found.append((datetime.strptime(path.name, _STAMP).replace(tzinfo=UTC), path))
        except ValueError:
            continue  # somebody else's
    return sorted(found, reverse=True)


def remove_older_bases(folder: Path, keep: int) -> None:
    """Remove all but the newest base backups, and the WAL from before the oldest that stays. Raises `EmbeddedError`."""
    found = bases_in(folder)
    for _, path in found[keep:]:
        shutil.rmtree(path)
    if len(found) <= keep:
        return
    label = (found[keep - 1][1] / "backup_label").read_text(encoding="utf-8")
    first = re.search(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", label)
    if first is not None:
        command = [client_program("pg_archivecleanup"), str(_wal_folder(folder)), first[1]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode != 0:
            message = f"Old WAL could not be removed: {done.stderr.strip()[-300:]}"
            raise EmbeddedError(message)


def restore_until(folder: Path, until: datetime, data_folder: Path) -> Embedded:
    """A server in a new data folder as it was at an instant, taking writes. Raises `EmbeddedError`."""
    base = next((path for at, path in bases_in(folder) if at <= until), None)
    if base is None:
        message = f"There is no base backup in {folder} from before {until:%Y-%m-%d %H:%M:%S} UTC."
        raise EmbeddedError(message)
    if data_folder.exists():
        message = f"{data_folder} is there already. Restore into another PARADEIRO_DATA_DIR; nothing was changed."
        raise EmbeddedError(message)
    data_folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(base, data_folder)
    for path in (*data_folder.glob(".s.PGSQL.*"), *data_folder.glob("postmaster.*")):
        path.unlink()
    wal = str(_wal_folder(folder)).replace("%", "%%")
    copying = f'cp "{wal}/%f" "%p"'
    lines = ["archive_mode = off", "archive_library = ''", f"restore_command = {_quoted(copying)}"]
    lines += [f"recovery_target_time = {_quoted(until.isoformat())}", "recovery_target_action = promote"]
    with (data_folder / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", *lines, ""]))
    (data_folder / "recovery.signal").touch()
    server = Embedded(data_folder)
    _until_writable(server)
    return server


def _until_writable(server: Embedded) -> None:
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        until = time.monotonic() + _REPLAY_SECONDS
        while connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            if time.monotonic() > until:
                message = f"The WAL is not replayed after {_REPLAY_SECONDS / 3600:.0f} hours."
                raise EmbeddedError(message)
            time.sleep(0.1)
        for name in _TARGET:
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _wal_folder(folder: Path) -> Path:
    return folder.resolve() / "wal"
