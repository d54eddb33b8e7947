"""The silence watch on the simulator's seeded year: hardly a false alarm, and a real silence is found within hours."""

from collections.abc import Sequence
from datetime import datetime, time
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import holidays
import pytest

from paradeiro.domain.following.silence import (
    HOUR,
    LEARNING_PERIOD,
    Hour,
    Rhythm,
    detect_silence,
    hours_to_learn_from,
    learn_rhythm,
    silence_has_ended,
    slot_function,
)
from paradeiro.simulator.scenario.seeded_year import simulate_year

ZONE = ZoneInfo("America/Sao_Paulo")
HOLIDAYS = frozenset(holidays.country_holidays("BR", years=[2026, 2027], categories=("public", "optional")))
SLOT = slot_function(ZONE, HOLIDAYS)
_REMEMBERED_HOURS = int(LEARNING_PERIOD / HOUR)
_DAY, _LOOKED_AT = 24, 60


@cache
def _year(packages_a_day: float) -> list[Hour]:
    return [Hour(h.at, answers=1, events=h.events, active=h.active) for h in simulate_year(20261123, packages_a_day)]


def _learnt(hours: Sequence[Hour], end: int, now: datetime) -> Rhythm | None:
    return learn_rhythm(hours_to_learn_from(hours[max(0, end - _REMEMBERED_HOURS) : end], now), SLOT)


def _alarms(hours: list[Hour]) -> list[datetime]:
    """Instants of false alarms. The watch learns every day and checks every hour."""
    told: list[datetime] = []
    silent, rhythm = False, None
    for end in range(_DAY, len(hours)):
        now = hours[end].at + HOUR
        lately = hours[max(0, end - _LOOKED_AT) : end + 1]
        if end % _DAY == 0 or rhythm is None:
            rhythm = _learnt(hours, end, now)
        if rhythm is None:
            continue
        if silent:
            silent = not silence_has_ended(rhythm, lately, now=now, slot=SLOT)
        elif detect_silence(rhythm, lately, now=now, slot=SLOT) is not None:
            silent = True
            told.append(now)
    return told


def _heard_after(hours: list[Hour], begins: int) -> int:
    """Working hours from the beginning of a complete silence until it is noticed."""
    worked = 0
    past = hours[max(0, begins - _REMEMBERED_HOURS) : begins]
    for hour in hours[begins:]:
        past.append(Hour(hour.at, 1, 0, hour.active))
        now = hour.at + HOUR
        worked += _works(hour.at)
        rhythm = _learnt(past, len(past), now)
        assert rhythm is not None
        if detect_silence(rhythm, past[-_LOOKED_AT:], now=now, slot=SLOT) is not None:
            return worked
    raise AssertionError("never noticed")


def _works(at: datetime) -> bool:
    local = at.astimezone(ZONE)
    return local.weekday() < 5 and time(8) <= local.time() < time(18) and local.date() not in HOLIDAYS


@pytest.mark.parametrize("packages_a_day", [10, 267])
def test_a_year_without_a_silence_has_at_most_one_false_alarm_a_month(packages_a_day: float) -> None:
    assert len(_alarms(_year(packages_a_day))) <= 3, "twelve are allowed; there is none on this seed"


def test_a_complete_silence_is_noticed_within_two_working_hours_at_a_thousand_active_shipments() -> None:
    hours = _year(267)
    middle = hours[60 * _DAY : -20 * _DAY]
    assert 900 < sum(h.active for h in middle) / len(middle) < 1100, "an account with 1,000 active shipments"
    chance = Random(1)
    begins = [chance.randrange(60 * _DAY, len(hours) - 20 * _DAY) for _ in range(25)]
    assert max(_heard_after(hours, at) for at in begins) <= 2


def test_a_small_shop_gets_a_notice_within_two_working_days() -> None:
    hours = _year(10)
    chance = Random(2)
    begins = [chance.randrange(60 * _DAY, len(hours) - 20 * _DAY) for _ in range(25)]
    assert max(_heard_after(hours, at) for at in begins) <= 20


def test_hours_without_polling_are_no_silence() -> None:
    hours = _year(267)[: 100 * _DAY]
    asked = hours[:-_DAY] + [Hour(h.at, answers=0, events=0, active=h.active) for h in hours[-_DAY:]]
    now = hours[-1].at + HOUR
    rhythm = _learnt(asked, len(asked), now)
    assert rhythm is not None
    assert detect_silence(rhythm, asked[-_LOOKED_AT:], now=now, slot=SLOT) is None
