"""In: any seed and posting time; out: journeys that are possible at Correios."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.simulator.scenario.ground_truth import Package, true_status
from paradeiro.simulator.scenario.journeys import KINDS, ZONE, journey, next_working_instant

FAR = datetime(2030, 1, 1, tzinfo=UTC)
ENDS = {"returned": "returned", "pickup_expired": "returned", "never_posted": "registered", "damaged": None}

seeds = st.integers(0, 2**32)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
kinds = st.sampled_from(sorted(KINDS))


@given(seeds, moments, kinds)
def test_time_goes_forward_and_nothing_shows_before_it_happens(seed: int, posted: datetime, kind: str) -> None:
    _, told = journey(Random(seed), posted, kind)
    assert [h.happened_at for h in told] == sorted(h.happened_at for h in told)
    assert all(timedelta(0) < h.visible_at - h.happened_at <= timedelta(hours=6) for h in told)
    assert all(h.happened_at.tzinfo is not None for h in told)


@given(seeds, moments, kinds)
def test_begins_with_label_or_posting(seed: int, posted: datetime, kind: str) -> None:
    _, told = journey(Random(seed), posted, kind)
    if kind == "never_posted":
        assert told == []
        return
    first = [h.code for h in told[:2]]
    assert first[0] in {"PO/01", "PO/09"} or (first[0] == "FC/82" and first[1] in {"PO/01", "PO/09"})
    assert sum(h.says == "accepted" for h in told) == 1


@given(seeds, moments, kinds)
def test_ends_as_its_kind_says(seed: int, posted: datetime, kind: str) -> None:
    _, told = journey(Random(seed), posted, kind)
    end = true_status(Package("X", "O", "N", kind, told, posted), FAR).status
    expected = ENDS.get(kind, "delivered")
    assert end == expected if expected else end in {"delivered", "returned"}


@given(seeds, moments, kinds)
def test_nobody_delivers_on_a_sunday_or_without_going_out(seed: int, posted: datetime, kind: str) -> None:
    _, told = journey(Random(seed), posted, kind)
    for index, happening in enumerate(told):
        if happening.code.startswith(("OEC", "BDE/01", "LDI")):
            assert happening.happened_at.astimezone(ZONE).weekday() != 6
        if happening.code == "BDE/01":
            assert "OEC/01" in {h.code for h in told[:index]}


@given(seeds, moments)
def test_a_returning_package_says_so_on_its_whole_way_back(seed: int, posted: datetime) -> None:
    _, told = journey(Random(seed), posted, "returned")
    turned = next(i for i, h in enumerate(told) if h.says == "returning")
    assert {h.says for h in told[turned:]} == {"returning", "returned"}
    assert [h.code for h in told[turned + 1 :]] == ["RO/01", "RO/01", "OEC/09", "BDE/23"]


@given(moments)
def test_posts_open_next_in_working_hours(at: datetime) -> None:
    opened = next_working_instant(at)
    assert at <= opened < at + timedelta(days=6), "a holiday before or after a weekend"
    assert opened.weekday() != 6
    assert time(8) <= opened.time() < (time(12) if opened.weekday() == 5 else time(18))


def test_posts_are_closed_on_holidays() -> None:
    christmas_eve = datetime(2026, 12, 24, 22, tzinfo=UTC)
    assert next_working_instant(christmas_eve).date() == date(2026, 12, 26)


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("attempt_failed", ["OEC/01", "BDE/20", "OEC/01", "BDE/01"]),
        ("pickup", ["LDI/01", "BDI/01"]),
        ("withdrawn", ["BDE/01", "EST/01", "OEC/01", "BDE/01"]),
        ("corrected", ["BDE/01", "BDR/20", "OEC/01", "BDE/01"]),
        ("found_again", ["BDE/50", "EST/02", "OEC/01", "BDE/01"]),
        ("delayed", ["BDE/09", "RO/01", "OEC/01", "BDE/01"]),
        ("pickup_expired", ["LDI/01", "BDE/26", "RO/01", "RO/01", "OEC/09", "BDE/23"]),
    ],
)
def test_kinds_end_in_these_steps(kind: str, codes: list[str]) -> None:
    _, told = journey(Random(1), datetime(2026, 10, 5, 12, tzinfo=UTC), kind)
    assert [h.code for h in told][-len(codes) :] == codes


def test_pickup_names_its_last_day() -> None:
    _, told = journey(Random(1), datetime(2026, 10, 5, 12, tzinfo=UTC), "pickup")
    waits = next(h for h in told if h.code == "LDI/01")
    assert waits.deadline == f"{waits.happened_at.astimezone(ZONE) + timedelta(days=7):%Y-%m-%d}"


def test_three_events_in_one_second() -> None:
    _, told = journey(Random(1), datetime(2026, 10, 5, 12, tzinfo=UTC), "same_second")
    assert len({h.happened_at for h in told[-3:]}) == 1


def test_some_events_show_in_another_order_than_they_happened() -> None:
    journeys = [journey(Random(seed), datetime(2026, 10, 5, 12, tzinfo=UTC), "delivered")[1] for seed in range(60)]
    assert any([h.visible_at for h in told] != sorted(h.visible_at for h in told) for told in journeys)
