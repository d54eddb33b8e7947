"""In: tables as shops save them (the folder `tables`), invoice keys (`invoice-keys`); out: expected values, by name."""

import io
import json
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from paradeiro.db.operations.audit import Actor
from paradeiro.domain.customers.postal_codes import tidy_postal_code
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.orders.invoice_keys import (
    KeyProblem,
    check_digit,
    key_problem,
    text_key_problem,
    tidy_key,
    valid_key,
)
from paradeiro.domain.orders.order_tables import OrderTable, read_table
from paradeiro.domain.words import TableProblem
from paradeiro.flow.orders import table_import
from tests.flow.conftest import Shop, shop

__all__ = ["shop"]
HERE = Path(__file__).parent
ZONE = ZoneInfo("America/Sao_Paulo")
KEYS = json.loads((HERE / "invoice-keys" / "keys.json").read_text(encoding="utf-8"))


def table(name: str) -> OrderTable:
    return read_table((HERE / "tables" / f"{name}.csv").read_bytes(), ZONE)


@pytest.mark.parametrize("entry", KEYS, ids=lambda e: f"{e['key'][:20]} {e.get('why', '')}")
def test_keys(entry: dict[str, object]) -> None:
    text = str(entry["key"])
    assert (text_key_problem(text) is None) is entry["right"]
    if entry["right"]:
        assert valid_key(text) == entry.get("as", text)
    else:
        assert valid_key(text) is None


def test_a_tax_number_may_have_letters_and_each_part_of_a_key_is_looked_at() -> None:
    body = "352611" + "12ABC34501DE35" + "55" + "001" + "000000123" + "1" + "00000123"
    key = f"{body}{check_digit(body)}"
    assert (len(key), key_problem(key)) == (44, None)
    assert tidy_key(key.lower()) == key
    right = KEYS[0]["key"]
    for at, spoilt, problem in (
        (slice(0, 2), "10", KeyProblem.STATE),
        (slice(4, 6), "13", KeyProblem.MONTH),
        (slice(20, 22), "01", KeyProblem.MODEL),
        (slice(0, 1), "X", KeyProblem.FORM),
    ):
        chars = list(right)
        chars[at] = spoilt
        assert key_problem("".join(chars)) is problem
    assert text_key_problem("3.52611E+43") is KeyProblem.SPREADSHEET


def test_key_in_scientific_notation() -> None:
    (row,) = table("key-in-scientific-notation").rows
    assert [(f.problem, f.text) for f in row.faults] == [(TableProblem.KEY_SPOILT, "3,52611E+43")]


def test_postal_code_lost_its_zero() -> None:
    (row,) = table("postal-code-lost-its-zero").rows
    assert (row.order.customer.postal_code, row.faults) == ("01310100", ())
    assert [tidy_postal_code(t) for t in ("01310-100", "1310-100", "SW1A 1AA", "10115")] == [
        "01310-100",
        "01310100",
        "SW1A 1AA",
        "10115",
    ]


def test_amount_with_hard_blank() -> None:
    (row,) = table("amount-with-hard-blank").rows
    assert (row.invoice.value, row.faults) == (12000, ())


def test_code_with_apostrophe() -> None:
    (row,) = table("code-with-apostrophe").rows
    assert row.code == "QZ610000063BR"
    assert tidy_code("'ＱＺ６１００００６３ＢＲ") == "QZ61000063BR"


def test_title_above_the_headings() -> None:
    (row,) = table("title-above-the-headings").rows
    assert (row.number, row.order.number, row.invoice.value) == (4, "2009", 10000)


def test_nuvemshop_export() -> None:
    sheet = table("nuvemshop-export")
    assert sheet.fault is None
    (row,) = sheet.rows
    assert (row.order.number, row.carrier, row.faults) == ("2010", row.carrier, ())
    assert tidy_code(row.code).endswith("BR")
    assert row.order.customer.postal_code == "02840130"
    assert row.order.customer.name


@pytest.mark.parametrize("name", ["pass-windows-1252", "pass-utf-16"])
def test_encodings(name: str) -> None:
    (row,) = table(name).rows
    assert row.faults == ()


