"""In: a line of the carrier's file; out: its columns, or why there are none. Pure."""

from dataclasses import dataclass

COLUMNS = ("tracking_code", "at", "code", "text", "city", "state")
_HEADING = ";".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class Line:
    """One event of one package."""

    tracking_code: str
    at: str
    code: str
    text: str
    city: str
    state: str


def text_of(data: bytes) -> str:
    """The text. The carrier writes UTF-8, on some days Latin-1, which every byte is."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def is_idle(line: str) -> bool:
    """Whether a line says nothing: blank, or the headings."""
    return line.strip() in {"", _HEADING}


def line_of(text: str) -> Line:
    """The line's columns. Raises `ValueError` for a line that is none."""
    columns = [column.strip() for column in text.split(";")]
    if len(columns) != len(COLUMNS) or not all(columns[:3]):
        raise ValueError(f"a line has {len(COLUMNS)} columns, the first three filled: {_HEADING}")
    return Line(*columns)
