"""In: the bytes of a table as spreadsheets save them; out: its lines as orders with packages, and what is wrong. Pure.

Separators , ; and tab; UTF-8 with or without a mark, UTF-16 with one, Windows-1252; headings in Portuguese or English;
dates and amounts as Brazilians write them, or as ISO 8601 and with a decimal point. Nothing is guessed: what may be
read in two ways is a fault of its line.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

from paradeiro.domain.bounds import MOST_CENTS, bounded_instant, clean_text, is_never, text_problem
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import SheetProblem

MOST_ROWS = 10_000
# Each column: how long its text may be, and its headings (without accents, blanks and marks).
_COLUMNS: dict[str, tuple[int, tuple[str, ...]]] = {
    "order": (
        100,
        ("pedido", "numerodopedido", "nodopedido", "numeropedido", "order", "ordernumber", "orderid"),
    ),
    "carrier": (64, ("transportadora", "transportador", "carrier", "courier")),
    "code": (
        200,
        (
            "codigo",
            "codigoderastreio",
            "codigorastreio",
            "codigoderastreamento",
            "rastreio",
            "rastreamento",
            "objeto",
            "trackingcode",
            "trackingnumber",
            "tracking",
            "code",
        ),
    ),
    "replaces": (64, ("substitui", "substituiocodigo", "nolugarde", "codigoanterior", "replaces")),
    "invoice": (100, ("notafiscal", "nota", "nf", "nfe", "numerodanota", "invoice", "invoicenumber")),
    "key": (200, ("chave", "chavenfe", "chavedanfe", "chavedeacesso", "invoicekey")),
    "value": (40, ("valor", "valordanota", "valortotal", "value", "invoicevalue", "total")),
    "issued": (40, ("emissao", "datadeemissao", "dataemissao", "issuedat", "invoicedate")),
    "name": (200, ("cliente", "nome", "nomedocliente", "destinatario", "customer", "customername", "name")),
    "email": (254, ("email", "emaildocliente", "customeremail")),
    "postal": (20, ("cep", "codigopostal", "postalcode", "zip", "zipcode")),
    "ordered": (40, ("data", "datadopedido", "datapedido", "orderedat", "orderdate", "date")),
    "promised": (40, ("prazo", "prometido", "previsao", "dataprometida", "promisedat", "promiseddate")),
    "channel": (100, ("canal", "marketplace", "channel")),
    "sold": (100, ("pedidomarketplace", "pedidodomarketplace", "numeromarketplace", "marketplaceorder")),
    "url": (2000, ("link", "linkderastreio", "url", "trackingurl")),
}
NEEDED = ("order", "carrier", "code")
_BY_HEADING = {heading: name for name, (_, headings) in _COLUMNS.items() for heading in headings}
_SEPARATORS = ";,\t"
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_WHOLE = r"\d+|\d{1,3}(?:\.\d{3})+(?=,)|\d{1,3}(?:,\d{3})+(?=\.)"
_AMOUNT = re.compile(rf"(?:R\$)?\s*({_WHOLE})(?:[.,](\d{{1,2}}))?", re.ASCII)
_END_OF_DAY = time(23, 59, 59)
# What names a thing is taken as it is or not at all; other texts are cleaned.
_NAMING = ("order", "carrier", "code", "replaces", "invoice", "key", "email", "channel", "sold", "url")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: the kind, the column's heading or name, and the text (or what else helps)."""

    problem: SheetProblem
    column: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line that is not empty: where it begins in the file, what it states, its faults (then it is not taken)."""

    number: int
    order: Order = field(repr=False)
    carrier: str
    code: str
    invoice: Invoice = field(repr=False)
    faults: tuple[Fault, ...] = ()
    replaces: str = ""  # the code of the order's label whose place this one takes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that was read. With a `fault` of its own nothing of it can be taken."""

    rows: tuple[Row, ...] = ()
    ignored: tuple[str, ...] = ()  # headings that nobody knows
    fault: Fault | None = None


class _FaultError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


def read_sheet(content: bytes, zone: tzinfo) -> Sheet:
    """Read a table; dates without an offset are of `zone`."""
    try:
        return _read(content, zone)
    except _FaultError as error:
        return Sheet(fault=error.fault)


def _read(content: bytes, zone: tzinfo) -> Sheet:
    lines = _lines(_decoded(content))
    heading = next(lines, None)
    if heading is None:
        raise _FaultError(Fault(SheetProblem.EMPTY))
    titles = heading[1]
    names = [_BY_HEADING.get(_plain(title), "") for title in titles]
    _check(names, titles)
    rows = tuple(_row(number, names, values, zone) for number, values in lines)
    if not rows:
        raise _FaultError(Fault(SheetProblem.EMPTY))
    if len(rows) > MOST_ROWS:
        raise _FaultError(Fault(SheetProblem.TOO_MANY, text=str(len(rows))))
    ignored = tuple(t.strip() for t, name in zip(titles, names, strict=True) if not name and t.strip())
    return Sheet(rows, ignored)