async def test_carrier_by_its_service(shop: Shop) -> None:
    from paradeiro.connectors import discover

    shop.context.connectors["correios"] = discover()["correios"]  # type: ignore[index]
    sheet = await table_import.check_table(
        shop.context, shop.store_id, (HERE / "tables" / "carrier-by-its-service.csv").read_bytes()
    )
    assert [(row.order.number, row.faults) for row in sheet.rows] == [("2004", ()), ("2005", ()), ("2006", ())]


LINES = "Pedido|Transportadora|Código de rastreio|Valor\n1|Correios|AA1|10,00\n2|Correios|AA2|20,00\n"


def test_a_bar_divides_too() -> None:
    assert [(r.order.number, r.invoice.value) for r in read_table(LINES.encode(), ZONE).rows] == [
        ("1", 1000),
        ("2", 2000),
    ]


def test_products_of_one_order_are_one_package_and_another_code_is_another() -> None:
    text = "Pedido;Transportadora;Código de rastreio\n1;Correios;AA1\n1;;\n1;Correios;AA1\n"
    text += "1;Correios;AA2\n2;Correios;AA3\n"
    assert [(r.order.number, r.code) for r in read_table(text.encode(), ZONE).rows] == [
        ("1", "AA1"),
        ("1", "AA2"),
        ("2", "AA3"),
    ]


def workbook(rows: list[list[str | int]], *, size: int = 0) -> bytes:
    """A small XLSX file, as the format's standard has it (ECMA-376)."""

    def cell(value: str | int) -> str:
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Target="xl/workbook.xml" '
        f'Type="{rel}/officeDocument"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}">'
        '<sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Target="worksheets/sheet1.xml" Type="{rel}/worksheet"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
        if size:
            file.writestr("xl/media/bomb", b"\0" * size)
    return packed.getvalue()


HEADINGS: list[str | int] = ["Pedido", "Transportadora", "Código de rastreio", "CEP"]


def test_a_workbook_is_read_as_it_is_shown() -> None:
    sheet = read_table(workbook([["Envios"], HEADINGS, [2001, "Correios", "QZ610000001BR", 1310100]]), ZONE)
    (row,) = sheet.rows
    assert (row.number, row.order.number, row.code) == (3, "2001", "QZ610000001BR")
    assert row.order.customer.postal_code == "01310100"


def test_what_is_no_workbook_or_too_large_is_refused() -> None:
    spoilt = read_table(b"PK\x03\x04 and nothing", ZONE)
    assert spoilt.fault is not None
    assert spoilt.fault.problem is TableProblem.ENCODING


def sheet_of(cells: str) -> bytes:
    """A workbook whose first sheet is this XML."""
    made = io.BytesIO(workbook([HEADINGS]))
    with zipfile.ZipFile(made) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    whole = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = whole.replace("</sheetData>", f"{cells}</sheetData>").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        workbook([HEADINGS], size=65 * 1024 * 1024),
        sheet_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        sheet_of('<row r="4"><c r="XFD4"><v>1</v></c></row>'),
        workbook([HEADINGS])[:200],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
    ids=["bomb", "far row", "far column", "cut", "old Excel"],
)
def test_a_workbook_that_claims_too_much_is_refused(content: bytes) -> None:
    fault = read_table(content, ZONE).fault
    assert fault is not None
    assert fault.problem is TableProblem.ENCODING


def test_a_key_that_became_a_number_in_a_workbook_is_reported() -> None:
    row: list[str | int] = [1, "Correios", "QZ610000001BR", 10**43]
    (line,) = read_table(workbook([["Pedido", "Transportadora", "Código de rastreio", "Chave"], row]), ZONE).rows
    assert [fault.problem for fault in line.faults] == [TableProblem.KEY_SPOILT]


async def test_two_codes_in_a_cell(shop: Shop) -> None:
    from paradeiro.connectors import discover

    shop.context.connectors["correios"] = discover()["correios"]  # type: ignore[index]
    content = (HERE / "tables" / "two-codes-in-a-cell.csv").read_bytes()
    (row,) = (await table_import.check_table(shop.context, shop.store_id, content)).rows
    assert row.faults == ()
    taken = await table_import.import_table(shop.context, shop.store_id, content, Actor("op", "page"))
    assert taken.refused == ()
    async with shop.context.pool.connection() as connection:
        found = await (
            await connection.execute("SELECT tracking_code, invoice_number FROM shipment ORDER BY 1")
        ).fetchall()
    assert found == [("QZ610000077BR", "1"), ("QZ610000085BR", "1")]
