"""A carrier is told as the party's table has it; one of no entry as another; one that nobody named not at all."""

import pytest

from paradeiro.domain.carriers import (
    Carried,
    CarrierEntry,
    CarrierTable,
    OtherCarrier,
    ToldCarrier,
    carrier_of_code,
    told_carrier,
)

TABLE = CarrierTable(
    (
        CarrierEntry("correios", code="Correios"),
        CarrierEntry("correios", "sedex", "Correios SEDEX", "SEDEX"),
        CarrierEntry("jad log", code="JADLOG", name="Jadlog Logística"),
    ),
    OtherCarrier("Other"),
)


@pytest.mark.parametrize(
    ("carried", "told"),
    [
        (Carried("correios", "PAC"), ToldCarrier("PAC", "Correios")),
        (Carried("correios", "Sedex 10"), ToldCarrier("SEDEX", "Correios SEDEX")),
        (Carried("", "JAD  LOG"), ToldCarrier("Jadlog Logística", "JADLOG")),
        (Carried("loggi", "Loggi"), ToldCarrier("Loggi", "Other", listed=False)),
        (Carried(), ToldCarrier()),
    ],
)
def test_by_the_table(carried: Carried, told: ToldCarrier) -> None:
    assert told_carrier(TABLE, carried) == told


def test_without_a_table_any_name_is_told() -> None:
    assert told_carrier(CarrierTable(), Carried("loggi", "Loggi")) == ToldCarrier("Loggi")
    strict = CarrierTable((CarrierEntry("correios", code="C"),))
    assert told_carrier(strict, Carried("loggi", "Loggi")) == ToldCarrier("Loggi", listed=False)


@pytest.mark.parametrize(
    ("code", "carrier"),
    [("AA123456785BR", "correios"), ("AA123456784BR", ""), ("AA123456785US", ""), ("JD0001", ""), ("", "")],
)
def test_a_code_names_its_carrier_by_its_form_only(code: str, carrier: str) -> None:
    assert carrier_of_code(code) == carrier