def harmless(text: str) -> str:
    """A text as it may be shown and copied into a spreadsheet: never the beginning of a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r"} else text


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
    raise _FaultError(Fault(SheetProblem.ENCODING))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty, with the number of the file's line that it begins in."""
    first = text.partition("\n")[0].strip().lower()
    skipped = 0
    if first.startswith("sep=") and len(first) == len("sep=;"):  # Excel's own way to name the separator
        separator, text, skipped = first[-1], text.partition("\n")[2], 1
    else:
        unquoted = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
        separator = max(_SEPARATORS, key=unquoted.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        begins = reader.line_num + 1 + skipped
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _FaultError(Fault(SheetProblem.QUOTES, text=str(begins))) from error
        if any(value.strip() for value in values):
            yield begins, values


def _plain(title: str) -> str:
    """A heading without accents, blanks and marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", title).lower() if c.isascii() and c.isalnum())


def _check(names: list[str], titles: list[str]) -> None:
    for name in NEEDED:
        if name not in names:
            raise _FaultError(Fault(SheetProblem.NO_COLUMN, name))
    for index, name in enumerate(names):
        if name and name in names[:index]:
            raise _FaultError(
                Fault(SheetProblem.COLUMN_TWICE, titles[index].strip(), titles[names.index(name)].strip())
            )


def _row(number: int, names: list[str], values: list[str], zone: tzinfo) -> Row:
    given = {name: _cell(value) for name, value in zip(names, values, strict=False) if name}
    faults = [Fault(SheetProblem.TOO_WIDE)] if any(v.strip() for v in values[len(names) :]) else []
    faults += [Fault(SheetProblem.MISSING, name) for name in NEEDED if not given.get(name)]
    long = [name for name, text in given.items() if len(text) > _COLUMNS[name][0]]
    faults += [Fault(SheetProblem.TOO_LONG, name, str(_COLUMNS[name][0])) for name in long]
    faults += [Fault(SheetProblem.TEXT, name) for name in _NAMING if text_problem(given.get(name, ""))]
    email = given.get("email", "")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        faults.append(Fault(SheetProblem.EMAIL, "email", email))
    dates = {name: _instant(given, name, zone, faults) for name in ("ordered", "promised", "issued")}
    value = _cents(given.get("value", ""), faults)
    order = Order(
        number=given.get("order", ""),
        customer=Customer(
            clean_text(given.get("name", "")), email or None, postal_code=clean_text(given.get("postal", "")) or None
        ),
        channel=given.get("channel") or None,
        marketplace_number=given.get("sold") or None,
        ordered_at=dates["ordered"],
        promised_at=dates["promised"],
    )
    return Row(
        number,
        order,
        given.get("carrier", ""),
        given.get("code", ""),
        _bill(given, value, dates),
        tuple(faults),
        given.get("replaces", ""),
    )


def _bill(given: Mapping[str, str], value: int, dates: Mapping[str, datetime | None]) -> Invoice:
    return Invoice(
        number=given.get("invoice", ""),
        value=value,
        issued_at=dates["issued"],
        key=given.get("key") or None,
        courier=given.get("carrier", ""),
        tracking_url=given.get("url") or None,
    )


def _cell(text: str) -> str:
    """A cell without what spreadsheets put around numbers that must stay texts: ="00123"."""
    text = text.strip()
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') and len(text) > 2 else text


def _instant(given: Mapping[str, str], name: str, zone: tzinfo, faults: list[Fault]) -> datetime | None:
    """A day, which for a promise lasts to its end, or a moment."""
    text = given.get(name, "")
    if not text or is_never(text):
        return None
    try:
        moment, whole_day = _moment(text)
    except ValueError:
        faults.append(Fault(SheetProblem.DATE, name, text))
        return None
    if whole_day and name == "promised":
        moment = datetime.combine(moment, _END_OF_DAY)
    return bounded_instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _moment(text: str) -> tuple[datetime, bool]:
    match = _DAY.fullmatch(text)
    if match is None:
        return datetime.fromisoformat(text), len(text) <= len("2026-11-23")
    day, month, year, hour, minute, second = (int(part) if part else 0 for part in match.groups())
    return datetime(year, month, day, hour, minute, second), match[4] is None  # noqa: DTZ001 - the caller adds the zone


def _cents(text: str, faults: list[Fault]) -> int:
    if not text:
        return 0
    match = _AMOUNT.fullmatch(text)
    if match is None:
        faults.append(Fault(SheetProblem.AMOUNT, "value", text))
        return 0
    cents = int(re.sub(r"\D", "", match[1])) * 100 + int((match[2] or "0").ljust(2, "0"))
    if cents > MOST_CENTS:
        faults.append(Fault(SheetProblem.AMOUNT, "value", text))
        return 0
    return cents
