"""Tables as spreadsheets save them: parsed, or refused with the fault if ambiguous."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.orders.order_tables import MOST_ROWS, OrderTable, TableFault, TableRow, escape_formula, read_table
from paradeiro.domain.words import TableProblem as Problem

ZONE = ZoneInfo("America/Sao_Paulo")
HEAD = "Nº do Pedido;Transportadora;Código de Rastreio;Nota Fiscal;Valor;Cliente;E-mail;Data do Pedido;Prazo\r\n"
LINE = '1001;Correios;AA123456785BR;NF-1;"1.234,56";José Ação;jose@example.com;23/11/2026 14:20;30/11/2026\r\n'


def read(text: str | bytes) -> OrderTable:
    return read_table(text.encode() if isinstance(text, str) else text, ZONE)


def one(text: str | bytes) -> TableRow:
    sheet = read(text)
    assert sheet.fault is None, sheet.fault
    assert len(sheet.rows) == 1
    return sheet.rows[0]


def cell(heading: str, text: str) -> TableRow:
    return one(f"pedido;transportadora;codigo;{heading}\n1;correios;AA1;{text}\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_brazilian_table_in_any_encoding(encoding: str) -> None:
    row = one((HEAD + LINE).encode(encoding))
    assert row.faults == ()
    assert (row.order.number, row.carrier, row.code) == ("1001", "Correios", "AA123456785BR")
    assert row.order.customer.name == "José Ação"
    assert row.invoice.number == "NF-1"
    assert row.invoice.value == 123456
    assert row.order.ordered_at == datetime(2026, 11, 23, 17, 20, tzinfo=UTC)
    assert row.order.promised_at == datetime(2026, 12, 1, 2, 59, 59, tzinfo=UTC), "a promised day lasts to its end"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_an_english_table_with_any_separator(separator: str) -> None:
    table = "order number,carrier,tracking code,name,promised_at\n7,correios,AA1,Ana,2026-11-30\n"
    row = one(table.replace(",", separator))
    assert (row.order.number, row.code, row.order.customer.name) == ("7", "AA1", "Ana")
    assert row.faults == ()


def test_excels_own_line_names_the_separator() -> None:
    row = one("sep=;\r\npedido;transportadora;codigo;cliente\r\n1;correios;AA1;Souza, Ana\r\n")
    assert row.order.customer.name == "Souza, Ana"
    assert row.number == 3


def test_a_line_break_inside_quotes_does_not_end_the_line() -> None:
    table = 'pedido,transportadora,codigo,cliente\n1,correios,AA1,"Ana\n""Nina"" Souza"\n\n2,correios,AA2,Bia\n'
    rows = read(table).rows
    assert [row.order.customer.name for row in rows] == ['Ana "Nina" Souza', "Bia"]
    assert [row.number for row in rows] == [2, 5], "as a text editor counts"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1.234,56", 123456),
        ("R$ 1.234,56", 123456),
        ("1234,5", 123450),
        ("1234.56", 123456),
        ("1,234.56", 123456),
        ("1234", 123400),
        ("0,01", 1),
        ("", 0),
    ],
)
def test_amounts(text: str, cents: int) -> None:
    row = cell("valor", text)
    assert row.faults == ()
    assert row.invoice.value == cents


@pytest.mark.parametrize("text", ["1.234", "1,234", "12,345,6", "-5", "1e3", "cinco", "1.23,45", "٣"])
def test_an_amount_that_can_be_read_in_two_ways_is_not_guessed(text: str) -> None:
    assert cell("valor", text).faults == (TableFault(Problem.AMOUNT, "value", text),)


@pytest.mark.parametrize("text", ["31/02/2026", "11/23/2026", "23/11/26", "amanhã", "23/11/2026 25:00"])
def test_what_is_no_date_is_said(text: str) -> None:
    assert cell("data", text).faults == (TableFault(Problem.DATE, "ordered", text),)


def test_a_date_keeps_its_own_offset() -> None:
    ordered = cell("data", "2026-11-23T14:20:00+01:00").order.ordered_at
    assert ordered is not None
    assert ordered.utcoffset() == timedelta(hours=1)


def test_each_fault_of_a_line_is_reported_and_spoils_no_other() -> None:
    table = "pedido;transportadora;codigo;e-mail;cliente\n"
    table += ";correios;;ana;x\n2;correios;AA2;a@b.co;y\n3;correios;AA3;;;;mais\n"
    first, second, third = read(table).rows
    assert [f.problem for f in first.faults] == [Problem.MISSING, Problem.MISSING, Problem.EMAIL]
    assert second.faults == ()
    assert [f.problem for f in third.faults] == [Problem.TOO_WIDE]
    long = cell("cliente", "x" * 201)
    assert long.faults == (TableFault(Problem.TOO_LONG, "name", "200"),)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", TableFault(Problem.EMPTY)),
        (b"pedido;transportadora;codigo\n", TableFault(Problem.EMPTY)),
        (b"pedido;codigo\n1;AA1\n", TableFault(Problem.NO_COLUMN, "carrier")),
        (b"pedido;order;transportadora;codigo\n", TableFault(Problem.COLUMN_TWICE, "order", "pedido")),
        (b"pedido;transportadora;codigo\n1;correios;AA1\x00\n", TableFault(Problem.ENCODING)),
        (b"pedido;transportadora;codigo\n1;correios;\x81\n", TableFault(Problem.ENCODING)),
        (b'pedido;transportadora;codigo\n1;correios;AA1\n2;"correios;AA2\n', TableFault(Problem.QUOTES, text="3")),
        (b"%PDF-1.7 \xff\xfe", TableFault(Problem.NO_COLUMN, "order")),
    ],
)
def test_what_is_no_such_table_is_said(content: bytes, fault: TableFault) -> None:
    assert read(content) == OrderTable(fault=fault)


def test_ten_thousand_lines_and_no_more() -> None:
    head, lines = "pedido;transportadora;codigo\n", [f"1;correios;AA{n}\n" for n in range(MOST_ROWS + 1)]
    assert len(read(head + "".join(lines[:-1])).rows) == MOST_ROWS
    assert read(head + "".join(lines)).fault == TableFault(Problem.TOO_MANY, text="10001")


def test_headings_that_nobody_knows_are_named() -> None:
    assert read("pedido;transportadora;codigo;cor\n1;correios;AA1;azul\n").ignored == ("cor",)


def test_a_code_that_a_spreadsheet_keeps_as_text() -> None:
    assert one('pedido,transportadora,codigo\n1,correios,"=""00123"""\n').code == "00123"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\rx"])
def test_a_formula_is_shown_as_text(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


def test_other_texts_are_shown_as_they_are() -> None:
    assert [escape_formula(text) for text in ("AA1", "", "a=b")] == ["AA1", "", "a=b"]


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    read(content)
    read(HEAD.encode() + content)
