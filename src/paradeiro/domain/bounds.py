"""In: values as somebody outside wrote them; out: values that we can keep, show and count with, or what is wrong. Pure.

Every door uses these (decision 0026). Where nobody reads an error (a carrier's answer, an order at its order system) a
value that cannot be kept is cleaned or becomes none, and the raw answer has it still; where somebody does, they are
told what is wrong. The database has the same bounds.
"""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime

from paradeiro.domain.postal_codes import tidy_postal_code
from paradeiro.domain.records import Customer, Invoice, Item, Order, Parsed, Place, TrackingEvent
from paradeiro.domain.words import Outcome

# No package is older, and nothing is promised for later. Year 1 and 31/12/9999 are how other systems write "never";
# neither can be told in another time zone.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
# A hundred thousand million, in cents; all items of all invoices of an order together still fit 64 bits.
MOST_CENTS = 10**13
MOST_PIECES = 1_000_000
LONGEST_NUMBER = 100
LONGEST_NAME = 200
LONGEST_ADDRESS = 2000
_LONGEST_EMAIL = 254
_MOST_ITEMS = 1000
# C0, DEL, halves of pairs. A text of several lines may have tabs and ends of lines. C1 is cleaned away, and refused to
# nobody: it is what a dash of Windows-1252 becomes when it is read as Latin-1, so real names have it.
_BAD = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff"
_REFUSED, _REFUSED_IN_LINES = re.compile(rf"[{_BAD}\t\n\r]"), re.compile(rf"[{_BAD}]")
_ODD, _ODD_IN_LINES = re.compile(rf"[{_BAD}\x80-\x9f\t\n\r]+"), re.compile(rf"[{_BAD}\x80-\x9f]+")
# Year, month and day as they are written, either way round, and whatever hour comes after.
_DATE = re.compile(r"\s*(\d{1,6})[/.-]\d{1,2}[/.-](\d{1,6})(?:[T ,].*)?\s*", re.ASCII | re.DOTALL)
_NAMES = {"\x00": "a NUL", "\n": "the end of a line (LF)", "\r": "the end of a line (CR)", "\t": "a tab"}


def text_problem(text: str, most: int | None = None, *, lines: bool = False) -> str:
    """What is wrong with a text, for whoever sent it; empty if nothing. `lines`: it may have several."""
    if most is not None and len(text) > most:
        return f"it has {len(text)} characters, at most {most} are taken"
    found = (_REFUSED_IN_LINES if lines else _REFUSED).search(text)
    if found is None:
        return ""
    odd = found[0]
    half = "half of a pair (a surrogate alone)" if "\ud800" <= odd <= "\udfff" else ""
    what = _NAMES.get(odd) or half or f"a control character (U+{ord(odd):04X})"
    return f"it has {what} at character {found.start() + 1}, which no such text has: take it out"


def clean_text(text: str, most: int | None = None, *, lines: bool = False) -> str:
    """The text without what no text has, a blank instead, and no longer than `most`."""
    return (_ODD_IN_LINES if lines else _ODD).sub(" ", text).strip()[:most]


def in_bounds(at: datetime) -> bool:
    """Whether an aware instant can be one of ours. Never raises, whatever its year and offset."""
    return EARLIEST.year - 1 <= at.year <= LATEST.year and EARLIEST <= at <= LATEST


def is_never(text: str) -> bool:
    """Whether a text is a date of a year that can be no one's, whole and right or not: 31/12/9999, 0000-00-00."""
    found = _DATE.fullmatch(text[:60])
    if found is None:
        return False
    year = found[1] if len(found[1]) >= len("1990") else found[2]
    return len(year) >= len("1990") and not EARLIEST.year <= int(year) < LATEST.year


def bounded_instant(at: datetime | None) -> datetime | None:
    """The aware instant, or none for one that can be no one's."""
    return at if at is not None and in_bounds(at) else None


def bounded_day(day: date | None) -> date | None:
    """The same of a day."""
    return day if day is not None and EARLIEST.year <= day.year < LATEST.year else None


def instant_problem(at: datetime) -> str:
    """What is wrong with an aware instant, for whoever sent it; empty if nothing."""
    years = f"{EARLIEST.year} to {LATEST.year - 1}"
    return (
        "" if in_bounds(at) else f"{at.isoformat()} is outside the years {years}; leave the date out if there is none"
    )


def bounded_amount(value: float | str | None, most: int = MOST_CENTS) -> int:
    """A whole number from 0 to `most`; 0 for what is none: not a number, below zero, too much."""
    try:
        number = float(value or 0)
    except (ValueError, OverflowError):
        return 0
    if not math.isfinite(number) or not 0 <= number <= most:
        return 0
    return round(number)


