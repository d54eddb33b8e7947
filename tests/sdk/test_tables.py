"""In: codes, names and numbers as carriers and shops write them; out: what they mean."""

import re

import pytest

from paradeiro.domain.words import Reason, Status
from paradeiro.sdk.tables.codes import NOTHING, read_codes
from paradeiro.sdk.tables.names import form_problem, is_named, plain_words

SERVICES = re.compile(r"ground|air")
NAMES = ("ups", "united parcel service")


def test_a_table_has_statuses_and_reasons() -> None:
    table = read_codes("paradeiro.connectors.usps")
    assert table["01"] == (Status.DELIVERED, None)
    assert table["56"] == (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)
    assert table["DX"] == NOTHING


def test_words_are_plain() -> None:
    assert plain_words("Correios – SÃO Paulo (2ª)") == ["correios", "sao", "paulo", "2a"]


@pytest.mark.parametrize(
    ("courier", "known"),
    [
        ("UPS", True),
        ("Ups Ground", True),
        ("United Parcel Service Air", True),
        ("UPS - United Parcel Service", True),
        ("Ground", False),
        ("USPS", False),
        ("UPS by Frenet", False),
        ("parcel service united", False),
        ("", False),
    ],
)
def test_a_name_with_services_only(courier: str, *, known: bool) -> None:
    assert is_named(courier, NAMES, SERVICES) is known


def test_a_code_that_is_not_the_carriers_is_a_soft_problem() -> None:
    assert form_problem("986578788855", "fedex", "twelve digits") is None
    wrong = form_problem("996578788855", "fedex", "twelve digits")
    assert wrong is not None
    assert (wrong.hard, "twelve digits" in wrong.message) == (False, True)
    none = form_problem("", "fedex", "twelve digits")
    assert none is not None
    assert none.hard
