"""A database as it was at an instant: a row from before it is there, one from after it is not."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from paradeiro.cli.backups.archiving import embedded_server, make_base
from paradeiro.cli.commands import app
from paradeiro.cli.running.database import migrate_command
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.point_in_time import (
    archiving_is_on,
    base_backup,
    bases_in,
    check_archiving,
    give_folder,
    remove_older_bases,
    restore_until,
    stop_archiving,
)
from paradeiro.db.server.postgres_files import EmbeddedError
from paradeiro.settings import Settings


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="paradeiro-test-pitr-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def _add(url: str, word: str) -> datetime:
    """Write a row; an instant after its commit."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO said VALUES (%s)", (word,))
        time.sleep(0.05)
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        time.sleep(0.05)
    assert row is not None
    at: datetime = row[0]
    return at


@pytest.mark.slow
def test_what_was_written_before_is_there_and_what_came_after_is_not(place: Path) -> None:
    archive, data = place / "archive", place / "one"
    with Embedded(data) as server:
        give_folder(archive, data)
        assert not archiving_is_on(server.url("said"), archive)
    with Embedded(data) as server:
        url = server.url("said")
        assert archiving_is_on(url, archive)
        check_archiving(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE said (word text)")
        begun = datetime.now(UTC)
        base_backup(url, archive, begun)
        first = _add(url, "before")
        _add(url, "after")
        check_archiving(url)
    assert [path.name[:5] for _, path in bases_in(archive)] == ["base-"]
    with restore_until(archive, first, place / "two") as other, psycopg.connect(other.url("said")) as connection:
        assert connection.execute("SELECT word FROM said").fetchall() == [("before",)]
        connection.execute("INSERT INTO said VALUES ('goes on')")
    with pytest.raises(EmbeddedError, match="already"):
        restore_until(archive, first, place / "two")
    with pytest.raises(EmbeddedError, match="no base backup"):
        restore_until(archive, begun - timedelta(days=1), place / "three")


@pytest.mark.slow
def test_only_the_newest_bases_and_their_wal_stay_and_it_can_be_ended(place: Path) -> None:
    archive, data = place / "archive", place / "one"
    with Embedded(data) as server:
        give_folder(archive, data)
        archiving_is_on(server.url("postgres"), archive)
    with Embedded(data) as server:
        url = server.url("postgres")
        for day in (1, 2, 3):
            check_archiving(url)
            base_backup(url, archive, datetime(2026, 12, day, tzinfo=UTC))
        (archive / "base-of-somebody-Z").mkdir()
        before = len(list((archive / "wal").iterdir()))
        remove_older_bases(archive, 2)
        assert [at.day for at, _ in bases_in(archive)] == [3, 2]
        assert (archive / "base-of-somebody-Z").is_dir()
        assert 0 < len(list((archive / "wal").iterdir())) < before
        stop_archiving(url)
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SHOW archive_command").fetchone() == ("/bin/true",)
    with Embedded(data) as server, psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        assert connection.execute("SHOW archive_mode").fetchone() == ("off",)


@pytest.mark.slow
def test_the_command_restores_to_an_instant(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(place / "a"))
    monkeypatch.setenv("PARADEIRO_WAL_FOLDER", str(place / "archive"))
    (place / "a").mkdir(mode=0o711)
    with embedded_server(Settings()) as server:
        url = server.url("paradeiro")
        asyncio.run(migrate_command(url))
        make_base(url, place / "archive")
        insert = "INSERT INTO store (name, created_at) VALUES (%s, now())"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(insert, ("Antes",))
            time.sleep(0.05)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            time.sleep(0.05)
            connection.execute(insert, ("Depois",))
        check_archiving(url)
    assert row is not None
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(place / "b"))
    monkeypatch.delenv("PARADEIRO_WAL_FOLDER")
    done = CliRunner().invoke(app, ["restore", str(place / "archive"), "--until", row[0].isoformat()])
    assert (done.exit_code, "Put secret.key" in done.output) == (0, True), done.output
    with Embedded(place / "b" / "postgres") as server, psycopg.connect(server.url("paradeiro")) as connection:
        found = connection.execute("SELECT name, told_until IS NOT NULL FROM store").fetchall()
    assert found == [("Antes", True)]
