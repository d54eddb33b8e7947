"""In: orders as VTEX shows them; out: our orders, or one typed error."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.vtex.parse import OrderProblemError, parse_order
from tests.connectors.tellings import fixtures, same_as_expected

ORDERS = fixtures("vtex", "orders")
PLAIN = {p.stem: p.read_bytes() for p in ORDERS}


@pytest.mark.parametrize("path", ORDERS, ids=lambda p: p.stem)
def test_an_order_is_read_as_expected(path: Path) -> None:
    text = msgspec.json.format(msgspec.json.encode(parse_order(path.read_bytes())), indent=1).decode()
    same_as_expected(path, text + "\n")


def test_returns_are_no_packages_and_the_slowest_item_is_the_promise() -> None:
    order = parse_order(PLAIN["two_packages_and_a_return"])
    assert [(i.number, i.tracking_code, i.finished) for i in order.invoices] == [
        ("24382", "AA123456785BR", False),
        ("24383", None, True),
    ]
    assert order.promised_at == datetime(2024, 3, 11, 10, 13, 40, 102045, tzinfo=UTC)
    assert order.channel is None
    assert order.marketplace_number is None


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
        b'{"orderId":"1","packageAttachment":{"packages":[{"invoiceValue":1e999}]}}',
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
