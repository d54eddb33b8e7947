"""`up` makes backups by the clock: kept in number, failures seen, nothing of others removed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paradeiro.app import open_app
from paradeiro.cli.backups import schedule
from paradeiro.cli.backups.backup_files import backups_in, new_backup_file, remove_older
from paradeiro.cli.backups.schedule import back_up_forever, backup_problem
from paradeiro.db.operations import health
from paradeiro.settings import Settings

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


@pytest.fixture
def settings(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PARADEIRO_BACKUP_FOLDER", str(tmp_path / "backups"))
    monkeypatch.setenv("PARADEIRO_BACKUP_KEEP", "2")
    monkeypatch.setenv("PARADEIRO_BACKUP_PASSPHRASE", "correct horse battery")
    monkeypatch.setattr(schedule, "_SHORTEST_PAUSE", 0.1)
    return Settings()


def test_only_the_oldest_whole_ones_of_ours_are_removed(tmp_path: Path) -> None:
    for day in range(1, 6):
        with new_backup_file(tmp_path) as new:
            new.file.write(b"whole")
            new.keep(NOW.replace(day=day))
    with new_backup_file(tmp_path) as unfinished:
        unfinished.file.write(b"half")
        for name in ("paradeiro.backup", "paradeiro-20261101T000000Z.backup.copy", "notes.txt"):
            (tmp_path / name).write_text("somebody's own")
        gone = remove_older(tmp_path, 2)
        assert [each.taken_at.day for each in backups_in(tmp_path)] == [5, 4]
        assert len(gone) == 3
        assert len(list(tmp_path.iterdir())) == 2 + 1 + 3
    assert len(list(tmp_path.iterdir())) == 2 + 3


async def _until(there: object, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await there():  # type: ignore[operator]
            await asyncio.sleep(0.1)


async def _failures(settings: Settings) -> list[str]:
    async with open_app(settings, settings.database_url or "") as context, context.pool.connection() as connection:
        return [each.job for each in await health.job_failures(connection)]


async def test_one_is_made_when_it_is_due_and_a_failure_is_seen(settings: Settings) -> None:
    folder, said, stop = settings.backup_folder, [], asyncio.Event()
    assert folder is not None
    right = {"PARADEIRO_BACKUP_PASSPHRASE": "correct horse battery"}
    env = {"PARADEIRO_BACKUP_PASSPHRASE": "short"}
    running = asyncio.create_task(
        back_up_forever(settings, lambda: env, settings.database_url or "", stop, said.append)
    )

    async def failed() -> bool:
        return bool(said) and await _failures(settings) == ["backup"]

    async def made() -> bool:
        return len(said) == 2

    await _until(failed)
    assert "12 letters" in said[0]
    assert "No backup was made in time" in backup_problem(settings, datetime.now(UTC))
    env |= right
    await _until(made)
    stop.set()
    await running
    assert said[1].endswith("is made again.")
    assert len(backups_in(folder)) == 1
    assert await _failures(settings) == []
    now = datetime.now(UTC)
    assert backup_problem(settings, now) == ""
    assert "the last is of" in backup_problem(settings, now + timedelta(hours=49))
