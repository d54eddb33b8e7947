"""In: a saved answer; out: the same answer with its dates, clocks or offsets written differently.

A value is changed where it is written, in whatever form the carrier writes it, so that one change fits every connector:
in JSON each text and number by itself; in any other text the instants of the events that were read from it.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from paradeiro.domain.records import TrackingEvent

_ISO = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d\d)([/.-])(\d\d)\2(20\d\d)(?!\d)")
_COMPACT = re.compile(r"^(20\d\d)(\d\d)(\d\d)(?=$|T)")
# Not an offset: that is preceded by its sign.
_CLOCK = re.compile(r"(?<![\d:+-])(\d\d):(\d\d)(:\d\d(?:[.,]\d+)?)?(?!\d)")
_BARE_CLOCK = re.compile(r"^(\d\d)(\d\d)(\d\d)?$")
_OFFSET = re.compile(r"(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)(?![\d:])")
_BARE_OFFSET = re.compile(r"[+-]\d\d:\d\d")
_EPOCHS = ((1_400_000_000, 2_200_000_000, 1), (1_400_000_000_000, 2_200_000_000_000, 1000))
# How instants are written in texts that are not JSON.
_FORMS = ("%d%m%Y%H%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M")
_DAY_FORM = "%d%m%Y"
_DAY = 86_400
_LAST_MONTH = 12
_MIDNIGHT = "24:00"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What to change: each date by `days`, each clock by so many `minutes` or to 24:00, each offset left out."""

    days: Callable[[date], date] | None = None
    minutes: int = 0
    midnight: bool = False
    no_offset: bool = False


def moved(days: int) -> Rewriting:
    """Every date so many days later."""
    return Rewriting(days=lambda day: day + timedelta(days=days))


def rewritten(document: object, change: Rewriting, *, month_first: bool = False) -> object:
    """The JSON document with the change made in each of its texts and numbers."""
    return _leaves(document, "", lambda key, value: _leaf(key, value, change, month_first=month_first))


def texts_changed(document: object, change: Callable[[str], str]) -> object:
    """The JSON document with each of its texts changed."""
    return _leaves(document, "", lambda _, value: change(value) if isinstance(value, str) else value)


def _leaves(value: object, key: str, change: Callable[[str, object], object]) -> object:
    if isinstance(value, dict):
        return {name: _leaves(below, name, change) for name, below in value.items()}
    if isinstance(value, list):
        return [_leaves(below, key, change) for below in value]
    return change(key, value)


def _leaf(key: str, value: object, change: Rewriting, *, month_first: bool) -> object:
    if isinstance(value, str):
        return _text(key, value, change, month_first=month_first)
    if isinstance(value, int) and not isinstance(value, bool):
        return next((_epoch(value, unit, change) for low, high, unit in _EPOCHS if low < value < high), value)
    return value


def _epoch(value: int, unit: int, change: Rewriting) -> int:
    day = datetime.fromtimestamp(value / unit, UTC).date()
    days = (change.days(day) - day).days if change.days else 0
    return value + (days * _DAY + change.minutes * 60) * unit


def _text(key: str, text: str, change: Rewriting, *, month_first: bool) -> str:
    if change.days:
        text = _with_dates(text, change.days, month_first=month_first)
    if change.no_offset:
        text = "" if _BARE_OFFSET.fullmatch(text) else _OFFSET.sub(r"\1", text)
    if change.minutes or change.midnight:
        text = _CLOCK.sub(lambda found: _clock(found, change, ":"), text)
        if re.search("time|hora", key, re.IGNORECASE):
            text = _BARE_CLOCK.sub(lambda found: _clock(found, change, ""), text)
    return text


