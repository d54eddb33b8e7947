"""A carrier is sent as the party's table names it; without an entry as other; an unknown one not at all."""

import pytest

from paradeiro.domain.outbox.carrier_tables import (
    CarrierEntry,
    CarrierTable,
    CarrierToMap,
    MappedCarrier,
    OtherCarrier,
    carrier_of_code,
    map_carrier,
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
        (CarrierToMap("correios", "PAC"), MappedCarrier("PAC", "Correios")),
        (CarrierToMap("correios", "Sedex 10"), MappedCarrier("SEDEX", "Correios SEDEX")),
        (CarrierToMap("", "JAD  LOG"), MappedCarrier("Jadlog Logística", "JADLOG")),
        (CarrierToMap("loggi", "Loggi"), MappedCarrier("Loggi", "Other", listed=False)),
        (CarrierToMap(), MappedCarrier()),
    ],
)
def test_by_the_table(carried: CarrierToMap, told: MappedCarrier) -> None:
    assert map_carrier(TABLE, carried) == told


def test_without_a_table_any_name_is_reported() -> None:
    assert map_carrier(CarrierTable(), CarrierToMap("loggi", "Loggi")) == MappedCarrier("Loggi")
    strict = CarrierTable((CarrierEntry("correios", code="C"),))
    assert map_carrier(strict, CarrierToMap("loggi", "Loggi")) == MappedCarrier("Loggi", listed=False)


@pytest.mark.parametrize(
    ("code", "carrier"),
    [("AA123456785BR", "correios"), ("AA123456784BR", ""), ("AA123456785US", ""), ("JD0001", ""), ("", "")],
)
def test_a_code_names_its_carrier_by_its_form_only(code: str, carrier: str) -> None:
    assert carrier_of_code(code) == carrier
