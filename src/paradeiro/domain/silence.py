"""In: how many events came in each hour of the last weeks; out: whether it is too quiet to be chance, and since when.

Events come by the hour of the week: an account's rhythm is its events per shipment on its way in each of the 168 hours,
learnt from its own past. What should have come by now is that rhythm times the shipments there are; how far below it
chance may fall is learnt from how its days differ. Hours in which nothing could be asked say nothing.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

HOUR = timedelta(hours=1)
REMEMBERED = timedelta(weeks=8)
# Looked at for silence, and therefore not learnt from.
_LATELY = timedelta(hours=48)
_WINDOWS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48)
# A week of hours, nearly.
_HOURS_TO_LEARN = 150
_EVENTS_TO_LEARN = 50
# Looked at every ten minutes in windows that mostly overlap: this makes less than one false alarm a month.
_BY_CHANCE = 2e-6
# How much days differ beyond pure chance (the standard deviation as a share of the mean): at least and at most.
_STEADIEST, _WILDEST = 0.3, 0.5
_A_BUSY_DAY = 10.0
_SATURDAY, _SUNDAY, _HOLIDAY = 5, 6, 7
# News is back when a third of what should come within a few hours has come.
_BACK_WITHIN, _BACK_SHARE, _BACK_EXPECTED = 3, 1 / 3, 3.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of an account. `at` is its beginning; `answers` that could be read; `active` shipments on their way."""

    at: datetime
    answers: int
    events: int
    active: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Too little news to be by chance: since when, how many events should have come until now, and how many came."""

    since: datetime
    expected: float
    seen: int


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Events per active shipment, by (day of the week, hour); `spread`: how much its days differ."""

    rates: dict[tuple[int, int], float]
    spread: float


Slot = Callable[[datetime], tuple[int, int]]


def slots(zone: tzinfo, holidays: Collection[date]) -> Slot:
    """The hour of the week of an instant, as people at the carrier live it; a holiday is a day of its own sort."""

    def slot(at: datetime) -> tuple[int, int]:
        local = at.astimezone(zone)
        return (_HOLIDAY if local.date() in holidays else local.weekday(), local.hour)

    return slot


def learn(hours: Sequence[Hour], slot: Slot) -> Rhythm | None:
    """The rhythm of past hours; None while too little is known."""
    useful = [hour for hour in hours if hour.answers and hour.active]
    if len(useful) < _HOURS_TO_LEARN or sum(hour.events for hour in useful) < _EVENTS_TO_LEARN:
        return None
    rates = _rates(useful, slot)
    return Rhythm(rates, _spread(useful, rates, slot))


def _rates(useful: Sequence[Hour], slot: Slot) -> dict[tuple[int, int], float]:
    """Each slot's own past, with one week's weight of all days of its sort: working days are much alike.

    A holiday is expected to be as quiet as a Sunday, and nothing is learnt from it: on some of them people work.
    """
    events: dict[tuple[int, int], float] = defaultdict(float)
    active: dict[tuple[int, int], float] = defaultdict(float)
    alike_events: dict[tuple[int, int], float] = defaultdict(float)
    alike_active: dict[tuple[int, int], float] = defaultdict(float)
    for hour in useful:
        day, clock = slot(hour.at)
        events[day, clock] += hour.events
        active[day, clock] += hour.active
        alike_events[_sort(day), clock] += hour.events
        alike_active[_sort(day), clock] += hour.active
    weight = sum(hour.active for hour in useful) / len(useful)
    rates = {}
    for day in range(7):
        for clock in range(24):
            known = alike_active[_sort(day), clock]
            alike = alike_events[_sort(day), clock] / known if known else 0.0
            rates[day, clock] = (events[day, clock] + alike * weight) / (active[day, clock] + weight)
    return rates | {(_HOLIDAY, clock): rates[_SUNDAY, clock] for clock in range(24)}


def _sort(day: int) -> int:
    return day if day in {_SATURDAY, _SUNDAY} else 0


def _spread(useful: Sequence[Hour], rates: dict[tuple[int, int], float], slot: Slot) -> float:
    """How much days differ from their rhythm, beyond what counting alone explains."""
    came: dict[date, float] = defaultdict(float)
    due: dict[date, float] = defaultdict(float)
    for hour in useful:
        if slot(hour.at)[0] != _HOLIDAY:
            came[hour.at.date()] += hour.events
            due[hour.at.date()] += rates[slot(hour.at)] * hour.active
    busy = [day for day, expected in due.items() if expected >= _A_BUSY_DAY]
    squares = sum(due[day] ** 2 for day in busy)
    beyond = sum((came[day] - due[day]) ** 2 - due[day] for day in busy)
    spread = math.sqrt(max(beyond / squares, 0.0)) if squares else _WILDEST
    return min(max(spread, _STEADIEST), _WILDEST)


def settled(hours: Sequence[Hour], now: datetime) -> list[Hour]:
    """The hours that a rhythm is learnt from: what is being looked at for silence is not among them."""
    return [hour for hour in hours if hour.at < now - _LATELY]


def listen(rhythm: Rhythm, hours: Sequence[Hour], *, now: datetime, slot: Slot) -> Silence | None:
    """Whether the last two days hold too little news to be by chance. `hours` oldest first, the running one last."""
    lately = [hour for hour in hours if now - _LATELY <= hour.at <= now and hour.answers and hour.active]
    expected, seen = 0.0, 0
    found: Silence | None = None
    for hour in reversed(lately):
        expected, seen = expected + _due(rhythm, hour, now, slot), seen + hour.events
        window = math.ceil((now - hour.at) / HOUR)
        if window in _WINDOWS and _chance(seen, expected, rhythm.spread) < _BY_CHANCE:
            found = Silence(_begins(lately, rhythm, hour.at, now, slot), expected, seen)
    return found


def over(rhythm: Rhythm, hours: Sequence[Hour], *, now: datetime, slot: Slot) -> bool:
    """Whether news is back: of what should have come within the last hours, enough came."""
    lately = [hour for hour in hours if now - _BACK_WITHIN * HOUR <= hour.at <= now and hour.answers]
    expected = sum(_due(rhythm, hour, now, slot) for hour in lately)
    return expected >= _BACK_EXPECTED and sum(hour.events for hour in lately) >= expected * _BACK_SHARE


def _due(rhythm: Rhythm, hour: Hour, now: datetime, slot: Slot) -> float:
    """How many events should have come in an hour, as far as it has gone."""
    gone = min((now - hour.at) / HOUR, 1.0)
    return rhythm.rates[slot(hour.at)] * hour.active * gone


def _begins(lately: Sequence[Hour], rhythm: Rhythm, since: datetime, now: datetime, slot: Slot) -> datetime:
    """The end of the last hour within the window in which news still came as it should, else the window's beginning."""
    spoke = [h for h in lately if h.at >= since and h.events and h.events >= _due(rhythm, h, now, slot) / 2]
    return spoke[-1].at + HOUR if spoke else since


def _chance(seen: int, expected: float, spread: float) -> float:
    """The chance of at most `seen` events where `expected` are due: a Poisson whose mean itself varies (gamma)."""
    if seen >= expected:
        return 1.0
    shape = 1 / spread**2
    share = expected / (expected + shape)
    term = (1 - share) ** shape
    total: float = term
    for count in range(seen):
        term *= (count + shape) / (count + 1) * share
        total += term
    return total
