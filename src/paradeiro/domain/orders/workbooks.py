"""In: the bytes of a workbook (XLSX); out: the first worksheet's rows, each cell as text as typed. Pure.

A file of a few kilobytes may unpack to gigabytes, or claim a cell in the last column of the last row: both are checked
before the library opens the file.
"""

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_MEMBERS = 1000
# More than the most imported lines plus title lines.
_MOST_ROWS = 12_000
_MOST_COLUMNS = 200
_PART = 1024 * 1024
# The reference of a cell or row: A1, 12. Chunks overlap by more than its length.
_PLACE = re.compile(rb"""\br\s*=\s*["']\$?([A-Za-z]{0,3})\$?(\d{0,7})["']""")
_OVERLAP = 40
_DIGITS = 15  # precision of numbers in spreadsheets


class WorkbookError(Exception):
    """The workbook cannot be read, or is too large."""


def rows_of(content: bytes) -> list[list[str]]:
    """All rows, including empty ones. Raises `WorkbookError`."""
    try:
        _check_size(content)
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


def _check_size(content: bytes) -> None:
    """Unpack it once in chunks to check its size. Raises `WorkbookError`."""
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
                    if left < 0 or not _within_bounds(before + part):
                        raise WorkbookError
                    before = part[-_OVERLAP:]


def _within_bounds(part: bytes) -> bool:
    return all(
        _column_number(column) <= _MOST_COLUMNS and int(row or b"0") <= _MOST_ROWS
        for column, row in _PLACE.findall(part)
    )


def _column_number(column: bytes) -> int:
    """A column's letters as a number: A is 1."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    return number


def _text(value: float | str | bool | time | date | datetime | timedelta) -> str:
    """A cell as text. Numbers beyond 15 digits as Excel shows them; whole numbers without a fraction."""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, float):
        if value.is_integer():
            return str(int(value)) if abs(value) < 10**_DIGITS else f"{value:.5E}"
        return f"{value:.{_DIGITS}g}"
    return value.replace("\x00", "") if isinstance(value, str) else str(value)
