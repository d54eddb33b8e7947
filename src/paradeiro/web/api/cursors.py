"""In: the last row of a list's page; out: an opaque cursor for the next page, and back. Inserts move nothing."""

import base64
import binascii
from typing import Annotated

from fastapi import Query

from paradeiro.flow.errors import InvalidError

_LARGEST = 2**62
Cursor = Annotated[str, Query(max_length=100, description="`next` of the page before; none for the first page")]


def cursor_of(of: str, last: int) -> str:
    """The cursor for the list named `of` whose page ended with the row id `last`."""
    return base64.urlsafe_b64encode(f"1:{of}:{last}".encode()).decode().rstrip("=")


def row_of(of: str, cursor: str) -> int | None:
    """The row id below which the page begins; None for the first page. Raises `InvalidError` for a foreign cursor."""
    if not cursor:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    start, number = f"1:{of}:", text.rpartition(":")[2]
    if not (
        text.startswith(start) and text == f"{start}{number}" and number.isdecimal() and 0 < int(number) <= _LARGEST
    ):
        words = "This is no cursor of this list: take `next` from the page before, or leave it out for the first page."
        raise InvalidError("bad_cursor", words)
    return int(number)
