"""In: a restored database and what its backup says of itself; out: how they differ, as clauses of a sentence."""

from paradeiro.db.backup.archive import About
from paradeiro.db.backup.dump import schema_digest, table_counts
from paradeiro.db.server.start_check import connect


def differences(url: str, about: About) -> list[str]:
    """Rows of every table, and the schema; empty if all is as it was."""
    with connect(url) as connection:
        counts = table_counts(connection)
        same_schema = schema_digest(connection) == about.schema
    found = [
        f"{table} has {counts.get(table, 'no')} rows, not {about.tables.get(table, 'none')}"
        for table in sorted({*counts, *about.tables})
        if counts.get(table) != about.tables.get(table)
    ]
    return found if same_schema else ["its schema differs", *found]