def _with_dates(text: str, days: Callable[[date], date], *, month_first: bool) -> str:
    def iso(found: re.Match[str]) -> str:
        day = _date(*found.groups())
        return f"{days(day):%Y-%m-%d}" if day else found[0]

    def compact(found: re.Match[str]) -> str:
        day = _date(*found.groups())
        return f"{days(day):%Y%m%d}" if day else found[0]

    def slashed(found: re.Match[str]) -> str:
        first, mark, second, year = found.groups()
        day = _date(year, first, second) if month_first else _date(year, second, first)
        form = ("%m{0}%d{0}%Y" if month_first else "%d{0}%m{0}%Y").format(mark)
        return days(day).strftime(form) if day else found[0]

    return _COMPACT.sub(compact, _DAY_FIRST.sub(slashed, _ISO.sub(iso, text)))


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None  # no date, or one that the carrier wrote wrongly: left as it is


def _clock(found: re.Match[str], change: Rewriting, mark: str) -> str:
    hour, minute, rest = int(found[1]), int(found[2]), found[3] or ""
    if change.midnight:
        return _MIDNIGHT.replace(":", mark) + re.sub(r"\d", "0", rest)
    later = hour * 60 + minute + change.minutes
    return f"{later // 60:02}{mark}{later % 60:02}{rest}" if later < 24 * 60 else found[0]


def with_times_of(model: object, document: object) -> object:
    """The document with the model's time at every place where both have one."""
    if isinstance(model, dict) and isinstance(document, dict):
        return {key: with_times_of(model.get(key), value) for key, value in document.items()}
    return model if _is_time(model) and _is_time(document) else document


def _is_time(value: object) -> bool:
    return _leaf("time", value, Rewriting(days=lambda _: date(2001, 1, 1), minutes=1), month_first=False) != value


def month_comes_first(document: object, events: Iterable[TrackingEvent]) -> bool | None:
    """Whether dates with strokes are written month first, by dates that can be read in one way only, and by what the
    events say of the others; None if nothing shows it.
    """
    days = {(event.occurred_at.day, event.occurred_at.month) for event in events}
    for text in _all_texts(document):
        for found in _DAY_FIRST.finditer(text):
            first, second = int(found[1]), int(found[3])
            if first > _LAST_MONTH or second > _LAST_MONTH:
                return second > _LAST_MONTH
            if ((first, second) in days) != ((second, first) in days):
                return (second, first) in days
    return None


def _all_texts(document: object) -> list[str]:
    found: list[str] = []

    def keep(text: str) -> str:
        found.append(text)
        return text

    texts_changed(document, keep)
    return found


def has_offset(data: bytes) -> bool:
    """Whether a time with an offset, or an instant as a number, is written anywhere in an answer."""
    text = data.decode("utf-8", "replace")
    numbers = (int(found) for found in re.findall(r"(?<![\d.])\d{10,13}(?![\d.])", text))
    return bool(_OFFSET.search(text) or re.search(f'"{_BARE_OFFSET.pattern}"', text)) or any(
        low < n < high for n in numbers for low, high, _ in _EPOCHS
    )


def as_json(document: object) -> bytes:
    """A JSON document as a carrier would send it."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def rewritten_text(data: bytes, events: Sequence[TrackingEvent], change: Rewriting) -> bytes:
    """A text that is not JSON, with the instants of its events changed where they are written."""
    text = data.decode("latin-1")
    swaps: dict[str, str] = {}
    for event in events:
        wall = event.occurred_at.replace(tzinfo=None)
        day = change.days(wall.date()) if change.days else wall.date()
        later = datetime.combine(day, wall.time()) + timedelta(minutes=change.minutes)
        for form in (*_FORMS, _DAY_FORM) if event.day_only else _FORMS:
            new = later.strftime(form)
            swaps[wall.strftime(form)] = (
                re.sub(r"\d\d(:?)\d\d$", r"24\g<1>00", new) if change.midnight and "%M" in form else new
            )
    written = re.compile("|".join(re.escape(was) for was in sorted(swaps, key=len, reverse=True)))
    text = written.sub(lambda found: swaps[found[0]], text) if swaps else text
    return (_OFFSET.sub(r"\1", text) if change.no_offset else text).encode("latin-1")
