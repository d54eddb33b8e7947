"""In: the bytes of a table as spreadsheets save them; out: its lines as orders with packages, and what is wrong. Pure.

Its lines are those of domain/sheet_lines.py. Headings in Portuguese or English, and those of shop systems whose exports
are taken as they are saved; a title may stand above them. Dates and amounts as Brazilians write them, or as ISO 8601
and with a decimal point. Nothing is guessed: what may be read in two ways is a fault of its line.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo

from paradeiro.domain.bounds import MOST_CENTS, bounded_instant, clean_text, is_never, promise, text_problem
from paradeiro.domain.invoice_keys import KeyProblem, problem_in, right_key
from paradeiro.domain.postal_codes import tidy_postal_code
from paradeiro.domain.records import Customer, Invoice, Order
from paradeiro.domain.sheet_lines import Line, SheetLinesError, lines_of
from paradeiro.domain.words import SheetProblem

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
_TITLES = 20
# A shop system's export may name these twice, of the buyer and of the recipient.
_REPEATED = frozenset({"name", "email", "postal", "value"})
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_WHOLE = r"\d+|\d{1,3}(?:\.\d{3})+(?=,)|\d{1,3}(?:,\d{3})+(?=\.)"
_AMOUNT = re.compile(rf"(?:R\$)?\s*({_WHOLE})(?:[.,](\d{{1,2}}))?", re.ASCII)
# Excel and browsers write R$ with a blank that no line breaks at.
_HARD_BLANKS = re.compile("[\u00a0\u2007\u202f]")
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
    lines = _lines(content)
    titles, names, at = _headings(lines)
    rows = tuple(_row(number, names, values, zone) for number, values in _packages(lines[at + 1 :], names))
    if not rows:
        raise _FaultError(Fault(SheetProblem.EMPTY))
    if len(rows) > MOST_ROWS:
        raise _FaultError(Fault(SheetProblem.TOO_MANY, text=str(len(rows))))
    ignored = tuple(t.strip() for t, name in zip(titles, names, strict=True) if not name and t.strip())
    return Sheet(rows, ignored)


def harmless(text: str) -> str:
    """A text as it may be shown and copied into a spreadsheet: never the beginning of a formula."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r"} else text


def _lines(content: bytes) -> list[Line]:
    try:
        return lines_of(content)
    except SheetLinesError as error:
        raise _FaultError(Fault(error.problem, text=error.text)) from error


def _headings(lines: Sequence[Line]) -> tuple[list[str], list[str], int]:
    """The headings, the column that each is, and which line they are: the first one that has all that is needed, else
    the first that has most of it, whose faults are told.
    """
    if not lines:
        raise _FaultError(Fault(SheetProblem.EMPTY))
    found = [[_BY_HEADING.get(_plain(title), "") for title in values] for _, values in lines[:_TITLES]]
    at = max(range(len(found)), key=lambda n: (len({*NEEDED} & {*found[n]}), -n))
    titles = lines[at][1]
    names = _once(found[at])
    _check(names, titles)
    return titles, names, at


def _once(names: list[str]) -> list[str]:
    """Of the headings that a shop system writes for one thing (buyer and recipient, postal code of both) the first."""
    seen: set[str] = set()
    once = []
    for name in names:
        twice = name in seen and name in _REPEATED
        once.append("" if twice else name)
        seen.add(name)
    return once


def _packages(lines: Sequence[Line], names: list[str]) -> Iterator[Line]:
    """Lines that state a package. Shop systems write a line for each product of an order, and fill only the first: one
    that repeats the number of the line before it, and neither has another code nor another carrier, is its package.
    """
    before: dict[str, str] = {}
    for number, values in lines:
        given = {name: _cell(value) for name, value in zip(names, values, strict=False) if name}
        same = before.get("order") and given.get("order") in {before.get("order"), ""}
        if same and all(given.get(name, "") in {"", before.get(name)} for name in ("code", "carrier", "invoice")):
            continue
        before = given
        yield number, values


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
    faults += _key_faults(given.get("key", ""))
    email = given.get("email", "")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        faults.append(Fault(SheetProblem.EMAIL, "email", email))
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
        promised_at=promise(dates["promised"], dates["ordered"]),
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


def _key_faults(key: str) -> list[Fault]:
    problem = problem_in(key) if key else None
    if problem is None:
        return []
    spoilt = problem is KeyProblem.SPREADSHEET
    return [Fault(SheetProblem.KEY_SPOILT if spoilt else SheetProblem.KEY, "key", key)]


def _bill(given: Mapping[str, str], value: int, dates: Mapping[str, datetime | None]) -> Invoice:
    return Invoice(
        number=given.get("invoice", ""),
        value=value,
        issued_at=dates["issued"],
        key=right_key(given.get("key")),
        courier=given.get("carrier", ""),
        tracking_url=given.get("url") or None,
    )


def _cell(text: str) -> str:
    """A cell without what spreadsheets put around numbers that must stay texts: ="00123", '00123."""
    text = _HARD_BLANKS.sub(" ", text).strip().removeprefix("'").strip()
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
