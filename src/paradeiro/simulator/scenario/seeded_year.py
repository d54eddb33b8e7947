"""In: a seed and packages a day; out: a year of one account by the hour: new events that polling would have found."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from paradeiro.simulator.scenario.journeys import ZONE, journey

_HOUR = timedelta(hours=1)
_SATURDAY = 5
# Shops pack little at weekends.
_RESTS_AT_WEEKENDS = 0.7
# Polling every hour and a half finds an event up to that much later.
_LEARNT_WITHIN_MINUTES = 90
_NEVER_POSTED_DAYS = 10


@dataclass(frozen=True, slots=True)
class SeenHour:
    """One hour: its beginning, new events, packages under way."""

    at: datetime
    events: int
    active: int


def simulate_year(
    seed: int, packages_a_day: float, *, days: int = 365, start: datetime | None = None
) -> Iterator[SeenHour]:
    """Always the same for the same values. During the first weeks the number of packages still grows."""
    chance = Random(seed)
    start = start or datetime(2026, 1, 1, 3, tzinfo=UTC)
    events: Counter[datetime] = Counter()
    steps: Counter[datetime] = Counter()
    for _ in range(int(packages_a_day * days)):
        invoiced = start + timedelta(days=chance.uniform(0, days))
        if invoiced.astimezone(ZONE).weekday() >= _SATURDAY and chance.random() < _RESTS_AT_WEEKENDS:
            continue
        _, happenings = journey(chance, invoiced)
        for happening in happenings:
            events[_hour(happening.visible_at + timedelta(minutes=chance.uniform(0, _LEARNT_WITHIN_MINUTES)))] += 1
        ended = happenings[-1].visible_at if happenings else invoiced + timedelta(days=_NEVER_POSTED_DAYS)
        steps[_hour(invoiced)] += 1
        steps[_hour(ended)] -= 1
    active = 0
    for hour in range(days * 24):
        at = start + hour * _HOUR
        active += steps[at]
        yield SeenHour(at, events[at], active)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
