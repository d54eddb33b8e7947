"""In: a place as a carrier writes it; out: its coordinates, if they are certain; and the frames of the maps."""

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


class Precision(StrEnum):
    """How exactly a place is known."""

    CITY = "city"
    STATE = "state"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the earth, in degrees. `region`: the state (Brazil) or the country (abroad, ISO alpha-2) it is in."""

    lat: float
    lon: float
    precision: Precision
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
    """A name as look-up key: no accents, capitals, one blank between words ("Santa Bárbara d'Oeste": DOESTE)."""
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text or ""))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", letters.upper()).strip()


@cache
def atlas() -> Atlas:
    """The places file, read once."""
    return read_atlas((_HERE / "places.txt").read_text(encoding="utf-8"))


def read_atlas(text: str) -> Atlas:
    """Lines `country CC lat lon`, `state UF lat lon name`, `cities UF` with `NAME,lat,lon;…`; tabs between."""
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
            code, _, description = rest.partition("\t")
            for each in description.split(";"):
                name, lat, lon = each.split(",")
                cities[code, name] = (int(lat), int(lon))
    return Atlas(cities, states, names, {plain(name): code for code, name in names.items()}, countries)


def locate(place: Place) -> Spot | None:
    """The coordinates of a place. In Brazil of its city, else of the middle of its state; abroad of the middle of its
    country. None if unknown or ambiguous: a city counts only in its own state, and a state without city and country
    does not count (MA is Maranhão, and Massachusetts).
    """
    known = atlas()
    country = (place.country or "").strip().upper()
    if country not in {"", _BRAZIL}:
        return _spot(known.countries.get(country), Precision.COUNTRY, country, country, country)
    state = _state(known, place.state)
    if not state:
        return None
    city = plain(place.city)
    found = known.cities.get((state, city))
    if found is not None:
        return _spot(found, Precision.CITY, _BRAZIL, state, city)
    return _spot(known.states[state], Precision.STATE, _BRAZIL, state, known.state_names[state]) if country else None


def _state(known: Atlas, description: str | None) -> str:
    name = plain(description)
    return name if name in known.states else known.state_codes.get(name, "")


def _spot(at: tuple[int, int] | None, precision: Precision, country: str, region: str, name: str) -> Spot | None:
    if at is None:
        return None
    return Spot(at[0] / _HUNDREDTHS, at[1] / _HUNDREDTHS, precision, country, region, name)


@dataclass(frozen=True, slots=True)
class MapFrame:
    """A base map: a grid of integers, y downwards. `layers`: SVG paths on it, by CSS class."""

    name: str
    width: int
    height: int
    layers: Mapping[str, str]


# The frame of Brazil and its neighbours: equirectangular, longitudes narrowed as at its middle latitude.
BRAZIL_SIZE, _BRAZIL_WEST, _BRAZIL_NORTH = (1600, 1040), -87.5, 7.0
_DEGREE, _NARROWER = 25.0, 0.965
# The frame of the world: Patterson's cylindrical projection (2014), from Franz Josef Land to Cape Horn.
WORLD_SIZE, _WORLD_NORTH = (1000, 450), 1.64
_RADIAN = WORLD_SIZE[0] / math.tau


def on_brazil(lat: float, lon: float) -> tuple[float, float]:
    """A point on the frame of Brazil."""
    return (lon - _BRAZIL_WEST) * _DEGREE * _NARROWER, (_BRAZIL_NORTH - lat) * _DEGREE


def on_world(lat: float, lon: float) -> tuple[float, float]:
    """A point on the frame of the world."""
    phi = math.radians(lat)
    y = 1.0148 * phi + 0.23185 * phi**5 - 0.14499 * phi**7 + 0.02406 * phi**9
    return (math.radians(lon) + math.pi) * _RADIAN, (_WORLD_NORTH - y) * _RADIAN


@cache
def map_frames() -> Mapping[str, MapFrame]:
    """The outlines file, read once: `brazil` and `world`."""
    layers: dict[str, dict[str, str]] = {"brazil": {}, "world": {}}
    for line in (_HERE / "outlines.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            frame, layer, path = line.split("\t")
            layers[frame][layer] = path
    sizes = {"brazil": BRAZIL_SIZE, "world": WORLD_SIZE}
    return {name: MapFrame(name, *sizes[name], layers[name]) for name in layers}
