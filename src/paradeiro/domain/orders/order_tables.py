"""In: the bytes of a table as spreadsheets save them; out: its lines as orders with packages, and faults. Pure.

Its lines are those of table_lines.py. Headings in Portuguese or English, and those of shop systems whose exports are
taken as they are saved; a title may stand above them. Dates and amounts as Brazilians write them, or as ISO 8601
and with a decimal point. An ambiguous value is a fault of its line.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

from paradeiro.domain.bounds import (
    MOST_CENTS,
    bounded_instant,
    clean_text,
    is_placeholder_date,
    text_problem,
    valid_promise,
)
from paradeiro.domain.customers.postal_codes import tidy_postal_code
from paradeiro.domain.orders.invoice_keys import KeyProblem, text_key_problem, valid_key
from paradeiro.domain.orders.table_lines import Line, TableLinesError, lines_of
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.words import TableProblem

MOST_ROWS = 10_000
# Each column: how long its text may be, and its headings (without accents, blanks and marks).
_COLUMNS: dict[str, tuple[int, tuple[str, ...]]] = {
    "order": (
        100,
        (
            "pedido",
            "numerodopedido",
            "nodopedido",
            "numeropedido",
            "numerodopedidoloja",
            "codigodopedido",
            "codpedido",
            "order",
            "ordernumber",
            "orderid",
        ),
    ),
    "carrier": (
        64,
        (
            "transportadora",
            "transportador",
            "nomedotransportador",
            "formadeentrega",
            "formadeenvio",
            "formaenvio",
            "formadefrete",
            "shippingmethod",
            "shippingmethodtitle",
            "trackingcompany",
            "trackingprovider",
            "carrier",
            "courier",
        ),
    ),
    "code": (
        200,
        (
            "codigo",
            "codigoderastreio",
            "codigorastreio",
            "codigoderastreamento",
            "codigoderastreiodoenvio",
            "codigorastreamento",
            "codigodeenvio",
            "numeroderastreio",
            "numeroderastreamento",
            "trackingnumbers",
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
    "name": (
        200,
        (
            "cliente",
            "nome",
            "nomedocliente",
            "nomedocomprador",
            "nomecomprador",
            "nomedocontato",
            "nomeparaaentrega",
            "destinatario",
            "customer",
            "customername",
            "shippingname",
            "billingname",
            "name",
        ),
    ),
    "email": (254, ("email", "emaildocliente", "emailcomprador", "emaildocomprador", "emailbilling", "customeremail")),
    "postal": (
        20,
        (
            "cep",
            "codigopostal",
            "cepcomprador",
            "cepentrega",
            "cepdeentrega",
            "postalcode",
            "postcodeshipping",
            "shippingzip",
            "zip",
            "zipcode",
        ),
    ),
    "ordered": (
        40,
        ("data", "datadopedido", "datapedido", "datadavenda", "createdat", "orderedat", "orderdate", "date"),
    ),
    "promised": (40, ("prazo", "prometido", "previsao", "dataprometida", "promisedat", "promiseddate")),
    "channel": (100, ("canal", "marketplace", "channel")),
    "sold": (100, ("pedidomarketplace", "pedidodomarketplace", "numeromarketplace", "marketplaceorder")),
    "url": (2000, ("link", "linkderastreio", "url", "trackingurl")),
}
NEEDED = ("order", "carrier", "code")
_BY_HEADING = {heading: name for name, (_, headings) in _COLUMNS.items() for heading in headings}
# How many lines may stand above the headings (a title, a date, a blank line).
_MAX_TITLE_LINES = 20
# A shop system's export may name these twice, of the buyer and of the recipient.
_REPEATED = frozenset({"name", "email", "postal", "value"})
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_WHOLE = r"\d+|\d{1,3}(?:\.\d{3})+(?=,)|\d{1,3}(?:,\d{3})+(?=\.)"
_AMOUNT = re.compile(rf"(?:R\$)?\s*({_WHOLE})(?:[.,](\d{{1,2}}))?", re.ASCII)
# No-break spaces: Excel and browsers write one after R$.
_HARD_BLANKS = re.compile("[\u00a0\u2007\u202f]")
_END_OF_DAY = time(23, 59, 59)
# Identifiers are refused if invalid; other texts are cleaned.
_IDENTIFIERS = ("order", "carrier", "code", "replaces", "invoice", "key", "email", "channel", "sold", "url")


@dataclass(frozen=True, slots=True)
class TableFault:
    """A fault: its kind, the column's heading or name, the cell's text or other details."""

    problem: TableProblem
    column: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One non-empty line: its line number in the file, what it states, its faults (then it is not imported)."""

    number: int
    order: Order = field(repr=False)
    carrier: str
    code: str
    invoice: Invoice = field(repr=False)
    faults: tuple[TableFault, ...] = ()
    replaces: str = ""  # the code of the order's label that this one replaces


