"""In: the bytes of a table; out: its lines, each with its line number and its cells as texts. Pure.

Texts with the separators ; , tab or |, in UTF-8 with or without BOM, UTF-16 with BOM, Windows-1252; XLSX files, the
values of the first worksheet, never a formula.
"""

import csv
import io
import re
from collections.abc import Iterator

from paradeiro.domain.orders.workbooks import OLE_SIGNATURE, ZIP_SIGNATURE, WorkbookError, rows_of
from paradeiro.domain.words import TableProblem

Line = tuple[int, list[str]]
_SEPARATORS = ";,\t|"
_LINES_EXAMINED = 20


class TableLinesError(Exception):
    """The file cannot be read as a table; `text`: details, if any."""

    def __init__(self, problem: TableProblem, text: str = "") -> None:
        super().__init__(problem)
        self.problem, self.text = problem, text


def lines_of(content: bytes) -> list[Line]:
    """All lines that are not empty. Raises `TableLinesError`."""
    if content.startswith(OLE_SIGNATURE):
        raise TableLinesError(TableProblem.ENCODING)
    if content.startswith(ZIP_SIGNATURE):
        return _lines_of_workbook(content)
    return list(_lines_of_text(_decode(content)))


def _lines_of_workbook(content: bytes) -> list[Line]:
    try:
        rows = rows_of(content)
    except WorkbookError as error:
        raise TableLinesError(TableProblem.ENCODING) from error
    return [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]


def _decode(content: bytes) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise TableLinesError(TableProblem.ENCODING)


def _lines_of_text(text: str) -> Iterator[Line]:
    first = text.partition("\n")[0].strip().lower()
    skipped = 0
    if first.startswith("sep=") and len(first) == len("sep=;"):  # Excel's own way to name the separator
        separator, text, skipped = first[-1], text.partition("\n")[2], 1
    else:
        separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        begins = reader.line_num + 1 + skipped
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableLinesError(TableProblem.QUOTES, str(begins)) from error
        if any(value.strip() for value in values):
            yield begins, values


def _separator(text: str) -> str:
    """The separator of the first line, else of the widest of the first lines (a title may have none)."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.lstrip().splitlines()[:_LINES_EXAMINED]]
    widest = max(lines, key=lambda line: max(line.count(each) for each in _SEPARATORS), default="")
    first = lines[0] if lines else ""
    best = max(_SEPARATORS, key=first.count)
    # The first line decides where it has any: a text further down may be full of commas.
    return best if first.count(best) else max(_SEPARATORS, key=widest.count)
