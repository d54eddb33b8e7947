"""A customer's name as a pattern, and by its first letters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.customers.personal_data import any_name_pattern, full_name_pattern, masked
from paradeiro.domain.records import Customer

ANA = Customer("Ana de Souza (Filha)", "ana.souza+x@example.com")


def test_the_whole_name_and_the_address_are_found_in_any_letters() -> None:
    pattern = full_name_pattern(ANA)
    assert pattern
    for text in ("para ANA DE SOUZA (FILHA).", "<Ana.Souza+X@example.com>"):
        assert re.search(pattern, text, re.IGNORECASE)
    for text in ("Souza", "Mariana de Souza (Filha)", "xana.souza+x@example.com"):
        assert not re.search(pattern, text, re.IGNORECASE)


def test_parts_are_found_as_words() -> None:
    pattern = any_name_pattern(ANA)
    assert pattern
    assert re.sub(pattern, "…", "souza disse que Ana saiu de Santana", flags=re.IGNORECASE) == (
        "… disse que … saiu de Santana"
    )


def test_an_unknown_customer_has_no_pattern() -> None:
    assert full_name_pattern(Customer()) is None
    assert any_name_pattern(Customer(" ", "")) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana Souza", "A••• S•••"),
        ("ana@example.com", "a•••@e•••.com"),
        ("Jean-Luc d'Ávila", "J••• d•••"),
        ("@", "•••@•••"),
        ("", ""),
    ],
)
def test_only_first_letters_are_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text(), st.text())
def test_whatever_the_name_is(name: str, email: str) -> None:
    masked(name)
    for pattern in (full_name_pattern(Customer(name, email)), any_name_pattern(Customer(name, email))):
        if pattern is not None:
            re.compile(pattern)
