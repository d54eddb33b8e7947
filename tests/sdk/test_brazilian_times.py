"""Times as Brazilian carriers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from paradeiro.sdk.carriers.brazilian_times import EventTime, read_estimate, read_event_time

_BRASILIA = timezone(timedelta(hours=-3))


@pytest.mark.parametrize(
    ("written", "at", "assumed", "day_only"),
    [
        ("2026-11-20 14:05:09", datetime(2026, 11, 20, 14, 5, 9, tzinfo=_BRASILIA), True, False),
        (" 2026-11-20T14:05:09.7 ", datetime(2026, 11, 20, 14, 5, 9, tzinfo=_BRASILIA), True, False),
        ("2026-11-20T14:05:09.123456Z", datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC), False, False),
        ("2026-11-20T14:05:09-04:00", datetime(2026, 11, 20, 18, 5, 9, tzinfo=UTC), False, False),
        ("20/11/2026 14:05", datetime(2026, 11, 20, 14, 5, tzinfo=_BRASILIA), True, False),
        ("05/06/2026 14:05:09", datetime(2026, 6, 5, 14, 5, 9, tzinfo=_BRASILIA), True, False),
        ("20/11/2026", datetime(2026, 11, 20, 12, tzinfo=_BRASILIA), True, True),
        ("2026-11-20", datetime(2026, 11, 20, 12, tzinfo=_BRASILIA), True, True),
        ("2026-11-20 00:00:00", datetime(2026, 11, 20, tzinfo=_BRASILIA), True, False),
        # Daylight saving time, which Brazil had until 2019.
        ("2018-01-20 14:05", datetime(2018, 1, 20, 16, 5, tzinfo=UTC), True, False),
    ],
)
def test_an_instant_of_an_event(written: str, at: datetime, assumed: bool, day_only: bool) -> None:
    assert read_event_time(written, day_first="/" in written) == EventTime(at, assumed, day_only)


@pytest.mark.parametrize(
    "written",
    [
        None,
        7,
        "",
        "13/32/2026",
        "2026-11-20 24:30",
        "11-20-2026",
        "20/11/26",
        "amanhã",
        "0001-01-01",
        "9999-12-31",
        "{}",
    ],
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert read_event_time(written, day_first=True) is None
    assert read_estimate(written, day_first=True) is None


def test_the_day_comes_first_only_where_that_is_known() -> None:
    assert read_event_time("11/03/2026 14:55") is None
    assert read_estimate("11/03/2026") is None


def test_an_estimate_of_a_day_lasts_to_its_end() -> None:
    end = datetime(2026, 11, 20, 23, 59, 59, tzinfo=_BRASILIA)
    assert [
        read_estimate(written, day_first=True) for written in ("20/11/2026", "2026-11-20", "2026-11-20T00:00:00")
    ] == [end] * 3
    assert read_estimate("2026-11-20T18:00:00Z") == datetime(2026, 11, 20, 18, tzinfo=UTC)
