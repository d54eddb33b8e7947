"""In: values from outside; out: values that can be stored, shown and computed with, or what is wrong with them. Pure.

Every entry point uses these (decision 0026). Where nobody reads an error (a carrier's answer, an order system's order)
an invalid value is cleaned or dropped, and the raw answer still has it; other entry points refuse it with a message.
The database has the same bounds.
"""

import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime

from paradeiro.domain.customers.postal_codes import tidy_postal_code
from paradeiro.domain.records import Customer, Invoice, Item, Order, ParsedAnswer, Place, TrackingEvent
from paradeiro.domain.words import Outcome

# Bounds of instants. Other systems write "never" as year 1 or 31/12/9999; neither can be converted to another time
# zone.
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
# C0, DEL, lone surrogates. A text of several lines may have tabs and line ends. C1 is cleaned but never refused: a dash
# of Windows-1252 read as Latin-1 becomes C1, so real names have it.
_BAD = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff"
_REFUSED, _REFUSED_IN_LINES = re.compile(rf"[{_BAD}\t\n\r]"), re.compile(rf"[{_BAD}]")
_UNPRINTABLE, _UNPRINTABLE_IN_LINES = re.compile(rf"[{_BAD}\x80-\x9f\t\n\r]+"), re.compile(rf"[{_BAD}\x80-\x9f]+")
# Year, month and day in either order, with anything as time of day.
_DATE = re.compile(r"\s*(\d{1,6})[/.-]\d{1,2}[/.-](\d{1,6})(?:[T ,].*)?\s*", re.ASCII | re.DOTALL)
_NAMES = {"\x00": "a NUL", "\n": "the end of a line (LF)", "\r": "the end of a line (CR)", "\t": "a tab"}


def text_problem(text: str, most: int | None = None, *, lines: bool = False) -> str:
    """What is wrong with a text, as a message; empty if nothing. `lines`: it may have several lines."""
    if most is not None and len(text) > most:
        return f"it has {len(text)} characters, at most {most} are taken"
    found = (_REFUSED_IN_LINES if lines else _REFUSED).search(text)
    if found is None:
        return ""
    character = found[0]
    half = "half of a pair (a surrogate alone)" if "\ud800" <= character <= "\udfff" else ""
    what = _NAMES.get(character) or half or f"a control character (U+{ord(character):04X})"
    return f"it has {what} at character {found.start() + 1}, which no such text has: take it out"


def clean_text(text: str, most: int | None = None, *, lines: bool = False) -> str:
    """The text with control characters replaced by blanks, cut to `most`."""
    return (_UNPRINTABLE_IN_LINES if lines else _UNPRINTABLE).sub(" ", text).strip()[:most]


def one_line(text: str, most: int) -> str:
    """The text with every run of blanks and control characters as one blank, cut to `most`."""
    # Nearly all are printable: cleaning them costs more than reading the answer they are in.
    plain = text if text.isprintable() else clean_text(text)
    return " ".join(plain[: 4 * most].split())[:most]


def in_bounds(at: datetime) -> bool:
    """Whether an aware instant is within the bounds. Never raises."""
    return EARLIEST.year - 1 <= at.year <= LATEST.year and EARLIEST <= at <= LATEST


def is_placeholder_date(text: str) -> bool:
    """Whether a text is a date outside the bounds, valid or not: 31/12/9999, 0000-00-00."""
    found = _DATE.fullmatch(text[:60])
    if found is None:
        return False
    year = found[1] if len(found[1]) >= len("1990") else found[2]
    return len(year) >= len("1990") and not EARLIEST.year <= int(year) < LATEST.year


def bounded_instant(at: datetime | None) -> datetime | None:
    """The aware instant, or None outside the bounds."""
    return at if at is not None and in_bounds(at) else None


def bounded_day(day: date | None) -> date | None:
    """The day, or None outside the bounds."""
    return day if day is not None and EARLIEST.year <= day.year < LATEST.year else None


def instant_problem(at: datetime) -> str:
    """What is wrong with an aware instant, as a message; empty if nothing."""
    years = f"{EARLIEST.year} to {LATEST.year - 1}"
    return (
        "" if in_bounds(at) else f"{at.isoformat()} is outside the years {years}; leave the date out if there is none"
    )


