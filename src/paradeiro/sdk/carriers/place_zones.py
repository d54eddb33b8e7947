"""In: a carrier's local time and the place where it happened; out: the instant, and whether its zone had to be assumed.

Carriers abroad write the wall clock of the place, often without an offset. Where a country (or its state) has one clock
at that moment, the instant is certain. Data: the tz database's own list of zones by country (`zone.tab`, public
domain, in the package `tzdata`), and a table of the states of five large countries.
"""

import csv
import re
import unicodedata
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from paradeiro.domain.bounds import in_bounds
from paradeiro.domain.records import Place

# Where the first zone of the list is not that of most people.
_MAIN = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
}
_NAMESAKES = frozenset({"US", "CA"})
_NOT_A_LETTER = re.compile(r"[^a-z]+")


def instant_at(text: str, place: Place, carrier: ZoneInfo) -> tuple[datetime, bool] | None:
    """The instant of an ISO 8601 time, which its own offset decides, else its place (`at_place`). None if it is none,
    or cannot be converted to other zones.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not in_bounds(at if at.tzinfo else at.replace(tzinfo=UTC)):
        return None
    return (at, False) if at.tzinfo else at_place(at, place, carrier)


def at_place(local: datetime, place: Place, carrier: ZoneInfo) -> tuple[datetime, bool]:
    """The instant of a wall clock (naive) at a place. True: its zone is assumed, since the place is unknown or has
    several clocks, or since the hour occurs twice (the end of daylight saving). `carrier`: the zone of last resort.
    """
    zones = zones_of(place)
    if not zones:
        return local.replace(tzinfo=carrier), True
    chosen = carrier if carrier in zones else zones[0]
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for zone in zones for fold in (0, 1)}
    return local.replace(tzinfo=chosen), len(instants) > 1


def zones_of(place: Place) -> tuple[ZoneInfo, ...]:
    """The zones that a place may lie in, the likeliest first; empty if its country is unknown."""
    country, state = (place.country or "").strip().upper(), (place.state or "").strip().upper()
    return _zones(country, state, _normalise(place.city or ""))


@lru_cache(maxsize=4096)
def _zones(country: str, state: str, city: str) -> tuple[ZoneInfo, ...]:
    by_country = _zones_by_country().get(country, ())
    named = tuple(name for name in by_country if city and _normalise(name.rpartition("/")[2]) == city)
    states = state_zones().get(country, {})
    by_state = states.get(state, ())
    # Where many towns have one name, a town decides only within its state.
    names = (
        named
        if named and (not (state or country in _NAMESAKES) or set(named) <= set(by_state))
        else by_state or by_country
    )
    return tuple(ZoneInfo(name) for name in names)


@cache
def state_zones() -> dict[str, dict[str, tuple[str, ...]]]:
    """The names of the zones of each state, by country and by the postal code that carriers write."""
    table = resources.files(__package__).joinpath("state_zones.csv").read_text(encoding="utf-8")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in csv.DictReader(table.splitlines()):
        of_country = found.setdefault(row["country"], {})
        of_country.update(dict.fromkeys(row["states"].split(), tuple(row["zones"].split())))
    return found


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """The names of the zones of each country (ISO 3166-1 alpha-2), the main one first."""
    found: dict[str, list[str]] = {}
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found.setdefault(country, []).append(name)
    return {
        country: tuple(sorted(names, key=lambda name: name != _MAIN.get(country, names[0])))
        for country, names in found.items()
    }


def _normalise(name: str) -> str:
    """A town's name for comparison: without case, accents, blanks and underscores."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return _NOT_A_LETTER.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