@dataclass(frozen=True, slots=True)
class OrderTable:
    """A parsed table. With a `fault` of its own nothing is imported."""

    rows: tuple[TableRow, ...] = ()
    ignored: tuple[str, ...] = ()  # unknown headings
    fault: TableFault | None = None


class _TableFaultError(Exception):
    def __init__(self, fault: TableFault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


def read_table(content: bytes, zone: tzinfo) -> OrderTable:
    """Read a table; dates without an offset are of `zone`."""
    try:
        return _read(content, zone)
    except _TableFaultError as error:
        return OrderTable(fault=error.fault)


def _read(content: bytes, zone: tzinfo) -> OrderTable:
    lines = _lines(content)
    titles, names, at = _headings(lines)
    rows = tuple(_row(number, names, values, zone) for number, values in _package_lines(lines[at + 1 :], names))
    if not rows:
        raise _TableFaultError(TableFault(TableProblem.EMPTY))
    if len(rows) > MOST_ROWS:
        raise _TableFaultError(TableFault(TableProblem.TOO_MANY, text=str(len(rows))))
    ignored = tuple(t.strip() for t, name in zip(titles, names, strict=True) if not name and t.strip())
    return OrderTable(rows, ignored)


def escape_formula(text: str) -> str:
    """A text that is safe to copy into a spreadsheet: never the start of a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r"} else text


def _lines(content: bytes) -> list[Line]:
    try:
        return lines_of(content)
    except TableLinesError as error:
        raise _TableFaultError(TableFault(error.problem, text=error.text)) from error


def _headings(lines: Sequence[Line]) -> tuple[list[str], list[str], int]:
    """The headings, their column names, and their line index: the first line with most of the needed columns. Raises
    for missing or repeated columns.
    """
    if not lines:
        raise _TableFaultError(TableFault(TableProblem.EMPTY))
    found = [[_BY_HEADING.get(_heading_key(title), "") for title in values] for _, values in lines[:_MAX_TITLE_LINES]]
    at = max(range(len(found)), key=lambda n: (len({*NEEDED} & {*found[n]}), -n))
    titles = lines[at][1]
    names = _drop_repeated(found[at])
    _check_headings(names, titles)
    return titles, names, at


def _drop_repeated(names: list[str]) -> list[str]:
    """Keep the first of repeated headings for one column (of buyer and recipient)."""
    seen: set[str] = set()
    kept_names = []
    for name in names:
        twice = name in seen and name in _REPEATED
        kept_names.append("" if twice else name)
        seen.add(name)
    return kept_names


def _package_lines(lines: Sequence[Line], names: list[str]) -> Iterator[Line]:
    """Lines that state a package. Shop systems write a line per product and fill only the first: a line with the same
    or no order number and no other code, carrier or invoice belongs to the line before it.
    """
    before: dict[str, str] = {}
    for number, values in lines:
        given = {name: _cell(value) for name, value in zip(names, values, strict=False) if name}
        same = before.get("order") and given.get("order") in {before.get("order"), ""}
        if same and all(given.get(name, "") in {"", before.get(name)} for name in ("code", "carrier", "invoice")):
            continue
        before = given
        yield number, values


def _heading_key(title: str) -> str:
    """A heading without accents, blanks and marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", title).lower() if c.isascii() and c.isalnum())


def _check_headings(names: list[str], titles: list[str]) -> None:
    for name in NEEDED:
        if name not in names:
            raise _TableFaultError(TableFault(TableProblem.NO_COLUMN, name))
    for index, name in enumerate(names):
        if name and name in names[:index]:
            raise _TableFaultError(
                TableFault(TableProblem.COLUMN_TWICE, titles[index].strip(), titles[names.index(name)].strip())
            )


def _row(number: int, names: list[str], values: list[str], zone: tzinfo) -> TableRow:
    given = {name: _cell(value) for name, value in zip(names, values, strict=False) if name}
    faults = [TableFault(TableProblem.TOO_WIDE)] if any(v.strip() for v in values[len(names) :]) else []
    faults += [TableFault(TableProblem.MISSING, name) for name in NEEDED if not given.get(name)]
    long = [name for name, text in given.items() if len(text) > _COLUMNS[name][0]]
    faults += [TableFault(TableProblem.TOO_LONG, name, str(_COLUMNS[name][0])) for name in long]
    faults += [TableFault(TableProblem.TEXT, name) for name in _IDENTIFIERS if text_problem(given.get(name, ""))]
    faults += _key_faults(given.get("key", ""))
    email = given.get("email", "")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        faults.append(TableFault(TableProblem.EMAIL, "email", email))
    dates = {name: _instant(given, name, zone, faults) for name in ("ordered", "promised", "issued")}
    value = _cents(given.get("value", ""), faults)
    order = Order(
        number=given.get("order", ""),
        customer=Customer(
            clean_text(given.get("name", "")),
            email or None,
            postal_code=tidy_postal_code(clean_text(given.get("postal", ""))) or None,
        ),
        channel=given.get("channel") or None,
        marketplace_number=given.get("sold") or None,
        ordered_at=dates["ordered"],
        promised_at=valid_promise(dates["promised"], dates["ordered"]),
    )
    return TableRow(
        number,
        order,
        given.get("carrier", ""),
        given.get("code", ""),
        _invoice(given, value, dates),
        tuple(faults),
        given.get("replaces", ""),
    )


def _key_faults(key: str) -> list[TableFault]:
    problem = text_key_problem(key) if key else None
    if problem is None:
        return []
    rounded = problem is KeyProblem.SPREADSHEET
    return [TableFault(TableProblem.KEY_SPOILT if rounded else TableProblem.KEY, "key", key)]


def _invoice(given: Mapping[str, str], value: int, dates: Mapping[str, datetime | None]) -> Invoice:
    return Invoice(
        number=given.get("invoice", ""),
        value=value,
        issued_at=dates["issued"],
        key=valid_key(given.get("key")),
        courier=given.get("carrier", ""),
        tracking_url=given.get("url") or None,
    )


def _cell(text: str) -> str:
    """A cell without the marks of spreadsheets for numbers as text: ="00123", '00123."""
    text = _HARD_BLANKS.sub(" ", text).strip().removeprefix("'").strip()
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') and len(text) > 2 else text


def _instant(given: Mapping[str, str], name: str, zone: tzinfo, faults: list[TableFault]) -> datetime | None:
    """An instant, or a day, which for a promise lasts to its end. Appends a fault if invalid."""
    text = given.get(name, "")
    if not text or is_placeholder_date(text):
        return None
    try:
        moment, whole_day = _parse_moment(text)
    except ValueError:
        faults.append(TableFault(TableProblem.DATE, name, text))
        return None
    if whole_day and name == "promised":
        moment = datetime.combine(moment, _END_OF_DAY)
    return bounded_instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _parse_moment(text: str) -> tuple[datetime, bool]:
    match = _DAY.fullmatch(text)
    if match is None:
        return datetime.fromisoformat(text), len(text) <= len("2026-11-23")
    day, month, year, hour, minute, second = (int(part) if part else 0 for part in match.groups())
    return datetime(year, month, day, hour, minute, second), match[4] is None  # noqa: DTZ001 - the caller adds the zone


def _cents(text: str, faults: list[TableFault]) -> int:
    if not text:
        return 0
    match = _AMOUNT.fullmatch(text)
    if match is None:
        faults.append(TableFault(TableProblem.AMOUNT, "value", text))
        return 0
    cents = int(re.sub(r"\D", "", match[1])) * 100 + int((match[2] or "0").ljust(2, "0"))
    if cents > MOST_CENTS:
        faults.append(TableFault(TableProblem.AMOUNT, "value", text))
        return 0
    return cents