def bounded_amount(value: float | str | None, most: int = MOST_CENTS) -> int:
    """A whole number from 0 to `most`; 0 if it is no number, negative or too large."""
    try:
        number = float(value or 0)
    except (ValueError, OverflowError):
        return 0
    if not math.isfinite(number) or not 0 <= number <= most:
        return 0
    return round(number)


def strict_json(body: bytes) -> bytes:
    """The JSON without lone surrogates and with null for infinite numbers (1e999), which strict parsers refuse. Raises
    `ValueError` or `RecursionError` if it is no JSON.
    """
    read = json.loads(body, parse_float=_finite_or_none, parse_constant=lambda _: None)
    return json.dumps(read, ensure_ascii=False).encode("utf-8", "ignore")


def _finite_or_none(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def number_problem(number: str) -> str:
    """What is wrong with the number of an order or an invoice; empty if nothing."""
    return text_problem(number, LONGEST_NUMBER)


def bounded_order(order: Order) -> Order:
    """An order read from its order system, with invalid values cleaned or dropped; not its number: see
    `number_problem`.
    """
    return replace(
        order,
        customer=_customer(order.customer),
        channel=_clean_or_none(order.channel, LONGEST_NUMBER),
        marketplace_number=_clean_or_none(order.marketplace_number, LONGEST_NUMBER),
        ordered_at=bounded_instant(order.ordered_at),
        promised_at=valid_promise(bounded_instant(order.promised_at), bounded_instant(order.ordered_at)),
        invoices=tuple(bounded_invoice(each) for each in order.invoices),
        shipped_by=clean_text(order.shipped_by, LONGEST_NAME),
        items=tuple(_item(each) for each in order.items[:_MOST_ITEMS]),
    )


def valid_promise(promised_at: datetime | None, ordered_at: datetime | None) -> datetime | None:
    """The promised delivery; None if it is before the order, since every package would be late from the start."""
    return None if promised_at and ordered_at and promised_at < ordered_at else promised_at


def _customer(customer: Customer) -> Customer:
    email = _clean_or_none(customer.email)
    return replace(
        customer,
        name=clean_text(customer.name, LONGEST_NAME),
        # A cut or cleaned address would be another one.
        email=email if email == (customer.email or "").strip() and len(email) <= _LONGEST_EMAIL else None,
        locale=clean_text(customer.locale, 20) or "pt-BR",
        postal_code=tidy_postal_code(_clean_or_none(customer.postal_code, 20) or "") or None,
    )


def bounded_invoice(invoice: Invoice) -> Invoice:
    """An invoice with invalid values cleaned or dropped. A URL is never cut, since it would lead elsewhere."""
    code = invoice.tracking_code
    return replace(
        invoice,
        number=clean_text(invoice.number, LONGEST_NUMBER),
        value=bounded_amount(invoice.value),
        issued_at=bounded_instant(invoice.issued_at),
        key=_clean_or_none(invoice.key, LONGEST_NAME),
        url=_url_or_none(invoice.url),
        courier=clean_text(invoice.courier, LONGEST_NAME),
        tracking_code=_clean_or_none(code, LONGEST_NAME),
        tracking_url=_url_or_none(invoice.tracking_url),
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


def _clean_or_none(text: str | None, most: int | None = None) -> str | None:
    return clean_text(text or "", most) or None


def _url_or_none(text: str | None) -> str | None:
    return text if text and not text_problem(text, LONGEST_ADDRESS) else None


def bounded_parsed(parsed: ParsedAnswer) -> ParsedAnswer:
    """A parsed answer with invalid values cleaned or dropped. An event with an invalid time makes the answer malformed,
    so that a person sees it, rather than losing the event.
    """
    invalid = next((e for e in parsed.events if not in_bounds(e.occurred_at)), None)
    message = clean_text(parsed.message, LONGEST_ADDRESS)
    if invalid is not None:
        words = f"the time of an event cannot be one: {invalid.occurred_at.isoformat()}"
        return ParsedAnswer(parsed.tracking_code, Outcome.MALFORMED, message=words)
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
        pickup_address=_clean_or_none(event.pickup_address, LONGEST_ADDRESS),
    )


def _place(place: Place) -> Place:
    parts = (place.city, place.state, place.country, place.unit, place.address)
    return Place(*(None if part is None else clean_text(part, LONGEST_NAME) for part in parts))
