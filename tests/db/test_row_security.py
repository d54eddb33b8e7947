"""Another store's rows are neither seen nor changed, whatever the statement says: tried at every table there is."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from paradeiro.db.following.replies import put_parts
from paradeiro.db.migrate import install_queue, migrate
from paradeiro.db.operations.doctor import why_not_apart
from paradeiro.db.pool import open_pool, transaction
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.roles import has_roles, install_roles
from paradeiro.db.store_pool import StorePool
from paradeiro.db.tenancy import ALL_STORES_ROLE, LOCAL, STORE_ROLE
from paradeiro.domain.words import Outcome
from tests.db.filled_tables import fill, read_catalogue

Connection = psycopg.Connection[TupleRow]
_SECURED = """
    SELECT c.relname, c.relrowsecurity,
           array(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'store_id'
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""


@contextmanager
def _as(connection: Connection, store: str, role: str = STORE_ROLE) -> Iterator[None]:
    """In a transaction that is rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "SELECT set_config('role', %s, true), set_config('paradeiro.store_id', %s, true)", (role, store)
        )
        yield


def _run(connection: Connection, statement: str, table: str, *values: object) -> psycopg.Cursor[TupleRow]:
    return connection.execute(sql.SQL(statement).format(sql.Identifier(table)), values)  # type: ignore[arg-type]  # ours


@pytest.fixture
def two_stores(database: str) -> Iterator[tuple[Connection, list[str], str, str]]:
    """A connection, the tables that belong to stores, and two stores with a row in each."""
    with psycopg.connect(database, autocommit=True) as connection:
        catalogue = read_catalogue(connection)
        own, other = (fill(connection, catalogue, salt=salt)["store"]["store_id"] for salt in "ab")
        yield connection, catalogue.in_order(), str(own), str(other)


def test_every_table_with_a_store_has_policies(database: str) -> None:
    with psycopg.connect(database) as connection:
        rows = connection.execute(_SECURED).fetchall()
    assert {row[0] for row in rows} >= {"orders", "reply", *LOCAL}
    assert [row for row in rows if row[1:] != (True, ["every_store", "one_store"])] == []


def test_another_stores_rows_are_not_there(two_stores: tuple[Connection, list[str], str, str]) -> None:
    connection, tables, own, other = two_stores
    for table in tables:
        with _as(connection, own):
            seen = _run(connection, "SELECT DISTINCT store_id::text FROM {}", table).fetchall()
            assert seen == [(own,)], table
            update = "UPDATE {} SET store_id = store_id" if table != "store" else "UPDATE {} SET name = name"
            assert _run(connection, f"{update} WHERE store_id = %s", table, other).rowcount == 0
            assert _run(connection, "DELETE FROM {} WHERE store_id = %s", table, other).rowcount == 0
            assert _run(connection, update, table).rowcount == 1, table


def test_no_row_is_given_to_another_store(two_stores: tuple[Connection, list[str], str, str]) -> None:
    connection, tables, own, other = two_stores
    for table in tables:
        names = sql.SQL(", ").join(
            sql.Identifier(row[0])
            for row in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (table,)
            )
        )
        with connection.transaction(force_rollback=True):
            connection.execute(
                sql.SQL("CREATE TEMP TABLE theirs ON COMMIT DROP AS SELECT * FROM {} WHERE store_id = {}").format(
                    sql.Identifier(table), sql.Literal(other)
                )
            )
            connection.execute("GRANT SELECT ON theirs TO paradeiro_store")
            insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM theirs")
            copy = insert.format(sql.Identifier(table), names, names)
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"), _as(connection, own):
                connection.execute(copy)
        if table == "store":  # its number is never written
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"), _as(connection, own):
            _run(connection, "UPDATE {} SET store_id = %s", table, other)


@pytest.mark.parametrize("nobody", ["", "0"])
def test_without_a_store_nothing_is_seen(two_stores: tuple[Connection, list[str], str, str], nobody: str) -> None:
    connection, tables, _, _ = two_stores
    for table in tables:
        with _as(connection, nobody):
            assert _run(connection, "SELECT 1 FROM {}", table).fetchall() == []
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL ROLE paradeiro_store")
            assert _run(connection, "SELECT 1 FROM {}", table).fetchall() == []


def test_all_stores_are_seen_by_the_role_for_all(two_stores: tuple[Connection, list[str], str, str]) -> None:
    connection, tables, own, other = two_stores
    for table in tables:
        with _as(connection, "", ALL_STORES_ROLE):
            seen = {row[0] for row in _run(connection, "SELECT store_id::text FROM {}", table)}
            assert seen == {own, other}, table


def test_neither_role_bypasses_policies(database: str) -> None:
    query = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = ANY(%s)"
    with psycopg.connect(database) as connection:
        assert connection.execute(query, ([STORE_ROLE, ALL_STORES_ROLE],)).fetchall() == [(False,) * 4] * 2


def test_a_partition_is_not_read_beside_its_table(two_stores: tuple[Connection, list[str], str, str]) -> None:
    connection, _, own, _ = two_stores
    with pytest.raises(psycopg.errors.InsufficientPrivilege), _as(connection, own):
        connection.execute("SELECT 1 FROM reply_held")


async def test_a_stores_pool_leaves_nothing_behind(database: str) -> None:
    with psycopg.connect(database) as connection:
        catalogue = read_catalogue(connection)
        own, other = (fill(connection, catalogue, salt=salt)["store"]["store_id"] for salt in "ab")
    pool = await open_pool(database, size=1)
    bound = StorePool(pool, lambda: own)
    state = "SELECT current_user::text, coalesce(current_setting('paradeiro.store_id', true), '')"
    async with bound.connection() as one:
        assert await (await one.execute(state)).fetchone() == (STORE_ROLE, str(own))
        assert await (await one.execute("SELECT store_id FROM orders")).fetchall() == [(own,)]
        await one.execute("UPDATE orders SET customer_name = 'kept'")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await _fail(bound)
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await _fail_unseen(bound)
    async with transaction(bound, commit=False) as one:
        await one.execute("UPDATE orders SET customer_name = 'lost'")
    async with pool.connection() as every:
        assert await (await every.execute(state)).fetchone() == (ALL_STORES_ROLE, "")
        names = await (await every.execute("SELECT store_id, customer_name FROM orders ORDER BY 1")).fetchall()
        assert [(store, name) for store, name in names if name == "kept"] == [(own, "kept")]
        assert [name for store, name in names if store == other] == ["customer_name-b"]
    await pool.close()


async def _fail(pool: StorePool) -> None:
    async with transaction(pool) as connection:
        await connection.execute("UPDATE orders SET customer_name = 'lost'")
        await connection.execute("SELECT 1 / 0")


async def _fail_unseen(pool: StorePool) -> None:
    """As code that takes a failed statement for nothing."""
    async with pool.connection() as connection:
        await connection.execute("UPDATE orders SET customer_name = 'lost'")
        with contextlib.suppress(psycopg.errors.DivisionByZero):
            await connection.execute("SELECT 1 / 0")


async def test_without_the_right_to_make_roles_all_works_as_before(postgres: Embedded) -> None:
    url = postgres.fresh_url("managed")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS tenant_admin")
        connection.execute("CREATE ROLE tenant_admin LOGIN")
        connection.execute("GRANT ALL ON SCHEMA public TO tenant_admin")
    theirs = url.replace("postgres@", "tenant_admin@")
    migrate(theirs)
    await install_queue(theirs)
    assert "GRANT paradeiro_store, paradeiro_all_stores TO" in install_roles(theirs)
    with psycopg.connect(theirs) as connection:
        assert not has_roles(connection)
        own = fill(connection, read_catalogue(connection), salt="a")["store"]["store_id"]
    pool = await open_pool(theirs, size=1)
    async with StorePool(pool, lambda: own + 1).connection() as one:
        assert await (await one.execute("SELECT store_id FROM orders")).fetchall() == [(own,)]
        assert "CREATE ROLE paradeiro_store NOLOGIN" in await why_not_apart(one, has_roles=pool.has_roles)
    await pool.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("GRANT paradeiro_store, paradeiro_all_stores TO tenant_admin")
    assert install_roles(theirs) == ""
    pool = await open_pool(theirs, size=1)
    async with StorePool(pool, lambda: own + 1).connection() as one:
        assert await (await one.execute("SELECT store_id FROM orders")).fetchall() == []
    async with pool.connection() as one:
        assert await why_not_apart(one, has_roles=pool.has_roles) == ""
    await pool.close()
    postgres.drop("managed")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("REVOKE paradeiro_store, paradeiro_all_stores FROM tenant_admin")
        connection.execute("DROP ROLE tenant_admin")


def _xmins(connection: Connection) -> list[TupleRow]:
    return connection.execute("SELECT relname, xmin::text FROM pg_class ORDER BY 1").fetchall()


def test_installing_the_roles_again_changes_nothing(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        before = _xmins(connection)
        assert install_roles(database) == ""
        assert _xmins(connection) == before
        connection.execute("CREATE TABLE added (store_id bigint NOT NULL)")
        assert install_roles(database) == ""
        assert connection.execute("SELECT has_table_privilege(%s, 'added', 'UPDATE')", (STORE_ROLE,)).fetchone() == (
            True,
        )


def test_several_may_install_the_roles_at_once(postgres: Embedded) -> None:
    url = postgres.fresh_url("at_once")
    migrate(url)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(install_roles, [url] * 8)) == [""] * 8
    with psycopg.connect(url) as connection:
        assert has_roles(connection)
    postgres.drop("at_once")


async def test_one_stores_role_keeps_a_reply_on_a_day_that_has_no_partition(database: str) -> None:
    with psycopg.connect(database) as connection:
        rows = fill(connection, read_catalogue(connection), salt="a")
    own, account, day = rows["store"]["store_id"], rows["account"]["id"], datetime(2031, 5, 1, tzinfo=UTC)
    pool = await open_pool(database, size=1)
    async with StorePool(pool, lambda: own).connection() as one:
        kept = await put_parts(one, own, account, [b"{}"], outcome=Outcome.FOUND, now=day, to_record=False)
        assert len(kept) == 1
        row = await (
            await one.execute("SELECT current_user::text, to_regclass('reply_20310501') IS NOT NULL")
        ).fetchone()
        assert row == (STORE_ROLE, True)
    await pool.close()
