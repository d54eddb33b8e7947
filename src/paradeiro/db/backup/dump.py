"""In: a database address and where to write; out: a backup of one instant, while others go on writing."""

import hashlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from typing import IO, BinaryIO, cast

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from paradeiro.db.backup.archive import About, ArchiveWriter
from paradeiro.db.backup.programs import MAJOR, connection_arguments, failure
from paradeiro.db.backup.sealed_stream import ByteSink, SealedWriter
from paradeiro.db.schema_check import read_schema
from paradeiro.db.server.postgres_files import client_program
from paradeiro.db.server.start_check import NoSchemaError, UnusableDatabaseError, connect, revision_of

LONGEST_SECONDS = 12 * 3600.0
_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"""


def write_backup(url: str, out: ByteSink, *, passphrase: str | None, key: str | None) -> About:
    """Write a backup of the database to `out`; without a `passphrase` unencrypted, and then without the secret `key`.

    Raises `UnusableDatabaseError`, `ProgramError`; what was written by then is no whole backup.
    """
    key = key if passphrase is not None else None
    sealed = None if passphrase is None else SealedWriter.begin(out, passphrase)
    archive = ArchiveWriter(out if sealed is None else sealed)
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        about, snapshot = _look(connection, with_key=key is not None)
        archive.about(about, key)
        with _dumping(url, snapshot) as dump:
            archive.database(dump)
    archive.finish()
    if sealed is not None:
        sealed.finish()
    return about


def table_counts(connection: psycopg.Connection[TupleRow]) -> dict[str, int]:
    """The rows of every table."""
    found = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = connection.execute(count).fetchone()
        found[f"{schema}.{table}"] = int(row[0]) if row else 0
    return found


def schema_digest(connection: psycopg.Connection[TupleRow]) -> str:
    """SHA-256 of the schema's description."""
    return hashlib.sha256(json.dumps(read_schema(connection), sort_keys=True).encode()).hexdigest()


def _look(connection: psycopg.Connection[TupleRow], *, with_key: bool) -> tuple[About, str]:
    """What the backup is of, and the name of the instant that pg_dump sees too."""
    row = connection.execute(
        "SELECT clock_timestamp(), pg_export_snapshot(), current_setting('server_version'),"
        " current_setting('server_version_num')::int / 10000"
    ).fetchone()
    assert row is not None
    taken_at, snapshot, server, major = cast("tuple[datetime, str, str, int]", row)
    if major > MAJOR:
        message = (
            f"This server is PostgreSQL {major}; the pg_dump of this installation is {MAJOR} and cannot read it. "
            "Back it up with the server's own tools, or take a newer Paradeiro."
        )
        raise UnusableDatabaseError(message)
    revision = revision_of(connection)
    if revision is None:
        message = "This database has no tables of Paradeiro: there is nothing to back up. Is it the right one?"
        raise NoSchemaError(message)
    about = About(
        version("paradeiro"),
        revision,
        server,
        taken_at,
        with_key,
        schema_digest(connection),
        table_counts(connection),
    )
    return about, snapshot


@contextmanager
def _dumping(url: str, snapshot: str) -> Iterator[BinaryIO]:
    """What pg_dump writes. Raises `ProgramError` if it does not end well."""
    where, environment = connection_arguments(url)
    command = [client_program("pg_dump"), *where, "--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
    command += [f"--snapshot={snapshot}", "--lock-wait-timeout=60s", "--no-password"]
    with tempfile.TemporaryFile() as said, running(command, environment, said, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield cast("BinaryIO", process.stdout)
        if process.wait() != 0:
            said.seek(0)
            raise failure("pg_dump", said.read(20_000))


@contextmanager
def running(
    command: list[str], environment: dict[str, str], said: IO[bytes], *, stdin: int | None = None, stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block, killed at its end and after twelve hours."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=said
    )
    timer = threading.Timer(LONGEST_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with_errors_ignored(pipe)


def with_errors_ignored(pipe: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        pipe.close()
    except BrokenPipeError:
        return
