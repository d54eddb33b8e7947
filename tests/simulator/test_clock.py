"""In: a clock set by hand or with a speed; out: the simulated time, never past the real one."""

from datetime import UTC, datetime, timedelta

from paradeiro.simulator.clock import SimulatorClock

AT = datetime(2026, 10, 5, 6, tzinfo=UTC)


def test_stands_until_moved_by_hand() -> None:
    clock = SimulatorClock(AT)
    assert clock() == AT
    clock.set(AT + timedelta(days=1))
    assert clock() == AT + timedelta(days=1)


def test_runs_faster_and_another_process_can_compute_the_same_time() -> None:
    began = datetime.now(UTC) - timedelta(seconds=10)
    clock = SimulatorClock(datetime(2020, 1, 1, tzinfo=UTC), speed=360, began=began)
    told = clock.described()
    now = clock()
    elsewhere = SimulatorClock(
        datetime.fromisoformat(str(told["epoch"])), float(told["speed"]), datetime.fromisoformat(str(told["began"]))
    )
    assert timedelta(0) <= elsewhere() - now < timedelta(minutes=10)
    assert now - datetime(2020, 1, 1, tzinfo=UTC) >= timedelta(hours=1)


def test_never_runs_past_the_real_time() -> None:
    clock = SimulatorClock(datetime.now(UTC), speed=1000, began=datetime.now(UTC) - timedelta(hours=1))
    assert clock() <= datetime.now(UTC)
