"""A world that was stopped: it goes on from where it stood, with all that it was told; a file of old is none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from paradeiro.world.__main__ import _remembered, _save
from paradeiro.world.clock import WorldClock
from paradeiro.world.mail import Mail
from paradeiro.world.parties import make_world
from paradeiro.world.scenario import Scenario
from paradeiro.world.server import serving

START = datetime(2026, 10, 5, 6, tzinfo=UTC)


async def test_a_world_goes_on_from_where_it_stood(tmp_path: Path) -> None:
    world = make_world(Scenario(20, 6, 7, START).truth(), WorldClock(START, 3600, datetime.now(UTC)))
    async with serving(world):
        world.mail.mails.append(Mail(0, START, ("ana@example.com",), b"Subject: x\r\n\r\ny"))
        world.clock.set(START + timedelta(days=2))
        _save(world, tmp_path / "state")
        stood = world.clock()
        urls = dict(world.urls)
    again = _remembered(tmp_path / "state", 60)
    assert again is not None
    assert timedelta(0) <= again.clock() - (START + timedelta(days=2)) < stood - START
    assert again.clock.speed == 60
    assert [mail.to for mail in again.mail.mails] == [("ana@example.com",)]
    assert [p.code for p in again.truth.packages] == [p.code for p in world.truth.packages]
    assert again.post.clock is again.clock
    async with serving(again):
        assert again.urls == urls, "its accounts find it where it was"


def test_what_another_version_kept_is_no_world(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"\x80\x05cparadeiro.world.nowhere\nThing\n.")
    assert _remembered(tmp_path / "state", 60) is None
    (tmp_path / "state").write_bytes(b"")
    assert _remembered(tmp_path / "state", 60) is None
    assert _remembered(tmp_path / "none", 60) is None
