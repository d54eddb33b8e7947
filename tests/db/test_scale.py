"""The statements of docs/scale.md are those for today's tables, and the schema is what Citus asks of one."""

import re
from pathlib import Path

import psycopg

from paradeiro.db.tenancy import FOREIGN, LOCAL, REFERENCE
from tests.db.filled_tables import read_catalogue

_PAGE = Path(__file__).parent.parent.parent / "docs" / "scale.md"
_STATEMENT = re.compile(
    r"^SELECT create_(reference|distributed)_table\('(\w+)'(?:, '(\w+)'(?:, colocate_with => '(\w+)')?)?\);$",
    re.MULTILINE,
)
# Indexes of distributed tables; `indkey` has 0 for an expression, which names no column.
_UNIQUE = """
    SELECT i.indexrelid::regclass::text,
           array(SELECT attname::text FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = ANY(i.indkey))
    FROM pg_index i WHERE i.indisunique AND i.indrelid = ANY(%s::regclass[])"""


def _statements() -> list[tuple[str, str, str, str]]:
    return _STATEMENT.findall(_PAGE.read_text(encoding="utf-8"))


def test_every_table_is_in_one_statement(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = read_catalogue(connection).columns.keys()
    statements = _statements()
    assert len(statements) == _PAGE.read_text(encoding="utf-8").count("\nSELECT create_")
    assert {table for kind, table, _, _ in statements if kind == "reference"} == REFERENCE.keys()
    assert sorted(table for _, table, _, _ in statements) == sorted(tables)
    (first, *_), *others = [each[1:] for each in statements if each[0] == "distributed"]
    assert {(column, beside) for _, column, beside in others} == {("store_id", first)}


def test_the_page_names_what_is_not_distributed() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert [table for table in (*LOCAL, *FOREIGN) if f"`{table}`" not in page] == []


def test_every_unique_index_has_the_distribution_column(database: str) -> None:
    distributed = [table for kind, table, _, _ in _statements() if kind == "distributed"]
    with psycopg.connect(database) as connection:
        found = connection.execute(_UNIQUE, (distributed,)).fetchall()
    assert len(found) > len(distributed)
    assert [index for index, columns in found if "store_id" not in columns] == []


def test_foreign_keys_are_within_a_store_or_lead_to_reference_tables(database: str) -> None:
    order = [table for _, table, _, _ in _statements()]
    with psycopg.connect(database) as connection:
        keys = read_catalogue(connection).foreign_keys
    for key in keys:
        assert order.index(key.to_table) <= order.index(key.table), f"{key.name}: distributed before what it refers to"
        if key.to_table in REFERENCE:
            continue
        assert key.table not in REFERENCE, key.name
        assert ("store_id", "store_id") in zip(key.columns, key.to_columns, strict=True), key.name
