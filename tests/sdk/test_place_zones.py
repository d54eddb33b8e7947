"""In: wall clocks with places; out: instants, and whether the zone was assumed."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from paradeiro.domain.records import NOWHERE, Place
from paradeiro.sdk.carriers.place_zones import at_place, instant_at, state_zones, zones_of

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 7, 14, 12, 0)


@pytest.mark.parametrize(
    ("city", "state", "country", "hours", "assumed"),
    [
        ("AMSTERDAM", None, "NL", 2.0, False),
        ("BERLIN", None, "de", 2.0, False),  # Büsingen has the same clock
        ("BUENOS AIRES", None, "AR", -3.0, False),  # twelve zones, one clock
        ("MUMBAI", None, "IN", 5.5, False),
        ("SHANGHAI", None, "CN", 8.0, False),
        ("SHENZHEN", None, "CN", 8.0, True),  # Xinjiang may keep another
        ("MADRID", None, "ES", 2.0, False),
        ("BILBAO", None, "ES", 2.0, True),  # not the Canaries, but the table does not know
        ("KAZAN", None, "RU", 3.0, True),
        ("YEKATERINBURG", None, "RU", 5.0, False),
        ("MEMPHIS", "TN", "US", -5.0, True),
        ("LOS ANGELES", "CA", "US", -7.0, False),
        ("PHOENIX", "AZ", "US", -7.0, False),
        ("TUCSON", "AZ", "US", -7.0, True),
        ("DENVER", None, "US", -4.0, True),  # there are several
        ("Toronto", "ON", "CA", -4.0, False),
        ("MISSISSAUGA", "ON", "CA", -4.0, True),
        ("CALGARY", "AB", "CA", -6.0, False),
        ("GUADALAJARA", "JAL", "MX", -6.0, False),
        ("TIJUANA", "BC", "MX", -7.0, False),
        ("MANAUS", "AM", "BR", -4.0, False),
        ("SAO PAULO", "SP", "BR", -3.0, False),
        ("PERTH", "WA", "AU", 8.0, False),
        ("PERTH", None, "AU", 8.0, False),
        ("HOBART", "WA", "AU", 8.0, True),
        ("BRISBANE", "QLD", "AU", 10.0, False),
        (None, None, "XX", 2.0, True),
        ("PARIS", None, None, 2.0, True),
    ],
)
def test_the_clock_of_a_place(
    city: str | None, state: str | None, country: str | None, hours: float, *, assumed: bool
) -> None:
    at, guessed = at_place(NOON, Place(city, state, country), BERLIN)
    assert (at.utcoffset().total_seconds() / 3600, guessed) == (hours, assumed)  # type: ignore[union-attr] # aware
    assert at.replace(tzinfo=None) == NOON


def test_the_carriers_zone_is_preferred_where_the_place_does_not_decide() -> None:
    chicago = ZoneInfo("America/Chicago")
    assert at_place(NOON, Place("X", None, "US"), chicago) == (NOON.replace(tzinfo=chicago), True)
    assert at_place(NOON, NOWHERE, chicago) == (NOON.replace(tzinfo=chicago), True)


def test_an_hour_that_occurs_twice_is_assumed() -> None:
    twice, once = datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 3, 30)
    amsterdam = Place("AMSTERDAM", None, "NL")
    assert [at_place(at, amsterdam, BERLIN)[1] for at in (twice, once)] == [True, False]


def test_a_written_offset_decides() -> None:
    place = Place("TOKYO", None, "JP")
    at = instant_at("2026-07-14T12:00:00-04:00", place, BERLIN)
    assert at is not None
    assert (at[0].isoformat(), at[1]) == ("2026-07-14T12:00:00-04:00", False)
    local = instant_at("2026-07-14T12:00:00", place, BERLIN)
    assert local is not None
    assert (local[0].isoformat(), local[1]) == ("2026-07-14T12:00:00+09:00", False)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-45T99:99", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"])
def test_what_is_no_instant(text: str) -> None:
    assert instant_at(text, NOWHERE, BERLIN) is None


def test_every_zone_of_the_states_exists_in_its_country() -> None:
    named = {name for states in state_zones().values() for zones in states.values() for name in zones}
    assert named <= available_timezones()
    for country, states in state_zones().items():
        in_country = {zone.key for zone in zones_of(Place(country=country))}
        shared = {"America/Puerto_Rico", "Pacific/Guam", "Pacific/Pago_Pago"}  # of territories with codes of their own
        assert {name for zones in states.values() for name in zones} - shared <= in_country
    assert len(state_zones()["BR"]) == 27
    assert len(set(state_zones()["US"])) == 56


def test_zones_are_looked_up_once() -> None:
    assert zones_of(Place("A", "NY", "US")) is zones_of(Place("A", "NY", "US"))
