"""In: a backup's stream and a database address; out: that database as it was, all of it or nothing.

pg_restore makes a script of the dump, psql runs it in one transaction. It is committed only after the whole backup was
read and its manifest found right.
"""

import subprocess
import tempfile
import threading
from contextlib import suppress
from datetime import datetime
from typing import IO

import psycopg
from psycopg import sql

from paradeiro.db.backup.archive import ArchiveReader
from paradeiro.db.backup.dump import running, with_errors_ignored
from paradeiro.db.backup.programs import MAJOR, ProgramError, connection_arguments, failure
from paradeiro.db.server.postgres_files import client_program
from paradeiro.db.server.roles import make_roles
from paradeiro.db.server.start_check import UnusableDatabaseError, check_server, connect
from paradeiro.domain.words import EffectKind

# Not known by servers before 17, and not needed: what our own connections set ends with them.
_NEWER_SETTING = b"SET transaction_timeout = 0;\n"
_HEAD_LINES = 60
# In one transaction: our own tables first, so that a restore that breaks off leaves what was there.
_BEGIN = "BEGIN;\nSET lock_timeout = '30s';\n"
_CLEAR = """DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
# Who had signed out after the backup would be signed in again: all sign in again.
_AFTER = """DO $$ BEGIN
IF to_regclass('public.web_session') IS NOT NULL THEN DELETE FROM public.web_session; END IF;
IF to_regclass('public.operator_session') IS NOT NULL THEN
    DELETE FROM public.operator_session; DELETE FROM public.operator_link;
END IF;
END $$;
"""
_HELD = (
    "May have been sent after the backup that this database was restored from, before {}: not sent again. "
    "Send it again from the order's page if it was not."
)
_MAILS = (
    EffectKind.CUSTOMER_MAIL,
    EffectKind.CUSTOMER_CORRECTION,
    EffectKind.CUSTOMER_REMINDER,
    EffectKind.CUSTOMER_ADDRESS,
)


class TargetHasDataError(RuntimeError):
    """There is data in the database already."""


def check_target(url: str, *, replace: bool) -> None:
    """Raises `TargetHasDataError` if it has data and `replace` is not set, or if Paradeiro works on it;
    `UnusableDatabaseError` if it cannot be used.
    """
    with connect(url) as connection:
        check_server(connection)
        row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
        if row and row[0] > MAJOR:
            message = f"This server is PostgreSQL {row[0]}; this installation restores into {MAJOR} at most."
            raise UnusableDatabaseError(message)
        found = connection.execute(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'paradeiro %'), (SELECT count(*) FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public')"
        ).fetchone()
    others, tables = found or (0, 0)
    if others:
        message = f"{others} connections of Paradeiro are open on this database. Stop up, serve and work first."
        raise TargetHasDataError(message)
    if tables and not replace:
        message = (
            f"This database has {tables} tables already; nothing was changed. Restore into an empty one (another "
            "PARADEIRO_DATA_DIR, another database), or add --replace: all that is in it is then removed."
        )
        raise TargetHasDataError(message)


def restore_database(
    archive: ArchiveReader, url: str, *, replace: bool, told_until: datetime | None, as_it_was: bool = False
) -> None:
    """Restore the whole database. `told_until`: mails that were due by then are not sent again; None: all that waited
    are sent. `as_it_was`: change nothing in it, not even who is signed in.

    Raises `BackupDamagedError`, `ProgramError`; then nothing was changed.
    """
    _prepare_roles(url)
    where, environment = connection_arguments(url)
    reading = [
        client_program("pg_restore"),
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--exit-on-error",
        "--file=-",
    ]
    writing = [client_program("psql"), *where, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password"]
    with (
        tempfile.TemporaryFile() as said_reading,
        tempfile.TemporaryFile() as said_writing,
        running(writing, environment, said_writing, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as psql,
        running(reading, environment, said_reading, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pg_restore,
    ):
        pump = threading.Thread(target=_pump, args=(pg_restore, psql, replace), daemon=True)
        pump.start()
        try:
            _feed(archive, pg_restore)
        finally:
            pump.join()  # before the pipes close: where the feeding failed, pg_restore is dead and this ends at once
        if pg_restore.wait() != 0 and psql.poll() is None:
            raise _said("pg_restore", said_reading)
        _finish(psql, "" if as_it_was else _AFTER + _hold_mails(told_until), said_writing)


def _prepare_roles(url: str) -> None:
    """The dump's policies name the roles that keep stores apart. Where our user may not make them, `psql` says which
    one is missing, and `paradeiro migrate` what a superuser runs.
    """
    with connect(url) as connection, suppress(psycopg.errors.InsufficientPrivilege):
        connection.autocommit = True
        make_roles(connection)


def _feed(archive: ArchiveReader, pg_restore: subprocess.Popen[bytes]) -> None:
    """Give it the dump; if it ended before, the rest of the backup is not read."""
    assert pg_restore.stdin is not None
    try:
        for part in archive.database():
            pg_restore.stdin.write(part)
        pg_restore.stdin.close()
    except BrokenPipeError:
        with_errors_ignored(pg_restore.stdin)
    except BaseException:
        pg_restore.kill()
        raise


def _pump(pg_restore: subprocess.Popen[bytes], psql: subprocess.Popen[bytes], replace: bool) -> None:
    """The script from one to the other, without its last word: COMMIT."""
    assert pg_restore.stdout is not None
    assert psql.stdin is not None
    try:
        psql.stdin.write((_BEGIN + (_CLEAR if replace else "")).encode())
        for number, line in enumerate(pg_restore.stdout):
            if number < _HEAD_LINES and line == _NEWER_SETTING:
                continue
            psql.stdin.write(line)
            if number == _HEAD_LINES:
                break
        while block := pg_restore.stdout.read(1 << 20):
            psql.stdin.write(block)
        psql.stdin.flush()
    except OSError:
        pg_restore.kill()  # psql has ended: it says why


def _finish(psql: subprocess.Popen[bytes], after: str, said: IO[bytes]) -> None:
    """Run `after` and commit. Without this last line the server undoes everything."""
    assert psql.stdin is not None
    try:
        psql.stdin.write(f"{after}COMMIT;\n".encode())
        psql.stdin.close()
    except OSError:
        with_errors_ignored(psql.stdin)
    if psql.wait() != 0:
        raise _said("psql", said)


def _hold_mails(told_until: datetime | None) -> str:
    if told_until is None:
        return ""
    statement = sql.SQL(
        "UPDATE public.effect SET state = 'superseded', ended_at = now(), message = {} "
        "WHERE state IN ('pending', 'sending') AND kind IN ({}) AND not_before <= {};\n"
    )
    message = _HELD.format(f"{told_until:%Y-%m-%d %H:%M} UTC")
    kinds = sql.SQL(", ").join(sql.Literal(kind.value) for kind in _MAILS)
    return statement.format(sql.Literal(message), kinds, sql.Literal(told_until)).as_string(None)


def _said(name: str, file: IO[bytes]) -> ProgramError:
    file.seek(0)
    return failure(name, file.read(20_000))


def forget_what_was_told(url: str, told_until: datetime | None) -> None:
    """What `restore_database` does at its end, for a migrated database that was restored in another way."""
    with connect(url) as connection:
        connection.execute((_AFTER + _hold_mails(told_until)).encode())
    mark_told(url, told_until)


def mark_told(url: str, told_until: datetime | None) -> None:
    """Customers are not mailed again what carriers say that happened until then. Of a migrated database."""
    with connect(url) as connection:
        connection.execute("UPDATE store SET told_until = greatest(told_until, %s)", (told_until,))
