"""In: the address of a migrated database; out: the roles that keep its stores apart, made where its user may make them.

They belong to the whole server; which tables they may use is said in each database, again with each migration.
"""

import contextlib
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from paradeiro.db.server.start_check import connect
from paradeiro.db.tenancy import ALL_STORES_ROLE, LOCAL, QUEUE_PREFIX, STORE_ROLE

_POLICY = "every_store"
# Any number that no other program uses: two processes that grant at once would fail.
_KEY = 7_202_611_232
# The tables, whether policies hold on them, whether the role for all has its own, and whether both may use them.
_OURS: LiteralString = """
    SELECT c.relname, c.relrowsecurity,
           EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'every_store'),
           has_table_privilege(%s, c.oid, 'SELECT, INSERT') AND has_table_privilege(%s, c.oid, 'DELETE')
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND c.relname !~ '^(alembic_version$|reply_[0-9]{8}$)' ORDER BY c.relname"""
_USED = "SELECT has_table_privilege(%s, 'shipment', 'SELECT') AND pg_has_role(session_user, %s, 'MEMBER')"


def install_roles(url: str) -> str:
    """Make the roles and let them use the tables; doing it again changes nothing. Empty, or why not."""
    with connect(url) as connection:
        connection.autocommit = True
        try:
            make_roles(connection)
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_KEY,))
                _grant(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            said = str(error.diag.message_primary or error)
            return f"{said}. Let a superuser run: {'; '.join(statements())}."
    return ""


def make_roles(connection: psycopg.Connection[TupleRow]) -> None:
    """Make the roles, on a connection in autocommit mode; before a dump is restored, since its policies name one.
    Raises `InsufficientPrivilege`.
    """
    for role in (STORE_ROLE, ALL_STORES_ROLE):
        _make(connection, role)


def statements() -> list[str]:
    """What a superuser runs where Paradeiro's own user may not make roles."""
    made = [f"CREATE ROLE {role} NOLOGIN" for role in (STORE_ROLE, ALL_STORES_ROLE)]
    user = "(the user of PARADEIRO_DATABASE_URL)"
    return [*made, f"GRANT {STORE_ROLE}, {ALL_STORES_ROLE} TO {user}; then `paradeiro migrate` again"]


def has_roles(connection: psycopg.Connection[TupleRow]) -> bool:
    """Whether this database has the roles, and our user may take them."""
    known = "SELECT count(*) = 2 FROM pg_roles WHERE rolname IN (%s, %s)"
    if connection.execute(known, (STORE_ROLE, ALL_STORES_ROLE)).fetchone() != (True,):
        return False
    return all(connection.execute(_USED, (role, role)).fetchone() == (True,) for role in (STORE_ROLE, ALL_STORES_ROLE))


def _make(connection: psycopg.Connection[TupleRow], role: str) -> None:
    name = sql.Identifier(role)
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        # Another process may have just made it.
        with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
    member = connection.execute("SELECT pg_has_role(session_user, %s, 'MEMBER')", (role,)).fetchone()
    if member != (True,):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))


def _grant(connection: psycopg.Connection[TupleRow]) -> None:
    tables = connection.execute(_OURS, (STORE_ROLE, ALL_STORES_ROLE)).fetchall()
    if all(may and has_policy is secured for _, secured, has_policy, may in tables):
        return
    names = {"one": sql.Identifier(STORE_ROLE), "all": sql.Identifier(ALL_STORES_ROLE)}
    schema = connection.execute("SELECT current_schema()").fetchone()
    assert schema is not None
    names["schema"] = sql.Identifier(schema[0])
    for statement in (
        "GRANT USAGE ON SCHEMA {schema} TO {one}, {all}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {all}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {one}, {all}",
        # What the owner makes later: partitions, and what the queue's library adds.
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {all}",
    ):
        connection.execute(sql.SQL(statement).format(**names))
    for table, secured, has_policy, _ in tables:
        names["table"] = sql.Identifier(table)
        connection.execute(sql.SQL(_may(table)).format(**names))
        if secured and not has_policy:
            policy = "CREATE POLICY {policy} ON {table} TO {all} USING (true)"
            connection.execute(sql.SQL(policy).format(policy=sql.Identifier(_POLICY), **names))


def _may(table: str) -> LiteralString:
    """What the role of one store may do with a table. Not the partitions of `reply`: their policies are the table's."""
    if table.startswith(QUEUE_PREFIX):
        # To enqueue. A job names rows by their ids, nothing of what they are; the log has traces, of all stores.
        return (
            "GRANT SELECT, INSERT ON {table} TO {one}" if table == QUEUE_PREFIX else "GRANT INSERT ON {table} TO {one}"
        )
    if table in LOCAL:
        return "GRANT SELECT ON {table} TO {one}"
    return "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {one}"