def mended_json(body: bytes) -> bytes:
    """The same JSON without halves of pairs, and with null for numbers that are none (1e999): what a strict reader
    refuses whole. Raises `ValueError` or `RecursionError` if it is no JSON.
    """
    read = json.loads(body, parse_float=_finite, parse_constant=lambda _: None)
    return json.dumps(read, ensure_ascii=False).encode("utf-8", "ignore")


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def number_problem(number: str) -> str:
    """What is wrong with the number of an order or an invoice; empty if nothing."""
    return text_problem(number, LONGEST_NUMBER)


def bounded_order(order: Order) -> Order:
    """The order as its order system showed it, with what can be kept of it. Its number is what it is: see
    `number_problem`.
    """
    return replace(
        order,
        customer=_customer(order.customer),
        channel=_some(order.channel, LONGEST_NUMBER),
        marketplace_number=_some(order.marketplace_number, LONGEST_NUMBER),
        ordered_at=bounded_instant(order.ordered_at),
        promised_at=promise(bounded_instant(order.promised_at), bounded_instant(order.ordered_at)),
        invoices=tuple(bounded_invoice(each) for each in order.invoices),
        shipped_by=clean_text(order.shipped_by, LONGEST_NAME),
        items=tuple(_item(each) for each in order.items[:_MOST_ITEMS]),
    )


def promise(promised_at: datetime | None, ordered_at: datetime | None) -> datetime | None:
    """When delivery was promised; none where that is before the order was made: nobody promised it, and every package
    of the order would be late from its first moment on.
    """
    return None if promised_at and ordered_at and promised_at < ordered_at else promised_at


def _customer(who: Customer) -> Customer:
    email = _some(who.email)
    return replace(
        who,
        name=clean_text(who.name, LONGEST_NAME),
        # An address that was cut, or had something taken out, is another's.
        email=email if email == (who.email or "").strip() and len(email) <= _LONGEST_EMAIL else None,
        locale=clean_text(who.locale, 20) or "pt-BR",
        postal_code=tidy_postal_code(_some(who.postal_code, 20) or "") or None,
    )


def bounded_invoice(invoice: Invoice) -> Invoice:
    """The same of an invoice. A link or a code that was cut would lead elsewhere: it is none."""
    code = invoice.tracking_code
    return replace(
        invoice,
        number=clean_text(invoice.number, LONGEST_NUMBER),
        value=bounded_amount(invoice.value),
        issued_at=bounded_instant(invoice.issued_at),
        key=_some(invoice.key, LONGEST_NAME),
        url=_link(invoice.url),
        courier=clean_text(invoice.courier, LONGEST_NAME),
        tracking_code=_some(code, LONGEST_NAME),
        tracking_url=_link(invoice.tracking_url),
        items=tuple(_item(each) for each in invoice.items[:_MOST_ITEMS]),
    )


def _item(item: Item) -> Item:
    return Item(
        clean_text(item.id, LONGEST_NUMBER),
        bounded_amount(item.quantity, MOST_PIECES),
        bounded_amount(item.price),
        clean_text(item.name, LONGEST_NAME),
        clean_text(item.line, LONGEST_NUMBER),
    )


def _some(text: str | None, most: int | None = None) -> str | None:
    return clean_text(text or "", most) or None


def _link(text: str | None) -> str | None:
    return text if text and not text_problem(text, LONGEST_ADDRESS) else None


def bounded_parsed(parsed: Parsed) -> Parsed:
    """What an answer says, with what can be kept of it. An event without an instant is none: then the answer is
    malformed, for a person to look at, rather than a happening lost.
    """
    lost = next((e for e in parsed.events if not in_bounds(e.occurred_at)), None)
    message = clean_text(parsed.message, LONGEST_ADDRESS)
    if lost is not None:
        words = f"the time of an event cannot be one: {lost.occurred_at.isoformat()}"
        return Parsed(parsed.tracking_code, Outcome.MALFORMED, message=words)
    events = tuple(_event(each) for each in parsed.events)
    return replace(parsed, events=events, estimate=bounded_instant(parsed.estimate), message=message)


def _event(event: TrackingEvent) -> TrackingEvent:
    return replace(
        event,
        code=clean_text(event.code, LONGEST_NAME),
        place=_place(event.place),
        description=clean_text(event.description, LONGEST_ADDRESS, lines=True),
        detail=clean_text(event.detail, LONGEST_ADDRESS, lines=True),
        destination=_place(event.destination) if event.destination else None,
        pickup_deadline=bounded_day(event.pickup_deadline),
        pickup_address=_some(event.pickup_address, LONGEST_ADDRESS),
    )


def _place(place: Place) -> Place:
    parts = (place.city, place.state, place.country, place.unit, place.address)
    return Place(*(None if part is None else clean_text(part, LONGEST_NAME) for part in parts))
