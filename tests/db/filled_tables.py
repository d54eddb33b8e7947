"""In: a migrated database; out: stores with a row in every table, made from the catalogue: a new table has one too."""

import re
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from paradeiro.db.tenancy import FOREIGN, LOCAL, QUEUE_PREFIX

Connection = psycopg.Connection[TupleRow]
Values = dict[str, Any]
Rows = dict[str, Values]  # by table

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull AND d.oid IS NULL, a.attidentity <> ''
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname, a.attnum"""
_FOREIGN_KEYS = """
    SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,
           array(SELECT attname::text FROM unnest(k.conkey) WITH ORDINALITY AS n (number, at)
                 JOIN pg_attribute ON attrelid = k.conrelid AND attnum = number ORDER BY at),
           array(SELECT attname::text FROM unnest(k.confkey) WITH ORDINALITY AS n (number, at)
                 JOIN pg_attribute ON attrelid = k.confrelid AND attnum = number ORDER BY at)
    FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
      AND k.connamespace = current_schema()::regnamespace ORDER BY 1"""
_CHECKS = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'c' AND connamespace = current_schema()::regnamespace"""
# What is read by somebody else than by whom it was written.
_SHAPED = {("store", "time_zone"): "America/Sao_Paulo"}
_ONE_OF = re.compile(r"\(?\((\w+) = ANY \(ARRAY\['([^']*)'::text")
# Whatever a column of this type may hold; text is made apart.
_BY_TYPE: Values = {
    "bigint": 1,
    "integer": 1,
    "smallint": 1,
    "double precision": 1.0,
    "boolean": False,
    "jsonb": "{}",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "text[]": [],
    "date": "infinity",  # replies: the partition that is always there
    "timestamp with time zone": "2026-11-02 12:00:00+00",
}


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of the catalogue: `columns` of `table` refer to `to_columns` of `to_table`, one by one."""

    name: str
    table: str
    to_table: str
    columns: list[str]
    to_columns: list[str]

    @property
    def pointing(self) -> list[tuple[str, str]]:
        """The pairs of columns besides the stores'."""
        return [pair for pair in zip(self.columns, self.to_columns, strict=True) if pair != ("store_id", "store_id")]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables that belong to stores: columns (name: type, required, identity), words that checks allow, keys."""

    columns: dict[str, dict[str, tuple[str, bool, bool]]] = field(default_factory=dict)
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    foreign_keys: list[ForeignKey] = field(default_factory=list)

    def in_order(self) -> list[str]:
        """All tables, each after those that it refers to."""
        needs = {
            table: {"store", *(k.to_table for k in self.foreign_keys if k.table == table)} - {table}
            for table in self.columns
        }
        done: list[str] = []
        while len(done) < len(needs):
            ready = [table for table in needs if table not in done and needs[table] <= {*done}]
            assert ready, f"foreign keys in a circle: {needs.keys() - {*done}}"
            done += ready
        return done


def read_catalogue(connection: Connection) -> Catalogue:
    found = Catalogue()
    for table, column, kind, required, identity in connection.execute(_COLUMNS):
        if not (table in LOCAL or table in FOREIGN or table.startswith(QUEUE_PREFIX)):
            found.columns.setdefault(table, {})[column] = (kind, required, identity)
    for table, check in connection.execute(_CHECKS):
        found.words.update({(table, match[1]): match[2] for match in _ONE_OF.finditer(check)})
    every = [ForeignKey(*row) for row in connection.execute(_FOREIGN_KEYS)]
    found.foreign_keys.extend(each for each in every if each.table in found.columns)
    return found


def row_of(catalogue: Catalogue, table: str, parents: Rows, *, salt: str) -> Values:
    """Values for a new row that refers to the given rows; texts and bytes have `salt` in them."""
    row: Values = {}
    for column, (kind, required, identity) in catalogue.columns[table].items():
        if identity:
            continue
        word = catalogue.words.get((table, column)) or _SHAPED.get((table, column))
        if required or kind in ("text", "bytea"):
            text = word or f"{column}-{salt}"
            row[column] = text if kind == "text" else text.encode() if kind == "bytea" else _BY_TYPE[kind]
    for key in catalogue.foreign_keys:
        if key.table == table and key.to_table != table:
            pairs = zip(key.columns, key.to_columns, strict=True)
            row.update({column: parents[key.to_table][to] for column, to in pairs})
    if table != "store":
        row["store_id"] = parents["store"]["store_id"]
    return row


def insert(connection: Connection, table: str, row: Values) -> Values:
    """The row as it was stored, with numbers as numbers and all else as text."""
    statement = sql.SQL("INSERT INTO {} AS filled ({}) VALUES ({}) RETURNING to_jsonb(filled)").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    stored = connection.execute(statement, list(row.values())).fetchone()
    assert stored is not None
    return dict(stored[0])


def fill(connection: Connection, catalogue: Catalogue, *, salt: str) -> Rows:
    """A new store with a row in every table; the rows by table."""
    rows: Rows = {}
    for table in catalogue.in_order():
        rows[table] = insert(connection, table, row_of(catalogue, table, rows, salt=salt))
    return rows
