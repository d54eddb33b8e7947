"""In: orders as VTEX shows them; out: our orders, or one typed error."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.vtex.parse import OrderProblemError, mark_shipped_by_channel, parse_order
from paradeiro.domain.bounds import bounded_order
from tests.connectors.tellings import assert_as_expected, fixtures

ORDERS = fixtures("vtex", "orders")
PLAIN = {p.stem: p.read_bytes() for p in ORDERS}


@pytest.mark.parametrize("path", ORDERS, ids=lambda p: p.stem)
def test_an_order_is_read_as_expected(path: Path) -> None:
    text = msgspec.json.format(msgspec.json.encode(parse_order(path.read_bytes())), indent=1).decode()
    assert_as_expected(path, text + "\n")


def test_returns_are_no_packages_and_the_slowest_item_is_the_promise() -> None:
    order = parse_order(PLAIN["two_packages_and_a_return"])
    assert [(i.number, i.tracking_code, i.finished) for i in order.invoices] == [
        ("24382", "AA123456785BR", False),
        ("24383", None, True),
    ]
    assert order.promised_at == datetime(2024, 3, 11, 10, 13, 40, 102045, tzinfo=UTC)
    assert order.channel is None
    assert order.marketplace_number is None


def test_lines_carry_the_order_s_own_ids_and_a_package_names_those_it_carries() -> None:
    read = json.loads(PLAIN["two_packages_and_a_return"])
    for n, item in enumerate(read["items"]):
        item |= {"uniqueId": f"LINE{n}", "quantity": 3, "price": 100}
    order = parse_order(json.dumps(read).encode())
    assert [(i.line, i.quantity, i.price) for i in order.items] == [
        (f"LINE{n}", 3, 100) for n in range(len(read["items"]))
    ]
    package = read["packageAttachment"]["packages"][0]["items"]
    assert [(i.line, i.quantity) for i in order.invoices[0].items] == [
        (f"LINE{p['itemIndex']}", p["quantity"]) for p in package
    ]


@pytest.mark.parametrize(
    ("sla", "company", "theirs"),
    [
        ("vtex:fob_1111", "vtex:fob_1111", True),
        ("VTEX:FOB_1", None, True),
        ("Normal", "vtex:fob_2", True),
        ("Normal", "Transportadora", False),
        (None, None, False),
        ("fob", "my vtex:fob_1", False),
    ],
)
def test_an_order_says_itself_that_its_marketplace_ships(sla: str | None, company: str | None, theirs: bool) -> None:
    read = json.loads(PLAIN["two_packages_and_a_return"]) | {"affiliateId": "MLB", "origin": "Fulfillment"}
    lines = read["shippingData"]["logisticsInfo"]
    for info in lines:
        info |= {"selectedSla": sla, "deliveryCompany": company}
    assert parse_order(json.dumps(read).encode()).shipped_by == ("channel MLB" if theirs else "")
    lines.append({"itemIndex": 9, "selectedSla": "PAC", "deliveryCompany": "Correios"})
    assert parse_order(json.dumps(read).encode()).shipped_by == "", "a part of it is the store's to ship"


def test_every_cut_of_an_answer_is_the_typed_error() -> None:
    whole = json.dumps(json.loads(PLAIN["two_packages_and_a_return"])).encode()
    for end in range(len(whole)):
        with pytest.raises(OrderProblemError):
            parse_order(whole[:end])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"<html></html>",
        b'{"orderId":""}',
        b'{"orderId":7}',
        b'{"orderId":"1","creationDate":"yesterday"}',
        b'{"orderId":"1\\u00002"}',
        b'{"orderId":"1\\r\\n2"}',
        b'{"orderId":"1","items":' + b"[" * 100_000,
        b'{"orderId":"\xff"}',
    ],
)
def test_what_is_no_order_is_the_typed_error(body: bytes) -> None:
    with pytest.raises(OrderProblemError):
        parse_order(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_order_or_the_typed_error(body: bytes) -> None:
    with contextlib.suppress(OrderProblemError):
        parse_order(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(json.loads(PLAIN["two_packages_and_a_return"]))), JSON)
def test_any_value_in_any_field_is_an_order_or_the_typed_error(field: str, value: object) -> None:
    body = json.dumps(json.loads(PLAIN["two_packages_and_a_return"]) | {field: value}).encode()
    with contextlib.suppress(OrderProblemError):
        parse_order(body)


def _changed(**more: object) -> bytes:
    return json.dumps(json.loads(PLAIN["two_packages_and_a_return"]) | more).encode()


@pytest.mark.parametrize(
    ("origin", "sellers", "shipped_by"),
    [
        ("Marketplace", [{"id": "1", "name": "Loja"}], ""),
        ("Marketplace", [{"id": "casa", "name": "Casa & Cia"}], "seller Casa & Cia"),
        ("Marketplace", [{"id": "casa", "name": None}], "seller casa"),
        ("Marketplace", [{"id": "casa"}, {"id": 1}], ""),
        ("Marketplace", [], ""),
        ("Marketplace", None, ""),
        ("Fulfillment", [{"id": "casa", "name": "Casa"}], ""),
    ],
)
def test_whose_order_it_is(origin: str, sellers: object, shipped_by: str) -> None:
    assert parse_order(_changed(origin=origin, sellers=sellers)).shipped_by == shipped_by


def test_a_channel_that_ships_by_itself_is_named_by_the_account() -> None:
    order = parse_order(_changed(affiliateId="MLB", marketplaceOrderId="7"))
    assert mark_shipped_by_channel(order, frozenset()).shipped_by == ""
    assert mark_shipped_by_channel(order, frozenset({"MLB"})).shipped_by == "channel MLB"
    assert mark_shipped_by_channel(parse_order(_changed()), frozenset({"MLB"})).shipped_by == ""


@pytest.mark.parametrize(
    ("channels", "package", "fetched"),
    [
        (["pickup-in-point"], {}, True),
        (["delivery"], {}, False),
        ([None], {}, False),
        (["pickup-in-point"], {"courier": "PAC Correios"}, False),
        (["pickup-in-point"], {"trackingNumber": "AA123456785BR"}, False),
        (["pickup-in-point", "delivery"], {"items": [{"itemIndex": 0}, {"itemIndex": 1}]}, False),
        (["pickup-in-point"], {"items": []}, False),
    ],
)
def test_what_the_customer_fetches_at_the_store_gets_no_code(
    channels: list[str | None], package: dict[str, object], fetched: bool
) -> None:
    logistics = [{"itemIndex": i, "deliveryChannel": c} for i, c in enumerate(channels)]
    mine = {"invoiceNumber": "1", "type": "Output", "items": [{"itemIndex": 0}], **package}
    body = _changed(shippingData={"logisticsInfo": logistics}, packageAttachment={"packages": [mine]})
    assert [i.fetched for i in parse_order(body).invoices] == [fetched]


@pytest.mark.parametrize(
    "change",
    [
        {"clientProfileData": {"firstName": "Ana\x00", "email": "a@example.com"}},
        {"clientProfileData": {"firstName": "Ana\ud83d", "email": "a@example.com"}},
        {"clientProfileData": {"firstName": "Ana", "email": "a\x00@example.com"}},
        {"clientProfileData": {"firstName": "A" * 10**6, "email": "a@example.com"}},
        {"creationDate": "9999-12-31T23:59:59-03:00"},
        {"creationDate": "0001-01-01T00:00:00"},
        {"creationDate": "31/12/9999"},
        {"shippingData": {"logisticsInfo": [{"shippingEstimateDate": "9999-12-31T23:59:59.9999999-12:00"}]}},
        *(
            {"packageAttachment": {"packages": [{"invoiceNumber": "NF-1"} | package]}}
            for package in (
                {"invoiceNumber": "NF\x00"},
                {"courier": "Correios\x00"},
                {"trackingUrl": "https://example.com/\x00"},
                {"invoiceValue": 10**30},
                {"invoiceValue": "many"},
                {"invoiceValue": float("inf")},
                {"issuanceDate": "9999-12-31T23:59:59-03:00"},
                {"items": [{"itemIndex": 0, "quantity": 10**30, "price": "x"}]},
            )
        ),
    ],
)
def test_one_odd_value_leaves_an_order_that_can_be_kept(change: dict[str, object]) -> None:
    order = parse_order(json.dumps({"orderId": "1"} | change).encode())
    assert order == bounded_order(order)
    assert order.number == "1"
    assert {order.ordered_at, order.promised_at} == {None}
    assert all(i.value == 0 and i.issued_at is None and i.tracking_url is None for i in order.invoices)
    assert not any(odd in repr(order) for odd in (r"\x00", r"\ud83d"))
