"""In: snapshots of every status and age; out: the invariants of the next check."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.schedule import GIVE_UP_AFTER, next_check
from paradeiro.domain.records import Snapshot
from paradeiro.domain.words import Outcome, Status
from tests.domain.makers import NOW, snapshots

ZONE = ZoneInfo("America/Sao_Paulo")
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
codes = st.text("ABC0123456789", min_size=1, max_size=13)


def ask(snapshot: Snapshot, now: datetime = NOW, code: str = "AA123456785BR", **more: object) -> datetime | None:
    registered = now - timedelta(days=1)
    return next_check(snapshot, now=now, registered_at=registered, zone=ZONE, tracking_code=code, **more)  # type: ignore[arg-type] # by name


@given(snapshots(), moments, codes, st.sampled_from(list(Outcome)), st.integers(0, 10_000))
def test_always_later_than_now(s: Snapshot, now: datetime, code: str, outcome: Outcome, failures: int) -> None:
    due = ask(s, now, code, outcome=outcome, failures=failures)
    assert due is None or now < due <= now + timedelta(days=8)


@given(snapshots(), moments, codes, st.sampled_from([Outcome.FOUND, Outcome.NOT_FOUND]))
def test_an_unchanged_shipment_is_not_due_at_once(s: Snapshot, now: datetime, code: str, outcome: Outcome) -> None:
    due = ask(s, now, code, outcome=outcome)
    assert due is None or due >= now + timedelta(minutes=10)


@given(snapshots(), codes, st.sampled_from([Outcome.RETRY, Outcome.AUTH_FAILED]), st.integers(0, 10_000))
def test_an_outage_never_lets_a_shipment_rest(s: Snapshot, code: str, outcome: Outcome, failures: int) -> None:
    due = ask(s, code=code, outcome=outcome, failures=failures)
    assert due is not None
    assert timedelta(minutes=1) <= due - NOW <= timedelta(hours=1)


def test_backoff_grows() -> None:
    waits = [(ask(Snapshot(), outcome=Outcome.RETRY, failures=n) or NOW) - NOW for n in range(8)]
    assert waits == sorted(waits)
    assert waits[0] < waits[3] < waits[-1]


@pytest.mark.parametrize("status", [s for s in Status if not s.final])
def test_it_rests_only_after_half_a_year_of_silence(status: Status) -> None:
    silent = Snapshot(status, news_at=NOW - GIVE_UP_AFTER + timedelta(hours=1))
    assert ask(silent) is not None
    assert ask(Snapshot(status, news_at=NOW - GIVE_UP_AFTER - timedelta(hours=1))) is None


@pytest.mark.parametrize("status", [s for s in Status if s.final])
def test_an_end_is_confirmed_a_few_times_and_then_rests(status: Status) -> None:
    ended = NOW - timedelta(minutes=1)
    now, asked = NOW, 0
    while (due := ask(Snapshot(status, since=ended, news_at=ended), now)) is not None:
        now, asked = due, asked + 1
    assert 2 <= asked <= 6
    assert now - ended <= timedelta(days=8)


@given(codes, st.integers(0, 23))
def test_out_for_delivery_is_asked_often_and_only_by_day(code: str, hour: int) -> None:
    now = datetime(2026, 3, 10, hour, 5, tzinfo=ZONE)
    due = ask(Snapshot(Status.OUT_FOR_DELIVERY, news_at=now - timedelta(hours=1)), now, code)
    assert due is not None
    assert 7 <= due.astimezone(ZONE).hour < 21
    if 8 <= hour < 20:
        assert due - now <= timedelta(minutes=30)


@given(codes)
def test_news_long_ago_is_asked_less_often(code: str) -> None:
    fresh = ask(Snapshot(Status.IN_TRANSIT, news_at=NOW - timedelta(hours=2)), code=code)
    stale = ask(Snapshot(Status.IN_TRANSIT, news_at=NOW - timedelta(days=20)), code=code)
    assert fresh is not None
    assert stale is not None
    assert fresh < stale <= NOW + timedelta(hours=27)


def test_shipments_registered_together_are_not_asked_together() -> None:
    due = {ask(Snapshot(Status.IN_TRANSIT, news_at=NOW), code=f"AA{n:09}BR") for n in range(50)}
    assert len(due) == 50


@pytest.mark.parametrize("hours", [6, 24, 72, 168])
def test_an_end_that_was_learnt_late_is_not_asked_at_once(hours: int) -> None:
    ended = NOW - timedelta(hours=hours, minutes=-1)
    due = ask(Snapshot(Status.DELIVERED, since=ended, delivered_at=ended, news_at=ended))
    assert due is None or due >= NOW + timedelta(minutes=10)


def test_an_end_dated_in_the_future_is_asked_all_the_same() -> None:
    due = ask(Snapshot(Status.RETURNED, since=NOW + timedelta(days=3000)))
    assert due is not None
    assert due <= NOW + timedelta(days=7)
