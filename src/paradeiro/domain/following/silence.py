"""In: event counts per hour of the last weeks; out: whether there are significantly too few, and since when. Pure.

An account's rhythm is its events per active shipment in each of the 168 hours of the week, learnt from its past.
Expected events are the rhythm times the active shipments; the variance is learnt from how its days differ. Hours
without readable answers are ignored.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

HOUR = timedelta(hours=1)
LEARNING_PERIOD = timedelta(weeks=8)
# Checked for silence, and therefore not learnt from.
_CHECKED_PERIOD = timedelta(hours=48)
_WINDOWS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48)
# A week of hours, nearly.
_HOURS_TO_LEARN = 150
_EVENTS_TO_LEARN = 50
# Checked every ten minutes in overlapping windows: less than one false alarm a month.
_MAX_PROBABILITY = 2e-6
# Bounds of the spread of days beyond Poisson (standard deviation as a share of the mean).
_STEADIEST, _WILDEST = 0.3, 0.5
_A_BUSY_DAY = 10.0
_SATURDAY, _SUNDAY, _HOLIDAY = 5, 6, 7
# Silence ends when a third of the expected events of the last hours came.
_BACK_WITHIN, _BACK_SHARE, _BACK_EXPECTED = 3, 1 / 3, 3.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of an account. `at`: its start; `answers`: readable ones; `active`: shipments on their way."""

    at: datetime
    answers: int
    events: int
    active: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Significantly too few events: since when, how many were expected until now, and how many came."""

    since: datetime
    expected: float
    seen: int


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Events per active shipment, by (day type, hour); `spread`: how much days differ."""

    rates: dict[tuple[int, int], float]
    spread: float


Slot = Callable[[datetime], tuple[int, int]]


def slot_function(zone: tzinfo, holidays: Collection[date]) -> Slot:
    """A function from instants to (day of the week, hour) in the carrier's zone; a holiday is a day type of its own."""

    def slot(at: datetime) -> tuple[int, int]:
        local = at.astimezone(zone)
        return (_HOLIDAY if local.date() in holidays else local.weekday(), local.hour)

    return slot


def learn_rhythm(hours: Sequence[Hour], slot: Slot) -> Rhythm | None:
    """The rhythm of past hours; None if there is too little data."""
    useful = [hour for hour in hours if hour.answers and hour.active]
    if len(useful) < _HOURS_TO_LEARN or sum(hour.events for hour in useful) < _EVENTS_TO_LEARN:
        return None
    rates = _slot_rates(useful, slot)
    return Rhythm(rates, _spread(useful, rates, slot))


def _slot_rates(useful: Sequence[Hour], slot: Slot) -> dict[tuple[int, int], float]:
    """Rates per slot, smoothed by all days of the same type with the weight of one week.

    A holiday is expected to be like a Sunday, and nothing is learnt from it: some are working days.
    """
    events: dict[tuple[int, int], float] = defaultdict(float)
    active: dict[tuple[int, int], float] = defaultdict(float)
    alike_events: dict[tuple[int, int], float] = defaultdict(float)
    alike_active: dict[tuple[int, int], float] = defaultdict(float)
    for hour in useful:
        day, clock = slot(hour.at)
        events[day, clock] += hour.events
        active[day, clock] += hour.active
        alike_events[_day_type(day), clock] += hour.events
        alike_active[_day_type(day), clock] += hour.active
    weight = sum(hour.active for hour in useful) / len(useful)
    rates = {}
    for day in range(7):
        for clock in range(24):
            known = alike_active[_day_type(day), clock]
            alike = alike_events[_day_type(day), clock] / known if known else 0.0
            rates[day, clock] = (events[day, clock] + alike * weight) / (active[day, clock] + weight)
    return rates | {(_HOLIDAY, clock): rates[_SUNDAY, clock] for clock in range(24)}


def _day_type(day: int) -> int:
    return day if day in {_SATURDAY, _SUNDAY} else 0


def _spread(useful: Sequence[Hour], rates: dict[tuple[int, int], float], slot: Slot) -> float:
    """How much days differ from their rhythm, beyond Poisson variance."""
    counted: dict[date, float] = defaultdict(float)
    due: dict[date, float] = defaultdict(float)
    for hour in useful:
        if slot(hour.at)[0] != _HOLIDAY:
            counted[hour.at.date()] += hour.events
            due[hour.at.date()] += rates[slot(hour.at)] * hour.active
    busy = [day for day, expected in due.items() if expected >= _A_BUSY_DAY]
    squares = sum(due[day] ** 2 for day in busy)
    beyond = sum((counted[day] - due[day]) ** 2 - due[day] for day in busy)
    spread = math.sqrt(max(beyond / squares, 0.0)) if squares else _WILDEST
    return min(max(spread, _STEADIEST), _WILDEST)


def hours_to_learn_from(hours: Sequence[Hour], now: datetime) -> list[Hour]:
    """The hours to learn from, without those that are checked for silence."""
    return [hour for hour in hours if hour.at < now - _CHECKED_PERIOD]


def detect_silence(rhythm: Rhythm, hours: Sequence[Hour], *, now: datetime, slot: Slot) -> Silence | None:
    """Detect silence within the last two days. `hours`: oldest first, the current one last."""
    recent = [hour for hour in hours if now - _CHECKED_PERIOD <= hour.at <= now and hour.answers and hour.active]
    expected, seen = 0.0, 0
    found: Silence | None = None
    for hour in reversed(recent):
        expected, seen = expected + _expected_events(rhythm, hour, now, slot), seen + hour.events
        window = math.ceil((now - hour.at) / HOUR)
        if window in _WINDOWS and _probability(seen, expected, rhythm.spread) < _MAX_PROBABILITY:
            found = Silence(_silence_start(recent, rhythm, hour.at, now, slot), expected, seen)
    return found


def silence_has_ended(rhythm: Rhythm, hours: Sequence[Hour], *, now: datetime, slot: Slot) -> bool:
    """Whether enough of the events expected in the last hours came."""
    recent = [hour for hour in hours if now - _BACK_WITHIN * HOUR <= hour.at <= now and hour.answers]
    expected = sum(_expected_events(rhythm, hour, now, slot) for hour in recent)
    return expected >= _BACK_EXPECTED and sum(hour.events for hour in recent) >= expected * _BACK_SHARE


def _expected_events(rhythm: Rhythm, hour: Hour, now: datetime, slot: Slot) -> float:
    """The expected events of an hour, in proportion to its elapsed part."""
    gone = min((now - hour.at) / HOUR, 1.0)
    return rhythm.rates[slot(hour.at)] * hour.active * gone


def _silence_start(recent: Sequence[Hour], rhythm: Rhythm, since: datetime, now: datetime, slot: Slot) -> datetime:
    """The end of the last hour in the window with at least half of its expected events, else the window's start."""
    active_hours = [
        h for h in recent if h.at >= since and h.events and h.events >= _expected_events(rhythm, h, now, slot) / 2
    ]
    return active_hours[-1].at + HOUR if active_hours else since


def _probability(seen: int, expected: float, spread: float) -> float:
    """The probability of at most `seen` events where `expected` are due (negative binomial: gamma-Poisson)."""
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
