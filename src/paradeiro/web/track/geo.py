"""In: a place as a carrier writes it; out: where that is, if we know it without guessing; and the sheets of the atlas."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from paradeiro.domain.records import Place

_HERE = Path(__file__).parent
_BRAZIL = "BR"
_APOSTROPHES = re.compile(r"['’`´]")
_NO_WORD = re.compile(r"[^A-Z0-9]+")
_HUNDREDTHS = 100


class Fine(StrEnum):
    """How exactly a place is known."""

    CITY = "city"
    STATE = "state"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the earth, in degrees. `region`: the state (Brazil) or the country (abroad, ISO alpha-2) it is in."""

    lat: float
    lon: float
    fine: Fine
    country: str
    region: str
    name: str  # of the state, with accents; of a city the name as it was looked up; of a country its code


@dataclass(frozen=True, slots=True)
class Atlas:
    """All places that are known. Cities by (state, plain name), states by code, countries by code: hundredths of °."""

    cities: Mapping[tuple[str, str], tuple[int, int]]
    states: Mapping[str, tuple[int, int]]
    state_names: Mapping[str, str]
    state_codes: Mapping[str, str]
    countries: Mapping[str, tuple[int, int]]


def plain(text: str | None) -> str:
    """A name as it is looked up: no accents, capitals, one blank between words ("Santa Bárbara d'Oeste": DOESTE)."""
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text or ""))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", letters.upper()).strip()


@cache
def atlas() -> Atlas:
    """The places file, read once."""
    return read_atlas((_HERE / "places.txt").read_text(encoding="utf-8"))


def read_atlas(text: str) -> Atlas:
    """Lines `country CC lat lon`, `state UF lat lon name`, `cities UF` with `NAME,lat,lon;…` after a tab; # comments."""
    cities: dict[tuple[str, str], tuple[int, int]] = {}
    states: dict[str, tuple[int, int]] = {}
    names: dict[str, str] = {}
    countries: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition("\t")
        if kind == "country":
            code, lat, lon = rest.split("\t")
            countries[code] = (int(lat), int(lon))
        elif kind == "state":
            code, lat, lon, name = rest.split("\t")
            states[code], names[code] = (int(lat), int(lon)), name
        elif kind == "cities":
            code, _, told = rest.partition("\t")
            for each in told.split(";"):
                name, lat, lon = each.split(",")
                cities[code, name] = (int(lat), int(lon))
    return Atlas(cities, states, names, {plain(name): code for code, name in names.items()}, countries)


def locate(place: Place) -> Spot | None:
    """Where a place is. In Brazil its city, else the middle of its state; abroad the middle of its country.

    Never a guess: a city counts only in its own state, and without a country a state alone is none (MA is Maranhão, and
    Massachusetts).
    """
    known = atlas()
    country = (place.country or "").strip().upper()
    if country not in {"", _BRAZIL}:
        return _spot(known.countries.get(country), Fine.COUNTRY, country, country, country)
    state = _state(known, place.state)
    if not state:
        return None
    city = plain(place.city)
    found = known.cities.get((state, city))
    if found is not None:
        return _spot(found, Fine.CITY, _BRAZIL, state, city)
    return _spot(known.states[state], Fine.STATE, _BRAZIL, state, known.state_names[state]) if country else None


def _state(known: Atlas, told: str | None) -> str:
    name = plain(told)
    return name if name in known.states else known.state_codes.get(name, "")


def _spot(at: tuple[int, int] | None, fine: Fine, country: str, region: str, name: str) -> Spot | None:
    if at is None:
        return None
    return Spot(at[0] / _HUNDREDTHS, at[1] / _HUNDREDTHS, fine, country, region, name)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map of the atlas: a grid of whole numbers, y downwards. `layers`: SVG paths on it, by the class they wear."""

    name: str
    width: int
    height: int
    layers: Mapping[str, str]


# The sheet of Brazil: degrees as they are, but for the width of a degree in its middle.
BRAZIL_SIZE, _BRAZIL_WEST, _BRAZIL_NORTH = (1240, 1080), -80.0, 7.5
_BRAZIL_SCALE, _BRAZIL_WIDTH_OF_DEGREE = 25.0, 0.965
# The world: the Natural Earth projection (Šavrič and others, 2011), from Svalbard to Cape Horn.
WORLD_SIZE, _WORLD_MIDDLE, _WORLD_NORTH, _WORLD_SCALE = (1000, 420), 500.0, 1.3, 182.0
_X = (0.870700, -0.131979, 0, -0.013791, 0, 0.003971, -0.001529)  # of powers of the squared latitude
_Y = (1.007226, 0.015085, 0, -0.044475, 0.028874, -0.005916)


def on_brazil(lat: float, lon: float) -> tuple[float, float]:
    """A point on the sheet of Brazil."""
    return (
        (lon - _BRAZIL_WEST) * _BRAZIL_SCALE * _BRAZIL_WIDTH_OF_DEGREE,
        (_BRAZIL_NORTH - lat) * _BRAZIL_SCALE,
    )


def on_world(lat: float, lon: float) -> tuple[float, float]:
    """A point on the sheet of the world."""
    p, l = math.radians(lat), math.radians(lon)  # noqa: E741 - phi and lambda, as the papers write them
    s = p * p
    x = l * (0.8707 + s * (-0.131979 + s * (-0.013791 + s**3 * (0.003971 - 0.001529 * s))))
    y = p * (1.007226 + s * (0.015085 + s**2 * (-0.044475 + s * (0.028874 - 0.005916 * s))))
    return _WORLD_MIDDLE + x * _WORLD_SCALE, (_WORLD_NORTH - y) * _WORLD_SCALE


@cache
def sheets() -> Mapping[str, Sheet]:
    """The outlines file, read once: `brazil` and `world`."""
    layers: dict[str, dict[str, str]] = {"brazil": {}, "world": {}}
    for line in (_HERE / "outlines.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            sheet, layer, path = line.split("\t")
            layers[sheet][layer] = path
    sizes = {"brazil": BRAZIL_SIZE, "world": WORLD_SIZE}
    return {name: Sheet(name, *sizes[name], layers[name]) for name in layers}
