"""In: a database address and the secret key; out: nothing, or an error whose text says why none can start with them."""

import re

import psycopg
from psycopg import conninfo, sql
from psycopg.rows import TupleRow

from paradeiro.db.secrets import BadKeyError, Purpose, WrongKeyError, keys_of, seal_bytes, unseal, unseal_bytes

OLDEST_POSTGRES = 150_000
CONNECT_SECONDS = 10
# How many accounts are tried: an unusable one must not keep the others from being served.
_TRIED_ACCOUNTS = 50
_CHECK = b"paradeiro"


class UnusableDatabaseError(RuntimeError):
    """Paradeiro cannot work with this database. The text is for people, says what to do and shows no password."""


class DatabaseAddressError(UnusableDatabaseError):
    """PARADEIRO_DATABASE_URL cannot be read."""


class DatabaseUnreachableError(UnusableDatabaseError):
    """No server answers there, or it does not let us in."""


class DatabaseTooOldError(UnusableDatabaseError):
    """The server is older than PostgreSQL 15."""


class DatabaseEncodingError(UnusableDatabaseError):
    """The database keeps its text in another encoding than UTF-8."""


class ReadOnlyDatabaseError(UnusableDatabaseError):
    """The database takes no writes: a replica, or one that was made read-only."""


class NoSchemaError(UnusableDatabaseError):
    """The schema was never made, or is older than this version's."""


def check_start(url: str, key: str | None, head: str) -> None:
    """Whether a process may start on this database, migrated up to `head`, with this secret key. `key` None:
    the key is not checked (credentials are about to be replaced). Raises `UnusableDatabaseError`,
    `BadKeyError`, `WrongKeyError`. A newer schema is no error: the version before goes on while the new one migrates.
    """
    if key is not None:
        check_key(key)
    with connect(url) as connection:
        check_server(connection)
        _check_schema(connection, head)
        if key is not None:
            _check_key_of_database(connection, key)


def check_address(url: str) -> None:
    """Raises `DatabaseAddressError`. The driver's own words are not used: they may show a part of the password."""
    try:
        parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        parts = {"port": "none"}
    odd = [parts.get("dbname", "")] + [host for host in [parts.get("host", "")] if not host.startswith(("/", "@"))]
    if not re.fullmatch(r"[\d,]*", parts.get("port", "")) or any("@" in each for each in odd):
        message = (
            "PARADEIRO_DATABASE_URL cannot be read. Write postgresql://user:password@host:5432/database; in the "
            "password write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F and % as %25."
        )
        raise DatabaseAddressError(message)


def connect(url: str) -> psycopg.Connection[TupleRow]:
    """A connection, within ten seconds. Raises `DatabaseAddressError`, `DatabaseUnreachableError`."""
    check_address(url)
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as error:
        # The driver's words name host, port and user, never the password of an address that can be read.
        message = (
            f"The database cannot be reached: {' '.join(str(error).split())}. "
            "See that the server runs and that PARADEIRO_DATABASE_URL is right."
        )
        raise DatabaseUnreachableError(message) from error


def check_server(connection: psycopg.Connection[TupleRow]) -> None:
    """Raises what is wrong with the server itself, before anything is changed in it."""
    query = """
        SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
               pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"""
    row = connection.execute(query).fetchone()
    assert row is not None
    judge_server(*row)


def judge_server(version: int, encoding: str, replica: bool, read_only: bool) -> None:
    """The same for given server properties."""
    if version < OLDEST_POSTGRES:
        message = (
            f"This server is PostgreSQL {version // 10_000}; Paradeiro needs 15 or newer. Point "
            "PARADEIRO_DATABASE_URL at a newer one."
        )
        raise DatabaseTooOldError(message)
    if encoding != "UTF8":
        message = (
            f"This database keeps its text as {encoding}; Paradeiro needs UTF8. Make another one: "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
        raise DatabaseEncodingError(message)
    if replica or read_only:
        what = "is a read-only replica" if replica else "takes no writes (default_transaction_read_only)"
        message = f"This database {what}. Point PARADEIRO_DATABASE_URL at the primary server, which takes writes."
        raise ReadOnlyDatabaseError(message)


def revision_of(connection: psycopg.Connection[TupleRow]) -> str | None:
    """The newest applied migration; None if there is none."""
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    return row[0] if row else None


def _check_schema(connection: psycopg.Connection[TupleRow], head: str) -> None:
    found = revision_of(connection)
    queue = connection.execute("SELECT to_regclass('pgqueuer')").fetchone() != (None,)
    if found is None or not queue:
        message = "This database has no tables of Paradeiro yet. Make them: paradeiro migrate"
        raise NoSchemaError(message)
    if found < head:
        message = f"This database is at revision {found}, this Paradeiro needs {head}. First: paradeiro migrate"
        raise NoSchemaError(message)


def check_key(key: str) -> None:
    """Raises `BadKeyError`."""
    try:
        keys_of(key)
    except ValueError as error:
        message = (
            "The secret key (PARADEIRO_SECRET_KEY, or secret.key in the data folder) is no key: that is 44 letters, "
            "as Paradeiro makes them; while it is changed several, the newest first, with commas between. "
            "Take the one that stored credentials were saved with from your backup; for a "
            "new database leave it unset, and one is made."
        )
        raise BadKeyError(message) from error


def _check_key_of_database(connection: psycopg.Connection[TupleRow], key: str) -> None:
    """Whether this key is the database's: it opens the value kept for that, or any account's credentials (given anew
    after the key was lost). A database without either takes this key for its own.
    """
    row = connection.execute("SELECT sealed FROM secret_check").fetchone()
    known = row is not None and _opens_check(bytes(row[0]), key)
    if not known:
        query = sql.SQL("SELECT secrets FROM account WHERE state <> 'removed' ORDER BY id LIMIT {}")
        kept = [bytes(each[0]) for each in connection.execute(query.format(_TRIED_ACCOUNTS))]
        if (kept or row) and not any(_opens(each, key) for each in kept):
            message = (
                "The stored credentials were saved with another secret key. Start with that one (PARADEIRO_SECRET_KEY, "
                "or secret.key in the data folder). If it is lost, give each account its credentials anew: "
                "paradeiro account --help"
            )
            raise WrongKeyError(message)
        _keep_check(connection, key)


def _keep_check(connection: psycopg.Connection[TupleRow], key: str) -> None:
    """Keep the value by which this key is known again."""
    query = """
        INSERT INTO secret_check (sealed) VALUES (%s) ON CONFLICT (id) DO UPDATE SET sealed = EXCLUDED.sealed"""
    connection.execute(query, (seal_bytes(_CHECK, key, Purpose.CHECK),))


def _opens_check(sealed: bytes, key: str) -> bool:
    try:
        return unseal_bytes(sealed, key, Purpose.CHECK) == _CHECK
    except WrongKeyError:
        return False


def _opens(sealed: bytes, key: str) -> bool:
    try:
        unseal(sealed, key)
    except WrongKeyError:
        return False
    except ValueError:  # opened, and what is in it is of another shape: the account says so itself
        return True
    return True
