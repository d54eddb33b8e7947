"""In: the bytes of a table; out: its lines, each with its cells as texts and the number it has in the file. Pure.

Texts with the separators ; , tab or |, in UTF-8 with or without a mark, UTF-16 with one, Windows-1252; XLSX files, of
which the first sheet's values are read, never a formula.
"""

import csv
import io
import re
from collections.abc import Iterator

from paradeiro.domain.words import SheetProblem
from paradeiro.domain.workbooks import MARK, OLD_EXCEL, WorkbookError, rows_of

Line = tuple[int, list[str]]
_SEPARATORS = ";,\t|"
_LOOKED_AT = 20


class SheetLinesError(Exception):
    """The file is no table that can be read; `text` says more, if there is more."""

    def __init__(self, problem: SheetProblem, text: str = "") -> None:
        super().__init__(problem)
        self.problem, self.text = problem, text


def lines_of(content: bytes) -> list[Line]:
    """All lines that are not empty. Raises `SheetLinesError`."""
    if content.startswith(OLD_EXCEL):
        raise SheetLinesError(SheetProblem.ENCODING)
    if content.startswith(MARK):
        return _of_workbook(content)
    return list(_of_text(_decoded(content)))


def _of_workbook(content: bytes) -> list[Line]:
    try:
        rows = rows_of(content)
    except WorkbookError as error:
        raise SheetLinesError(SheetProblem.ENCODING) from error
    return [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]


def _decoded(content: bytes) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise SheetLinesError(SheetProblem.ENCODING)


def _of_text(text: str) -> Iterator[Line]:
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
            raise SheetLinesError(SheetProblem.QUOTES, str(begins)) from error
        if any(value.strip() for value in values):
            yield begins, values


def _separator(text: str) -> str:
    """The one that the line with most of them has, of the first ones: a title above the headings may have another."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.lstrip().splitlines()[:_LOOKED_AT]]
    widest = max(lines, key=lambda line: max(line.count(each) for each in _SEPARATORS), default="")
    first = lines[0] if lines else ""
    best = max(_SEPARATORS, key=first.count)
    # The first line decides where it has any: a text further down may be full of commas.
    return best if first.count(best) else max(_SEPARATORS, key=widest.count)
