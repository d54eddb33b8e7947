"""In: pushes from VTEX and forged ones; out: the order to read, or nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.vtex.push import SECRET_HEADER, read_push
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

SETTINGS = {HOOK_SECRET: "secret"}
TOLD = {"Domain": "Fulfillment", "OrderId": "v1-01", "State": "invoiced", "LastChange": "2026-11-02T12:00:00Z"}


def read(told: Any, secret: str = "secret") -> PushRead:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return read_push(Push({SECRET_HEADER: secret}, body), SETTINGS)


def test_a_push_names_its_order() -> None:
    assert read(TOLD).outcome is Outcome.FOUND
    assert read(TOLD).about == ("v1-01",)


def test_two_are_the_same_by_order_state_and_change_alone() -> None:
    same = read(TOLD | {"CurrentChange": "later", "LastState": "invoice"})
    assert same.identity == read(TOLD).identity
    for name in ("OrderId", "State", "LastChange"):
        assert read(TOLD | {name: "other"}).identity != read(TOLD).identity
    assert read(TOLD | {"State": None}).outcome is Outcome.FOUND


@pytest.mark.parametrize("secret", ["", "another", "secret ", "segredo é"])
def test_without_the_secret_it_is_refused(secret: str) -> None:
    assert read(TOLD, secret).outcome is Outcome.AUTH_FAILED
    assert read(TOLD, secret).about == ()


def test_the_ping_needs_no_secret_and_names_nothing() -> None:
    assert read({"hookConfig": "ping"}, "").outcome is Outcome.NOT_FOUND
    assert read({"hookConfig": "ping", "OrderId": "v1-01"}, "").outcome is Outcome.AUTH_FAILED


@pytest.mark.parametrize("order", [None, "", " ", 7, ["v1-01"], "x" * 101, "a\x00b"])
def test_what_names_no_order_is_kept_and_asks_nothing(order: object) -> None:
    assert read(TOLD | {"OrderId": order}).outcome is Outcome.MALFORMED


@given(st.binary(max_size=60))
def test_any_bytes_are_read(body: bytes) -> None:
    assert read(body).outcome in {Outcome.MALFORMED, Outcome.FOUND, Outcome.NOT_FOUND}
