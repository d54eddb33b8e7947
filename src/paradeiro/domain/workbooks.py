"""In: the bytes of a workbook (XLSX); out: the first sheet's rows, each cell as somebody would type it. Pure.

A file of a few kilobytes may unpack to gigabytes, or claim a cell in the last column of the last row: both are looked
at before the library sees the file.
"""

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

MARK = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_MEMBERS = 1000
# More than the most lines that are taken, with a title above them.
_MOST_ROWS = 12_000
_MOST_COLUMNS = 200
_PART = 1024 * 1024
# Where a cell or a row says that it is: A1, 12. Read in pieces that overlap by more than one of these is long.
_PLACE = re.compile(rb"""\br\s*=\s*["']\$?([A-Za-z]{0,3})\$?(\d{0,7})["']""")
_OVERLAP = 40
_DIGITS = 15  # so many of a number a spreadsheet keeps


class WorkbookError(Exception):
    """It cannot be read, or is larger than we read."""


def rows_of(content: bytes) -> list[list[str]]:
    """The rows, the empty ones too. Raises `WorkbookError`."""
    try:
        _check(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (
        CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        IndexError,
        OSError,
    ) as error:
        raise WorkbookError from error
    return [[_text(cell) for cell in row] for row in rows]


def _check(content: bytes) -> None:
    """Unpack it once, piece by piece, before anybody else does. Raises `WorkbookError`."""
    left = _MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = packed.infolist()
        if len(members) > _MOST_MEMBERS:
            raise WorkbookError
        for member in members:
            with packed.open(member) as unpacked:
                before = b""
                while part := unpacked.read(_PART):
                    left -= len(part)
                    if left < 0 or not _within(before + part):
                        raise WorkbookError
                    before = part[-_OVERLAP:]


def _within(part: bytes) -> bool:
    return all(
        _number(column) <= _MOST_COLUMNS and int(row or b"0") <= _MOST_ROWS for column, row in _PLACE.findall(part)
    )


def _number(column: bytes) -> int:
    """A column's letters as a number: A is 1."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number


def _text(value: float | str | bool | time | date | datetime | timedelta) -> str:
    """A number of more digits than a spreadsheet keeps is told as Excel shows it; one without a fraction has none."""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value)) if abs(value) < 10**_DIGITS else f"{value:.5E}"
        return f"{value:.{_DIGITS}g}"
    return value.replace("\x00", "") if isinstance(value, str) else str(value)
