"""Which proofs give access to an order."""

import pytest

from paradeiro.domain.customers.order_lookup import plain_code, plain_number, proves_identity
from paradeiro.domain.records import Customer

ANA = Customer("Ana", "Ana@example.com", postal_code="01001000")


@pytest.mark.parametrize("typed", ["ana@example.com", " ANA@EXAMPLE.COM ", "01001-000", "01001 000", "01001000"])
def test_the_right_thing_however_it_is_typed(typed: str) -> None:
    assert proves_identity(typed, ANA)


@pytest.mark.parametrize("typed", ["", " ", "ana", "example.com", "0100100", "01001-001", "@", "\udcff", "0" * 9999])
def test_anything_else_is_wrong(typed: str) -> None:
    assert not proves_identity(typed, ANA)


def test_what_is_not_known_cannot_be_guessed() -> None:
    nobody = Customer()
    for typed in ("", " ", "-", "@", "None"):
        assert not proves_identity(typed, nobody)
    assert not proves_identity("123", Customer(postal_code="123")), "too short to be a secret"
    assert not proves_identity("", Customer(email="", postal_code=""))
    assert proves_identity("b@example.com", ANA, addresses=("b@example.com",))
    assert not proves_identity("", ANA, addresses=("",))


def test_codes_and_numbers_as_they_are_compared() -> None:
    assert plain_code("sw1a 1aa") == "SW1A1AA"
    assert [plain_number(text) for text in (" #1001 ", "1001", "# 1001")] == ["1001"] * 3
