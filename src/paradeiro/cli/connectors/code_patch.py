"""In: a store's mappings of a connector's codes, its table; out: a patch of the table, or rows, to be contributed."""

import csv
import difflib
import io
from collections.abc import Sequence
from pathlib import Path

import paradeiro.connectors
from paradeiro.db.carriers.code_mappings import MappedCode

_NOTE = "as a store's staff mapped it"


def code_table(connector: str) -> Path | None:
    """The connector's table of codes; None if it has none as CSV."""
    found = (Path(folder) / connector / "codes.csv" for folder in paradeiro.connectors.__path__)
    return next((path for path in found if path.is_file()), None)


def patch_of(connector: str, mapped: Sequence[MappedCode], table: str | None) -> str:
    """A unified diff against the table with a row for each mapping; without a table the rows alone."""
    if table is None:
        return _rows(["code", "status", "reason", "note"], mapped)
    head = next(csv.reader(io.StringIO(table)), [])
    known = {row.get("code", "") for row in csv.DictReader(io.StringIO(table))}
    new = [each for each in mapped if each.mapping.code not in known]
    whole = table if table.endswith("\n") or not table else table + "\n"
    after = whole + _rows(head, new, header=False)
    name = f"src/paradeiro/connectors/{connector}/codes.csv"
    lines = difflib.unified_diff(
        table.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(lines)


def _rows(head: Sequence[str], mapped: Sequence[MappedCode], *, header: bool = True) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, head, extrasaction="ignore", lineterminator="\n")
    if header:
        writer.writeheader()
    for each in mapped:
        code, status, reason = each.mapping.code, each.mapping.status, each.mapping.reason
        writer.writerow({"code": code, "status": status or "none", "reason": reason or "", "note": _NOTE})
    return out.getvalue()
