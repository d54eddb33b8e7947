"""In: one line of an OCOREN file; out: the fields of it that are read, or why it cannot be one. Pure.

Columns: PROCEDA's manual of OCOREN 3.1 (15/05/2000) with seven programs that agree, and for 5.0 four programs that
agree (README.md). All that is read stands before the free text, so a text in another encoding shifts nothing.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.orders.identifiers import Identifier, invoice, invoice_tail

ZONE = ZoneInfo("America/Sao_Paulo")
_NOON = timedelta(hours=12)
_MIDNIGHT = "2400"
# How some writers mark the last column of each line.
_MARKS = (".", "*")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NO_TIMES = frozenset({"", "0000"})


@dataclass(frozen=True, slots=True)
class Layout:
    """A version of the file. Records by their three digits; columns of an event from 0, `end` excluded."""

    version: str
    document: str  # the record that begins a document
    carrier: str
    event: str
    attached: frozenset[str]  # records that belong to the event before them
    number: tuple[int, int]
    code: tuple[int, int]
    date: tuple[int, int]
    time: tuple[int, int]
    observation: tuple[int, int]
    volumes: str = ""  # the record of volumes
    total: str = ""  # the record that counts the events


VERSION_3 = Layout("3.x", "340", "341", "342", frozenset({"343"}), (20, 28), (28, 30), (30, 38), (38, 42), (42, 44))
VERSION_5 = Layout(
    "5.0",
    "540",
    "541",
    "542",
    frozenset({"543", "544", "545"}),
    (20, 29),
    (29, 32),
    (32, 40),
    (40, 44),
    (44, 46),
    volumes="544",
    total="549",
)
LAYOUTS = (VERSION_3, VERSION_5)


class RecordError(ValueError):
    """Why a line is no record; the text is for people and names no person."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One occurrence of one invoice. `code`: as written, without blanks and leading zeros. `observation`: two digits,
    empty if there is none.
    """

    identifier: Identifier
    code: str
    occurred_at: datetime
    day_only: bool
    observation: str


def text_of(line: bytes) -> str:
    """A line as text, one character per byte, without the blanks and the mark at its end. Raises `RecordError` for
    bytes that no text has.
    """
    if _NO_TEXT.search(line):
        message = "it is no text"
        raise RecordError(message)
    text = line.decode("latin-1").rstrip(" \t")
    return text[:-1].rstrip(" \t") if text.endswith(_MARKS) else text


def read_event(text: str, layout: Layout) -> EventRecord:
    """A record 342 or 542. Raises `RecordError`."""
    if len(text) < layout.date[1]:
        message = f"record {layout.event} ends before its date, in column {len(text)}"
        raise RecordError(message)
    code = text[slice(*layout.code)].strip()
    if not (code.isascii() and code.isalnum()):
        message = f"record {layout.event} has no code of an occurrence: {code!r}"
        raise RecordError(message)
    occurred_at, day_only = _instant(text[slice(*layout.date)], text[slice(*layout.time)].strip())
    return EventRecord(
        _identifier(text, layout),
        code.upper().lstrip("0") or "0",
        occurred_at,
        day_only,
        text[slice(*layout.observation)].strip(),
    )


def _identifier(text: str, layout: Layout) -> Identifier:
    """The invoice. Version 3 has eight of the nine digits that a number may have, so it names only their tail."""
    sender, series, number = text[3:17], text[17:20], text[slice(*layout.number)]
    named = invoice_tail(sender, series, number) if layout is VERSION_3 else invoice(sender, series, number)
    if named is None or not number.strip("0 ") or "/" in series:
        message = f"record {layout.event} names no invoice (tax number of its sender, series, number)"
        raise RecordError(message)
    return named


@lru_cache(maxsize=4096)
def _instant(date: str, time: str) -> tuple[datetime, bool]:
    """The instant, and whether only its day is known. Local time; 24:00 is the end of the day."""
    if not (date.isascii() and date.isdigit()):
        message = f"{date!r} is no date"
        raise RecordError(message)
    if time not in _NO_TIMES and not (time.isascii() and time.isdigit() and len(time) == len(_MIDNIGHT)):
        message = f"{time!r} is no time"
        raise RecordError(message)
    try:
        day = datetime(int(date[4:]), int(date[2:4]), int(date[:2]))  # noqa: DTZ001 - the zone is set below
        if time in _NO_TIMES:
            at = day + _NOON
        elif time == _MIDNIGHT:
            at = day + timedelta(days=1)
        else:
            at = day.replace(hour=int(time[:2]), minute=int(time[2:]))
    except (ValueError, OverflowError) as error:
        message = f"{date} {time} is no date and time"
        raise RecordError(message) from error
    at = at.replace(tzinfo=ZONE)
    if not in_bounds(at):
        message = f"{date} cannot be when something happened"
        raise RecordError(message)
    return at, time in _NO_TIMES


def is_partial(text: str) -> bool:
    """Whether a record 544 says that fewer volumes were delivered than the invoice has (two implied decimals).
    Raises `RecordError`.
    """
    total, delivered = text[3:11].strip(), text[11:19].strip()
    if not all(part.isascii() and part.isdigit() for part in (total, delivered) if part):
        message = f"record 544 counts {total!r} and {delivered!r} volumes"
        raise RecordError(message)
    return bool(total and delivered) and int(delivered) < int(total)


def counted_events(text: str) -> int | None:
    """How many events a record 549 counts; None if it does not say."""
    total = text[3:7].strip()
    return int(total) if total.isascii() and total.isdigit() else None
