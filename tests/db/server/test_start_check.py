"""What a process cannot start with is said in one sentence that shows no password and no key."""

import psycopg
import pytest
from psycopg.types.json import Jsonb

from paradeiro.db.migrate import head, migrate
from paradeiro.db.secrets import BadKeyError, WrongKeyError, new_key, seal
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.start_check import (
    DatabaseAddressError,
    DatabaseEncodingError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
    NoSchemaError,
    ReadOnlyDatabaseError,
    UnusableDatabaseError,
    check_address,
    check_start,
    judge_server,
)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@[::1/x",
        "postgresql://u:ge@heim@host/x",
        "postgresql://u:ge/heim@host/x",
        "postgresql://u:12/geheim@host/x",
        "geheim",
    ],
)
def test_an_address_that_cannot_be_read_is_not_shown(url: str) -> None:
    with pytest.raises(DatabaseAddressError, match="cannot be read") as caught:
        check_address(url)
    assert "heim" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:a%40b@host:5432/x",
        "postgresql://u@h1:1,h2:2/x",
        "postgresql://p@/x?host=%2Fhome%2Fa%40b",
        "dbname=x",
    ],
)
def test_an_address_that_can_be_read_passes(url: str) -> None:
    check_address(url)


def test_nobody_is_there() -> None:
    with pytest.raises(DatabaseUnreachableError, match="cannot be reached") as caught:
        check_start("postgresql://u:geheim@127.0.0.1:1/x", new_key(), head())
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("server", "error", "says"),
    [
        ((140_011, "UTF8", False, False), DatabaseTooOldError, "PostgreSQL 14"),
        ((150_000, "LATIN1", False, False), DatabaseEncodingError, "LATIN1"),
        ((150_000, "UTF8", True, True), ReadOnlyDatabaseError, "replica"),
        ((150_000, "UTF8", False, True), ReadOnlyDatabaseError, "takes no writes"),
    ],
)
def test_a_server_that_cannot_be_used(
    server: tuple[int, str, bool, bool], error: type[UnusableDatabaseError], says: str
) -> None:
    with pytest.raises(error, match=says):
        judge_server(*server)


def test_a_server_that_can_be_used() -> None:
    judge_server(150_000, "UTF8", replica=False, read_only=False)


def test_another_encoding_and_a_read_only_database_are_noticed_before_migrating(postgres: Embedded) -> None:
    url = postgres.fresh_url("unfit")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        connection.execute("ALTER DATABASE unfit SET default_transaction_read_only = on")
    with pytest.raises(DatabaseEncodingError, match="LATIN1"):
        migrate(url.replace("/unfit?", "/latin?"))
    with pytest.raises(ReadOnlyDatabaseError):
        migrate(url)
    postgres.drop("latin")
    postgres.drop("unfit")


def test_no_schema_and_an_older_one_ask_for_migrate(postgres: Embedded, database: str) -> None:
    empty = postgres.fresh_url("empty")
    with pytest.raises(NoSchemaError, match="paradeiro migrate"):
        check_start(empty, new_key(), head())
    postgres.drop("empty")
    with pytest.raises(NoSchemaError, match=rf"revision {head()}, this Paradeiro needs 9999"):
        check_start(database, new_key(), "9999")


def test_the_version_before_goes_on_on_a_newer_schema(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    check_start(database, new_key(), head())


def test_a_text_that_is_no_key_is_not_shown(database: str) -> None:
    with pytest.raises(BadKeyError, match="is no key") as caught:
        check_start(database, "sk-geheim", head())
    assert "geheim" not in str(caught.value)


def test_another_key_than_the_accounts_were_saved_with(database: str) -> None:
    key = new_key()
    _account(database, b"spoilt", "one")
    _account(database, seal({"token": "x"}, key), "two")
    check_start(database, key, head())  # one that was spoilt does not keep the other from being served
    with pytest.raises(WrongKeyError, match="another secret key"):
        check_start(database, new_key(), head())
    check_start(database, None, head())


def _account(url: str, sealed: bytes, name: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO store (name, created_at) VALUES ('Loja', now()) ON CONFLICT DO NOTHING")
        query = """
            INSERT INTO account (store_id, connector, kind, name, settings, secrets, created_at)
            SELECT store_id, 'correios', 'carrier', %s, %s, %s, now() FROM store"""
        connection.execute(query, (name, Jsonb({}), sealed))
