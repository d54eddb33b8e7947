"""A stopped simulator continues from its saved state; a file of an earlier version is ignored."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from paradeiro.simulator.__main__ import _load, _save
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.mailboxes import Mail
from paradeiro.simulator.parties import make_simulator
from paradeiro.simulator.scenario.scenario import Scenario
from paradeiro.simulator.server import serving

START = datetime(2026, 10, 5, 6, tzinfo=UTC)


async def test_a_simulator_continues_from_its_saved_state(tmp_path: Path) -> None:
    simulator = make_simulator(Scenario(20, 6, 7, START).ground_truth(), SimulatorClock(START, 3600, datetime.now(UTC)))
    async with serving(simulator):
        simulator.mail.mails.append(Mail(0, START, ("ana@example.com",), b"Subject: x\r\n\r\ny"))
        simulator.clock.set(START + timedelta(days=2))
        _save(simulator, tmp_path / "state")
        stood = simulator.clock()
        urls = dict(simulator.urls)
    again = _load(tmp_path / "state", 60)
    assert again is not None
    assert timedelta(0) <= again.clock() - (START + timedelta(days=2)) < stood - START
    assert again.clock.speed == 60
    assert [mail.to for mail in again.mail.mails] == [("ana@example.com",)]
    assert [p.code for p in again.ground_truth.packages] == [p.code for p in simulator.ground_truth.packages]
    assert again.post.clock is again.clock
    async with serving(again):
        assert again.urls == urls, "its accounts find it where it was"


def test_the_state_of_another_version_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"\x80\x05cparadeiro.world.nowhere\nThing\n.")
    assert _load(tmp_path / "state", 60) is None
    (tmp_path / "state").write_bytes(b"")
    assert _load(tmp_path / "state", 60) is None
    assert _load(tmp_path / "none", 60) is None
